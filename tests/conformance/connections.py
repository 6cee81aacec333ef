"""Where hooks connect to, as the kernel sees it (strace): what their event, their plan and discovery name, and nowhere else."""

import http.server
import socket
import tempfile

from support import ROOT, Cases, binary, expect, server
from support.definitions import definition, hook
from support.once import invoke
from support.rehearsals import played
from support.traced import Address, tracing

EVENT = ROOT / "events" / "ecs" / "post-test-traffic-shift.json"
HOOKS = ["test-traffic", "health", "metrics", "preflight"]
SERVICE = ROOT / "examples" / "ecs-native" / "service.json"
# Names are looked up by connecting a socket for datagrams to no port, which sends nothing (RFC 6724).
NO_PORT = 0


def whole_deployments(cases, folder):
    """Everything that the world of a rehearsal has is bound by the rehearsal; so anything else is somebody else's."""
    programs = [part for name in HOOKS[:2] for part in ("--function", f"greenlight-{name}={binary(name)}")]
    preflight = definition(folder, hook("greenlight-preflight", "PRE_SCALE_UP"))
    rows = [
        ("ECS", [SERVICE], HOOKS[:3]),
        ("ECS, before anything is started", [preflight], HOOKS[3:]),
        ("a green that errs", ["--fault", "green:errors=20%", "--hooks", "test-traffic,health", *programs], HOOKS[:2]),
        ("CodeDeploy", [ROOT / "examples" / "codedeploy" / "appspec.yaml"], HOOKS[:3]),
    ]
    for name, options, hooks in rows:
        with cases.case(f"a rehearsal: {name}"), tracing() as place:
            played(*options, under=place.command)
            trace = place.trace()
            world = trace.bound_by("greenlight")
            for program in hooks:
                asked = {address for address in trace.spoken_to_by(program) if address.port != NO_PORT}
                if len(asked) < 2:
                    raise AssertionError(f"{program} spoke to {asked}: expected its Runtime API, and AWS at least")
                expect(f"what {program} spoke to and the rehearsal does not run", asked - world, set())


class Away(http.server.BaseHTTPRequestHandler):
    """Sends everybody elsewhere."""

    to = None

    def do_GET(self):  # noqa: N802 - the name is http.server's.
        self.send_response(302)
        self.send_header("location", self.to)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def spoken_to(plan):
    """The answer of `test-traffic`, and where it connected to beside its Runtime API and AWS."""
    with tracing() as place:
        answer = invoke("test-traffic", EVENT, {"patience": "0s", **plan}, place.command)
        return answer, place.trace().spoken_to_by("test-traffic")


def redirects(cases):
    with socket.create_server(("0.0.0.0", 0)) as elsewhere, server.Server(Away).serving() as green:
        port = elsewhere.getsockname()[1]
        for name, to in [
            ("another host", f"http://127.0.0.2:{port}/"),
            ("another port", f"http://127.0.0.1:{port}/"),
            ("credentials of an instance", "http://169.254.169.254/latest/meta-data/iam/security-credentials/"),
            ("credentials of a task", "http://169.254.170.2/v2/credentials/"),
        ]:
            Away.to = to
            with cases.case(f"green redirects to {name}"):
                plan = {"checks": [{"http": {"path": "/", "redirects": 5}}], "target": {"url": green.url}}
                answer, asked = spoken_to(plan)
                expect("the verdict", answer["hookStatus"], "FAILED")
                if f"redirected to `{to}`, which is another origin" not in answer["reason"]:
                    raise AssertionError(f"the reason is {answer['reason']!r}")
                if Address("127.0.0.1", green.server_port) not in asked:
                    raise AssertionError(f"green is not among {asked}: what was traced?")
                expect("whether it spoke to it", any(address.port == port or address.host != "127.0.0.1" for address in asked), False)


def metadata(cases):
    for host in ["169.254.169.254", "169.254.170.2", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"]:
        with cases.case(f"a plan that names {host}"):
            answer, asked = spoken_to({"checks": [{"http": {"path": "/"}}], "target": {"url": f"http://{host}"}})
            expect("the verdict", answer["hookStatus"], "FAILED")
            if "link-local" not in answer["reason"]:
                raise AssertionError(f"the reason is {answer['reason']!r}")
            expect("the hosts that it spoke to", {address.host for address in asked}, {"127.0.0.1"})


def main():
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        whole_deployments(cases, folder)
    redirects(cases)
    metadata(cases)
    cases.finish()


main()
