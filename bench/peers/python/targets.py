"""A look at one target group, which the hooks of health are told, in one call: the states of its targets."""

import boto3

elb = boto3.client("elbv2")


def states_of(target_group_arn):
    answer = elb.describe_target_health(TargetGroupArn=target_group_arn)
    return [target["TargetHealth"]["State"] for target in answer["TargetHealthDescriptions"]]


def are_healthy(states):
    return bool(states) and all(state == "healthy" for state in states)
