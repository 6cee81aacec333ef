"""The Terraform module and its example, as far as they can be judged without the provider.

Every block is held against the schema of the AWS provider: HashiCorp's own bindings for TypeScript are made from it, and
are a package. Where Terraform itself is installed it says whether the files are formatted.
"""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import hcl2

from support import ROOT, Cases, expect
from support.printed import POLICIES, STRATEGIES, migrated, policies

MODULE = ROOT / "modules/terraform"
# Made from version 6.25.0 of the provider.
BINDINGS = "@cdktf/provider-aws@21.22.1"
# How the bindings call what they have of each kind of block.
PACKAGES = {"resource": "", "data": "data-aws-"}
META = {"count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"}


def bindings():
    """The package, fetched once."""
    place = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "conformance/terraform"
    place.mkdir(parents=True, exist_ok=True)
    known = list(place.glob("*.tgz"))
    if not known:
        subprocess.run(["npm", "pack", "--silent", BINDINGS], cwd=place, check=True, capture_output=True, timeout=300)
        known = list(place.glob("*.tgz"))
    return tarfile.open(known[0])


class Schema:
    """What the provider knows of resources."""

    def __init__(self, package):
        self.package = package
        self.read = {}

    def interfaces(self, kind):
        """The interfaces of a resource: by name, the members with whether they are required, and their types."""
        if kind not in self.read:
            text = self.package.extractfile(f"package/lib/{kind}/index.d.ts").read().decode()
            interfaces = {}
            for name, body in re.findall(r"export interface (\w+)(?: extends [\w.]+)? \{\n(.*?)\n\}", text, re.DOTALL):
                members = re.findall(r"readonly (\w+)(\??): ([^;{]*)", body)
                interfaces[name] = {member: (not optional, kind) for member, optional, kind in members}
            config = next(name for name in interfaces if name.endswith("Config"))
            self.read[kind] = (config, interfaces)
        return self.read[kind]

    def problems(self, kind, body):
        config, interfaces = self.interfaces(kind)
        return list(self._problems(interfaces, config, body, kind))

    def _problems(self, interfaces, name, body, path):
        known = interfaces[name]
        given = dict(flattened(body))
        for key, value in given.items():
            if key in META and path.count(".") == 0:
                continue
            member = known.get(camel(key))
            if member is None:
                yield f"{path}.{key} is nothing that the provider knows"
                continue
            nested = re.match(r"\w*", member[1])[0]
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict) and nested in interfaces:
                    yield from self._problems(interfaces, nested, inner, f"{path}.{key}")
        for member, (required, _) in known.items():
            if required and member not in {camel(key) for key in given}:
                yield f"{path} lacks {member}"


def flattened(body):
    """The attributes and blocks of a body; those of `dynamic` blocks by their own names."""
    for key, value in body.items():
        if key.startswith("__"):
            continue
        if key != "dynamic":
            yield key, value
            continue
        for block in value:
            for name, inner in block.items():
                if not name.startswith("__"):
                    yield unquoted(name), inner["content"]


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def package(kind, of_type):
    return PACKAGES[kind] + of_type.removeprefix("aws_").replace("_", "-")


def unquoted(name):
    return name.strip('"')


def blocks(path, kind):
    """The blocks of a kind: (type, name, body)."""
    with path.open() as file:
        for entry in hcl2.load(file).get(kind, []):
            for of_type, named in entry.items():
                if not of_type.startswith("__"):
                    for name, body in named.items():
                        if not name.startswith("__"):
                            yield unquoted(of_type), unquoted(name), body


def declared(folder):
    """The names of a module's variables, with whether they must be given."""
    names = {}
    for path in folder.glob("*.tf"):
        with path.open() as file:
            for entry in hcl2.load(file).get("variable", []):
                names.update({unquoted(name): "default" not in body for name, body in entry.items()})
    return names


def printed(cases, schema):
    """What the command prints for people's own configurations."""
    def all_problems(text):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "printed.tf"
            file.write_text(text)
            return {f"{name}: {problem}"
                    for kind in PACKAGES
                    for of_type, name, body in blocks(file, kind)
                    for problem in schema.problems(package(kind, of_type), body)}

    for name in POLICIES:
        with cases.case(f"the provider knows all that `iam` prints, {name}"):
            text = policies(name, "terraform")
            expect("whether there is a policy", "aws_iam_policy_document" in text, True)
            expect("what it has against it", all_problems(text), set())
    hook = "orders: ecs-service.deployment_configuration.lifecycle_hook"
    later = {f"{hook}.timeout_configuration is nothing that the provider knows"}
    person = {f"{hook}.target_type is nothing that the provider knows", f"{hook} lacks hookTargetArn", f"{hook} lacks roleArn"}
    played = [(configuration, strategy, False, later) for configuration, strategy in STRATEGIES.items()]
    played.append(("CodeDeployDefault.ECSAllAtOnce", "BLUE_GREEN", True, later | person))
    for configuration, strategy, waits, expected in played:
        what = f"{strategy}{' with a PAUSE hook' if waits else ''}"
        with cases.case(f"the provider knows all that `migrate` prints for {what}, but for what its note names"):
            text = migrated(configuration, "terraform", waits)
            expect("whether the strategy is named", f'"{strategy}"' in text, True)
            found = all_problems(f'resource "aws_ecs_service" "orders" {{\n  name = "orders"\n{text}}}\n')
            expect("what it has against it", found, expected)


def main():
    cases = Cases()
    schema = Schema(bindings())
    printed(cases, schema)
    for path in sorted(MODULE.rglob("*.tf")):
        for kind in PACKAGES:
            for of_type, name, body in blocks(path, kind):
                with cases.case(f"{path.relative_to(ROOT)}: the provider knows {kind} {of_type}.{name}"):
                    expect("what it has against it", schema.problems(package(kind, of_type), body), [])
    for folder in {path.parent for path in MODULE.rglob("*.tf")}:
        with cases.case(f"{folder.relative_to(ROOT)}: every variable that is used is declared, and the other way round"):
            text = "\n".join(path.read_text() for path in folder.glob("*.tf"))
            used = set(re.findall(r"\bvar\.(\w+)", text))
            expect("the variables", used, set(declared(folder)))
    with cases.case("the example gives the module what it asks for"):
        with (MODULE / "examples/blue-green/main.tf").open() as file:
            (call,) = hcl2.load(file)["module"]
        given = {key for key in next(iter(call.values())) if not key.startswith("__")} - {"source"}
        known = declared(MODULE)
        expect("what it does not know", given - set(known), set())
        expect("what it misses", {name for name, must in known.items() if must} - given, set())
    with cases.case("the example leaves the rules' actions to ECS"):
        text = (MODULE / "examples/blue-green/main.tf").read_text()
        expect("whether it ignores their changes", "ignore_changes = [action]" in text, True)
    with cases.case("a resource that has a mistake is found out"):
        wrong = {"name": "a", "deployment_configuration": [{"lifecycle_hook": [{"role": "r"}]}]}
        found = schema.problems("ecs-service", wrong)
        where = "ecs-service.deployment_configuration.lifecycle_hook"
        expect("the first", found[0], f"{where}.role is nothing that the provider knows")
        expect("the others", set(found[1:]), {f"{where} lacks {name}" for name in ("hookTargetArn", "lifecycleStages", "roleArn")})
    terraform = shutil.which("terraform")
    with cases.case("Terraform has nothing against how it is written" + ("" if terraform else " (it is not installed: skipped)")):
        if terraform:
            done = subprocess.run([terraform, "fmt", "-check", "-recursive", MODULE], capture_output=True, text=True)
            expect("what it would write otherwise", (done.returncode, done.stdout), (0, ""))
    cases.finish()


main()
