"""An application that is told what to answer, and counts who asked."""

import contextlib
import threading

from . import server

# A request that nobody is to answer holds its connection for as long, if nothing ends it before.
HANGS_SECONDS = 120


class Application(server.Server):
    """Answers every GET with the status that it is told to; without one it takes the request and says nothing."""

    def __init__(self):
        super().__init__(Handler)
        self.status = 200
        self.requests = 0
        self.ended = threading.Event()


class Handler(server.Handler):
    def do_GET(self):  # noqa: N802 - the name is http.server's.
        self.server.requests += 1
        if self.server.status is None:
            self.server.ended.wait(HANGS_SECONDS)
            return
        self.answer(self.server.status, b"hello\n")


@contextlib.contextmanager
def application():
    with Application().serving() as running:
        try:
            yield running
        finally:
            running.ended.set()
