"""Hooks whose clock is wrong, or jumps while they work (libfaketime): a true verdict in time all the same."""

import contextlib
import itertools
import json
import os
import shlex
import sys
import tempfile
import threading
from pathlib import Path

from support import Cases, binary, expect
from support.definitions import definition, hook
from support.rehearsals import played

HOOKS = ["test-traffic", "health"]
# As the library reads them.
OFFSETS = {"two hours late": "-2h", "two hours early": "+2h", "ten years early": "+10y"}
# What a clock that jumps shows in turn. No check of these waits, and so none can wait too long by it.
JUMPS = ["+2h", "-2h", "+0", "+1y", "-1d"]
JUMP_SECONDS = 0.02
# What hooks say who find that their deadline was long ago, or is far away.
WARNING = "which is no deadline"


def library():
    found = os.environ.get("GREENLIGHT_FAKETIME", "")
    if not Path(found).is_file():
        sys.exit("there is no libfaketime: run `bash tests/conformance/run clocks`, which unpacks Debian's package")
    return found


@contextlib.contextmanager
def jumping():
    """The settings of a clock that is set anew all the time, for the length of a `with` block."""
    is_over = threading.Event()

    def jump(file):
        for offset in itertools.cycle(JUMPS):
            # Whole, or not at all: it is read at every look at the clock.
            new = file.with_suffix(".new")
            new.write_text(offset)
            new.rename(file)
            if is_over.wait(JUMP_SECONDS):
                return

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "clock")
        file.write_text(JUMPS[0])
        thread = threading.Thread(target=jump, args=(file,))
        thread.start()
        try:
            yield [f"FAKETIME_TIMESTAMP_FILE={file}", "FAKETIME_NO_CACHE=1"]
        finally:
            is_over.set()
            thread.join()


def rehearsed(clock, hooks, *options):
    """A rehearsal whose hooks, these, have this clock."""
    setting = ["env", f"LD_PRELOAD={library()}", *clock, "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    functions = [
        part
        for name in hooks
        for part in ("--function", f"greenlight-{name}={shlex.join([*setting, str(binary(name))])}")
    ]
    return played(*functions, *options)


def answered(play):
    return [event for event in play.events("invoked") if event.get("answer")]


def verdicts(play, is_good):
    expect("the status", (play["status"], play.exit_code), ("SUCCESSFUL", 0) if is_good else ("ROLLBACK_SUCCESSFUL", 1))
    answers = [event["answer"] for event in answered(play)]
    if not answers:
        raise AssertionError("no hook answered")
    if not is_good and not any("failed: " in answer.get("reason", "") for answer in answers):
        raise AssertionError(f"no hook says that green failed: {json.dumps(answers)}")
    if failures := [event["failure"] for event in play.events("invoked") if event.get("failure")]:
        raise AssertionError(f"hooks failed: {failures}")


def main():
    cases = Cases()
    only = ["--hooks", ",".join(HOOKS)]
    for is_good, options in [(True, only), (False, [*only, "--fault", "green:errors=50%"])]:
        green = "a good green" if is_good else "a green that errs"
        for name, offset in OFFSETS.items():
            with cases.case(f"{green}, hooks that are {name}"):
                play = rehearsed([f"FAKETIME={offset}"], HOOKS, *options)
                verdicts(play, is_good)
                unwarned = [event for event in answered(play) if WARNING not in json.dumps(event["evidence"].get("warnings"))]
                expect("the hooks that did not see that their clock was wrong", unwarned, [])
        with cases.case(f"{green}, hooks whose clock jumps"), jumping() as clock:
            verdicts(rehearsed(clock, HOOKS, *options), is_good)
    # Which calls AWS in another way.
    with cases.case("preflight, whose clock jumps"), jumping() as clock, tempfile.TemporaryDirectory() as folder:
        service = definition(folder, hook("greenlight-preflight", "PRE_SCALE_UP"))
        verdicts(rehearsed(clock, ["preflight"], service), is_good=True)
    cases.finish()


main()
