"""The AWS CLI and the hooks at a rehearsal that is kept, as docs/local.md has it.

A kept rehearsal knows its functions and runs none: `aws lambda invoke` is taken, and answered with `null`. What runs a
hook there is `greenlight invoke --endpoint-url`, which looks at everything else that the rehearsal has kept.
"""

import json
import subprocess

from support import ROOT, Cases, binary, environment, expect
from support.aws_cli import aws, invoke
from support.clients import CommandLine
from support.ended import service_deployment
from support.rehearsals import rehearsal

REGION = "us-east-1"
REGIONAL = {"AWS_DEFAULT_REGION": REGION}
FUNCTIONS = ("greenlight-health", "greenlight-test-traffic", "greenlight-metrics")
EVENT = ROOT / "events" / "ecs" / "post-scale-up.json"
SECONDS = 60


def logged(url, function):
    code, said = aws(url, "logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{function}", **REGIONAL)
    expect(f"the exit code, with {said!r}", code, 0)
    return len(json.loads(said)["events"])


def by_the_cli(cases, url):
    for function in FUNCTIONS:
        with cases.case(f"aws lambda get-function-configuration knows {function}"):
            code, said = aws(url, "lambda", "get-function-configuration", "--function-name", function, **REGIONAL)
            expect(f"the exit code, with {said!r}", code, 0)
            expect("its runtime", json.loads(said)["Runtime"], "provided.al2023")
    with cases.case("aws lambda invoke of a function that the rehearsal does not have"):
        code, said = aws(url, "lambda", "invoke", "--function-name", "other", "--payload", f"fileb://{EVENT}", "/dev/null", **REGIONAL)
        expect("whether it fails", code != 0, True)
        expect("whether it says why", "ResourceNotFoundException" in said, True)
    for options, status, answer in [((), 200, "null"), (("--invocation-type", "Event"), 202, "")]:
        with cases.case(f"aws lambda invoke {' '.join(options) or 'as it is'}: taken, and nothing runs"):
            before = logged(url, FUNCTIONS[0])
            said, written = invoke(url, FUNCTIONS[0], EVENT, *options, **REGIONAL)
            expect("the status code", said["StatusCode"], status)
            expect("the answer", written, answer)
            expect("how much is logged", logged(url, FUNCTIONS[0]), before)


def event_of(url, deployment):
    """The event of a deployment: what `greenlight event` writes, with the deployment that was kept."""
    options = ["--cluster", "demo", "--service", "hello", "--region", REGION]
    command = [binary("greenlight"), "event", "ecs", "post-production-traffic-shift", *options]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, timeout=SECONDS)
    event = json.loads(done.stdout)
    return json.dumps({**event, "resourceArn": deployment} if deployment else event)


def hook(url, name, event):
    """What `greenlight invoke` comes to there."""
    command = [binary("greenlight"), "invoke", name, "--event", "-", "--endpoint-url", url, "--json"]
    done = subprocess.run(command, input=event, env=environment(), capture_output=True, text=True, timeout=SECONDS)
    if done.returncode > 1:
        raise AssertionError(f"`greenlight invoke` exited with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def by_greenlight(cases, url):
    before = service_deployment(CommandLine(url))
    for name in ("health", "test-traffic"):
        with cases.case(f"greenlight invoke {name} looks at what was kept"):
            result = hook(url, name, event_of(url, before["serviceDeploymentArn"]))
            expect(f"the verdict, because {result['reason']!r}", result["verdict"], "proceed")
            expect("whether ECS was asked", any(call["service"] == "ECS" for call in result["evidence"]["aws_calls"]), True)
    with cases.case("an event of another deployment waits, and says that ECS does not know it"):
        result = hook(url, "health", event_of(url, None))
        expect("the verdict", result["verdict"], "wait")
        expect(f"whether {result['reason']!r} says so", "ECS does not know the service deployment" in result["reason"], True)
    with cases.case("nothing that was kept is changed by it"):
        expect("the deployment", service_deployment(CommandLine(url)), before)


def main():
    cases = Cases()
    with cases.case("a rehearsal is kept"), rehearsal("--keep", "--users", "1/s", speed="120x") as kept:
        url = kept.kept()
        by_the_cli(cases, url)
        by_greenlight(cases, url)
        expect("the exit code of the rehearsal", kept.interrupt(), 0)
    cases.finish()


main()
