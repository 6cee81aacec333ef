"""The checks `http` and `tcp` against nginx: HTTP/2 with TLS, and what a server says that is older than that.

`run` finds nginx or unpacks Debian's package below the target folder.
"""

import contextlib
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from support import ROOT, Cases, debian, expect, process
from support.once import invoke

HOOK = "test-traffic"
EVENT = ROOT / "events" / "ecs" / "post-test-traffic-shift.json"
START_SECONDS = 30
NAME = "orders.example.com"

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr warn;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  keepalive_requests 3;
  ssl_certificate {folder}/certificate.pem;
  ssl_certificate_key {folder}/key.pem;
  server {{ listen 127.0.0.1:{both} ssl http2; location / {{ return 200 "$server_protocol\\n"; }} }}
  server {{ listen 127.0.0.1:{old} ssl; location / {{ return 200 "$server_protocol\\n"; }} }}
  server {{ listen 127.0.0.1:{plain} http2; location / {{ return 200 "$server_protocol\\n"; }}
            location /gone {{ return 503; }} }}
}}
"""


def free_ports(count):
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@contextlib.contextmanager
def served(folder):
    """nginx with a certificate of its own, and its ports by name."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
         "-addext", "basicConstraints=critical,CA:FALSE",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem"],
        check=True, capture_output=True,
    )
    ports = dict(zip(["both", "old", "plain"], free_ports(3), strict=True))
    Path(folder, "nginx.conf").write_text(CONFIGURATION.format(folder=folder, **ports))
    with process([debian("nginx"), "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr"]) as running:
        give_up = time.monotonic() + START_SECONDS
        for port in ports.values():
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                if running.poll() is not None or time.monotonic() > give_up:
                    raise RuntimeError("nginx did not start")
                time.sleep(0.05)
        yield ports


def ask(check, settings, url, ca=None):
    tls = {"ca": ca, "server_name": NAME} if ca else {}
    plan = {"checks": [{check: settings}], "target": {"url": url, "tls": tls}, "patience": "0s"}
    answer = invoke(HOOK, EVENT, plan)
    return answer["hookStatus"], answer["reason"]


def check(cases, folder):
    with served(folder) as ports:
        ca = Path(folder, "certificate.pem").read_text()
        secure = {name: f"https://127.0.0.1:{port}" for name, port in ports.items()}
        plain = f"http://127.0.0.1:{ports['plain']}"
        # nginx says goodbye (GOAWAY) after every third request.
        load = {"path": "/", "requests": 20, "concurrency": 2}
        http2 = {**load, "expect": {"body_contains": "HTTP/2.0"}}
        http1 = {**load, "expect": {"body_contains": "HTTP/1.1"}}
        rows = [
            ("HTTP/2 where it is agreed on", "http", {**http2, "version": "auto"}, secure["both"], ca,
             "SUCCEEDED", "20 answers from"),
            ("HTTP/2 and nothing else", "http", {**http2, "version": "2"}, secure["both"], ca,
             "SUCCEEDED", "20 answers from"),
            ("HTTP/1.1 where nothing is said", "http", http1, secure["both"], ca, "SUCCEEDED", "20 answers from"),
            ("HTTP/1.1 where nothing else is spoken", "http", {**http1, "version": "auto"}, secure["old"], ca,
             "SUCCEEDED", "20 answers from"),
            ("HTTP/2 where it is not spoken", "http", {**http2, "version": "2"}, secure["old"], ca,
             "FAILED", "the TLS handshake did not agree on HTTP/2"),
            ("HTTP/2 by prior knowledge", "http", {**http2, "version": "2"}, plain, None,
             "SUCCEEDED", "20 answers from"),
            ("an answer that is wrong", "http", {"path": "/gone", "version": "2"}, plain, None,
             "FAILED", "status 503 from"),
            ("HTTP/2 that is no gRPC", "grpc", {}, plain, None, "FAILED", "which is no gRPC"),
            ("a TCP connection with TLS", "tcp", {"tls": True}, f"tcp://127.0.0.1:{ports['old']}", ca,
             "SUCCEEDED", "accepted a connection over TLS 1."),
            ("what is said over it", "tcp",
             {"tls": True, "send": "GET / HTTP/1.0\r\n\r\n", "expect": "HTTP/1.1 200 OK"},
             f"tcp://127.0.0.1:{ports['old']}", ca, "SUCCEEDED", "answered"),
            ("another certificate's name", "tcp", {"tls": True, "connect_timeout": "2s"},
             f"tcp://localhost:{ports['old']}", None, "FAILED", "the certificate was signed by nobody that is trusted"),
        ]
        for name, kind, settings, url, trusted, status, words in rows:
            with cases.case(name):
                found = ask(kind, settings, url, trusted)
                expect("the verdict", found[0], status)
                if words not in found[1]:
                    raise AssertionError(f"the reason does not say {words!r}: {found[1]!r}")


def main():
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder, cases.case("nginx serves"):
        check(cases, folder)
    cases.finish()


main()
