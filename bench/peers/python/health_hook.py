"""A hook of ECS that looks at one target group, which it is told, in one call."""

import os

import boto3

elb = boto3.client("elbv2")


def handler(event, context):
    answer = elb.describe_target_health(TargetGroupArn=os.environ["TARGET_GROUP_ARN"])
    states = [target["TargetHealth"]["State"] for target in answer["TargetHealthDescriptions"]]
    if states and all(state == "healthy" for state in states):
        return {"hookStatus": "SUCCEEDED"}
    return {"hookStatus": "FAILED", "reason": f"the targets are {states}"}
