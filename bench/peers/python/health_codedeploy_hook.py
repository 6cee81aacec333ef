"""A hook of CodeDeploy that looks at the health of green's targets: the verdict is a call."""

import os

import boto3

from targets import are_healthy, states_of

codedeploy = boto3.client("codedeploy")


def handler(event, context):
    states = states_of(os.environ["TARGET_GROUP_ARN"])
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Succeeded" if are_healthy(states) else "Failed",
    )
