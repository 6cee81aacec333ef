"""ministack: Lambda and IAM as somebody else emulates them.

What it does differently from AWS, and what is done about it here:

- A function's process gets the whole environment of ministack's, so that has nothing of AWS's or greenlight's in it
  but what stands here. An `AWS_ENDPOINT_URL` there would go before the function's own.
- It listens on all addresses unless `BIND_HOST` says otherwise, and keeps files below `TMPDIR` and `STATE_DIR`.
- Which account is meant follows from the access key, where that has twelve digits.
- It reads a function's answer and writes it anew: the payload is the same JSON, not the same bytes.
- An asynchronous invocation that failed is tried again after one and two seconds; on AWS after one and two minutes.
- Nobody judges by a role whether a function may be invoked, or what it may call; processes are not frozen between
  invocations, and have no limit of memory.
- The policy simulation evaluates the first resource that is named, and none of the context that is given. A statement
  with a condition is therefore never met, and no missing context is told of.
"""

import contextlib
import functools
import io
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
from botocore.config import Config

from . import environment
from .ports import free_port, wait_until_open

START_SECONDS = 60
REGION = "us-west-2"
ACCOUNT = "123456789012"


class Ministack:
    """Where it listens, and clients of it."""

    def __init__(self, url, folder):
        self.url = url
        self.folder = folder

    def client(self, service):
        session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="conformance", region_name=REGION)
        # A call is made once: what was run twice would be counted twice.
        config = Config(retries={"total_max_attempts": 1}, read_timeout=60)
        return session.client(service, endpoint_url=self.url, config=config)

    def function(self, name, program, timeout, **variables):
        """Creates a function of a program, as people deploy one."""
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{name}",
            Code={"ZipFile": zipped(program)},
            Timeout=timeout,
            MemorySize=256,
            Environment={"Variables": variables},
        )


@functools.cache
def zipped(program):
    """A program as the artefact of a function: a zip with `bootstrap` in it."""
    artefact = io.BytesIO()
    with zipfile.ZipFile(artefact, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, Path(program).read_bytes(), compresslevel=1)
    return artefact.getvalue()


def variables(port, folder):
    """The environment of ministack, and of the functions' processes."""
    own = environment(
        AWS_ACCESS_KEY_ID=ACCOUNT,
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        HOME=str(folder),
        TMPDIR=str(folder),
        STATE_DIR=str(folder / "state"),
        S3_DATA_DIR=str(folder / "s3"),
    )
    del own["AWS_ENDPOINT_URL"]
    return own


@contextlib.contextmanager
def ministack(folder, log):
    """ministack for the length of a `with` block, and of the functions' processes that it has started."""
    for _ in range(3):
        port = free_port()
        # Its processes are its group, and end with it.
        with subprocess.Popen(
            # Isolated: the check beside this package has the same name, and is on PYTHONPATH.
            [sys.executable, "-I", "-m", "ministack"],
            cwd=folder, env=variables(port, folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        ) as running:
            try:
                if wait_until_open(port, running, START_SECONDS):
                    yield Ministack(f"http://127.0.0.1:{port}", folder)
                    return
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)
    raise RuntimeError(f"ministack did not listen within {START_SECONDS} s")
