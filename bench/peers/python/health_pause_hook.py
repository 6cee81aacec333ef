"""What answers a PAUSE hook by the health of green's targets: the verdict is a call of ECS."""

import os

import boto3

from targets import are_healthy, states_of

ecs = boto3.client("ecs")


def handler(event, context):
    states = states_of(os.environ["TARGET_GROUP_ARN"])
    ecs.continue_service_deployment(
        serviceDeploymentArn=event["detail"]["serviceDeploymentArn"],
        hookId=event["detail"]["hookId"],
        action="CONTINUE" if are_healthy(states) else "ROLLBACK",
    )
