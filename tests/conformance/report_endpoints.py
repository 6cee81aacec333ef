"""The local AWS endpoint as boto3 and the AWS CLI see it.

`greenlight serve-aws` is what answers a hook's AWS calls on this machine. Every operation it has is
called with both clients, and every answer is held against botocore's model of the service: the hooks'
own SDK was written for the same models, but by the same hands as the endpoint it is tested with.
"""

import contextlib
import json
import subprocess

import boto3
from botocore.exceptions import ClientError

from support import ROOT, Cases, binary, environment, expect, process
from support.shapes import answer_problems

REGION = "eu-west-1"
CODEDEPLOY_EVENT = ROOT / "events" / "codedeploy" / "hook.json"
PAUSE_EVENT = ROOT / "events" / "pause" / "post-test-traffic-shift.json"
SECRET_NAME = "orders/probe"
SECRET_VALUE = "conformance-token"


class Endpoint:
    """One endpoint that knows the two sample events and one secret, for the length of a `with` block."""

    def __init__(self):
        self.codedeploy = json.loads(CODEDEPLOY_EVENT.read_text())
        self.pause = json.loads(PAUSE_EVENT.read_text())["detail"]
        self.url = None
        self.exit_code = None

    @contextlib.contextmanager
    def served(self):
        command = [binary("greenlight"), "serve-aws", "--event", CODEDEPLOY_EVENT, "--event", PAUSE_EVENT]
        command += ["--secret", f"{SECRET_NAME}=env:CONFORMANCE_SECRET"]
        variables = environment(CONFORMANCE_SECRET=SECRET_VALUE)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with process(command, env=variables, **pipes) as running:
            self.url = running.stdout.readline().strip()
            if not self.url.startswith("http://127.0.0.1:"):
                raise RuntimeError(f"`greenlight serve-aws` does not start with its URL: {self.url!r}")
            yield self
            running.stdin.close()
            self.exit_code = running.wait(timeout=30)


class Boto3:
    """Calls through boto3; every answer on the way is held against the model."""

    name = "boto3"

    def __init__(self, url):
        self.url = url

    def call(self, service, operation, **parameters):
        """The error code, or None, and the parsed output."""
        session = boto3.Session(
            aws_access_key_id="conformance", aws_secret_access_key="conformance", region_name=REGION
        )
        client = session.client(service, endpoint_url=self.url)
        found = []

        def hold(operation_model, response_dict, **_):
            found.extend(answer_problems(operation_model, response_dict))

        client.meta.events.register("before-parse", hold)
        try:
            output, code = getattr(client, operation)(**parameters), None
        except ClientError as error:
            output, code = {}, error.response["Error"]["Code"]
            modelled = client.exceptions._code_to_exception.get(code)  # noqa: SLF001 - the public one raises.
            if modelled is not None and not isinstance(error, modelled):
                found.append(f"{code} arrives as {type(error).__name__}, expected {modelled.__name__}")
        if found:
            raise AssertionError("; ".join(found))
        output.pop("ResponseMetadata", None)
        return code, output


class CommandLine:
    """Calls through the AWS CLI, as a person would try the endpoint by hand."""

    name = "aws"
    COMMANDS = {"codedeploy": "deploy"}

    def __init__(self, url):
        self.url = url

    def call(self, service, operation, **parameters):
        command = ["aws", "--endpoint-url", self.url, "--region", REGION, "--output", "json"]
        command += [self.COMMANDS.get(service, service), operation.replace("_", "-"), "--cli-input-json", json.dumps(parameters)]
        done = subprocess.run(
            command, env=environment(AWS_MAX_ATTEMPTS="1"), capture_output=True, text=True, timeout=60
        )
        if done.returncode == 0:
            return None, json.loads(done.stdout or "{}")
        marker = "An error occurred ("
        if marker not in done.stderr:
            raise AssertionError(f"`aws` exited with {done.returncode}: {done.stderr.strip()[-300:]}")
        return done.stderr.split(marker, 1)[1].split(")", 1)[0], {}


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


def unknown_cases(_):
    # A 5xx or a page of HTML would be retried by every SDK.
    yield ("an operation that the endpoint lacks", "ecs", "list_clusters", {}, "UnknownOperationException", {})


def agrees(observed, expected, path="the output"):
    """Every expected member is there with its value; what else there is, the model has judged."""
    for name, value in expected.items():
        if isinstance(value, dict):
            agrees(observed.get(name, {}), value, f"{path}.{name}")
        else:
            expect(f"{path}.{name}", observed.get(name), value)


def check(cases, client_class):
    endpoint = Endpoint()
    with endpoint.served():
        client = client_class(endpoint.url)
        for group in (codedeploy_cases, pause_cases, secret_cases, unknown_cases):
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
