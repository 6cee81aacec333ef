"""The keys that the doctor knows in the documents of ECS and CodeDeploy, and the kinds of their values, against botocore's models.

A key that no model has is an error to the doctor, so its list must be complete: the members of what is given
and of what is answered, since people keep both as files. So is a value of another kind, which botocore refuses, too.
After an update of botocore the list is written anew:

    target/conformance/venv/bin/python tests/conformance/known_keys.py --write
"""

import json
import re
import subprocess
import sys

import botocore.session
from botocore.validate import ParamValidator

from support import ROOT, Cases, binary, environment, expect

FILE = ROOT / "hooks" / "preflight" / "src" / "known_keys.json"

# Each document with the shapes that it may have: an operation's input, or a shape that answers hold.
DOCUMENTS = {
    "Service": ("ecs", ["CreateServiceRequest", "UpdateServiceRequest", "Service"]),
    "TaskDefinition": ("ecs", ["RegisterTaskDefinitionRequest", "TaskDefinition"]),
    "DeploymentGroup": (
        "codedeploy",
        ["CreateDeploymentGroupInput", "UpdateDeploymentGroupInput", "DeploymentGroupInfo"],
    ),
}


# Times and bytes are written in many ways.
KINDS = {"string": "text", "integer": "whole", "long": "whole", "float": "number", "double": "number", "boolean": "flag"}


def kind(shape):
    """The keys of a structure, with what is below them; what a list has; the kind of a value; none where anything may stand."""
    if shape.type_name == "list":
        return [kind(shape.member)]
    if shape.type_name == "map":
        return {"*": kind(shape.value)}
    if shape.type_name == "structure" and not shape.is_document_type:
        return {name: kind(member) for name, member in shape.members.items()}
    return KINDS.get(shape.type_name)


def merged(one, other):
    """What either may be."""
    if isinstance(one, dict) and isinstance(other, dict):
        both = {**one, **other}
        return {
            name: merged(one[name], other[name]) if name in one and name in other else below
            for name, below in both.items()
        }
    if isinstance(one, list) and isinstance(other, list):
        return [merged(one[0], other[0])]
    return one if one == other else None


def known():
    """The keys of every document."""
    session = botocore.session.get_session()
    trees = {}
    for document, (service, shapes) in DOCUMENTS.items():
        model = session.get_service_model(service)
        trees[document] = {}
        for shape in shapes:
            trees[document] = merged(trees[document], kind(model.shape_for(shape)))
    return json.dumps(trees, indent=1, sort_keys=True) + "\n"


# A value of each kind, and one that is of another.
VALUES = {"text": ("a", 1), "whole": (1, "a"), "number": (0.5, "a"), "flag": (True, "true")}


def filled(kind, wrong):
    """A document with a value for every key; null stands for what may be anything."""
    if isinstance(kind, list):
        return [filled(kind[0], wrong)]
    if isinstance(kind, dict):
        return {name: filled(below, wrong) for name, below in kind.items() if below is not None}
    return VALUES[kind][wrong] if kind else "a"


def flat(kind):
    """A document with a text for every list and object."""
    return {name: "a" if isinstance(below, (list, dict)) else filled(below, False) for name, below in kind.items() if below}


def refused_by_botocore(document, shape):
    """Where botocore finds a value of another kind."""
    report = ParamValidator().validate(document, shape).generate_report()
    return sorted(re.findall(r"^Invalid type for parameter (\S+), value: ", report, re.MULTILINE))


def refused_by_the_doctor(document):
    command = [binary("greenlight"), "doctor", "-", "--json"]
    ran = subprocess.run(command, input=json.dumps(document), capture_output=True, text=True, timeout=60, env=environment())
    if ran.returncode not in (0, 1):
        raise AssertionError(f"the doctor exited with {ran.returncode}: {ran.stderr}")
    findings = json.loads(ran.stdout)["findings"]
    return sorted(finding["path"] for finding in findings if finding["id"] == "VALUE-KIND")


def kinds(cases):
    session = botocore.session.get_session()
    for document, (service, shapes) in DOCUMENTS.items():
        shape = session.get_service_model(service).shape_for(shapes[0])
        everything = kind(shape)
        # A list of names in what is given, of objects in what is answered: either is taken.
        everything.pop("autoScalingGroups", None)
        for name, value in (
            ("right", filled(everything, False)),
            ("of another kind", filled(everything, True)),
            ("flat", flat(everything)),
        ):
            with cases.case(f"{shapes[0]}, every value {name}: the doctor refuses what botocore refuses"):
                refused = refused_by_botocore(value, shape)
                expect("whether any is refused", bool(refused), name != "right")
                expect("what the doctor refuses", refused_by_the_doctor(value), refused)


def main():
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(known())
        return
    cases = Cases()
    with cases.case("the doctor's known keys are those of botocore's models"):
        expect("what known_keys.json holds", json.loads(FILE.read_text()), json.loads(known()))
    kinds(cases)
    cases.finish()


main()
