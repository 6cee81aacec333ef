"""What processes bind and connect to, as the kernel saw it: strace."""

import contextlib
import platform
import re
import tempfile
from collections import namedtuple
from pathlib import Path

from . import debian

CALLS = "bind,getsockname,connect,sendto,sendmsg,sendmmsg,execve,clone,clone3,fork,vfork"
LINE = re.compile(r"^(\d+)\s+(?:<\.\.\. )?(\w+)(.*)$")
INTERNET = re.compile(r"sin6?_port=htons\((\d+)\).*?(?:inet_addr\(\"([^\"]+)\"\)|inet_pton\(AF_INET6, \"([^\"]+)\")")

Address = namedtuple("Address", "host port")


class Trace:
    """The calls of a process and all that it has started."""

    def __init__(self, text):
        self.parents = {}
        self.programs = {}
        # By the id of the thread: addresses of its own, and others'.
        self.bound = {}
        self.spoken_to = {}
        for line in text.splitlines():
            if found := LINE.match(line):
                self.read(*found.groups())

    def read(self, thread, call, rest):
        if call in ("clone", "clone3", "fork", "vfork"):
            if child := re.search(r"= (\d+)$", rest):
                self.parents[child.group(1)] = thread
        elif call == "execve":
            if told := re.search(r'^\("([^"]+)", \[(.*?)\]', rest):
                self.programs[thread] = name(told.group(1), re.findall(r'"([^"]*)"', told.group(2)))
        elif address := INTERNET.search(rest):
            port, four, six = address.groups()
            address = Address(four or six, int(port))
            # The port that was free is known once it is asked for.
            kept = self.bound if call in ("bind", "getsockname") else self.spoken_to
            kept.setdefault(thread, set()).add(address)

    def program(self, thread):
        """What a thread runs: what it, or whoever started it, was told to."""
        while thread not in self.programs and thread in self.parents:
            thread = self.parents[thread]
        return self.programs.get(thread)

    def bound_by(self, program):
        """The addresses that processes of this program had."""
        return self.by(program, self.bound)

    def spoken_to_by(self, program):
        """Where processes of this program connected to, or sent something."""
        return self.by(program, self.spoken_to)

    def by(self, program, kept):
        if strangers := [thread for thread in kept if self.program(thread) is None]:
            raise AssertionError(f"nobody knows what the threads {strangers} run")
        return set().union(*(addresses for thread, addresses in kept.items() if self.program(thread) == program))


def name(path, arguments):
    """What a program is called; a hook that the command runs in itself (`greenlight hook NAME`), by its own name."""
    return arguments[2] if arguments[1:2] == ["hook"] else Path(path).name


class Tracing:
    """A place for a trace: what to run it under, and what it came to."""

    def __init__(self, folder):
        self.file = Path(folder) / "trace"
        strace = debian("strace")
        # A package that is unpacked has its library beside it, which is nobody else's business.
        libraries = Path(strace).parents[1] / "lib" / f"{platform.machine()}-linux-gnu"
        own = ["env", f"LD_LIBRARY_PATH={libraries}", strace, "-E", "LD_LIBRARY_PATH"]
        # Only the calls of interest stop a process, so that it is about as fast as without.
        self.command = [*own, "-f", "--seccomp-bpf", "-qq", "-s", "256", "-e", f"trace={CALLS}", "-o", self.file]

    def trace(self):
        return Trace(self.file.read_text())


@contextlib.contextmanager
def tracing():
    """A place for a trace, for the length of a `with` block."""
    with tempfile.TemporaryDirectory() as folder:
        yield Tracing(folder)
