"""What people see of the hooks: the queries, the dashboard and the event rule of `examples/operations/stack.yaml`, held against what hooks
really log and tell.

The hooks run behind a Lambda Runtime API and the local AWS endpoint; what they tell an event bus is taken by a server of this check. The
event pattern is matched as moto matches it.
"""

import json
import re
import tempfile
from pathlib import Path

from moto.events.models import EventPattern

from support import ROOT, Cases, expect, template
from support.application import application
from support.clients import Endpoint
from support.once import lines
from support.server import Handler, Server

NAME = "examples/operations/stack.yaml"
EVENT = ROOT / "events/ecs/post-test-traffic-shift.json"
CODEDEPLOY = ROOT / "events/codedeploy/hook.json"
OVERRIDE = [{"by": "ada", "mode": "shadow", "reason": "INC-123", "service": "*/*", "until": "2099-01-01T00:00:00Z"}]
PARAMETERS = {"Name": "greenlight", "AWS::Region": "us-west-2", "AWS::AccountId": "123456789012", "AWS::Partition": "aws",
              "TimeoutInSeconds": "300", "LongWaitInMinutes": "10"}
# What Insights has by itself.
SYSTEM = {"@timestamp", "@message"}
WORDS = {"and", "or", "not", "like", "as", "by", "desc", "asc", "into", "in", "fields", "filter", "sort", "limit", "stats", "parse",
         "unnest", "display", "SOURCE"}
FUNCTIONS = {"ispresent", "toMillis", "max", "min", "sum", "avg", "count", "latest", "jsonParse", "coalesce"}


TEMPLATE = template.load(ROOT / NAME)
RESOURCES = {key: found["Properties"] for key, found in TEMPLATE["Resources"].items()}


def filled(value):
    """A text with its substitutions made, and none left."""
    text = template.filled(value, PARAMETERS)
    expect("what is left open", re.findall(r"\$\{[^}]+\}", text), [])
    return text


class Bus(Handler):
    """EventBridge, as far as `PutEvents` goes."""

    told = []

    def do_POST(self):  # noqa: N802 - the name is http.server's.
        self.told.extend(json.loads(self.body())["Entries"])
        answer = json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}).encode()
        self.answer(200, answer, "application/x-amz-json-1.1")


def play(folder):
    """The lines that hooks log by what happened, and the events that they tell."""
    overrides = folder / "overrides.json"
    overrides.write_text(json.dumps(OVERRIDE))
    logged, told = {}, {}
    world = Endpoint("--event", CODEDEPLOY, "--secret", f"/greenlight/overrides=file:{overrides}")
    with world.served(), application() as green, Server(Bus).serving() as bus:
        common = {"AWS_ENDPOINT_URL": world.url, "AWS_ENDPOINT_URL_EVENTBRIDGE": bus.url, "GREENLIGHT_EVENT_BUS": "releases",
                  "GREENLIGHT_TARGET_URL": green.url}
        for name, event, status, more in [
            ("proceed", EVENT, 200, {}),
            ("stop", EVENT, 204, {}),
            ("wait", EVENT, 200, {"GREENLIGHT_TARGET_URL": "http://127.0.0.1:9"}),
            ("shadow", EVENT, 204, {"GREENLIGHT_MODE": "shadow"}),
            ("override", EVENT, 204, {"GREENLIGHT_OVERRIDES": "ssm:/greenlight/overrides"}),
            # Its report goes nowhere, and is tried until the function's time is over.
            ("unreported", CODEDEPLOY, 200, {"AWS_ENDPOINT_URL_CODEDEPLOY": "http://127.0.0.1:9"}),
        ]:
            plan = {"checks": [{"http": {"path": "/", "requests": 2, "expect": {"status": status}}}]}
            Bus.told.clear()
            logged[name] = lines("test-traffic", event.read_text(), GREENLIGHT_PLAN=json.dumps(plan), **{**common, **more})
            told[name] = list(Bus.told)
    return logged, told


def flat(document, prefix=""):
    """Every field of a line as Insights names it."""
    for key, value in document.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")


def fields_of(query):
    """The fields of the log that a query names: not texts, functions, words or what it names itself."""
    query = re.sub(r"\"[^\"]*\"|'[^']*'|(?<=like )/(?:[^/\\]|\\.)*/", " ", query)
    own = set(re.findall(r"\bas (\w+)", query)) | set(re.findall(r"\binto (\w+)", query))
    names = set(re.findall(r"@?[A-Za-z_][\w.]*", query)) - WORDS - FUNCTIONS - SYSTEM
    return {name for name in names if name.split(".")[0] not in own}, own, names


def queries(cases, logged):
    known = {field for found in logged.values() for line in found for field in flat(line)}
    checks = {f"check.{field}" for found in logged.values() for line in found for check in line.get("checks", []) for field in flat(check)}
    found = {key: filled(properties["QueryString"]) for key, properties in RESOURCES.items() if "QueryString" in properties}
    body = json.loads(filled(RESOURCES["Dashboard"]["DashboardBody"]))
    found |= {f"the widget {widget['properties']['title']!r}": widget["properties"]["query"]
              for widget in body["widgets"] if widget["type"] == "log"}
    expect("how many queries there are", len(found), 7)
    for name, query in found.items():
        with cases.case(f"{name} asks for fields that hooks log"):
            fields, own, names = fields_of(query)
            expect("what no line has", fields - known, set())
            nested = {field for field in names if "." in field and field.split(".")[0] in own}
            expect("what no check and no line has", nested - checks - {f"line.{field}" for field in known}, set())
    for key in ("LastStops", "OneDeployment"):
        with cases.case(f"{key} needs no field that stands behind the checks, where Insights may not look"):
            evidence = next(line for line in logged["stop"] if "greenlight" in line)
            keys = list(evidence)
            late = set(keys[keys.index("checks"):]) & fields_of(found[key])[0]
            expect("what stands too late", late, set())
    with cases.case("the texts that queries look for are those of the log"):
        (audit,) = [line for line in logged["override"] if line.get("message", "").startswith("an override")]
        expect("the override's message", f'message = "{audit["message"]}"' in found["OverridesUsed"], True)
        (evidence,) = [line for line in logged["unreported"] if "greenlight" in line]
        begins = re.search(r'like /"report":"(\w+)/', found["UnreportedVerdicts"])[1]
        expect("how the report begins", evidence["report"].startswith(begins), True)
        expect("whether Insights finds it", list(evidence).index("report") < list(evidence).index("checks"), True)
        shadow = next(line for line in logged["shadow"] if "greenlight" in line)
        prefix = re.search(r"like /\^([^/]*)/", found["LastStops"])[1]
        expect("how shadow's reason begins", shadow["reason"].startswith(prefix), True)
    return body


def metrics(cases, logged, body):
    with cases.case("the dashboard's metrics are those that hooks count"):
        counted = set()
        for line in [line for found in logged.values() for line in found if "_aws" in line]:
            for directive in line["_aws"]["CloudWatchMetrics"]:
                for dimensions in directive["Dimensions"]:
                    counted |= {(directive["Namespace"], metric["Name"], tuple(dimensions)) for metric in directive["Metrics"]}
        shown, before = set(), []
        for metric in [metric for widget in body["widgets"] for metric in widget["properties"].get("metrics", [])]:
            parts = [part for part in metric if isinstance(part, str)]
            options = [part for part in metric if isinstance(part, dict)]
            for expression in [option["expression"] for option in options if "expression" in option]:
                namespace, dimensions, name = re.search(r"{(\w+),([\w,]+)} MetricName=\"(\w+)\"", expression).groups()
                shown.add((namespace, name, tuple(dimensions.split(","))))
            if parts:
                # `...` stands for what the line before begins with.
                before = before[: len(before) - len(parts) + 1] + parts[1:] if parts[0] == "..." else parts
                shown.add((before[0], before[1], tuple(before[2::2])))
        own = {metric for metric in shown if metric[0] == "greenlight"}
        expect("what hooks do not count", own - counted, set())
        expect("the metrics", {name for _, name, _ in own}, {"Stop", "Proceed", "Wait", "Duration", "Unreported"})
        expect("what is Lambda's", {metric for metric in shown if metric[0] != "greenlight"}, {
            ("AWS/Lambda", name, ("FunctionName",)) for name in ("Errors", "Throttles", "AsyncEventsDropped")})


def event(entry):
    """What EventBridge makes of an entry."""
    return {"version": "0", "id": "1", "source": entry["Source"], "detail-type": entry["DetailType"], "account": "123456789012",
            "time": "2026-11-22T12:00:00Z", "region": "us-west-2", "resources": entry["Resources"], "detail": json.loads(entry["Detail"])}


def rule(cases, told):
    properties = RESOURCES["VerdictRule"]
    _, every, stops = properties["EventPattern"]["detail"]["Fn::If"]
    for kind, detail, expected in [
        ("all", every, {"proceed": 1, "stop": 1, "wait": 0, "shadow": 1, "override": 1, "unreported": 0}),
        ("stops", stops, {"proceed": 0, "stop": 1, "wait": 0, "shadow": 1, "override": 1, "unreported": 0}),
    ]:
        with cases.case(f"the rule for {kind} takes the events that it is for"):
            pattern = {**properties["EventPattern"], "detail": detail}
            matcher = EventPattern(json.dumps(pattern), pattern)
            taken = {name: sum(matcher.matches_event(event(entry)) for entry in entries) for name, entries in told.items()}
            expect("how many of each", taken, expected)
            alien = {**event(told["stop"][0]), "source": "aws.ecs"}
            expect("whether it takes another's event", matcher.matches_event(alien), False)
    (target,) = properties["Targets"]
    transformer = target["InputTransformer"]
    with cases.case("the message is a custom notification that says what happened"):
        (entry,) = told["stop"]
        document = event(entry)
        text = transformer["InputTemplate"]
        for name, path in transformer["InputPathsMap"].items():
            value = document
            for part in path.removeprefix("$.").split("."):
                value = value[part]
            expect(f"the type of {path}", isinstance(value, str), True)
            # Outside of quotes a text becomes a JSON string; within them it is put in as it stands.
            text = re.sub(rf"(?<=\": )<{name}>", lambda _, value=value: json.dumps(value), text)
            text = text.replace(f"<{name}>", value)
        message = json.loads(text)
        detail = document["detail"]
        expect("its version and source", (message["version"], message["source"]), ("1.0", "custom"))
        expect("the title", message["content"]["title"],
               f"greenlight: stop {detail['service']} at {detail['stage']} ({detail['hook']}, enforce)")
        expect("the description", message["content"]["description"], detail["reason"])
        expect("whether it names the deployment", detail["deployment"] in message["content"]["nextSteps"][0], True)
        expect("what is left open", re.findall(r"<\w+>", text), [])
    with cases.case("the topic takes messages of EventBridge alone"):
        (statement,) = RESOURCES["TopicPolicy"]["PolicyDocument"]["Statement"]
        expect("the statement", (statement["Principal"], statement["Action"]), ({"Service": "events.amazonaws.com"}, "sns:Publish"))


def main():
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        logged, told = play(Path(folder))
    body = queries(cases, logged)
    metrics(cases, logged, body)
    rule(cases, told)
    cases.finish()


main()
