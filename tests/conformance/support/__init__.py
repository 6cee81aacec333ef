"""What the conformance checks share: the binaries, processes that end with their owner, and the tally.

A check is a script that names each of its cases as it goes and exits non-zero when one did not hold.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

# No check leaves this machine: a call that was meant for AWS is refused by the discard port instead.
ISOLATION = {
    "AWS_ACCESS_KEY_ID": "conformance",
    "AWS_SECRET_ACCESS_KEY": "conformance",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def binary(name):
    """The path of a binary under test, or an exit that says what to run."""
    path = Path(os.environ.get("GREENLIGHT_BIN_DIR", ROOT / "target" / "release")) / name
    if not path.is_file():
        sys.exit(f"`{path}` does not exist: run `cargo build --release --workspace --bins` first")
    return path


def debian(name):
    """The path of a program that is Debian's, or an exit that says what to run."""
    found = shutil.which(name) or os.environ.get(f"GREENLIGHT_{name.upper()}")
    if not found or not Path(found).is_file():
        sys.exit(f"there is no {name}: install it, or run `bash tests/conformance/run`, which unpacks its package")
    return found


def environment(**more):
    """This process's environment without any AWS or greenlight setting of its own, plus `more`."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "GREENLIGHT_", "CARGO_LAMBDA_"))
    }
    return {**inherited, **ISOLATION, **more}


@contextlib.contextmanager
def process(command, **options):
    """Runs a process for the length of a `with` block, and kills it at the end."""
    with subprocess.Popen([str(part) for part in command], **options) as running:
        try:
            yield running
        finally:
            running.kill()


class Cases:
    """The tally of one check."""

    def __init__(self):
        self.failed = 0

    @contextlib.contextmanager
    def case(self, name):
        """Runs one case; an assertion or any other error in it is a failure, and the check goes on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the case did not hold.
            self.failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
        else:
            print(f"ok     {name}", flush=True)

    def finish(self):
        sys.exit(1 if self.failed else 0)


def expect(what, observed, expected):
    """Fails the case with both values where they differ."""
    if observed != expected:
        raise AssertionError(f"{what} is {observed!r}, expected {expected!r}")


def agrees(observed, expected, path="the output"):
    """Every expected member is there with its value; what else there is, the model has judged."""
    if isinstance(expected, dict) and isinstance(observed, dict):
        for name, value in expected.items():
            agrees(observed.get(name), value, f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(observed, list):
        expect(f"the length of {path}", len(observed), len(expected))
        for index, value in enumerate(expected):
            agrees(observed[index], value, f"{path}[{index}]")
    else:
        expect(path, observed, expected)
