"""The keys that the doctor knows in the documents of ECS and CodeDeploy, against botocore's models.

A key that no model has is an error to the doctor, so its list must be complete: the members of what is given
and of what is answered, since people keep both as files. After an update of botocore the list is written anew:

    target/conformance/venv/bin/python tests/conformance/known_keys.py --write
"""

import json
import sys

import botocore.session

from support import ROOT, Cases, expect

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


def keys(shape):
    """The keys of a structure, with those below them; none where any key may stand."""
    while shape.type_name == "list":
        shape = shape.member
    if shape.type_name != "structure" or shape.is_document_type:
        return None
    return {name: keys(member) for name, member in shape.members.items()}


def merged(one, other):
    """The keys of both."""
    if one is None or other is None:
        return None
    both = {**one, **other}
    return {
        name: merged(one[name], other[name]) if name in one and name in other else below
        for name, below in both.items()
    }


def known():
    """The keys of every document."""
    session = botocore.session.get_session()
    trees = {}
    for document, (service, shapes) in DOCUMENTS.items():
        model = session.get_service_model(service)
        trees[document] = {}
        for shape in shapes:
            trees[document] = merged(trees[document], keys(model.shape_for(shape)))
    return json.dumps(trees, indent=1, sort_keys=True) + "\n"


def main():
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(known())
        return
    cases = Cases()
    with cases.case("the doctor's known keys are those of botocore's models"):
        expect("what known_keys.json holds", json.loads(FILE.read_text()), json.loads(known()))
    cases.finish()


main()
