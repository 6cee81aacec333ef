"""A hook's binary for one invocation: the Lambda Runtime API (2018-06-01), as little of it as that takes."""

import contextlib
import http.server
import json
import subprocess
import tempfile
import threading
import time

from . import binary, environment

SECONDS = 60


class Invocation(http.server.ThreadingHTTPServer):
    """Hands one event out, and keeps the answer to it."""

    daemon_threads = True

    def __init__(self, event):
        super().__init__(("127.0.0.1", 0), Handler)
        self.events = [event]
        self.answer = None
        self.answered = threading.Event()
        self.is_done = threading.Event()

    def handle_error(self, *_):
        """The hook is killed while it asks for the next event: its connection breaks, and that is no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802 - the name is http.server's.
        if not self.server.events:
            # There is no other event; the process is ended while it waits for one. What it had to log, it has.
            self.server.is_done.set()
            time.sleep(SECONDS)
            return
        body = self.server.events.pop().encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + SECONDS) * 1000)))
        self.send_header(
            "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:hook"
        )
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):  # noqa: N802
        self.server.answer = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()
        self.server.answered.set()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def running(hook, event, log, **variables):
    """The hook's process, and the server that has handed the event to it."""
    with Invocation(event) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        known = environment(
            AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{server.server_port}",
            AWS_LAMBDA_FUNCTION_NAME=hook,
            AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128",
        )
        process = subprocess.Popen([binary(hook)], env={**known, **variables}, stdout=log, stderr=subprocess.DEVNULL)
        try:
            yield server
        finally:
            process.kill()
            process.wait()
            server.shutdown()


def invoke(hook, event, plan):
    """The hook's answer to the event under the plan."""
    with running(hook, event.read_text(), subprocess.DEVNULL, GREENLIGHT_PLAN=json.dumps(plan)) as server:
        if not server.answered.wait(SECONDS):
            raise AssertionError(f"the hook did not answer within {SECONDS} s")
        return json.loads(server.answer)


def lines(hook, event, **variables):
    """The lines that the hook logs of an event."""
    with tempfile.TemporaryFile("w+") as log:
        with running(hook, event, log, **variables) as server:
            if not server.is_done.wait(SECONDS):
                raise AssertionError(f"the hook did not ask for another event within {SECONDS} s")
        log.seek(0)
        return [json.loads(line) for line in log]
