"""Ports of servers that cannot choose one by themselves and say which."""

import contextlib
import socket
import time


def free_port():
    """A port that nobody had a moment ago: whoever uses it tries again with another, should it be taken meanwhile."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_open(port, running, seconds):
    """Whether the process listens within so many seconds."""
    give_up = time.monotonic() + seconds
    while running.poll() is None and time.monotonic() < give_up:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False
