"""An AWS endpoint that keeps every call which changes something, and hands it on to who answers."""

import contextlib
import http.client
import http.server
import json
import threading
import urllib.parse

SECONDS = 60


class Recorder(http.server.ThreadingHTTPServer):
    """Stands between a function and the endpoints that answer it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        # Who answers, and who answers Lambda's calls.
        self.upstream = None
        self.functions = None
        self.calls = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, operation):
        """What was sent with an operation, call by call."""
        return [sent for name, sent in list(self.calls) if name == operation]

    def handle_error(self, *_):
        """A hook that is ended breaks its connections: that is no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def hand_on(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
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

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def recorder():
    with Recorder() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
