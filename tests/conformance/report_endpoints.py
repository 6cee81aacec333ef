"""The local AWS endpoint as boto3 and the AWS CLI see it.

`greenlight serve-aws` is what answers a hook's AWS calls on this machine. Every operation it has is
called with both clients, and every answer is held against botocore's model of the service: the hooks'
own SDK was written for the same models, but by the same hands as the endpoint it is tested with.
"""

import json

from support import ROOT, Cases, agrees, expect
from support.clients import Boto3, CommandLine, Endpoint

CODEDEPLOY_EVENT = ROOT / "events" / "codedeploy" / "hook.json"
PAUSE_EVENT = ROOT / "events" / "pause" / "post-test-traffic-shift.json"
SECRET_NAME = "orders/probe"
SECRET_VALUE = "conformance-token"


class Known(Endpoint):
    """An endpoint that knows the two sample events and one secret."""

    def __init__(self):
        self.codedeploy = json.loads(CODEDEPLOY_EVENT.read_text())
        self.pause = json.loads(PAUSE_EVENT.read_text())["detail"]
        options = ["--event", CODEDEPLOY_EVENT, "--event", PAUSE_EVENT]
        options += ["--secret", f"{SECRET_NAME}=env:CONFORMANCE_SECRET"]
        super().__init__(*options, CONFORMANCE_SECRET=SECRET_VALUE)


def codedeploy_cases(endpoint):
    """(name, service, operation, parameters, expected code, expected output) of each call, in order."""
    operation = ("codedeploy", "put_lifecycle_event_hook_execution_status")
    ids = {
        "deploymentId": endpoint.codedeploy["DeploymentId"],
        "lifecycleEventHookExecutionId": endpoint.codedeploy["LifecycleEventHookExecutionId"],
    }
    accepted = {"lifecycleEventHookExecutionId": ids["lifecycleEventHookExecutionId"]}
    missing = {**ids, "deploymentId": "d-MISSING00"}
    foreign = {**ids, "lifecycleEventHookExecutionId": "not-one-of-ours"}
    # The model's enum names more statuses than the service accepts.
    yield ("a status that only the model has", *operation, {**ids, "status": "Pending"},
           "InvalidLifecycleEventHookExecutionStatusException", {})
    yield ("a deployment that does not exist", *operation, {**missing, "status": "Succeeded"},
           "DeploymentDoesNotExistException", {})
    yield ("an execution of another deployment", *operation, {**foreign, "status": "Succeeded"},
           "InvalidLifecycleEventHookExecutionIdException", {})
    yield ("the first report", *operation, {**ids, "status": "Succeeded"}, None, accepted)
    yield ("the same report again", *operation, {**ids, "status": "Succeeded"},
           "LifecycleEventAlreadyCompletedException", {})


def pause_cases(endpoint):
    operation = ("ecs", "continue_service_deployment")
    arn = endpoint.pause["serviceDeploymentArn"]
    ids = {"serviceDeploymentArn": arn, "hookId": endpoint.pause["hookId"]}
    missing = {**ids, "serviceDeploymentArn": arn + "missing"}
    yield ("a service deployment that does not exist", *operation, {**missing, "action": "CONTINUE"},
           "ServiceDeploymentNotFoundException", {})
    yield ("a hook that does not exist", *operation, {**ids, "hookId": "ecs-pause-missing", "action": "CONTINUE"},
           "InvalidParameterException", {})
    yield ("the first answer", *operation, {**ids, "action": "ROLLBACK"}, None, {"serviceDeploymentArn": arn})
    yield ("the same answer again", *operation, {**ids, "action": "ROLLBACK"}, "InvalidParameterException", {})


def secret_cases(_):
    parameter = ("ssm", "get_parameter")
    secret = ("secretsmanager", "get_secret_value")
    yield ("a parameter", *parameter, {"Name": SECRET_NAME, "WithDecryption": True}, None,
           {"Parameter": {"Name": SECRET_NAME, "Value": SECRET_VALUE}})
    yield ("a parameter that does not exist", *parameter, {"Name": "missing", "WithDecryption": True},
           "ParameterNotFound", {})
    yield ("a secret", *secret, {"SecretId": SECRET_NAME}, None,
           {"Name": SECRET_NAME, "SecretString": SECRET_VALUE})
    yield ("a secret that does not exist", *secret, {"SecretId": "missing"}, "ResourceNotFoundException", {})


def event_cases(_):
    operation = ("events", "put_events")
    entry = {"Source": "greenlight", "DetailType": "greenlight Verdict", "Detail": "{}", "EventBusName": "releases"}
    yield ("an event", *operation, {"Entries": [entry]}, None, {"FailedEntryCount": 0})
    # The call succeeds, whatever becomes of its entries.
    yield ("an event that says nothing", *operation, {"Entries": [{**entry, "Detail": "verdict"}]}, None,
           {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail"}]})


def unknown_cases(_):
    # A 5xx or a page of HTML would be retried by every SDK.
    yield ("an operation that the endpoint lacks", "ecs", "list_account_settings", {}, "UnknownOperationException", {})


def check(cases, client_class):
    endpoint = Known()
    with endpoint.served():
        client = client_class(endpoint.url)
        for group in (codedeploy_cases, pause_cases, secret_cases, event_cases, unknown_cases):
            for name, service, operation, parameters, code, output in group(endpoint):
                with cases.case(f"{client.name} {service} {operation}: {name}"):
                    observed_code, observed = client.call(service, operation, **parameters)
                    expect("the error code", observed_code, code)
                    agrees(observed, output)
    with cases.case(f"{client_class.name}: the endpoint ends with its standard input"):
        expect("its exit code", endpoint.exit_code, 0)


def main():
    cases = Cases()
    for client_class in (Boto3, CommandLine):
        with cases.case(f"{client_class.name}: the endpoint serves"):
            check(cases, client_class)
    cases.finish()


main()
