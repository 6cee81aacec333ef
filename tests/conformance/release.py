"""What a release is made of: its archives, the action that uses it, the workflow that makes it, and the scripts of all three.

The archives are packed anew from the binaries under test. Where those come from `release/build` they must also run on Lambda's
Amazon Linux 2023, and must not tell where they were built.
"""

import functools
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from ruamel.yaml import YAML
from support import ROOT, Cases, binary, expect
from support.server import Files, Server

TOOLS = Path(sys.executable).parent
HOOKS = ("health", "metrics", "preflight", "test-traffic")
# Of Amazon Linux 2023: https://docs.aws.amazon.com/linux/al2023/release-notes/relnotes.html
GLIBC = (2, 34)
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
COMMAND = f"greenlight-linux-{ARCHITECTURE}.tar.gz"
# The machine's number in an ELF header.
MACHINES = {"x86_64": 62, "arm64": 183}
# By hand, from each action's tags (`git ls-remote --tags`): a commit that is no tag's would only be found by the first release.
ACTIONS = {
    ("actions/attest-build-provenance", "v4.1.0"): "a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32",
    ("actions/checkout", "v4.2.2"): "11bd71901bbe5b1630ceea73d27597364c9af683",
    ("actions/download-artifact", "v4.3.0"): "d3f86a106a0bac45b974a628896c90dbdf5c8093",
    ("actions/upload-artifact", "v4.6.2"): "ea165f8d65b6e75b540449e92b4886f43607fa02",
}
SCRIPTS = (".ci/run", "bench/peers/install", "bench/run", "fuzz/run", "release/build", "release/check", "release/install",
           "release/reproduce", "release/sbom", "release/try", "tests/conformance/run")


def run(*command, **variables):
    """A script's exit code and what it says, without this process's own settings."""
    environment = {"PATH": f"{TOOLS}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/"), **variables}
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def well(*command, **variables):
    code, said = run(*command, **variables)
    if code != 0:
        raise AssertionError(f"{' '.join(map(str, command))} exits with {code}:\n{said}")
    return said


def pack(dist):
    well(sys.executable, "release/pack.py", binary("greenlight").parent, ARCHITECTURE, dist)
    return {path.name: path.read_bytes() for path in sorted(dist.iterdir())}


def archives(cases, place):
    first = pack(place / "first")
    # Another time and another umask are no reason to be another file.
    for path in binary("greenlight").parent.iterdir():
        if path.name in (*HOOKS, "greenlight"):
            (place / "copied").mkdir(exist_ok=True)
            os.utime(shutil.copyfile(path, place / "copied" / path.name), (1, 1))
    well(sys.executable, "release/pack.py", place / "copied", ARCHITECTURE, place / "second")
    with cases.case("the same binaries are packed into the same files at any time"):
        for name, content in first.items():
            expect(f"whether {name} is the same", (place / "second" / name).read_bytes() == content, True)
    with cases.case("there is a file for each hook, and one with the command, each with its checksum"):
        expect("the files", set(first), {COMMAND, "SHA256SUMS", *(f"{hook}-{ARCHITECTURE}.zip" for hook in HOOKS)})
        for line in first["SHA256SUMS"].decode().splitlines():
            checksum, name = line.split("  ")
            expect(f"the checksum of {name}", checksum, hashlib.sha256(first[name]).hexdigest())
    for hook in HOOKS:
        with cases.case(f"the zip of {hook} is what Lambda takes"):
            with zipfile.ZipFile(io.BytesIO(first[f"{hook}-{ARCHITECTURE}.zip"])) as archive:
                (entry,) = archive.infolist()
                expect("its only file", entry.filename, "bootstrap")
                expect("whether all may execute it", entry.external_attr >> 16 & 0o111, 0o111)
                built = archive.read(entry)
            expect("whether it is the binary under test", built == binary(hook).read_bytes(), True)
            expect("the processor that it is for", int.from_bytes(built[18:20], "little"), MACHINES[ARCHITECTURE])
            if binary(hook).parent.parent.name == "released":
                newest = max(tuple(map(int, found)) for found in re.findall(rb"GLIBC_(\d+)\.(\d+)", built))
                expect(f"whether the newest symbol of glibc, {newest}, is within {GLIBC}", newest <= GLIBC, True)
                places = [str(ROOT), os.path.expanduser("~/.cargo")]
                expect("what of the tests' is in it", [mark for mark in (b"made-up", b"fuzzed") if mark in built], [])
                expect("whether it tells where it was built", [path for path in places if path.encode() in built], [])
    with cases.case("the command comes out of its archive and runs"):
        with tarfile.open(fileobj=io.BytesIO(first[COMMAND])) as archive:
            archive.extractall(place / "command", filter="data")
        expect("whether it says its version", well(place / "command/greenlight", "--version").startswith("greenlight "), True)
    return first


def install(cases, place, files):
    served = place / "served/v1.2.3"
    served.mkdir(parents=True)
    for name, content in files.items():
        (served / name).write_bytes(content)
    with Server(functools.partial(Files, directory=place / "served")).serving() as releases:
        def installed(version="v1.2.3", **variables):
            return run("bash", "release/install", version, place / "installed", GREENLIGHT_RELEASES=releases.url, **variables)

        with cases.case("the command of a release is installed"):
            code, said = installed()
            expect(f"the exit code ({said})", code, 0)
            expect("whether it is there", (place / "installed/greenlight").is_file(), True)
        with cases.case("a file that is not the release's own is refused, and none is left behind"):
            (served / COMMAND).write_bytes(files[COMMAND] + b"x")
            code, said = installed()
            expect(f"the exit code ({said})", code, 3)
            expect("whether it says so", "checksum" in said, True)
            expect("whether there is a command", (place / "installed/greenlight").exists(), False)
        with cases.case("a release that has no checksum of the file is refused"):
            (served / COMMAND).write_bytes(files[COMMAND])
            (served / "SHA256SUMS").write_text(f"{hashlib.sha256(files[COMMAND]).hexdigest()}  another.tar.gz\n")
            expect("the exit code", installed()[0], 3)
        (served / "SHA256SUMS").write_bytes(files["SHA256SUMS"])
        for code, wanted in ((0, 0), (1, 3)):
            with cases.case(f"a file whose attestation GitHub {'has' if code == 0 else 'does not have'} is {'taken' if code == 0 else 'refused'}"):
                gh = place / f"gh{code}/gh"
                gh.parent.mkdir()
                gh.write_text(f'#!/bin/sh\nprintf "%s " gh "$@"\nexit {code}\n')
                gh.chmod(0o755)
                done, said = installed(GREENLIGHT_ATTESTED_BY="owner/greenlight", PATH=f"{gh.parent}:{TOOLS}:{os.environ['PATH']}")
                expect(f"the exit code ({said})", done, wanted)
                expect("whether it was asked for this tag", f"gh attestation verify {COMMAND} --repo owner/greenlight --source-ref refs/tags/v1.2.3" in said, True)
                expect("whether there is a command", (place / "installed/greenlight").exists(), wanted == 0)
        with cases.case("a version that is none is told"):
            code, said = installed("main")
            expect(f"the exit code ({said})", code, 3)
            expect("whether it names it", "is `main` the tag of a release" in said, True)


def action(cases, place):
    definition = YAML(typ="safe").load(ROOT / "action.yml")
    given = {name: value for step in definition["runs"]["steps"] for name, value in step["env"].items()}

    def checked(**inputs):
        """The action's second step, with its inputs filled in as the runner does."""
        (step,) = [step for step in definition["runs"]["steps"] if "release/check" in step["run"]]
        variables = {}
        for name, value in step["env"].items():
            (key,) = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value).groups()
            variables[name] = inputs.pop(key, definition["inputs"][key]["default"])
        assert not inputs, f"the step takes no {', '.join(inputs)}"
        temporary = place / "runner"
        (temporary / "greenlight").mkdir(parents=True, exist_ok=True)
        shutil.copy(binary("greenlight"), temporary / "greenlight/greenlight")
        return run("bash", "-c", step["run"], RUNNER_TEMP=str(temporary), GITHUB_ACTION_PATH=str(ROOT), **variables)

    with cases.case("each input of the action is used by a step"):
        for name in definition["inputs"]:
            expect(f"whether {name} is used", any(f"inputs.{name} " in value for value in given.values()), True)
    plan = place / "a plan.json"
    plan.write_text('{"checks": [{"http": {"path": "/ping"}}]}')
    broken = place / "broken.json"
    broken.write_text('{"checks": [{"http": {"paht": "/ping"}}]}')
    sarif = place / "doctor.sarif"
    with cases.case("the action validates, asks the doctor and rehearses"):
        code, said = checked(validate=f"{plan}\n", doctor="examples/ecs-native/service.json\n", sarif=str(sarif),
                             rehearse="examples/ecs-native/service.json\n",
                             **{"rehearse-options": "--speed 600x --health-check /ping --expect success"})
        expect(f"the exit code ({said})", code, 0)
        for part in ("greenlight validate", "greenlight doctor", "greenlight rehearse", "SUCCESSFUL"):
            expect(f"whether `{part}` is in the log", part in said, True)
        expect("whether there is SARIF", '"version": "2.1.0"' in sarif.read_text() or '"version":"2.1.0"' in sarif.read_text(), True)
    with cases.case("options may stand on lines of their own, and none is lost"):
        code, said = checked(rehearse="examples/ecs-native/service.json\n",
                             **{"rehearse-options": "\n--speed 600x\n--health-check /ping\n--hooks none\n--fault green:errors=20%\n"
                                                    "--expect success\n"})
        expect(f"the exit code ({said})", code, 1)
    with cases.case("what is checked says nothing to the runner"):
        hostile = place / "hostile.json"
        hostile.write_text(json.dumps({"paht\n::add-mask::x\n::notice::hello": 1}))
        _, said = checked(validate=str(hostile))
        muted = re.search(r"^::stop-commands::(\w{32})$(.*)^::\1::$", said, re.DOTALL | re.MULTILINE)
        rest = said.replace(muted[2], "")
        expect("whether it is muted where it is shown", "::notice::" in muted[2] and "::notice::" not in rest, True)
    with cases.case("SARIF that cannot be written is a failure, and leaves no file"):
        for options in ({"sarif": str(place / "none/x.sarif")}, {"sarif": str(sarif), "doctor-options": "--json"}):
            code, said = checked(doctor="examples/ecs-native/service.json", **options)
            expect(f"whether it fails ({said})", code > 0, True)
        expect("whether there is a file", sarif.exists(), False)
        expect("without the doctor", checked(validate=str(plan), sarif=str(sarif))[0], 2)
    with cases.case("a path is no option"):
        expect("the exit code", checked(validate="--help")[0], 2)
    with cases.case("the action fails with what fails, and goes on to the rest"):
        code, said = checked(validate=f"{broken}\n{plan}\n")
        expect(f"the exit code ({said})", code, 2)
        expect("how many plans were looked at", said.count("::group::"), 2)
        expect("whether the log is annotated", "::error title=greenlight validate::" in said, True)
    with cases.case("an action with nothing to check is a mistake, and no success"):
        expect("the exit code", checked()[0], 2)


def main():
    cases = Cases()
    with cases.case("GitHub's schema of actions has nothing against action.yml"):
        well(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml")
    with cases.case("GitHub's schema of workflows has nothing against the workflows"):
        well(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *sorted((ROOT / ".github/workflows").iterdir()))
    with cases.case("every action of others is pinned by the commit of the version that is meant"):
        for workflow in (ROOT / ".github/workflows").iterdir():
            for name, commit, version in re.findall(r"uses: ([^@\s]+)@(\S+)(?: # (\S+))?", workflow.read_text()):
                expect(f"the commit of {name} {version}", commit, ACTIONS.get((name, version)))
    for script in SCRIPTS:
        with cases.case(f"shellcheck has nothing against {script}"):
            # SC2016: what stands in backticks is for who reads the message.
            well(TOOLS / "shellcheck", "--exclude", "SC2016", ROOT / script)
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        files = archives(cases, place)
        install(cases, place, files)
        action(cases, place)
    cases.finish()


main()
