"""An application that is not healthy for some seconds after its start: its caches are cold, say."""

import http.server
import os
import time

STARTED = time.monotonic()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802 - the name is http.server's.
        is_cold = 0.3 < time.monotonic() - STARTED < 4
        self.send_response(503 if is_cold else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
