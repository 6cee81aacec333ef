"""Whole deployments, played by `greenlight rehearse` and held against software that others wrote.

Hooks are functions in Python that run under AWS's own client of the Runtime API and report with boto3;
the AWS CLI looks at what is kept, and answers what waits. The payloads that those hooks get are held
against the samples of AWS's documentation.
"""

import concurrent.futures
import functools
import re
import shlex
import sys
import tempfile

from support import ROOT, Cases, agrees, expect
from support.clients import Boto3, CommandLine
from support.definitions import appspec, arn, definition, hook, python
from support.ended import service_deployment, service_ended
from support.rehearsals import eventually, groups_below, members, played, rehearsal
from support.samples import NAME, holds_against, sample, samples_hold

STAGE = "POST_TEST_TRAFFIC_SHIFT"
FORWARD = [
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
]
STAGES = ["RECONCILE_SERVICE", *FORWARD]


def ended(play, status):
    """Fails the case with AWS's reason where the status is another."""
    if play["status"] != status:
        raise AssertionError(f"the status is {play['status']}, expected {status}: {play['reason']}")


def verdicts(play, status, exit_code):
    ended(play, status)
    expect("the exit code", play.exit_code, exit_code)


# Hooks of ECS.


def a_good_release(cases, directory):
    """The hook that people have today: it asks for time once, then lets the deployment go on."""
    file = definition(directory, hook("smoke", STAGE, hookDetails={"path": "/hello/ada"}))
    play = played(
        file, "--function", f"smoke={python('smoke.handler')}", "--timeout", "20s", "--health-check", "/ping",
        EXPECTED_SERVICE_ARN=arn("ecs", f"service/{NAME}"),
        EXPECTED_FUNCTION_ARN=arn("lambda", "function:smoke"),
        EXPECTED_TIMEOUT_MS="20000",
    )
    with cases.case("a hook in Python: the good release"):
        verdicts(play, "SUCCESSFUL", 0)
        expect("the failures of the hook", [event.get("failure") for event in play.events("invoked")], [None, None])
        expect("the verdict", play.only("hook_ended")["verdict"], "proceed")
        expect("the errors that users saw", play["users"]["errors"], 0)
        expect("whether green served", play["green_served"], True)
    with cases.case("a hook in Python: its state comes back, with what was configured"):
        first, second = (line["hookDetails"] for line in play.logged())
        expect("the first details", first, {"path": "/hello/ada"})
        expect("the details that came back", second, {"path": "/hello/ada", "asked": 1})
    with cases.case("a hook in Python: the delay is kept, and passes at the speed that was asked for"):
        waits = play.only("hook_waits")
        expect("the delay", waits["delay"], 2.0)
        simulated = play.events("invoked")[1]["at"] - waits["at"]
        first, second = (line["wall_clock"] for line in play.logged())
        # Some seconds, where work at this speed would be minutes. The line that tells of the wait is written a
        # moment after it began, and at this speed a moment is long.
        if not 1.5 <= simulated < 60:
            raise AssertionError(f"{simulated} simulated seconds passed, expected 2")
        if second - first >= 2.0:
            raise AssertionError(f"{second - first} real seconds passed: between its calls no function is at work")
        notes = [event["text"] for event in play.events("note") if event["text"].startswith("at 1x while smoke")]
        expect("how many notes say so", len(notes), 1)


def a_misbehaving_hook(handler, message, failure, cases, directory, *options):
    file = definition(directory, hook("smoke", STAGE))
    function = f"smoke={python(f'misbehaving.{handler}')}"
    play = played(file, "--function", function, "--health-check", "/ping", "--timeout", "1s", *options)
    with cases.case(f"a hook in Python that {handler}"):
        verdicts(play, "ROLLBACK_SUCCESSFUL", 0 if options else 1)
        prefix = f"Service deployment rolled back because {STAGE} lifecycle hook(s) failed. "
        expect("the reason", play["reason"], prefix + message.format(function=arn("lambda", "function:smoke")))
        observed = play.only("invoked").get("failure") or ""
        if not re.search(failure, observed):
            raise AssertionError(f"the failure is {observed!r}, expected {failure!r}")
        expect("the verdict", play.only("hook_ended")["verdict"], "stop")
        expect("the status at the end", play.only("ended")["status"], "ROLLBACK_SUCCESSFUL")
        expect("whether green served", play["green_served"], False)
        expect("whom users saw", list(play["users"]["by_colour"]), ["blue"])


UNREADABLE = "ECS was unable to parse the response from {function} due to HookStatus must not be null"
MISBEHAVING = [
    ("raises", UNREADABLE, r"^RuntimeError: the probe could not connect$"),
    ("answers_like_api_gateway", UNREADABLE, r"^$"),
    ("fails", "Lifecycle hook target {function} returned FAILED status.", r"^$"),
    ("leaves", UNREADABLE, r"^Runtime\.ExitError: .*exit status 1$"),
    ("takes_too_long", UNREADABLE, r"Task timed out after 1\.00 seconds$"),
]


def a_hook_that_logs(cases, directory):
    """No evidence of ours says why somebody else's function stopped: its log may."""
    file = definition(directory, hook("smoke", STAGE))
    function = f"smoke={python('misbehaving.fails')}"
    with rehearsal(file, "--function", function, "--health-check", "/ping", "--timeout", "1s") as play:
        stopped = play.until(r"^ *\d+:\d+    smoke  STOP  (.*) \(\d+ ms\)$")
        after = play.until("")
    with cases.case("a hook in Python that stops: the timeline shows what it logged"):
        expect("the reason", stopped[1], "green answers 500")
        expect("the line after it", after.string.split("  ", 3)[-1].strip(), "smoke  | smoke test: GET /checkout answered 500")


def an_application_of_the_readers(cases, directory):
    """The command that the README shows: Python's own web server as blue and as green."""
    shown = re.search(r"^\$ cargo run -- rehearse (--blue .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)[1]
    play = played(*shlex.split(shown))
    with cases.case("the README's application: the release is tested, and goes on"):
        verdicts(play, "SUCCESSFUL", 0)
        tested = [event for event in play.events("hook_ended", verdict="proceed") if event["reason"].startswith("check `http` passed")]
        expect("at how many stages its answers were tested", len(tested), 3)
        expect("whether green served", play["green_served"], True)


def a_cancelled_hook(cases, directory):
    """One stops the deployment while the other is at work for ten minutes more, for nobody."""
    file = definition(directory, hook("slow", STAGE), hook("smoke", STAGE))
    functions = [f"--function={name}={python(f'misbehaving.{handler}')}" for name, handler in (("slow", "takes_too_long"), ("smoke", "fails"))]
    play = played(file, *functions, "--health-check", "/ping", "--timeout", "900s")
    with cases.case("a hook in Python that is cancelled while it is at work"):
        verdicts(play, "ROLLBACK_SUCCESSFUL", 1)
        expect("the verdicts", sorted(event["verdict"] for event in play.events("hook_ended")), ["cancelled", "stop"])
        # What users do when all is over takes 15 simulated seconds, which are not to be real ones for its sake.
        if play["real_seconds"] > 12:
            raise AssertionError(f"it holds up the end: {play['real_seconds']} s")


# Hooks of CodeDeploy.

CODEDEPLOY_HOOK = "CodeDeployHook_smoke"


def codedeploy(handler, directory):
    file = appspec(directory, AfterAllowTestTraffic=CODEDEPLOY_HOOK)
    function = f"{CODEDEPLOY_HOOK}={python(f'codedeploy.{handler}')}"
    return [file, "--function", function, "--health-check", "/ping"]


def a_report_of_success(cases, directory):
    play = played(*codedeploy("succeeds", directory))
    with cases.case("a CodeDeploy hook in Python that reports Succeeded"):
        verdicts(play, "SUCCESSFUL", 0)
        expect("the failure of the hook", play.only("invoked").get("failure"), None)
        expect("the verdict", play.only("hook_ended")["verdict"], "proceed")


def a_report_of_failure(cases, directory):
    """Reports Failed; then the AWS CLI looks at what CodeDeploy has of it."""
    with rehearsal("--json", "--keep", *codedeploy("fails", directory)) as kept:
        client = CommandLine(kept.kept())
        play = kept.document()
        with cases.case("a CodeDeploy hook in Python that reports Failed"):
            ended(play, "ROLLBACK_SUCCESSFUL")
            expect("the failure of the hook", play.only("invoked").get("failure"), None)
            expect("the error code", play.only("failed")["code"], "HOOK_EXECUTION_FAILURE")
        with cases.case("aws deploy get-deployment agrees with it"):
            _, failed = client.call("codedeploy", "get_deployment", deploymentId=play["codedeploy"]["deployment"])
            error = {"code": "HOOK_EXECUTION_FAILURE", "message": play["reason"]}
            agrees(failed["deploymentInfo"], {"status": "Failed", "errorInformation": error})
        with cases.case("aws deploy get-deployment knows the deployment that took it back"):
            rollback = play["codedeploy"]["rollback"]
            agrees(failed["deploymentInfo"], {"rollbackInfo": {"rollbackDeploymentId": rollback}})
            _, back = client.call("codedeploy", "get_deployment", deploymentId=rollback)
            agrees(back["deploymentInfo"], {"status": "Succeeded", "creator": "codeDeployRollback"})
        with cases.case("aws deploy get-deployment-target knows which event failed"):
            ids = {"deploymentId": play["codedeploy"]["deployment"]}
            _, targets = client.call("codedeploy", "list_deployment_targets", **ids)
            _, target = client.call("codedeploy", "get_deployment_target", targetId=targets["targetIds"][0], **ids)
            target = target["deploymentTarget"]["ecsTarget"]
            expect("the target's status", target["status"], "Failed")
            events = {event["lifecycleEventName"]: event["status"] for event in target["lifecycleEvents"]}
            expect("the event's status", events["AfterAllowTestTraffic"], "Failed")
        with cases.case("a kept rehearsal ends with the deployment's exit code"):
            expect("the exit code", kept.interrupt(), 1)


def no_report(cases, directory):
    """A handler that raises is called three times; then CodeDeploy waits for its hour to be over."""
    play = played(*codedeploy("raises", directory))
    with cases.case("a CodeDeploy hook in Python that raises"):
        verdicts(play, "ROLLBACK_SUCCESSFUL", 1)
        expect("the error code", play.only("failed")["code"], "TIMEOUT")
        began, ended = play.only("hook_started"), play.only("hook_ended")
        expect("the verdict", ended["verdict"], "timed_out")
        if not 3600 <= ended["at"] - began["at"] < 3900:
            raise AssertionError(f"CodeDeploy waited {ended['at'] - began['at']} s, expected an hour")
        if play["real_seconds"] > 30:
            raise AssertionError(f"the hour took {play['real_seconds']} s")
        failures = [event["failure"] for event in play.events("invoked")]
        expect("the attempts", failures, ["RuntimeError: the probe could not connect"] * 3)


def an_alias(cases, directory):
    """A hook that is named with an alias is invoked by that name."""
    file = definition(directory, hook("recorder:live", STAGE))
    play = played(file, "--function", f"recorder={python('recorder.says_its_name')}", "--health-check", "/ping")
    with cases.case("a hook that is named with an alias"):
        verdicts(play, "SUCCESSFUL", 0)
        (logged,) = play.logged()
        expect("its ARN", logged["invoked_function_arn"], arn("lambda", "function:recorder:live"))


def a_secure_listener(cases, directory):
    """The URL that a hook is given has a certificate that Python takes."""
    file = definition(directory, hook("smoke", STAGE))
    function = f"smoke={python('smoke.fetches')}"
    play = played(file, "--tls", "--function", function, "--health-check", "/ping")
    with cases.case("a hook in Python fetches the URL of a secure listener"):
        verdicts(play, "SUCCESSFUL", 0)


def a_fast_clock(cases, directory):
    """An hour a second: what runs in real time, such as health checks, has its time nevertheless."""
    file = definition(directory)
    play = played(file, "--health-check", "/ping", speed="3600x")
    with cases.case("a good release at 3600x"):
        verdicts(play, "SUCCESSFUL", 0)


def a_late_green(cases, directory):
    """Without a circuit breaker, ECS waits for as long as it takes."""
    file = definition(directory)
    play = played(file, "--green", f"exec {shlex.quote(sys.executable)} late.py", "--path", "/")
    with cases.case("a green that is healthy in the end"):
        verdicts(play, "SUCCESSFUL", 0)


# What is kept, and what waits.


def a_kept_success(cases, directory):
    """Tasks and hook are processes here, so that there is something to leave behind."""
    server = 'exec python3 -m http.server "$PORT" --bind "$HOST"'
    file = definition(directory, hook("recorder", STAGE), bakeTimeInMinutes=0)
    options = [file, "--blue", server, "--green", server, "--function", f"recorder={python('recorder.handler')}"]
    with rehearsal("--json", "--keep", "--path", "/", *options, speed="20x") as kept:
        client = CommandLine(kept.kept())
        play = kept.document()
        with cases.case("a rehearsal of servers in Python"):
            ended(play, "SUCCESSFUL")
        service_ended(cases, client, play["status"], play["reason"], "green", [0, 100])
        with cases.case("Ctrl-C ends a kept rehearsal and everything that it has started"):
            groups = groups_below(kept.running.pid)
            # Three tasks of green and the hook; blue's were ended, or not yet.
            if len(groups) < 4:
                raise AssertionError(f"the rehearsal runs {len(groups)} process groups, expected 4 at least")
            expect("the exit code", kept.interrupt(), 0)
            eventually("every process is gone", lambda: not members(groups))


def paused(directory):
    file = definition(directory, {"targetType": "PAUSE", "lifecycleStages": [STAGE]})
    return rehearsal(file, "--keep", "--pause", "wait", "--health-check", "/ping")


def awaiting(it):
    """Waits until the PAUSE hook waits; gives the endpoint, the deployment's ARN and the hook's id."""
    url = it.until(r"^AWS +(http://127\.0\.0\.1:\d+)").group(1)
    client = Boto3(url)
    it.until("answer with: aws ecs continue-service-deployment")

    def look():
        deployment = service_deployment(client)
        waits = [hook for hook in deployment.get("lifecycleHookDetails", []) if hook["status"] == "AWAITING_ACTION"]
        return [(deployment, waiting["hookId"]) for waiting in waits]

    ((deployment, hook_id),) = eventually("the PAUSE hook waits", look)
    expect("the stage", deployment["lifecycleStage"], STAGE)
    expect("the status", deployment["status"], "IN_PROGRESS")
    return url, deployment["serviceDeploymentArn"], hook_id


def an_answer(action, cases, directory):
    with paused(directory) as it:
        url, deployment, hook_id = awaiting(it)
        client = CommandLine(url)
        with cases.case(f"aws ecs continue-service-deployment --action {action}"):
            ids = {"serviceDeploymentArn": deployment, "hookId": hook_id}
            expect("the error code", client.call("ecs", "continue_service_deployment", action=action, **ids)[0], None)
        it.kept()
        if action == "CONTINUE":
            service_ended(cases, client, "SUCCESSFUL", None, "green", [0, 100])
        else:
            reason = f"Service deployment rolled back because {STAGE} pause hook was answered with ROLLBACK."
            service_ended(cases, client, "ROLLBACK_SUCCESSFUL", reason, "blue", [100, 0])
        with cases.case(f"a rehearsal that was answered with {action} ends"):
            expect("the exit code", it.interrupt(), 0 if action == "CONTINUE" else 1)


def a_stop(cases, directory):
    with paused(directory) as it:
        url, deployment, _ = awaiting(it)
        client = CommandLine(url)
        with cases.case("aws ecs stop-service-deployment"):
            stop = {"serviceDeploymentArn": deployment, "stopType": "ROLLBACK"}
            expect("the error code", client.call("ecs", "stop_service_deployment", **stop)[0], None)
        it.kept()
        with cases.case("a stopped deployment is rolled back"):
            described = service_deployment(client)
            expect("the status", described["status"], "ROLLBACK_SUCCESSFUL")
            code, _ = client.call("ecs", "stop_service_deployment", **stop)
            expect("the error code of another stop", code, "ConflictException")


def an_interruption(cases, directory):
    with paused(directory) as it:
        awaiting(it)
        with cases.case("Ctrl-C ends a rehearsal that waits"):
            expect("the exit code", it.interrupt(), 3)


# What hooks get.

def recorded(directory, *options, stop_at="", **deployment):
    """Every event of a deployment with the recorder at every stage."""
    file = definition(directory, hook("recorder", *STAGES), **deployment)
    function = f"recorder={python('recorder.handler')}"
    play = played(file, "--function", function, "--health-check", "/ping", *options, STOP_AT=stop_at)
    events = play.logged()
    expect("how many events were recorded", len(events), len(play.events("invoked")))
    return play, events


def payloads_of_blue_green(cases, directory):
    play, events = recorded(directory, "--reconcile")
    with cases.case("a recorder at every stage"):
        verdicts(play, "SUCCESSFUL", 0)
    samples_hold(cases, "BLUE_GREEN", events, [sample(stage) for stage in STAGES])


def payloads_of_canary(cases, directory):
    canary = {"canaryPercent": 12.5, "canaryBakeTimeInMinutes": 1}
    play, events = recorded(directory, strategy="CANARY", canaryConfiguration=canary)
    with cases.case("a recorder at every stage of a canary"):
        verdicts(play, "SUCCESSFUL", 0)
    before, at = "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"
    steps = [
        (before, "pre-production-traffic-shift.json", 0),
        (at, "production-traffic-shift-canary-step1.inferred.json", 12.5),
        (before, "pre-production-traffic-shift.json", 12.5),
        (at, "production-traffic-shift.json", 100),
    ]
    expected = [*map(sample, FORWARD[:4]), *steps, sample(FORWARD[-1])]
    samples_hold(cases, "CANARY", events, expected)


def payloads_of_rollback(cases, directory):
    last = FORWARD[-1]
    play, events = recorded(directory, "--expect", "rollback", stop_at=last)
    with cases.case("a recorder at every stage, and of the rollback"):
        verdicts(play, "ROLLBACK_SUCCESSFUL", 0)
    back = [sample("PRODUCTION_TRAFFIC_SHIFT", "-rollback"), sample("TEST_TRAFFIC_SHIFT", "-rollback")]
    samples_hold(cases, "rollback", events, [*map(sample, FORWARD), *back])


def payloads_of_create(cases, directory):
    play, events = recorded(directory, "--create")
    with cases.case("a recorder at every stage of a create"):
        verdicts(play, "SUCCESSFUL", 0)
    shift = next(event for event in events if event["lifecycleStage"] == "PRODUCTION_TRAFFIC_SHIFT")
    with cases.case("create: PRODUCTION_TRAFFIC_SHIFT against production-traffic-shift-create.inferred.json"):
        holds_against(shift, "production-traffic-shift-create.inferred.json", None)


def plays():
    """Everything that is played, each by itself. What takes longest comes first."""
    yield an_application_of_the_readers
    yield a_good_release
    yield no_report
    yield a_kept_success
    yield functools.partial(an_answer, "CONTINUE")
    yield functools.partial(an_answer, "ROLLBACK")
    yield a_stop
    yield an_interruption
    yield a_report_of_failure
    yield a_report_of_success
    yield an_alias
    yield a_cancelled_hook
    yield a_hook_that_logs
    yield a_secure_listener
    yield a_fast_clock
    yield a_late_green
    for misbehaving in MISBEHAVING:
        yield functools.partial(a_misbehaving_hook, *misbehaving)
    yield payloads_of_blue_green
    yield payloads_of_canary
    yield payloads_of_rollback
    yield payloads_of_create


def play_one(play):
    """Plays one, and counts what did not hold."""
    cases = Cases()
    function, arguments = (play.func, play.args[:1]) if isinstance(play, functools.partial) else (play, ())
    name = " ".join([function.__name__.replace("_", " "), *arguments])
    with tempfile.TemporaryDirectory() as directory, cases.case(f"{name}: is played"):
        play(cases=cases, directory=directory)
    return cases.failed


def main():
    total = Cases()
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        total.failed = sum(pool.map(play_one, plays()))
    total.finish()


main()
