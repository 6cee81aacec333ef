"""An HTTP server on loopback, for the length of a `with` block."""

import contextlib
import http.server
import threading


class Server(http.server.ThreadingHTTPServer):
    """On a port that is free. What it serves stands in its handler."""

    daemon_threads = True
    # A connection that its thread still holds must not hold the check.
    block_on_close = False

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """Who is ended in the middle breaks its connection: that is no news."""

    @contextlib.contextmanager
    def serving(self):
        with self:
            threading.Thread(target=self.serve_forever, daemon=True).start()
            try:
                yield self
            finally:
                self.shutdown()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers, and says nothing of it on standard error."""

    def answer(self, status, body=b"", content_type=None, **headers):
        self.send_response(status)
        if content_type:
            self.send_header("content-type", content_type)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def log_message(self, *_):
        pass


class Files(http.server.SimpleHTTPRequestHandler):
    """The files of a folder."""

    def log_message(self, *_):
        pass
