"""The JSON Schema of plans, as `greenlight schema` writes it, under a validator that others wrote.

Every plan that a hook takes must be valid under its schema, or an editor would mark what is right. Of those
that a hook refuses the schema need not know every problem, but a key that nobody knows it must.
"""

import copy
import json
import subprocess

import jsonschema

from support import ROOT, Cases, binary, expect

HOOKS = ("test-traffic", "health", "metrics")


def schema(*hook):
    """The schema of one hook's plans, or of any hook's."""
    done = subprocess.run(
        [binary("greenlight"), "schema", *hook], capture_output=True, check=True, timeout=60, text=True
    )
    return json.loads(done.stdout)


def problems(schema, plan):
    """What the validator has against a plan."""
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(plan)]


def with_unknown_key(plan):
    """The plan with one more key in its first check, which nobody knows."""
    plan = copy.deepcopy(plan)
    (settings,) = plan["checks"][0].values()
    settings["no_such_key"] = 1
    return plan


def valid_plans(hook):
    """The plans of the hook's fixtures that it takes."""
    paths = sorted((ROOT / "hooks" / hook / "fixtures").glob("*.json"))
    return [(path.name, json.loads(path.read_text())) for path in paths if not path.name.startswith("invalid-")]


def main():
    cases = Cases()
    of_any = schema()
    with cases.case("the schema is one itself"):
        jsonschema.Draft202012Validator.check_schema(of_any)
    for hook in HOOKS:
        own = schema(hook)
        for name, plan in valid_plans(hook):
            with cases.case(f"{hook}: {name} is valid"):
                expect("what its own schema has against it", problems(own, plan), [])
                expect("what the schema of any hook has against it", problems(of_any, plan), [])
            with cases.case(f"{hook}: {name} with a key that nobody knows is not"):
                expect("whether it is refused", bool(problems(own, with_unknown_key(plan))), True)
        with cases.case(f"{hook}: what is no plan is not valid"):
            for wrong in ([], {"checks": []}, {"checks": [{"no_such_check": {}}]}, {"patience": 5}):
                expect(f"whether {wrong} is refused", bool(problems(own, wrong)), True)
    cases.finish()


main()
