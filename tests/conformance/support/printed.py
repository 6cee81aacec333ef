"""What the command prints for people's own templates and configurations."""

import json
import subprocess
import tempfile
from pathlib import Path

from . import ROOT, binary, environment

SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/shop/orders"
GROUP = "examples/codedeploy/deployment-group.json"
# What `greenlight iam` is asked for, by name.
POLICIES = {
    "ecs": ("--protocol", "ecs"),
    "codedeploy": ("--application", "shop", "--deployment-group", "orders"),
    "pause": ("--protocol", "pause"),
    "doctor": ("--for", "doctor"),
    "explain": ("--for", "explain"),
}
# Deployment configurations of CodeDeploy, and the strategies that they become.
STRATEGIES = {
    "CodeDeployDefault.ECSAllAtOnce": "BLUE_GREEN",
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes": "LINEAR",
    "CodeDeployDefault.ECSCanary10Percent15Minutes": "CANARY",
}


def printed(*arguments):
    command = [binary("greenlight"), *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} exits with {done.returncode}: {done.stderr}")
    return done.stdout


def policies(name, form):
    return printed("iam", "--service", SERVICE, *POLICIES[name], "--format", form)


def migrated(configuration, form, waits=False):
    """The example of CodeDeploy with another deployment configuration, as ECS's own; one that waits lets a person decide when traffic goes on."""
    group = json.loads((ROOT / GROUP).read_text())
    info = group["deploymentGroupInfo"]
    info["deploymentConfigName"] = configuration
    if waits:
        ready = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 30}
        info["blueGreenDeploymentConfiguration"]["deploymentReadyOption"] = ready
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "group.json"
        file.write_text(json.dumps(group))
        return printed("migrate", "--appspec", "examples/codedeploy/appspec.yaml", "--deployment-group", file,
                       "--role", "arn:aws:iam::123456789012:role/hooks", "--format", form)
