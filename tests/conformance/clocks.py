"""Hooks whose clock is wrong (libfaketime): a true verdict in time all the same."""

import json
import os
import shlex
import sys
from pathlib import Path

from support import Cases, binary, expect
from support.rehearsals import played

HOOKS = ["test-traffic", "health"]
# As the library reads them.
OFFSETS = {"two hours late": "-2h", "two hours early": "+2h", "ten years early": "+10y"}
# What hooks say who find that their deadline was long ago, or is far away.
WARNING = "which is no deadline"


def library():
    found = os.environ.get("GREENLIGHT_FAKETIME", "")
    if not Path(found).is_file():
        sys.exit("there is no libfaketime: run `bash tests/conformance/run clocks`, which unpacks Debian's package")
    return found


def rehearsed(offset, *options):
    """A rehearsal whose hooks have a clock that is so far off."""
    setting = ["env", f"LD_PRELOAD={library()}", f"FAKETIME={offset}", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    functions = [
        part
        for name in HOOKS
        for part in ("--function", f"greenlight-{name}={shlex.join([*setting, str(binary(name))])}")
    ]
    return played("--hooks", ",".join(HOOKS), *functions, *options)


def verdicts(play, is_good):
    expect("the status", (play["status"], play.exit_code), ("SUCCESSFUL", 0) if is_good else ("ROLLBACK_SUCCESSFUL", 1))
    answered = [event for event in play.events("invoked") if event.get("answer")]
    answers = [event["answer"] for event in answered]
    for event in answered:
        if WARNING not in json.dumps(event["evidence"].get("warnings")):
            raise AssertionError(f"a hook whose clock was wrong did not see it: {json.dumps(event)}")
    if not answers:
        raise AssertionError("no hook answered")
    if not is_good and not any("failed: " in answer.get("reason", "") for answer in answers):
        raise AssertionError(f"no hook says that green failed: {json.dumps(answers)}")
    if failures := [event["failure"] for event in play.events("invoked") if event.get("failure")]:
        raise AssertionError(f"hooks failed: {failures}")


def main():
    cases = Cases()
    for is_good, options in [(True, []), (False, ["--fault", "green:errors=50%"])]:
        green = "a good green" if is_good else "a green that errs"
        for name, offset in OFFSETS.items():
            with cases.case(f"{green}, hooks that are {name}"):
                verdicts(rehearsed(offset, *options), is_good)
    cases.finish()


main()
