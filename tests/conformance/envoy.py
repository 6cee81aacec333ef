"""The check `envoy` against Envoy itself: live, starting, drained, with rejected updates, without its control
plane.

The hook is the real one, in a process of its own; the tasks of green are our endpoint's, with the address
that Envoy listens on. The tests' own hands do what the check never does: they POST.
"""

import contextlib
import json
import subprocess
import tempfile
import threading
from pathlib import Path

from support import Cases, binary, environment, expect, process
from support.envoy import (
    CLUSTER, LISTENER, address, cluster, control_plane, controlled_by, envoy, listener, read_only, wait_until,
)
from support.ports import free_port
from support.server import Files, Server

REGION, ACCOUNT = "eu-west-1", "123456789012"
CLUSTER_NAME, SERVICE = "prod", "orders"
BLUE, GREEN = "1111111111111111111", "2222222222222222222"
TASK = "0123456789abcdef0123456789abcdef"
STAGE = "POST_SCALE_UP"


def arn(kind, *parts):
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/{'/'.join(parts)}"


def of_service(kind, name):
    return arn(kind, CLUSTER_NAME, SERVICE, name)


WORLD = {
    "identity": {"region": REGION, "account": ACCOUNT, "role": "hook", "function": "health"},
    "ecs": {
        "clusters": [{"clusterName": CLUSTER_NAME}],
        "services": [{"serviceName": SERVICE}],
        "serviceDeployments": [{
            "serviceDeploymentArn": of_service("service-deployment", "TFX5sH9q9XDboDTOv0rIt"),
            "status": "IN_PROGRESS",
            "lifecycleStage": STAGE,
            "sourceServiceRevisions": [{"arn": of_service("service-revision", BLUE)}],
            "targetServiceRevision": {"arn": of_service("service-revision", GREEN)},
        }],
        "serviceRevisions": [
            {"serviceRevisionArn": of_service("service-revision", name), "taskDefinition": arn("task-definition", f"{SERVICE}:{name[0]}")}
            for name in (BLUE, GREEN)
        ],
        "tasks": [{
            "taskArn": arn("task", CLUSTER_NAME, TASK),
            "clusterArn": arn("cluster", CLUSTER_NAME),
            "group": f"service:{SERVICE}",
            "startedBy": f"ecs-svc/{GREEN}",
            "desiredStatus": "RUNNING",
            "lastStatus": "RUNNING",
            "attachments": [{
                "type": "ElasticNetworkInterface",
                "status": "ATTACHED",
                "details": [{"name": "privateIPv4Address", "value": "127.0.0.1"}],
            }],
        }],
    },
}

EVENT = {
    "executionId": "3a0345ba-b029-404b-890d-7da2a4b266aa",
    "lifecycleStage": STAGE,
    "resourceArn": of_service("service-deployment", "TFX5sH9q9XDboDTOv0rIt"),
    "executionDetails": {
        "serviceArn": arn("service", CLUSTER_NAME, SERVICE),
        "targetServiceRevisionArn": of_service("service-revision", GREEN),
        "testTrafficWeights": {},
        "productionTrafficWeights": {},
    },
}

# Nothing asks what is behind Envoy.
ORDERS = cluster("orders", 9)
STATIC = {"listeners": [listener()], "clusters": [ORDERS]}


@contextlib.contextmanager
def our_endpoint():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.json"
        path.write_text(json.dumps(WORLD))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with process([binary("greenlight"), "serve-aws", "--world", path], env=environment(), **pipes) as running:
            yield running.stdout.readline().strip()


class Hook:
    """The hook `health` before one Envoy, with the state that ECS would bring back."""

    def __init__(self, aws):
        self.aws = aws
        self.details = {}

    def judges(self, port, verdict, outcome, *words, **settings):
        plan = {"checks": [{"envoy": {"port": port, "interval": "1s", **settings}}]}
        variables = environment(GREENLIGHT_PLAN=json.dumps(plan))
        done = subprocess.run(
            [binary("greenlight"), "invoke", "health", "--event", "-", "--endpoint-url", self.aws, "--json"],
            input=json.dumps({**EVENT, "hookDetails": self.details}),
            env=variables, capture_output=True, text=True, timeout=120,
        )
        if not done.stdout:
            raise AssertionError(f"`greenlight invoke` exited with {done.returncode}: {done.stderr.strip()}")
        result = json.loads(done.stdout)
        check = result["evidence"]["checks"][0]
        expect("the verdict", (result["verdict"], check["outcome"]), (verdict, outcome))
        for word in words:
            if word not in result["reason"]:
                raise AssertionError(f"{word!r} is not in {result['reason']!r}")
        self.details = result["answer"].get("hookDetails", {})
        return check


def proceeds(hook, port, **settings):
    return hook.judges(port, "proceed", "pass", "Envoy 1.40.0 is LIVE with 1 listener", **settings)


def check_states(cases, aws):
    with cases.case("live"), envoy(STATIC) as running:
        check = proceeds(Hook(aws), running.port)
        seen = check["measured"]["envoys"][TASK]
        expect("the state in the evidence", (seen["state"], seen["ready"], seen["version"]), ("LIVE", 200, "1.40.0"))
        wait_until("the admin interface's log is written", lambda: "greenlight" in running.log.read_text())
        lines = [line for line in running.log.read_text().splitlines() if " greenlight/" in line]
        others = [line for line in lines if not line.startswith("GET ")]
        expect("requests of the hook that are no GET", others, [])

    allowed = {"allow_paths": [{"exact": "/ready"}, {"exact": "/server_info"}, {"prefix": "/stats"}]}
    with cases.case("live, with an admin interface restricted as the documentation says"):
        with envoy(STATIC, admin=allowed) as running:
            expect("the status of POST /quitquitquit", running.ask("/quitquitquit", "POST")[0], 403)
            proceeds(Hook(aws), running.port, clusters={"orders": 1})

    admin, read = free_port(), free_port()
    static = {"listeners": [listener(), read_only(read)], "clusters": [ORDERS, cluster("admin", admin)]}
    with cases.case("live, behind a listener that passes on GETs alone"):
        with envoy(static, admin={"address": address(admin)}) as running:
            wait_until("it is live", lambda: running.ask("/ready")[0] == 200)
            Hook(aws).judges(read, "proceed", "pass", "Envoy 1.40.0 is LIVE with 2 listeners", clusters={"orders": 1})
            running.port = read
            expect("the status of POST /ready", running.ask("/ready", "POST")[0], 404)
            expect("the status of GET /config_dump", running.ask("/config_dump")[0], 404)

    with cases.case("live, with an admin interface that refuses what the check asks for"):
        with envoy(STATIC, admin={"allow_paths": [{"exact": "/ready"}]}) as running:
            words = "status 403", "add /ready, /server_info and /stats to `admin.allow_paths`"
            Hook(aws).judges(running.port, "wait", "inconclusive", *words)

    with cases.case("failing its health checks on purpose, and no more"), envoy(STATIC) as running:
        running.ask("/healthcheck/fail", "POST")
        Hook(aws).judges(running.port, "stop", "fail", "Envoy 1.40.0 is DRAINING", "POST /healthcheck/ok")
        running.ask("/healthcheck/ok", "POST")
        proceeds(Hook(aws), running.port)

    with cases.case("drained, and still LIVE to itself"), envoy(STATIC) as running:
        running.ask("/drain_listeners", "POST")
        wait_until("a listener is stopped", lambda: running.stat("listener_manager.listener_stopped") == 1)
        expect("the answer of /ready", running.ask("/ready"), (200, "LIVE\n"))
        Hook(aws).judges(running.port, "stop", "fail", "1 listener of it was stopped by /drain_listeners")


def check_members(cases, aws):
    health = {"timeout": "1s", "interval": "1s", "unhealthy_threshold": 1, "healthy_threshold": 1, "tcp_health_check": {}}
    down = cluster("outbound|9080:reviews", free_port(), health_checks=[health])
    static = {"listeners": [listener()], "clusters": [ORDERS, down]}
    with cases.case("members of clusters"), envoy(static) as running:
        wait_until("it is live", lambda: running.ask("/ready")[0] == 200)
        proceeds(Hook(aws), running.port, clusters={"orders": 1})
        words = "sees 0 healthy of 1 member in cluster `outbound|9080:reviews`", "at least 1"
        Hook(aws).judges(running.port, "wait", "pending", *words, clusters={"outbound|9080:reviews": 1})
        Hook(aws).judges(running.port, "wait", "pending", "has no cluster `order`", clusters={"order": 1})


def check_control_plane(cases, aws):
    def bootstrap(port, **source):
        control, dynamic = controlled_by(port, **source)
        return {"listeners": [listener()], "clusters": [ORDERS, control]}, dynamic

    with cases.case("its control plane does not listen"), envoy(*bootstrap(free_port())) as running:
        words = "PRE_INITIALIZING", "its control plane is not connected", "can the task reach its control plane"
        Hook(aws).judges(running.port, "wait", "pending", *words)

    with cases.case("its control plane says nothing"), control_plane(answers=False) as port:
        with envoy(*bootstrap(port)) as running:
            wait_until("it is connected", lambda: running.stat("control_plane.connected_state") == 1)
            Hook(aws).judges(running.port, "wait", "pending", "PRE_INITIALIZING", "its control plane is connected")

    with cases.case("it gave up waiting for its control plane"), control_plane(answers=False) as port:
        with envoy(*bootstrap(port, initial_fetch_timeout="0.5s")) as running:
            wait_until("it is live", lambda: running.ask("/ready")[0] == 200)
            words = "LIVE without a configuration", "the first answer to cluster_manager.cds"
            Hook(aws).judges(running.port, "wait", "pending", *words)

    with cases.case("its control plane is lost"), contextlib.ExitStack() as lost:
        port = lost.enter_context(control_plane(answers=True))
        with envoy(*bootstrap(port)) as running:
            wait_until("it is live", lambda: running.ask("/ready")[0] == 200)
            proceeds(Hook(aws), running.port)
            lost.close()
            wait_until("it is not connected", lambda: running.stat("control_plane.connected_state") == 0)
            expect("the answer of /ready", running.ask("/ready"), (200, "LIVE\n"))
            Hook(aws).judges(running.port, "wait", "pending", "LIVE, and not connected to its control plane")


def check_updates(cases, aws):
    def of(kind, resource):
        return [{"@type": kind, **resource}]

    good, broken = of(LISTENER, listener()), of(LISTENER, {"name": "ingress"})
    files = {"cds": of(CLUSTER, ORDERS), "lds": good}

    with cases.case("an update that is rejected between the two readings"), envoy({}, files=files) as running:
        wait_until("it is live", lambda: running.ask("/ready")[0] == 200)

        def reject():
            # The first look ends with /ready.
            wait_until("the first look", lambda: "GET /ready greenlight/" in running.log.read_text())
            running.replace("lds", broken)

        rejecting = threading.Thread(target=reject)
        rejecting.start()
        words = "rejected an update: listener_manager.lds.update_rejected from 0 to 1", "it goes on with the configuration before"
        Hook(aws).judges(running.port, "stop", "fail", *words, interval="5s")
        rejecting.join()
        expect("the answer of /ready", running.ask("/ready"), (200, "LIVE\n"))

        hook = Hook(aws)
        words = "rejected 1 update of listener_manager.lds before the first reading, and accepted none since",
        hook.judges(running.port, "wait", "inconclusive", *words)
        proceeds(Hook(aws), running.port, old_rejections=1)
        running.replace("lds", of(LISTENER, listener(idle_timeout="60s")))
        wait_until("it is accepted", lambda: running.stat("listener_manager.lds.update_success") == 2)
        # The invocation that ECS makes next brings the first reading back.
        proceeds(hook, running.port)

    with cases.case("nothing but rejected updates"), envoy({}, files={**files, "lds": broken}) as running:
        wait_until("it is rejected", lambda: running.stat("listener_manager.lds.update_rejected") == 1)
        hook = Hook(aws)
        hook.judges(running.port, "wait", "pending", "LIVE without any listener")
        words = "rejected 1 update of listener_manager.lds since it started, and accepted none"
        hook.judges(running.port, "stop", "fail", words)


def check_others(cases, aws):
    with cases.case("nothing listens there"):
        words = "the connection was refused", "listens on 127.0.0.1 unless its bootstrap says otherwise"
        Hook(aws).judges(free_port(), "wait", "inconclusive", *words)

    with cases.case("a web server that is no Envoy"), Server(Files).serving() as server:
        words = "is no admin interface of Envoy", "GET /server_info came to status 404 with text/html"
        Hook(aws).judges(server.server_port, "wait", "inconclusive", *words)


def main():
    cases = Cases()
    with our_endpoint() as aws:
        check_states(cases, aws)
        check_members(cases, aws)
        check_control_plane(cases, aws)
        check_updates(cases, aws)
        check_others(cases, aws)
    cases.finish()


main()
