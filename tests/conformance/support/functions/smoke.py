"""The hook that people write by hand: it fetches one URL of the test listener, and asks for time once."""

import json
import os
import time
import urllib.request

DELAY_SECONDS = 2


def handler(event, context):
    execution = event["executionDetails"]
    details = event["hookDetails"]
    # The check reads this line of the log.
    print(json.dumps({"wall_clock": time.time(), "hookDetails": details}))

    assert event["lifecycleStage"] == "POST_TEST_TRAFFIC_SHIFT", event["lifecycleStage"]
    assert execution["serviceArn"] == os.environ["EXPECTED_SERVICE_ARN"], execution["serviceArn"]
    assert context.invoked_function_arn == os.environ["EXPECTED_FUNCTION_ARN"], context.invoked_function_arn
    left = context.get_remaining_time_in_millis()
    assert 0 < left <= int(os.environ["EXPECTED_TIMEOUT_MS"]), left

    if "asked" not in details:
        return {"hookStatus": "IN_PROGRESS", "callBackDelay": DELAY_SECONDS, "hookDetails": {"asked": 1}}
    with urllib.request.urlopen(os.environ["REHEARSAL_TEST_URL"] + details["path"], timeout=5) as answer:
        text = answer.read().decode()
    assert "version 2.0" in text, text
    with urllib.request.urlopen(os.environ["REHEARSAL_PRODUCTION_URL"] + details["path"], timeout=5) as answer:
        text = answer.read().decode()
    assert "version 1.0" in text, text
    return {"hookStatus": "SUCCEEDED"}


def fetches(_event, _context):
    with urllib.request.urlopen(os.environ["REHEARSAL_TEST_URL"], timeout=5) as answer:
        assert answer.status == 200, answer.status
    return {"hookStatus": "SUCCEEDED"}
