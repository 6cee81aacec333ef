"""What is rehearsed: the example's service and an AppSpec, with hooks that are functions in Python."""

import json
import shlex
import sys
from pathlib import Path

from . import ROOT

SERVICE = json.loads((ROOT / "examples" / "ecs-native" / "service.json").read_text())


def arn(service, resource):
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


def python(handler):
    """The command of a function in Python: AWS's own client of the Runtime API."""
    return f"exec {shlex.quote(sys.executable)} -m awslambdaric {handler}"


def hook(name, *stages, **more):
    """A Lambda hook of a service definition."""
    target = {"hookTargetArn": arn("lambda", f"function:{name}"), "roleArn": arn("iam", "role/ecs-hooks")}
    return {"targetType": "AWS_LAMBDA", **target, "lifecycleStages": list(stages), **more}


def definition(directory, *hooks, **deployment):
    """Writes the service's definition with a deployment configuration of its own, and gives its path."""
    common = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": list(hooks)}
    path = Path(directory) / "service.json"
    path.write_text(json.dumps({**SERVICE, "deploymentConfiguration": {**common, **deployment}}))
    return path


def appspec(directory, **hooks):
    """Writes an AppSpec with these hooks, and gives its path."""
    load_balancer = {"ContainerName": "app", "ContainerPort": 8080}
    properties = {"TaskDefinition": arn("ecs", "task-definition/hello:2"), "LoadBalancerInfo": load_balancer}
    target = {"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}
    document = {"version": 0.0, "Resources": [target], "Hooks": [{event: name} for event, name in hooks.items()]}
    path = Path(directory) / "appspec.json"
    path.write_text(json.dumps(document))
    return path
