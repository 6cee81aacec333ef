"""The built hook as a function under ministack, another emulator of AWS, and `greenlight iam` before its IAM.

The very binary that was built is zipped as `bootstrap`, created as a function of `provided.al2023` and invoked by
`aws lambda invoke`, as people try a deployed one. What it calls goes through a recorder to greenlight's own endpoint, so
that a report is seen where it arrives; where it invokes itself, that goes to ministack again, and is run. What
ministack does differently from AWS stands in `support/ministack.py`.
"""

import concurrent.futures
import contextlib
import json
import subprocess
import tempfile
from pathlib import Path

from support import ROOT, Cases, aws_cli, binary, environment, expect
from support.allowed import observed, policies
from support.application import application
from support.clients import Endpoint
from support.ministack import ACCOUNT, REGION, ministack
from support.recorder import recorder
from support.rehearsals import eventually

HOOK = "test-traffic"
# A name that CodeDeploy's own role may invoke.
FUNCTION = f"CodeDeployHook_greenlight-{HOOK}"
IMPATIENT = f"{FUNCTION}-impatient"
LIMIT_SECONDS = 60
# The AWS CLI takes longer to start than the function to answer.
AT_ONCE = 4

# Of these nothing is asked of green: a rollback passes whatever green answers, and details of another hook are no plan.
NOT_ASKED = {
    "production-traffic-shift-rollback.json": "SUCCEEDED",
    "test-traffic-shift-rollback.inferred.json": "SUCCEEDED",
    "with-hook-details-first.json": "FAILED",
    "with-hook-details-reinvoked.json": "FAILED",
}
VERDICTS = {200: "SUCCEEDED", 500: "FAILED"}
CODEDEPLOY = {"SUCCEEDED": "Succeeded", "FAILED": "Failed"}
PAUSE = {"SUCCEEDED": "CONTINUE", "FAILED": "ROLLBACK"}
REPORT = "PutLifecycleEventHookExecutionStatus"


class Lambda:
    """Invocations through the AWS CLI, and through boto3, which has not to be started for each."""

    def __init__(self, emulator, folder):
        self.url = emulator.url
        self.client = emulator.client("lambda")
        self.folder = folder

    def invoke(self, event, *options, function=FUNCTION):
        """What the AWS CLI says, and what it wrote."""
        own = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_DEFAULT_REGION": REGION}
        return aws_cli.invoke(self.url, function, event, *options, **own)

    def by_boto3(self, event):
        said = self.client.invoke(FunctionName=FUNCTION, Payload=event.read_bytes())
        return said, said["Payload"].read()

    def answer(self, event, status):
        """The answer of a function that gave one. Each event comes by the AWS CLI once, and again by boto3."""
        said, answer = self.invoke(event) if status == 200 else self.by_boto3(event)
        expect("the status code", said["StatusCode"], 200)
        expect("the function's error", said.get("FunctionError"), None)
        return json.loads(answer)


@contextlib.contextmanager
def answering(seen, events):
    """greenlight's endpoint behind the recorder, which knows these events and has taken no report yet."""
    options = [part for event in events for part in ("--event", event)]
    with Endpoint(*options).served() as endpoint:
        seen.upstream = endpoint.url
        seen.calls.clear()
        yield


def judged(answer, verdict, status, is_asked):
    """ECS's answer, with what the application answered where that decided."""
    expect("hookStatus", answer.get("hookStatus"), verdict)
    expect("what else is in the answer", set(answer) - {"hookStatus"}, {"reason"})
    if status == 500 and is_asked and "status 500" not in answer["reason"]:
        raise AssertionError(f"the reason does not say 500: {answer['reason']!r}")


def of_ecs(cases, function, server):
    """Every sample event of ECS."""
    events = sorted((ROOT / "events/ecs").glob("*.json"))
    for status, verdict in VERDICTS.items():
        server.status = status
        asked = [event for event in events if status == 200 or event.name not in NOT_ASKED]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            answers = [pool.submit(function.answer, event, status) for event in asked]
        for event, answer in zip(asked, answers, strict=True):
            with cases.case(f"{event.name}, an application that answers {status}"):
                is_asked = event.name not in NOT_ASKED
                judged(answer.result(), NOT_ASKED.get(event.name, verdict), status, is_asked)


def reported(seen, operation, expected):
    """Exactly one report arrived, with these members."""
    reports = seen.of(operation)
    expect("how many reports arrived", len(reports), 1)
    for name, value in expected.items():
        expect(name, reports[0].get(name), value)


def of_codedeploy(cases, function, server, seen):
    """CodeDeploy's verdict is the report."""
    for name in ("hook.json", "hook-minimal.json"):
        event = ROOT / "events/codedeploy" / name
        sent = json.loads(event.read_text())
        ids = {"deploymentId": sent["DeploymentId"], "lifecycleEventHookExecutionId": sent["LifecycleEventHookExecutionId"]}
        for status, verdict in VERDICTS.items():
            server.status = status
            with cases.case(f"codedeploy/{name}, an application that answers {status}"), answering(seen, [event]):
                judged(function.answer(event, status), verdict, status, is_asked=True)
                reported(seen, REPORT, {**ids, "status": CODEDEPLOY[verdict]})


def of_pause(cases, function, server, seen, event):
    """So is that of a PAUSE hook."""
    detail = json.loads(event.read_text())["detail"]
    ids = {"serviceDeploymentArn": detail["serviceDeploymentArn"], "hookId": detail["hookId"]}
    for status, verdict in VERDICTS.items():
        server.status = status
        with cases.case(f"a PAUSE event, an application that answers {status}"), answering(seen, [event]):
            judged(function.answer(event, status), verdict, status, is_asked=True)
            reported(seen, "ContinueServiceDeployment", {**ids, "action": PAUSE[verdict]})


def of_nobody_who_waits(cases, function, server, seen):
    """As CodeDeploy and EventBridge invoke: nobody waits for the answer, and the function runs all the same."""
    event = ROOT / "events/codedeploy/hook.json"
    server.status = 500
    with cases.case("an asynchronous invocation is taken, and the function runs"), answering(seen, [event]):
        before = server.requests
        said, answer = function.invoke(event, "--invocation-type", "Event")
        expect("the status code", said["StatusCode"], 202)
        expect("the answer", answer, "")
        eventually("the report", lambda: seen.of(REPORT), LIMIT_SECONDS)
        reported(seen, REPORT, {"status": "Failed"})
        expect("whether the application was asked", server.requests > before, True)
    with cases.case("what is no event is answered as ECS understands it, and reported to nobody"), answering(seen, [event]):
        nobodys = function.folder / "nobodys.json"
        nobodys.write_text("[1, 2]")
        said, answer = function.by_boto3(nobodys)
        expect("the function's error", said.get("FunctionError"), None)
        expect("hookStatus", json.loads(answer)["hookStatus"], "FAILED")
        expect("the reports", seen.of(REPORT), [])


def near_the_deadline(cases, function, server, seen):
    """A function with a short timeout, and an application that takes requests and says nothing."""
    server.status = None
    with cases.case("an application that hangs: the truth, before the deadline"):
        said, answer = function.invoke(ROOT / "events/ecs/post-scale-up.json", function=IMPATIENT)
        expect("the function's error", said.get("FunctionError"), None)
        answer = json.loads(answer)
        expect("hookStatus", answer["hookStatus"], "IN_PROGRESS")
        told = "in the time that the function had" in answer["reason"]
        expect(f"whether {answer['reason']!r} tells of the function's time", told, True)
        expect("the state that comes back", list(answer["hookDetails"]), ["greenlight"])
    event = ROOT / "events/codedeploy/hook.json"
    with cases.case("a wait that is longer than the function: it invokes itself, and then reports"), answering(seen, [event]):
        said, _ = function.invoke(event, "--invocation-type", "Event", function=IMPATIENT)
        expect("the status code", said["StatusCode"], 202)
        links = eventually("the invocation of itself", lambda: seen.of("Invoke"), LIMIT_SECONDS)
        expect("the reports meanwhile", seen.of(REPORT), [])
        expect("the event of the link", links[0]["DeploymentId"], json.loads(event.read_text())["DeploymentId"])
        server.status = 200
        eventually("the report", lambda: seen.of(REPORT), LIMIT_SECONDS)
        reported(seen, REPORT, {"status": "Succeeded"})


def functions(cases, emulator, folder):
    pause = folder / "pause.json"
    sample = json.loads((ROOT / "events/pause/post-test-traffic-shift.json").read_text())
    service = "/".join(sample["detail"]["serviceArn"].split("/")[-2:])
    cluster, name = service.split("/")
    # The sample expired: one for which there is time left.
    command = [binary("greenlight"), "event", "pause", "post-test-traffic-shift", "--cluster", cluster, "--service", name]
    pause.write_bytes(subprocess.run(command, env=environment(), capture_output=True, check=True, timeout=LIMIT_SECONDS).stdout)
    with application() as server, recorder() as seen:
        seen.functions = emulator.url
        variables = {"GREENLIGHT_TARGET_URL": server.url, "GREENLIGHT_PAUSE": service, "AWS_ENDPOINT_URL": seen.url}
        emulator.function(FUNCTION, binary(HOOK), 120, **variables)
        emulator.function(IMPATIENT, binary(HOOK), 6, **variables)
        function = Lambda(emulator, folder)
        with answering(seen, [ROOT / "events/codedeploy/hook.json"]):
            of_ecs(cases, function, server)
        of_codedeploy(cases, function, server, seen)
        of_pause(cases, function, server, seen, pause)
        of_nobody_who_waits(cases, function, server, seen)
        near_the_deadline(cases, function, server, seen)


def main():
    cases = Cases()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, tempfile.TemporaryFile() as log:
        folder = Path(folder)
        with cases.case("ministack serves"), concurrent.futures.ThreadPoolExecutor(1) as pool, ministack(folder, log) as emulator:
            observing = pool.submit(observed)
            functions(cases, emulator, folder)
            policies(cases, emulator, observing)
        if cases.failed:
            log.seek(0)
            print(log.read().decode(errors="replace")[-4000:])
    cases.finish()


main()
