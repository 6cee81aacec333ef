"""A hook of ECS that looks at the health of green's targets: the return value is the verdict."""

import os

from targets import are_healthy, states_of


def handler(event, context):
    states = states_of(os.environ["TARGET_GROUP_ARN"])
    if are_healthy(states):
        return {"hookStatus": "SUCCEEDED"}
    return {"hookStatus": "FAILED", "reason": f"the targets are {states}"}
