"""An AWS endpoint that keeps every call which changes something, and hands it on to who answers."""

import contextlib
import http.client
import json
import urllib.parse

from . import server

SECONDS = 60


class Recorder(server.Server):
    """Stands between a function and the endpoints that answer it."""

    def __init__(self):
        super().__init__(Handler)
        # Who answers, and who answers Lambda's calls.
        self.upstream = None
        self.functions = None
        self.calls = []

    def of(self, operation):
        """What was sent with an operation, call by call."""
        return [sent for name, sent in list(self.calls) if name == operation]


class Handler(server.Handler):
    protocol_version = "HTTP/1.1"

    def hand_on(self):
        body = self.body()
        target = self.headers.get("x-amz-target")
        is_invocation = self.path.endswith("/invocations")
        operation = target.rsplit(".", 1)[-1] if target else "Invoke" if is_invocation else self.path
        with contextlib.suppress(json.JSONDecodeError, UnicodeDecodeError):
            self.server.calls.append((operation, json.loads(body)))
        upstream = self.server.functions if is_invocation else self.server.upstream
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(upstream).netloc, timeout=SECONDS)
        with contextlib.closing(connection):
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            answer = response.read()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = hand_on  # noqa: N815 - the names are http.server's.


def recorder():
    """A recorder for the length of a `with` block."""
    return Recorder().serving()
