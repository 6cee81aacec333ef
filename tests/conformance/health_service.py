"""The check `grpc` against gRPC's own health service, as `grpcio-health-checking` serves it.

The check writes and reads the health service's two messages by hand. Here the other side is the library that
defines them: its transport, its framing, its trailers, its statuses.
"""

import contextlib
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from support import ROOT, Cases, expect
from support.once import invoke

HOOK = "test-traffic"
EVENT = ROOT / "events" / "ecs" / "post-test-traffic-shift.json"
ORDERS = "orders.v1.Orders"
REFUNDS = "orders.v1.Refunds"


class Slow(health_pb2_grpc.HealthServicer):
    """Answers when the call's deadline, as it was told to the server, is over."""

    def __init__(self):
        self.remaining = None

    def Check(self, _, context):  # noqa: N802 - the name is gRPC's.
        self.remaining = context.time_remaining()
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too slow")


class Strict(grpc.ServerInterceptor):
    """Lets no call through without this metadata."""

    def __init__(self, name, value):
        self.wanted = (name, value)

    def intercept_service(self, continuation, details):
        if self.wanted in details.invocation_metadata:
            return continuation(details)

        def refuse(_, context):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who is it?")

        return grpc.unary_unary_rpc_method_handler(refuse)


@contextlib.contextmanager
def server(servicer, *interceptors):
    """A server on a free port, and its port."""
    running = grpc.server(futures.ThreadPoolExecutor(max_workers=4), interceptors=interceptors)
    if servicer is not None:
        health_pb2_grpc.add_HealthServicer_to_server(servicer, running)
    port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    try:
        yield port
    finally:
        running.stop(None)


def ask(port, **settings):
    """Status and reason of the hook's answer."""
    target = {"url": f"http://127.0.0.1:{port}"}
    answer = invoke(HOOK, EVENT, {"checks": [{"grpc": settings}], "target": target, "patience": "0s"})
    return answer["hookStatus"], answer["reason"]


def known():
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    servicer.set(ORDERS, health_pb2.HealthCheckResponse.SERVING)
    servicer.set(REFUNDS, health_pb2.HealthCheckResponse.NOT_SERVING)
    return servicer


def check(cases):
    rows = [
        ("the server", {}, "SUCCEEDED", "the server is SERVING"),
        ("a service", {"service": ORDERS}, "SUCCEEDED", f"`{ORDERS}` is SERVING"),
        ("a service that is not serving", {"service": REFUNDS}, "FAILED", f"`{REFUNDS}` is NOT_SERVING"),
        ("one of two", {"services": [ORDERS, REFUNDS]}, "FAILED", f"`{REFUNDS}` is NOT_SERVING"),
        ("a service that is not known", {"service": "a.B"}, "FAILED", "does not know `a.B`: NOT_FOUND (5)"),
    ]
    with server(known()) as port:
        for name, settings, status, words in rows:
            with cases.case(name):
                hold(ask(port, **settings), status, words)
    with cases.case("nobody listens"):
        hold(ask(port, connect_timeout="500ms"), "FAILED", f"cannot reach 127.0.0.1:{port}")
    with server(None) as port, cases.case("a server without a health service"):
        hold(ask(port), "FAILED", f"there is no health service at http://127.0.0.1:{port}: UNIMPLEMENTED (12)")
    slow = Slow()
    with server(slow) as port, cases.case("a deadline"):
        hold(ask(port, timeout="1500ms"), "FAILED", 'DEADLINE_EXCEEDED (4) "too slow"')
        if not (slow.remaining and slow.remaining <= 1.5):
            raise AssertionError(f"the server was told {slow.remaining} s, expected at most 1.5 s")
    with server(known(), Strict("x-tenant", "probe")) as port:
        with cases.case("metadata"):
            hold(ask(port, metadata={"x-tenant": "probe"}), "SUCCEEDED", "the server is SERVING")
        with cases.case("without it"):
            hold(ask(port), "FAILED", 'UNAUTHENTICATED (16) "who is it?"')


def hold(found, status, words):
    expect("the verdict", found[0], status)
    if words not in found[1]:
        raise AssertionError(f"the reason does not say {words!r}: {found[1]!r}")


def main():
    cases = Cases()
    check(cases)
    cases.finish()


main()
