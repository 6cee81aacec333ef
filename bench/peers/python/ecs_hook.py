"""A hook of ECS: the return value is the verdict, so there is no client to be built."""

import os

from green import is_good, status_of


def handler(event, context):
    status = status_of(os.environ["TARGET_URL"])
    if is_good(status):
        return {"hookStatus": "SUCCEEDED"}
    return {"hookStatus": "FAILED", "reason": f"green answered {status}"}
