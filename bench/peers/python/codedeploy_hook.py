"""A hook of CodeDeploy: the verdict is a call. The client is built while the function initializes, once, as AWS recommends."""

import os

import boto3

from green import is_good, status_of

codedeploy = boto3.client("codedeploy")


def handler(event, context):
    status = status_of(os.environ["TARGET_URL"])
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Succeeded" if is_good(status) else "Failed",
    )
