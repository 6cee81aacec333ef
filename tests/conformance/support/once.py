"""A hook's binary for one invocation: the Lambda Runtime API (2018-06-01), as little of it as that takes."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

from . import binary, environment, server

SECONDS = 60


class Invocation(server.Server):
    """Hands one event out, and keeps the answer to it."""

    def __init__(self, event):
        super().__init__(Handler)
        self.events = [event]
        self.answer = None
        self.answered = threading.Event()
        self.is_done = threading.Event()


class Handler(server.Handler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802 - the name is http.server's.
        if not self.server.events:
            # There is no other event; the process is ended while it waits for one. What it had to log, it has.
            self.server.is_done.set()
            time.sleep(SECONDS)
            return
        self.answer(
            200,
            self.server.events.pop().encode(),
            Lambda_Runtime_Aws_Request_Id="8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            Lambda_Runtime_Deadline_Ms=str(int((time.time() + SECONDS) * 1000)),
            Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:eu-west-1:123456789012:function:hook",
        )

    def do_POST(self):  # noqa: N802
        self.server.answer = self.body()
        self.answer(202)
        self.server.answered.set()


@contextlib.contextmanager
def running(hook, event, log, under=(), **variables):
    """The hook's process, and the server that has handed the event to it."""
    with Invocation(event).serving() as api:
        known = environment(
            AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{api.server_port}",
            AWS_LAMBDA_FUNCTION_NAME=hook,
            AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128",
        )
        process = subprocess.Popen([*under, binary(hook)], start_new_session=True, env={**known, **variables}, stdout=log, stderr=subprocess.DEVNULL)
        try:
            yield api
        finally:
            # With whatever it runs under.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def invoke(hook, event, plan, under=()):
    """The hook's answer to the event under the plan, run under another program where one is named."""
    with running(hook, event.read_text(), subprocess.DEVNULL, under, GREENLIGHT_PLAN=json.dumps(plan)) as api:
        if not api.answered.wait(SECONDS):
            raise AssertionError(f"the hook did not answer within {SECONDS} s")
        return json.loads(api.answer)


def lines(hook, event, **variables):
    """The lines that the hook logs of an event."""
    with tempfile.TemporaryFile("w+") as log:
        with running(hook, event, log, **variables) as api:
            if not api.is_done.wait(SECONDS):
                raise AssertionError(f"the hook did not ask for another event within {SECONDS} s")
        log.seek(0)
        return [json.loads(line) for line in log]
