"""The built hook under cargo-lambda's emulator of the Lambda service.

`cargo lambda watch --only-lambda-apis` serves the Runtime API and starts no function, so that the very
binary that was built is what answers: nothing is compiled here. What the emulator does differently
from Lambda is part of the check: its deadline is the constant 600000, decades in the past, and its
AWS_LAMBDA_RUNTIME_API is a URL with a path where Lambda gives a host and a port.
"""

import contextlib
import http.server
import json
import socket
import subprocess
import tempfile
import threading
import time

from support import ROOT, Cases, binary, environment, expect, process

HOOK = "test-traffic"
EVENT = ROOT / "events" / "ecs" / "post-test-traffic-shift.json"
START_SECONDS = 30
INVOKE_SECONDS = 60


class Application(http.server.ThreadingHTTPServer):
    """An application that answers every GET with the status that it is told to."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.requests = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802 - the name is http.server's.
        self.server.requests += 1
        body = b"hello\n"
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def application():
    with Application() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_open(port, running):
    """The emulator has no option to choose a port by itself and to say which: it is asked until it is there."""
    give_up = time.monotonic() + START_SECONDS
    while running.poll() is None and time.monotonic() < give_up:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False


@contextlib.contextmanager
def emulator(log):
    """Yields the emulator's port. Another process may take the free port first, so there are three tries."""
    for _ in range(3):
        port = free_port()
        command = ["cargo-lambda", "lambda", "watch", "--only-lambda-apis"]
        command += ["--invoke-address", "127.0.0.1", "--invoke-port", port]
        with process(command, cwd=ROOT, env=environment(), stdout=log, stderr=log) as running:
            if wait_until_open(port, running):
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
