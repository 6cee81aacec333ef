"""The local AWS endpoint, and the clients that others wrote for what it stands for: boto3 and the AWS CLI."""

import contextlib
import json
import subprocess

import boto3
from botocore.exceptions import ClientError

from . import binary, ec2_shapes, environment, process, query_shapes, shapes

REGION = "eu-west-1"


class Endpoint:
    """`greenlight serve-aws`, for the length of a `with` block."""

    def __init__(self, *options, **variables):
        self.options = options
        self.variables = variables
        self.url = None
        self.exit_code = None

    @contextlib.contextmanager
    def served(self):
        command = [binary("greenlight"), "serve-aws", *self.options]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with process(command, env=environment(**self.variables), **pipes) as running:
            self.url = running.stdout.readline().strip()
            if not self.url.startswith("http://127.0.0.1:"):
                raise RuntimeError(f"`greenlight serve-aws` does not start with its URL: {self.url!r}")
            yield self
            running.stdin.close()
            self.exit_code = running.wait(timeout=30)


def answer_problems(operation, response):
    """How an answer differs from the model, in the protocol of its service."""
    by_protocol = {"ec2": ec2_shapes.answer_problems, "json": shapes.answer_problems,
                   "query": query_shapes.answer_problems, "rest-json": shapes.rest_answer_problems}
    return by_protocol[operation.service_model.resolved_protocol](operation, response)


class Boto3:
    """Calls through boto3; every answer on the way is held against the model."""

    name = "boto3"

    def __init__(self, url):
        self.url = url

    def call(self, service, operation, /, **parameters):
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

    def call(self, service, operation, /, **parameters):
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
