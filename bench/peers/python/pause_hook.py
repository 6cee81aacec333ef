"""What answers a PAUSE hook: the event comes from EventBridge, the verdict is a call of ECS."""

import os

import boto3

from green import is_good, status_of

ecs = boto3.client("ecs")


def handler(event, context):
    status = status_of(os.environ["TARGET_URL"])
    ecs.continue_service_deployment(
        serviceDeploymentArn=event["detail"]["serviceDeploymentArn"],
        hookId=event["detail"]["hookId"],
        action="CONTINUE" if is_good(status) else "ROLLBACK",
    )
