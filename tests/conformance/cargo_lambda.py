"""The built hook under cargo-lambda's emulator of the Lambda service.

`cargo lambda watch --only-lambda-apis` serves the Runtime API and starts no function, so that the very
binary that was built is what answers: nothing is compiled here. What the emulator does differently
from Lambda is part of the check: its deadline is the constant 600000, decades in the past, its
AWS_LAMBDA_RUNTIME_API is a URL with a path where Lambda gives a host and a port, an asynchronous invocation
is answered like any other, and a function's error is HTTP 500 without the header that tells of one.
"""

import contextlib
import http.client
import json
import subprocess
import tempfile
import threading

from support import ROOT, Cases, aws_cli, binary, environment, expect, process
from support.application import application
from support.ports import free_port, wait_until_open

HOOK = "test-traffic"
# The emulator knows the binaries of this workspace, and no other name; which program asks in the name does not matter to it.
BROKEN = "health"
EVENT = ROOT / "events" / "ecs" / "post-test-traffic-shift.json"
START_SECONDS = 30
INVOKE_SECONDS = 60


@contextlib.contextmanager
def emulator(log):
    """Yields the emulator's port. Another process may take the free port first, so there are three tries."""
    for _ in range(3):
        port = free_port()
        command = ["cargo-lambda", "lambda", "watch", "--only-lambda-apis"]
        command += ["--invoke-address", "127.0.0.1", "--invoke-port", port]
        with process(command, cwd=ROOT, env=environment(), stdout=log, stderr=log) as running:
            if wait_until_open(port, running, START_SECONDS):
                yield port
                return
    raise RuntimeError(f"the emulator did not listen within {START_SECONDS} s")


def hook(port, url, log):
    """The hook as the emulator would start it."""
    variables = environment(
        AWS_LAMBDA_RUNTIME_API=f"http://127.0.0.1:{port}/.rt/{HOOK}",
        AWS_LAMBDA_FUNCTION_NAME=HOOK,
        AWS_LAMBDA_FUNCTION_VERSION="1",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128",
        GREENLIGHT_TARGET_URL=url,
    )
    return process([binary(HOOK)], env=variables, stdout=log, stderr=log)


def invoke(port):
    command = ["cargo-lambda", "lambda", "invoke", HOOK, "--data-file", EVENT]
    command += ["--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=INVOKE_SECONDS
    )
    if done.returncode != 0:
        raise AssertionError(f"`cargo lambda invoke` exited with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def request(port, method, path, body=None):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=INVOKE_SECONDS)) as connection:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()


def fails(port):
    """A function for one invocation, which ends in an error; gives the deadline that it was told."""
    _, headers, _ = request(port, "GET", f"/.rt/{BROKEN}/2018-06-01/runtime/invocation/next")
    headers = {name.lower(): value for name, value in headers.items()}
    error = json.dumps({"errorType": "Broken", "errorMessage": "on purpose"})
    path = f"/.rt/{BROKEN}/2018-06-01/runtime/invocation/{headers['lambda-runtime-aws-request-id']}/error"
    request(port, "POST", path, error)
    return headers["lambda-runtime-deadline-ms"]


def different(cases, port):
    """What docs/local.md says of the emulator."""
    for options in ((), ("--invocation-type", "Event")):
        with cases.case(f"aws lambda invoke {' '.join(options) or 'as it is'}: synchronous, with the answer"):
            said, answer = aws_cli.invoke(f"http://127.0.0.1:{port}", HOOK, EVENT, *options)
            expect("the status code", said["StatusCode"], 200)
            expect("hookStatus", json.loads(answer)["hookStatus"], "SUCCEEDED")
    with cases.case("a deadline that is none, and an error that no header tells of"):
        told = []
        function = threading.Thread(target=lambda: told.append(fails(port)), daemon=True)
        function.start()
        status, headers, _ = request(port, "POST", f"/2015-03-31/functions/{BROKEN}/invocations", "{}")
        function.join(INVOKE_SECONDS)
        expect("the status", status, 500)
        expect("the header", [name for name in headers if name.lower() == "x-amz-function-error"], [])
        expect("the deadline", told, ["600000"])


def check(cases, log):
    with application() as server, emulator(log) as port, hook(port, server.url, log) as running:
        # Twice each, and back again: one process serves many invocations and judges each anew.
        for status, verdict in [(200, "SUCCEEDED"), (500, "FAILED"), (500, "FAILED"), (200, "SUCCEEDED")]:
            with cases.case(f"an application that answers {status} is {verdict}"):
                server.status = status
                before = server.requests
                answer = invoke(port)
                expect("hookStatus", answer.get("hookStatus"), verdict)
                if server.requests == before:
                    raise AssertionError("the hook sent the application no request")
                if status == 500 and "500" not in answer.get("reason", ""):
                    raise AssertionError(f"the reason does not say 500: {answer.get('reason')!r}")
        server.status = 200
        different(cases, port)
        with cases.case("the hook is still running"):
            expect("its exit code", running.poll(), None)


def main():
    cases = Cases()
    with tempfile.TemporaryFile() as log:
        with cases.case("the emulator serves the hook"):
            check(cases, log)
        if cases.failed:
            log.seek(0)
            print(log.read().decode(errors="replace"))
    cases.finish()


main()
