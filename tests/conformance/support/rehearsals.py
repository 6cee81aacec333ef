"""`greenlight rehearse`: played to its end, or kept running for others to look at."""

import contextlib
import json
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from . import binary, environment

FUNCTIONS = Path(__file__).parent / "functions"
# The default. What runs in real time, such as health checks, has to fit between two simulated moments.
SPEED = "60x"
# No rehearsal here takes a tenth of it.
LIMIT_SECONDS = 60


class Played:
    """What a rehearsal came to."""

    def __init__(self, document, exit_code=None):
        self.document = document
        self.exit_code = exit_code

    def __getitem__(self, name):
        return self.document[name]

    def events(self, kind, **members):
        """The events of a kind, in order, that have these members."""
        found = [event for event in self.document["events"] if event["event"] == kind]
        return [event for event in found if all(event.get(name) == value for name, value in members.items())]

    def only(self, kind, **members):
        found = self.events(kind, **members)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} events are {kind} {members}, expected 1")
        return found[0]

    def logged(self):
        """What functions logged that is a JSON object, in order."""
        lines = [line for event in self.events("invoked") for line in event["log"]]
        return [json.loads(line) for line in lines if line.startswith("{")]


class Rehearsal:
    """A rehearsal that runs."""

    def __init__(self, running):
        self.running = running
        self.lines = []

    def until(self, pattern):
        """Reads on to a line that has the pattern, and gives the match."""
        for line in self.running.stdout:
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"the rehearsal ended before `{pattern}`: {''.join(self.lines)[-2000:]}")

    def document(self):
        """The document that it wrote, in what was read so far."""
        begin = self.lines.index("{\n")
        return Played(json.JSONDecoder().raw_decode("".join(self.lines[begin:]))[0])

    def kept(self):
        """Waits until it is over, and kept; gives the endpoint of the AWS CLI."""
        return self.until(r"^ +AWS CLI .*--endpoint-url (http://127\.0\.0\.1:\d+)").group(1)

    def interrupt(self):
        """What Ctrl-C does; gives the exit code."""
        self.running.send_signal(signal.SIGINT)
        self.lines += self.running.stdout
        return self.running.wait(timeout=LIMIT_SECONDS)


@contextlib.contextmanager
def rehearsal(*options, speed=SPEED, under=(), **variables):
    """A rehearsal for the length of a `with` block, under another program where one is named. Its errors are among its output."""
    command = [*under, binary("greenlight"), "rehearse", "--speed", speed, *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    running = subprocess.Popen(
        [str(part) for part in command], cwd=FUNCTIONS, env=environment(**variables), **pipes
    )
    # Who waits for a line that never comes is told so by the end of the output.
    watchdog = threading.Timer(LIMIT_SECONDS, running.terminate)
    watchdog.start()
    try:
        with running:
            try:
                yield Rehearsal(running)
            finally:
                # Not killed: it ends its processes itself.
                running.terminate()
    finally:
        watchdog.cancel()


def played(*options, **variables):
    """Plays a rehearsal to its end."""
    with rehearsal("--json", *options, **variables) as it:
        it.lines += it.running.stdout
        exit_code = it.running.wait()
        if "{\n" not in it.lines:
            raise AssertionError(f"the rehearsal exited with {exit_code}: {''.join(it.lines)}")
        result = it.document()
        result.exit_code = exit_code
        return result


def eventually(what, look, seconds=20):
    """Looks until there is something to see."""
    give_up = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > give_up:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)
    return seen


def processes():
    """All processes: the parent, the group and the command of each, by its id."""
    listing = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid=,pgid=,args="], capture_output=True, text=True, check=True
    )
    fields = [line.split(None, 3) for line in listing.stdout.splitlines()]
    return {int(pid): (int(parent), int(group), " ".join(rest)) for pid, parent, group, *rest in fields}


def groups_below(ancestor):
    """The process groups of everything that a process has started."""
    everything = processes()
    below = {ancestor}
    while more := {pid for pid, (parent, _, _) in everything.items() if parent in below} - below:
        below |= more
    return {everything[pid][1] for pid in below - {ancestor}}


def members(groups):
    """The processes that belong to one of the groups."""
    return {pid: command for pid, (_, group, command) in processes().items() if group in groups}
