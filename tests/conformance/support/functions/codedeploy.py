"""Handlers that report to CodeDeploy with boto3, or do not."""

import boto3

# Made when the process starts, as the documentation of Lambda recommends: no session, no endpoint, no region is named.
CODEDEPLOY = boto3.client("codedeploy")


def report(event, status):
    answer = CODEDEPLOY.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )
    assert answer["lifecycleEventHookExecutionId"] == event["LifecycleEventHookExecutionId"], answer


def succeeds(event, _context):
    report(event, "Succeeded")


def fails(event, _context):
    report(event, "Failed")


def raises(_event, _context):
    raise RuntimeError("the probe could not connect")
