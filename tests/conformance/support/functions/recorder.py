"""A hook that logs every event that it gets, and stops the deployment at one stage if it is asked to."""

import json
import os


def handler(event, _context):
    print(json.dumps(event))
    execution = event["executionDetails"]
    weight = execution["productionTrafficWeights"].get(execution["targetServiceRevisionArn"])
    is_rollback = event["lifecycleStage"] == "PRODUCTION_TRAFFIC_SHIFT" and weight == 0
    stops = event["lifecycleStage"] == os.environ.get("STOP_AT") and not is_rollback
    return {"hookStatus": "FAILED" if stops else "SUCCEEDED"}


def says_its_name(_event, context):
    print(json.dumps({"invoked_function_arn": context.invoked_function_arn}))
    return {"hookStatus": "SUCCEEDED"}
