"""The AWS CLI, at an endpoint on this machine."""

import json
import subprocess
import tempfile
from pathlib import Path

from . import environment

SECONDS = 60


def aws(url, *arguments, **variables):
    """Its exit code, and what it says: its output, or else its error. A call is made once."""
    command = ["aws", *arguments, "--endpoint-url", url, "--output", "json"]
    own = environment(AWS_MAX_ATTEMPTS="1", **variables)
    done = subprocess.run([str(part) for part in command], env=own, capture_output=True, text=True, timeout=SECONDS)
    return done.returncode, done.stdout if done.returncode == 0 else done.stderr


def invoke(url, function, event, *options, **variables):
    """What it says of an invocation of a function that is there, and what it wrote."""
    with tempfile.NamedTemporaryFile() as answer:
        named = ["--function-name", function, "--payload", f"fileb://{event}"]
        code, said = aws(url, "lambda", "invoke", *named, *options, answer.name, **variables)
        if code != 0:
            raise AssertionError(f"`aws lambda invoke` exited with {code}: {said.strip()[-300:]}")
        return json.loads(said), Path(answer.name).read_text()
