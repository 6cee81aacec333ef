"""An application that is told what to answer, and counts who asked."""

import contextlib
import http.server
import threading

# A request that nobody is to answer holds its connection for as long, if nothing ends it before.
HANGS_SECONDS = 120


class Application(http.server.ThreadingHTTPServer):
    """Answers every GET with the status that it is told to; without one it takes the request and says nothing."""

    daemon_threads = True
    # A connection that its thread still holds must not hold the check.
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.requests = 0
        self.ended = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """A hook at its deadline breaks its connection: that is no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802 - the name is http.server's.
        self.server.requests += 1
        if self.server.status is None:
            self.server.ended.wait(HANGS_SECONDS)
            return
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
            server.ended.set()
            server.shutdown()
