"""The events that hooks of ECS get, held against the samples of AWS's documentation."""

import functools
import itertools
import json
import re
import uuid

from . import ROOT, expect
from .definitions import SERVICE

SAMPLES = ROOT / "events" / "ecs"
NAME = f"{SERVICE['cluster']}/{SERVICE['serviceName']}"
FORMS = {
    ("executionDetails", "serviceArn"): r"arn:aws:ecs:[a-z0-9-]+:\d{12}:service/{name}",
    ("executionDetails", "targetServiceRevisionArn"): r"arn:aws:ecs:[a-z0-9-]+:\d{12}:service-revision/{name}/\d{19}",
    ("resourceArn",): r"arn:aws:ecs:[a-z0-9-]+:\d{12}:service-deployment/{name}/[A-Za-z0-9_-]{21}",
}


def sides(event):
    """The event with `green` and `blue` in the place of the revisions' ARNs at the weights."""
    event = json.loads(json.dumps(event))
    execution = event["executionDetails"]
    green = execution["targetServiceRevisionArn"]
    for name in ("testTrafficWeights", "productionTrafficWeights"):
        by_side = [("green" if revision == green else "blue", weight) for revision, weight in execution[name].items()]
        execution[name] = dict(by_side)
        expect(f"the sides of {name}", len(execution[name]), len(by_side))
    return event


def shape(value):
    """The keys and JSON types of a value."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in sorted(value.items())}
    if isinstance(value, list):
        return [shape(member) for member in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__


def holds_against(event, sample, share):
    """The event has the sample's keys and types; and its weights, or those of green's share."""
    sample = sides(json.loads((SAMPLES / sample).read_text()))
    observed = sides(event)
    expect("its shape", shape(observed), shape(sample))
    for name in ("testTrafficWeights", "productionTrafficWeights"):
        expected = sample["executionDetails"][name]
        if expected and share is not None:
            expected = {"green": share, "blue": 100 - share}
        weights = observed["executionDetails"][name]
        expect(name, weights, expected)
        for weight in weights.values():
            # A whole percent is an integer in every event that people have published.
            expect(f"the type of {weight}", type(weight), int if weight == int(weight) else float)
    expect("the stage", event["lifecycleStage"], sample["lifecycleStage"])
    for path, form in FORMS.items():
        value = functools.reduce(lambda inner, key: inner[key], path, event)
        if not re.fullmatch(form.replace("{name}", NAME), value):
            raise AssertionError(f"{'.'.join(path)} is {value!r}, expected {form}")
    expect("its id as a UUID", str(uuid.UUID(event["executionId"])), event["executionId"])


def samples_hold(cases, name, events, expected):
    """Each event against its sample; and no two executions have one id."""
    with cases.case(f"{name}: the stages, and an id for each execution"):
        expect("the stages", [event["lifecycleStage"] for event in events], [stage for stage, _, _ in expected])
        expect("how many ids there are", len({event["executionId"] for event in events}), len(events))
        expect("how many deployments there are", len({event["resourceArn"] for event in events}), 1)
    for event, (stage, sample, share) in zip(events, expected, strict=True):
        with cases.case(f"{name}: {stage} against {sample}"):
            holds_against(event, sample, share)


def sample(stage, kind=""):
    """A stage, its sample, and green's share where the sample's is another."""
    stem = stage.lower().replace("_", "-") + kind
    (path,) = itertools.chain(SAMPLES.glob(f"{stem}.json"), SAMPLES.glob(f"{stem}.inferred.json"))
    return stage, path.name, None
