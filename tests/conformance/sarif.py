"""What `greenlight doctor --sarif` writes, under the schema of SARIF 2.1.0.

The schema is OASIS's, as Microsoft's package `@microsoft/jest-sarif` has it: npm fetches it, once, into the target
folder.
"""

import json
import os
import subprocess
import tarfile

import jsonschema

from support import ROOT, Cases, binary, expect

FOLDER = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "conformance" / "sarif"
PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
SCHEMA = "package/lib/schemas/sarif-2.1.0-rtm.5.json"


def schema():
    """The schema of SARIF."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not list(FOLDER.glob("*.tgz")):
        command = ["npm", "pack", "--silent", "--pack-destination", str(FOLDER), PACKAGE]
        subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=FOLDER)
    (package,) = FOLDER.glob("*.tgz")
    with tarfile.open(package) as archive:
        return json.load(archive.extractfile(SCHEMA))


def report(*arguments, stdin=""):
    """What the doctor writes; it ends with 0 or 1 whatever it finds."""
    done = subprocess.run(
        [binary("greenlight"), "doctor", *arguments, "--sarif"],
        cwd=ROOT, input=stdin, capture_output=True, timeout=60, text=True,
    )
    expect("whether it was carried out", done.returncode in (0, 1), True)
    return json.loads(done.stdout)


def main():
    cases = Cases()
    validator = jsonschema.Draft7Validator(schema())
    service = json.loads((ROOT / "examples/ecs-native/service.json").read_text())
    service["deploymentConfiguration"]["lifecycleHooks"][0]["targetType"] = "LAMBDA"
    service["deploymentConfiguration"]["bakeTimeInMinutes"] = 1441
    file = FOLDER / "a service.json"
    file.write_text(json.dumps(service))
    for name, sarif, results in (
        ("nothing found", report("examples/ecs-native/service.json"), 0),
        ("in a file", report(str(file)), 2),
        ("in standard input", report("-", stdin=json.dumps(service)), 2),
    ):
        with cases.case(name):
            problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(sarif)]
            expect("what the schema has against it", problems, [])
            expect("how many results", len(sarif["runs"][0]["results"]), results)
    with cases.case("the schema refuses what is none"):
        sarif["runs"][0]["results"][0].pop("message")
        expect("whether it is refused", bool(list(validator.iter_errors(sarif))), True)
    cases.finish()


main()
