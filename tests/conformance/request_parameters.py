"""What people hand to AWS as JSON, against botocore's models: the examples, blocks of the documents, and what `greenlight` prints.

Every file below `examples/` and every block of JSON in a document stands in a table here: as the parameters of a request,
or as something else. botocore refuses unknown keys, wrong types, missing members and numbers out of range; lengths and
enumerations it leaves to the service, so the models' are held here.
"""

import json
import re
import shlex
import tempfile
from pathlib import Path

import botocore.session
from botocore.validate import ParamValidator

from support import ROOT, Cases, expect
from support.printed import printed

# A placeholder that a pipeline fills in before AWS sees it; the value stands for what it puts there.
FILLED_IN = {"<IMAGE>": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:1f0e9d8c"}

REQUESTS = {
    "examples/ecs-native/service.json": ("ecs", "CreateService"),
    "examples/ecs-native/canary.json": ("ecs", "CreateService"),
    "examples/ecs-native/task-definition.json": ("ecs", "RegisterTaskDefinition"),
    "examples/rolling-with-pause/service.json": ("ecs", "CreateService"),
    "examples/codedeploy/taskdef.json": ("ecs", "RegisterTaskDefinition"),
}
# What AWS answers, as people hand it to greenlight.
ANSWERS = {"examples/codedeploy/deployment-group.json": ("codedeploy", "GetDeploymentGroup")}
# What is neither, and who reads it.
OTHERS = {
    "examples/codedeploy/imageDetail.json": "CodePipeline",
    "examples/cdk/cdk.json": "the CDK",
    "examples/cdk/package.json": "npm",
    "examples/cdk/package-lock.json": "npm",
    "examples/cdk/tsconfig.json": "TypeScript",
}
# An AppSpec is a string of JSON or YAML in the request.
APP_SPECS = ("examples/codedeploy/appspec.json", "examples/codedeploy/appspec.yaml")

# What the blocks of JSON in each document are. A policy or a statement of one goes into a request; the rest is greenlight's.
POLICY, STATEMENT, OWN = "a policy", "a statement of a policy", "a plan or a check of greenlight's"
TOLD = "what greenlight logs and tells, which operations.py compares"
VARIABLES = "the variables of functions, for the SAM CLI"
BLOCKS = {
    "README.md": OWN,
    "docs/checks.md": OWN,
    "docs/discovery.md": POLICY,
    "docs/local.md": VARIABLES,
    "docs/operations.md": TOLD,
    "docs/settings.md": STATEMENT,
}

# What CodeDeploy has, with a configuration of each kind.
APP_SPEC = {"version": 0.0, "Resources": [{"TargetService": {}}], "Hooks": [
    {"BeforeInstall": "CodeDeployHook_greenlight-preflight"},
    {"AfterInstall": "CodeDeployHook_greenlight-health"},
    {"AfterAllowTestTraffic": "arn:aws:lambda:eu-west-1:123456789012:function:validate"},
    {"BeforeAllowTraffic": "CodeDeployHook_greenlight-health"},
    {"AfterAllowTraffic": "CodeDeployHook_greenlight-metrics"}]}
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/orders/50dc6c495c0c9188/f2f7dc8efc501f90"
GROUP = {
    "applicationName": "shop",
    "deploymentGroupName": "orders",
    "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
    "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    "ecsServices": [{"clusterName": "demo", "serviceName": "orders"}],
    "loadBalancerInfo": {"targetGroupPairInfoList": [
        {"targetGroups": [{"name": "orders-1"}, {"name": "orders-2"}], "prodTrafficRoute": {"listenerArns": [LISTENER]}}]},
    "blueGreenDeploymentConfiguration": {
        "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 60},
        "deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 30}},
    "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]},
    "alarmConfiguration": {"enabled": True, "alarms": [{"name": "orders-errors"}]},
}
CONFIGURATIONS = {
    "CodeDeployDefault.ECSAllAtOnce": "BLUE_GREEN",
    "CodeDeployDefault.ECSCanary10Percent5Minutes": "CANARY",
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes": "LINEAR",
}
OWN_CONFIGURATIONS = {
    "CANARY": {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 25, "canaryInterval": 2880}},
    "LINEAR": {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 1, "linearInterval": 15}},
    "BLUE_GREEN": {"type": "AllAtOnce"},
}
ROLE = "arn:aws:iam::123456789012:role/greenlight-invoke"
SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/demo/orders"

SESSION = botocore.session.get_session()


def beyond(value, shape, path):
    """What the model says of strings and lists, and `ParamValidator` does not ask: enumerations, patterns and lengths."""
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield from beyond(inner, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for index, inner in enumerate(value):
            yield from beyond(inner, shape.member, f"{path}[{index}]")
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{path} is {value!r}, which is none of {shape.enum}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            yield f"{path} is {value!r}, which is not {pattern}"
        if len(value) > shape.metadata.get("max", len(value)):
            yield f"{path} is longer than {shape.metadata['max']}"


def holds(parameters, service, operation, side="input_shape"):
    """The parameters make a request, or are an answer."""
    shape = getattr(SESSION.get_service_model(service).operation_model(operation), side)
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        raise AssertionError(report.generate_report())
    expect("what the model does not have", list(beyond(parameters, shape, operation)), [])


def refused(parameters, service, operation, words):
    """And these do not: or else nothing is proven by those that do."""
    try:
        holds(parameters, service, operation)
    except AssertionError as error:
        expect(f"whether `{words}` is told", words in str(error), True)
        return
    raise AssertionError(f"{operation} takes what it must not")


def greenlight(*arguments):
    return json.loads(printed(*arguments))


def read(path):
    text = (ROOT / path).read_text()
    for placeholder, value in FILLED_IN.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def examples(cases):
    with cases.case("every file of JSON below examples/ is known"):
        tracked = ROOT.glob("examples/**/*.json")
        found = {str(path.relative_to(ROOT)) for path in tracked if not {"node_modules", "cdk.out"} & set(path.parts)}
        specs = {name for name in APP_SPECS if name.endswith(".json")}
        expect("the files", sorted(found), sorted({*REQUESTS, *ANSWERS, *OTHERS, *specs}))
    for path, (service, operation) in REQUESTS.items():
        with cases.case(f"{path} is a request: {service} {operation}"):
            holds(read(path), service, operation)
    for path, (service, operation) in ANSWERS.items():
        with cases.case(f"{path} is an answer: {service} {operation}"):
            holds(read(path), service, operation, side="output_shape")
    for path in APP_SPECS:
        with cases.case(f"{path} goes into a request: codedeploy CreateDeployment"):
            kind = path.rsplit(".", 1)[1].upper()
            content = (ROOT / path).read_text()
            revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
            own = {"applicationName": "shop", "deploymentGroupName": "orders", "revision": revision}
            holds(own, "codedeploy", "CreateDeployment")
            expect("whether it is JSON", kind == "JSON", content.lstrip().startswith("{"))
    with cases.case("an example with a key, a type or a value that ECS does not have is refused"):
        service = read("examples/ecs-native/service.json")
        refused({**service, "desiredCounts": 3}, "ecs", "CreateService", "desiredCounts")
        refused({**service, "desiredCount": "3"}, "ecs", "CreateService", "desiredCount")
        refused({**service, "launchType": "FARGAT"}, "ecs", "CreateService", "FARGAT")
        hook = {**service["deploymentConfiguration"]["lifecycleHooks"][0], "lifecycleStages": ["POST_SCALE"]}
        configuration = {**service["deploymentConfiguration"], "lifecycleHooks": [hook]}
        refused({**service, "deploymentConfiguration": configuration}, "ecs", "CreateService", "POST_SCALE")


def updates(cases):
    """A service that is there is updated with the same, but for what cannot change."""
    known = SESSION.get_service_model("ecs").operation_model("UpdateService").input_shape.members
    for path, (_, operation) in REQUESTS.items():
        if operation != "CreateService":
            continue
        with cases.case(f"{path} as an update: only its name and its launch type are in the way"):
            service = read(path)
            expect("what an update does not take", set(service) - set(known), {"serviceName", "launchType"})
            rest = {name: value for name, value in service.items() if name in known}
            holds({**rest, "service": service["serviceName"]}, "ecs", "UpdateService")


def policy(document, name):
    """A policy document as IAM is given it."""
    written = json.dumps(document)
    holds({"RoleName": name, "PolicyName": name, "PolicyDocument": written}, "iam", "PutRolePolicy")
    size = len(re.sub(r"\s", "", written))
    expect(f"whether {size} characters are few enough for an inline policy of a role", size <= 10_240, True)
    for statement in document["Statement"]:
        unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}
        expect("the unknown keys of a statement", unknown, set())
        expect("its effect", statement["Effect"], "Allow")


def documents(cases):
    found = {}
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("events/*.md"), *ROOT.glob("examples/*/*.md")]):
        blocks = re.findall(r"^```json\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)
        if blocks:
            found[str(path.relative_to(ROOT))] = blocks
    with cases.case("every block of JSON in a document is known"):
        expect("the documents that have some", sorted(found), sorted(BLOCKS))
    for path, kind in BLOCKS.items():
        with cases.case(f"{path}: each block of JSON is {kind}"):
            for text in found[path]:
                block = json.loads(text)
                expect("whether it is a policy, or a statement of one", kind in (POLICY, STATEMENT), "Effect" in text)
                if kind == POLICY:
                    policy(block, "greenlight")
                elif kind == STATEMENT:
                    policy({"Version": "2012-10-17", "Statement": [block]}, "greenlight")
                elif kind == VARIABLES:
                    for variables in block.values():
                        named = {"FunctionName": "greenlight", "Environment": {"Variables": variables}}
                        holds(named, "lambda", "UpdateFunctionConfiguration")


def roles(cases):
    """What `greenlight iam` prints."""
    for protocol in ("ecs", "codedeploy", "pause"):
        with cases.case(f"iam --protocol {protocol}: roles that IAM takes"):
            options = ["--application", "shop", "--deployment-group", "orders"] if protocol == "codedeploy" else []
            written = greenlight("iam", "--service", SERVICE, "--protocol", protocol, *options)
            expect("the roles", set(written) >= {"health", "metrics", "preflight", "test-traffic"}, True)
            for name, role in written.items():
                trust = json.dumps(role["trust"])
                holds({"RoleName": name, "AssumeRolePolicyDocument": trust}, "iam", "CreateRole")
                policy(role["policy"], name)
    for reader in ("explain", "doctor"):
        with cases.case(f"iam --for {reader}: a policy that IAM takes"):
            written = greenlight("iam", "--for", reader, "--service", SERVICE)
            document = json.dumps(written)
            holds({"PolicyName": reader, "PolicyDocument": document}, "iam", "CreatePolicy")
            policy(written, reader)


def override(cases):
    """The line that `greenlight override` prints, for a shell."""
    with cases.case("override: a parameter that Parameter Store takes"):
        told = printed("override", "--service", "shop/orders", "--for", "2h", "--reason", "INC-123", "--by", "ada")
        (line,) = (line for line in told.splitlines() if line.startswith("aws "))
        _, service, operation, *rest = shlex.split(line)
        expect("the command", (service, operation, rest.pop(rest.index("--overwrite"))), ("ssm", "put-parameter", "--overwrite"))
        named = {flag.removeprefix("--").capitalize(): value for flag, value in zip(rest[::2], rest[1::2], strict=True)}
        holds({**named, "Overwrite": True}, "ssm", "PutParameter")
        (entry,) = json.loads(named["Value"])
        expect("the service", entry["service"], "shop/orders")


def migrated(cases, folder, name, strategy, group, *options):
    with cases.case(f"migrate, {name}: an update of a service, {strategy}"):
        files = {}
        for key, content in (("appspec", APP_SPEC), ("deployment-group", {"deploymentGroupInfo": group})):
            files[key] = Path(folder) / f"{key}.json"
            files[key].write_text(json.dumps(content))
        given = [part for key, file in files.items() for part in (f"--{key}", file)]
        written = greenlight("migrate", *given, "--role", ROLE, "--format", "json", *options)
        expect("what is written", set(written), {"deploymentConfiguration"})
        expect("the strategy", written["deploymentConfiguration"]["strategy"], strategy)
        holds({"service": "orders", **written}, "ecs", "UpdateService")
        holds({"serviceName": "orders", **written}, "ecs", "CreateService")


def migrations(cases):
    with cases.case("the deployment group is one that CodeDeploy takes"):
        holds({**GROUP, "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce"}, "codedeploy", "CreateDeploymentGroup")
    with tempfile.TemporaryDirectory() as folder:
        for name, strategy in CONFIGURATIONS.items():
            migrated(cases, folder, name, strategy, {**GROUP, "deploymentConfigName": name})
        for strategy, routing in OWN_CONFIGURATIONS.items():
            name = f"own-{strategy.lower()}"
            with cases.case(f"{name} is a configuration that CodeDeploy takes"):
                own = {"deploymentConfigName": name, "computePlatform": "ECS", "trafficRoutingConfig": routing}
                holds(own, "codedeploy", "CreateDeploymentConfig")
            file = Path(folder) / "config.json"
            file.write_text(json.dumps({"deploymentConfigInfo": {"deploymentConfigName": name, "trafficRoutingConfig": routing}}))
            migrated(cases, folder, name, strategy, {**GROUP, "deploymentConfigName": name}, "--deployment-config", file)


def main():
    cases = Cases()
    examples(cases)
    updates(cases)
    documents(cases)
    roles(cases)
    override(cases)
    migrations(cases)
    cases.finish()


main()
