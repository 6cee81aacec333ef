"""moto's server: load balancers, target groups and listeners as somebody else keeps them."""

import contextlib
import re
import subprocess
import sys
import threading

from . import environment, process


@contextlib.contextmanager
def moto_server():
    """Runs moto's server for the length of a `with` block, and gives its URL.

    It listens on a port that the system chooses and says which one on standard error. It speaks for
    every service on that one port, and asks for no real credentials.
    """
    # `moto_server` is this module's main function; started so, it does not depend on PATH.
    start = "import sys; from moto.server import main; main(sys.argv[1:])"
    command = [sys.executable, "-u", "-c", start, "-H", "127.0.0.1", "-p", "0"]
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True}
    with process(command, env=environment(), **pipes) as running:
        said = []
        for line in running.stderr:
            said.append(line)
            url = re.search(r"Running on (http://127\.0\.0\.1:\d+)", line)
            if url:
                break
        else:
            raise RuntimeError(f"moto's server does not start: {''.join(said)[-500:]}")
        # Its log of requests must not fill the pipe.
        threading.Thread(target=running.stderr.read, daemon=True).start()
        yield url.group(1)
