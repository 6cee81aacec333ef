"""A real Envoy with a bootstrap of its own, and a control plane that says what a case wants it to say."""

import contextlib
import json
import os
import shutil
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent import futures
from pathlib import Path

import grpc

from support import process

CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
PROXY = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
HTTP_OPTIONS = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def cluster(name, port, **more):
    """A cluster of one member."""
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}],
        },
        **more,
    }


def listener(name="ingress", to="orders", **options):
    """A listener on a free port that passes everything on to a cluster."""
    proxy = {"@type": PROXY, "stat_prefix": "ingress", "cluster": to, **options}
    filters = [{"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}]
    return {"name": name, "address": address(0), "filter_chains": [{"filters": filters}]}


def read_only(port):
    """A listener that passes the GETs of the check on to an admin interface of this machine."""
    get = [{"name": ":method", "string_match": {"exact": "GET"}}]
    routes = [
        {"match": {"path": path, "headers": get}, "route": {"cluster": "admin"}}
        for path in ("/ready", "/server_info", "/stats")
    ]
    manager = {
        "@type": MANAGER,
        "stat_prefix": "admin_read_only",
        "route_config": {"virtual_hosts": [{"name": "admin", "domains": ["*"], "routes": routes}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    return {"name": "admin_read_only", "address": address(port), "filter_chains": [{"filters": filters}]}


def controlled_by(port, **source):
    """What a bootstrap needs to get its clusters from a control plane."""
    http2 = {"@type": HTTP_OPTIONS, "explicit_http_config": {"http2_protocol_options": {}}}
    options = {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2}
    control = cluster("control", port, typed_extension_protocol_options=options)
    dynamic = {
        "ads_config": {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": "control"}}],
        },
        "cds_config": {"ads": {}, "resource_api_version": "V3", **source},
    }
    return control, dynamic


class Envoy:
    """One that runs."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "admin.log"
        found = (folder / "admin").read_text().strip()
        self.port = int(found.rsplit(":", 1)[1])

    def ask(self, path, method="GET"):
        """The status and the body."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stat(self, name):
        query = urllib.parse.urlencode({"format": "json", "filter": f"^{name}$".replace(".", r"\.")})
        stats = json.loads(self.ask(f"/stats?{query}")[1])["stats"]
        return stats[0]["value"] if stats else None

    def replace(self, name, resources):
        """Puts a file in the place of another in one step, as Envoy expects it."""
        new = self.folder / f"{name}.new"
        new.write_text(json.dumps({"resources": resources}))
        new.rename(self.folder / f"{name}.json")


def wait_until(what, holds):
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"it never came to this: {what}")


@contextlib.contextmanager
def envoy(static, dynamic=None, files=(), admin=None):
    """Runs one; `files` are resources by name, which it watches."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, resources in dict(files).items():
            (folder / f"{name}.json").write_text(json.dumps({"resources": resources}))
        log = {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(folder / "admin.log"),
            "log_format": {"text_format_source": {"inline_string": "%REQ(:METHOD)% %REQ(:PATH)% %REQ(USER-AGENT)%\n"}},
        }
        watched = {
            f"{name}_config": {"path_config_source": {"path": str(folder / f"{name}.json")}, "resource_api_version": "V3"}
            for name in dict(files)
        }
        bootstrap = {
            "node": {"id": "green-1", "cluster": "orders"},
            "admin": {
                "address": address(0),
                "access_log": [{"name": "envoy.access_loggers.file", "typed_config": log}],
                **(admin or {}),
            },
            "static_resources": static,
            "dynamic_resources": {**(dynamic or {}), **watched},
        }
        path = folder / "bootstrap.json"
        path.write_text(json.dumps(bootstrap))
        command = [
            shutil.which("envoy"), "-c", path, "--concurrency", "1", "--disable-hot-restart",
            "--admin-address-path", folder / "admin", "--file-flush-interval-msec", "50",
        ]
        # The package's launcher is Python, and would take the check of that name beside this folder for itself.
        outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        with open(folder / "log", "w") as log_file, process(command, stdout=log_file, stderr=log_file, env=outside) as running:
            def started():
                if running.poll() is not None:
                    raise RuntimeError(f"envoy ended: {(folder / 'log').read_text()[-2000:]}")
                return (folder / "admin").is_file() and (folder / "admin").read_text().strip()

            wait_until("envoy has an admin interface", started)
            yield Envoy(folder)


def fields(message):
    """The fields of a protobuf message, by number; the last of each."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 2:
            length = varint()
            found[key >> 3] = message[at : at + length]
            at += length
        else:
            found[key >> 3] = varint()
    return found


def field(number, value):
    """A short field of bytes."""
    if len(value) > 127:
        raise ValueError("only short fields are written here")
    return bytes([number << 3 | 2, len(value)]) + value


@contextlib.contextmanager
def control_plane(answers):
    """An aggregated discovery service that sends no resources, or says nothing at all."""

    def stream(requests, _):
        for request in requests:
            asked = fields(request)
            # DiscoveryRequest: 4 is the type's URL, 5 the nonce of what it acknowledges.
            if answers and 5 not in asked:
                # DiscoveryResponse: version, type's URL, nonce.
                yield field(1, b"1") + field(4, asked[4]) + field(5, b"first")

    service = "envoy.service.discovery.v3.AggregatedDiscoveryService"
    handler = grpc.stream_stream_rpc_method_handler(stream)
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler(service, {"StreamAggregatedResources": handler}),
    ))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()
