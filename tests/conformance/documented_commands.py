"""The commands of the AWS CLI that the documents show, under the CLI itself: each is one that it has, with options that it takes.

Nothing answers: a command whose arguments are right gets as far as the endpoint, which refuses the connection. One that is wrong ends
before, with a usage or a validation error. What `greenlight` is told in the documents is run by `tests/it/documents.rs`.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import ROOT, Cases, environment

SECONDS = 120
REFUSED = "Could not connect to the endpoint URL"
# Only version 2 of the CLI has these: its own documentation is https://docs.aws.amazon.com/cli/latest/reference/.
OF_VERSION_2 = ("aws logs tail",)
# What they make locally before they ask.
FILES = {"answer.json": "{}", "event.json": "{}", "group.json": "{}", "source.zip": "", "dist/health-arm64.zip": ""}


def commands():
    """Each command with where it stands, once."""
    found = {}
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md"), *ROOT.glob("modules/**/*.md")]):
        for block in re.findall(r"^```console\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE):
            for command in re.findall(r"^\$ (aws (?:.*\\\n)*.*)", block, re.MULTILINE):
                plain = re.sub(r"\s*\\\n\s*", " ", command)
                # A comment is the reader's, and where the answer goes does not matter.
                plain = re.sub(r"(\s{2,}#.*|\s>\s\S+)$", "", plain)
                # An address that is left open is any.
                plain = re.sub(r"http://127\.0\.0\.1:\S+|--endpoint-url …", lambda text: text[0].split("…")[0], plain)
                plain = re.sub(r"--endpoint-url\s+(http\S+)?", "--endpoint-url http://127.0.0.1:9 ", plain)
                found.setdefault(plain, str(path.relative_to(ROOT)))
    return found


def said(command, folder):
    """What the CLI says of it, where nobody answers."""
    variables = environment(AWS_MAX_ATTEMPTS="1")
    line = f"{Path(sys.executable).parent}/{command}"
    done = subprocess.run(["bash", "-c", line], cwd=folder, env=variables, capture_output=True, text=True, timeout=SECONDS)
    return done.stdout + done.stderr


def main():
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "dist").mkdir()
        for name, content in FILES.items():
            (Path(folder) / name).write_text(content)
        with zipfile.ZipFile(Path(folder) / "function.zip", "w") as archive:
            archive.writestr("bootstrap", "")
        for name in ("events", "examples"):
            (Path(folder) / name).symlink_to(ROOT / name)
        known = commands()
        judged = [command for command in known if not command.startswith(OF_VERSION_2)]
        with ThreadPoolExecutor(2) as pool:
            answers = pool.map(lambda command: said(command, folder), judged)
            for command, answer in zip(judged, answers, strict=True):
                with cases.case(f"{known[command]}: {command}"):
                    if REFUSED not in answer:
                        raise AssertionError(f"it does not get as far as the endpoint: {answer.strip()[-500:]}")
        with cases.case("a command with an option that there is not does not get that far"):
            answer = said("aws ecs stop-service-deployment --service-deployment-arn ARN --stop-typ ROLLBACK --kind x", folder)
            if REFUSED in answer or not answer:
                raise AssertionError(f"it is taken: {answer}")
    cases.finish()


main()
