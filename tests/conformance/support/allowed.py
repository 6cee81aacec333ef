"""What the policies allow that `greenlight iam` prints and the templates hold, before ministack's evaluation of them.

What a hook calls is not taken from where the policies come from: it is what it really called, as its evidence tells.
What each call is judged by is AWS's service authorization reference.
"""

import concurrent.futures
import copy
import json
import subprocess
import tempfile
from pathlib import Path

from . import ROOT, binary, environment, expect
from .ministack import ACCOUNT, REGION
from .template import filled, load

SECONDS = 60
HOOKS = ("health", "metrics", "preflight", "test-traffic")
ECS, CODEDEPLOY, PAUSE = "ecs", "codedeploy", "pause"
# Where each is called such that it asks for as much as it can.
EVENTS = {
    ECS: ["event", "ecs", "post-production-traffic-shift"],
    CODEDEPLOY: ["event", "codedeploy", "AfterAllowTraffic"],
    PAUSE: ["event", "pause", "post-production-traffic-shift"],
}


def arn(service, resource, region=REGION):
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def role_arn(name):
    return arn("iam", f"role/{name}", region="")


SERVICE = arn("ecs", "service/my-cluster/my-service")
DEPLOYMENT = arn("ecs", "service-deployment/my-cluster/my-service/EZe5RNVLH6PPzHXINuP28")
GROUP = arn("codedeploy", "deploymentgroup:shop/orders")

# The service as evidence names it, and as IAM does.
PREFIXES = {
    "ECS": "ecs", "Elastic Load Balancing v2": "elasticloadbalancing", "CodeDeploy": "codedeploy", "CloudWatch": "cloudwatch",
    "IAM": "iam", "Lambda": "lambda", "ACM": "acm",
}
# What a call of each action is judged by; `*` where the reference names no resource.
RESOURCES = {
    "acm:DescribeCertificate": arn("acm", "certificate/8d7e6f50-4c3b-4a29-9180-7f6e5d4c3b2a"),
    "cloudwatch:DescribeAlarms": "*",
    "cloudwatch:GetMetricData": "*",
    "codedeploy:GetDeployment": GROUP,
    "codedeploy:GetDeploymentGroup": GROUP,
    "codedeploy:GetDeploymentTarget": "*",
    "codedeploy:ListDeploymentTargets": "*",
    "codedeploy:PutLifecycleEventHookExecutionStatus": GROUP,
    "ecs:ContinueServiceDeployment": DEPLOYMENT,
    "ecs:DescribeServiceDeployments": DEPLOYMENT,
    "ecs:DescribeServiceRevisions": arn("ecs", "service-revision/my-cluster/my-service/1234567890123456789"),
    "ecs:DescribeServices": SERVICE,
    "ecs:DescribeTaskDefinition": "*",
    "ecs:DescribeTaskSets": arn("ecs", "task-set/my-cluster/my-service/ecs-svc-1234567890123456789"),
    "ecs:DescribeTasks": arn("ecs", "task/my-cluster/0123456789abcdef0123456789abcdef"),
    "ecs:ListTasks": "*",
    "elasticloadbalancing:DescribeListeners": "*",
    "elasticloadbalancing:DescribeLoadBalancers": "*",
    "elasticloadbalancing:DescribeRules": "*",
    "elasticloadbalancing:DescribeTargetGroupAttributes": "*",
    "elasticloadbalancing:DescribeTargetGroups": "*",
    "elasticloadbalancing:DescribeTargetHealth": "*",
    "iam:GetRole": role_arn("ecs-hooks"),
    "iam:SimulatePrincipalPolicy": role_arn("ecs-hooks"),
    "lambda:GetFunctionConfiguration": arn("lambda", "function:greenlight-health"),
}
# Allowed by a condition on the cluster, which ministack's simulation never has.
CONDITIONED = {"ecs:ListTasks": {"ecs:cluster": arn("ecs", "cluster/my-cluster")}}

RULE = arn("elasticloadbalancing", "listener-rule/app/hello/50dc6c495c0c9188/f2f7dc8efc500050/9683b2d02a60000a")
TARGETS = arn("elasticloadbalancing", "targetgroup/hello-2/73e2d6bc24d8a062")
OTHER_GROUP = arn("codedeploy", "deploymentgroup:shop/other")
# What no hook may do: to its own service, beside it, and anywhere else.
DENIED = [
    *((action, SERVICE) for action in ("ecs:UpdateService", "ecs:DeleteService", "ecs:CreateService", "ecs:TagResource")),
    ("ecs:StopServiceDeployment", DEPLOYMENT),
    ("ecs:StopTask", RESOURCES["ecs:DescribeTasks"]),
    ("ecs:RegisterTaskDefinition", "*"),
    ("ecs:DescribeServices", arn("ecs", "service/other-cluster/my-service")),
    ("ecs:DescribeServices", arn("ecs", "service/my-cluster/my-service-2")),
    ("ecs:DescribeTasks", arn("ecs", "task/other-cluster/0123456789abcdef0123456789abcdef")),
    ("ecs:DescribeServiceRevisions", arn("ecs", "service-revision/other-cluster/my-service/1234567890123456789")),
    ("ecs:DescribeServiceDeployments", arn("ecs", "service-deployment/my-cluster/other/EZe5RNVLH6PPzHXINuP28")),
    ("ecs:ContinueServiceDeployment", arn("ecs", "service-deployment/other-cluster/my-service/EZe5RNVLH6PPzHXINuP28")),
    ("elasticloadbalancing:ModifyRule", RULE),
    ("elasticloadbalancing:ModifyListener", RULE),
    ("elasticloadbalancing:RegisterTargets", TARGETS),
    ("elasticloadbalancing:DeregisterTargets", TARGETS),
    ("codedeploy:StopDeployment", GROUP),
    ("codedeploy:CreateDeployment", GROUP),
    ("codedeploy:PutLifecycleEventHookExecutionStatus", OTHER_GROUP),
    ("codedeploy:GetDeployment", OTHER_GROUP),
    ("lambda:InvokeFunction", arn("lambda", "function:payments")),
    ("lambda:UpdateFunctionCode", arn("lambda", "function:greenlight-health")),
    *((f"iam:{action}", role_arn("ecs-hooks")) for action in ("PassRole", "PutRolePolicy", "AttachRolePolicy", "CreateRole")),
    ("sts:AssumeRole", role_arn("ecs-hooks")),
    ("logs:PutLogEvents", arn("logs", "log-group:/aws/lambda/payments:log-stream:one")),
    ("logs:DeleteLogGroup", arn("logs", "log-group:/aws/lambda/greenlight-health:*")),
    ("cloudwatch:SetAlarmState", arn("cloudwatch", "alarm:hello-errors")),
    ("cloudwatch:PutMetricData", "*"),
    ("ssm:GetParameter", arn("ssm", "parameter/payments/token")),
    ("ssm:PutParameter", arn("ssm", "parameter/greenlight/overrides")),
    ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:payments-AbCdEf")),
    ("events:PutEvents", arn("events", "event-bus/default")),
    ("s3:GetObject", "arn:aws:s3:::artefacts/greenlight.zip"),
]
# What only one way of being asked takes.
REPORTS = {
    CODEDEPLOY: [("codedeploy:PutLifecycleEventHookExecutionStatus", GROUP)],
    PAUSE: [("ecs:ContinueServiceDeployment", DEPLOYMENT)],
}


class Roles:
    """Roles of an account, and what they are allowed."""

    def __init__(self, emulator):
        self.iam = emulator.client("iam")
        self.made = 0

    def create(self, trust, *policies):
        """The ARN of a role with these inline policies."""
        self.made += 1
        name = f"role-{self.made}"
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        for number, policy in enumerate(policies):
            self.iam.put_role_policy(RoleName=name, PolicyName=f"policy-{number}", PolicyDocument=json.dumps(policy))
        return role_arn(name)

    def decisions(self, role, wanted):
        """What is decided of each action on its resource."""
        by_resource = {}
        for action, resource in wanted:
            by_resource.setdefault(resource, []).append(action)
        found = {}
        for resource, actions in by_resource.items():
            answer = self.iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=actions, ResourceArns=[resource])
            for result in answer["EvaluationResults"]:
                found[result["EvalActionName"], resource] = result["EvalDecision"]
        return found

    def decide(self, role, decision, wanted):
        """All of them are decided so."""
        wanted = list(wanted)
        found = self.decisions(role, wanted)
        expect("how many were decided", len(found), len(set(wanted)))
        others = {what: made for what, made in found.items() if made != decision}
        expect(f"what is not {decision}", others, {})


def greenlight(*arguments, **more):
    """What the command writes, whatever verdict its exit code tells."""
    command = [str(part) for part in (binary("greenlight"), *arguments)]
    done = subprocess.run(command, env=environment(), capture_output=True, timeout=SECONDS, **more)
    if done.returncode > 1:
        raise AssertionError(f"`greenlight {arguments[0]}` exited with {done.returncode}: {done.stderr.decode()[-300:]}")
    return done.stdout


def calls(evidence):
    """The actions of the calls in an invocation's evidence, but for that of the function itself, whose name each case has."""
    made = {(PREFIXES[call["service"]], call["operation"]) for call in evidence["aws_calls"]} - {("lambda", "Invoke")}
    return {f"{service}:{operation}" for service, operation in made}


def called(hook, protocol):
    """What the hook really calls for an event of its own deployment."""
    event = greenlight(*EVENTS[protocol])
    written = json.loads(greenlight("invoke", hook, "--event", "-", "--json", "--timeout", "20s", input=event))
    return calls(written["evidence"])


def rehearsed():
    """What `metrics` calls where there is something to measure, which no single event has."""
    played = json.loads(greenlight("rehearse", "--json", "--users", "1/s", "--speed", "120x"))
    known = [event for event in played["events"] if event["event"] == "invoked" and "evidence" in event]
    return set().union(*(calls(event["evidence"]) for event in known if event["function"].endswith("-metrics")))


def observed():
    """The calls of each hook by protocol."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        metrics = pool.submit(rehearsed)
        running = {(hook, protocol): pool.submit(called, hook, protocol) for hook in HOOKS for protocol in EVENTS}
        found = {key: calls.result() for key, calls in running.items()}
    for protocol in EVENTS:
        # What it asks of CloudWatch is the same whoever asks it.
        found["metrics", protocol] |= {call for call in metrics.result() if call.startswith("cloudwatch:")}
    found["metrics", ECS] |= metrics.result()
    return found


def without_conditions(policy):
    policy = copy.deepcopy(policy)
    for statement in policy["Statement"]:
        statement.pop("Condition", None)
    return policy


def conditions(policy, action):
    """The conditions under which an action is allowed."""
    statements = [each for each in policy["Statement"] if action in each["Action"]]
    return [condition for each in statements for condition in each["Condition"].values()]


def judged(roles, trust, policy, calls, denied):
    """The calls are allowed, what is under a condition only under that, and the rest is denied."""
    role = roles.create(trust, policy)
    free = [action for action in calls if action not in CONDITIONED]
    roles.decide(role, "allowed", ((action, RESOURCES[action]) for action in free))
    bound = [action for action in calls if action in CONDITIONED]
    if bound:
        roles.decide(role, "implicitDeny", ((action, RESOURCES[action]) for action in bound))
        anywhere = roles.create(trust, without_conditions(policy))
        roles.decide(anywhere, "allowed", ((action, RESOURCES[action]) for action in bound))
    for action in bound:
        expect(f"the conditions of {action}", conditions(policy, action), [CONDITIONED[action]])
    roles.decide(role, "implicitDeny", denied)


def printed(cases, roles, found):
    """Each hook by each protocol."""
    for (hook, protocol), calls in found.items():
        with cases.case(f"iam {hook} × {protocol}: its {len(calls)} calls are allowed, and {len(DENIED)} others are not"):
            options = ["iam", "--hooks", hook, "--service", SERVICE, "--protocol", protocol, "--function", f"greenlight-{hook}"]
            if protocol == CODEDEPLOY:
                options += ["--application", "shop", "--deployment-group", "orders"]
            written = json.loads(greenlight(*options))
            of_others = [report for other, reports in REPORTS.items() if other != protocol for report in reports]
            judged(roles, written[hook]["trust"], written[hook]["policy"], calls, [*DENIED, *of_others])
            role = roles.create(written[hook]["trust"], written[hook]["policy"])
            itself = [("lambda:InvokeFunction", arn("lambda", f"function:greenlight-{hook}{end}")) for end in ("", ":7")]
            roles.decide(role, "implicitDeny" if protocol == ECS else "allowed", itself)
            log = arn("logs", f"log-group:/aws/lambda/greenlight-{hook}:log-stream:2026/11/22/[$LATEST]0")
            roles.decide(role, "allowed", [("logs:PutLogEvents", log), ("logs:CreateLogStream", log)])
            roles.decide(role, "implicitDeny", [("logs:CreateLogGroup", log)])


def more_printed(cases, roles):
    """What settings add, who invokes, and who only looks."""
    with cases.case("iam test-traffic with a plan in Parameter Store and a secret: these, and no others"):
        plan = {"checks": [{"http": {"headers": {"authorization": {"secret": "secretsmanager:orders/probe#token"}}}}]}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "plan.json"
            file.write_text(json.dumps(plan))
            options = ["--plan", file, "--plan-parameter", "/greenlight/{cluster}", "--service", SERVICE, "--function", "hook"]
            written = json.loads(greenlight("iam", "--hooks", "test-traffic", *options))["test-traffic"]
        role = roles.create(written["trust"], written["policy"])
        own = [("ssm:GetParameter", arn("ssm", "parameter/greenlight/my-cluster")),
               ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:orders/probe-AbCdEf"))]
        roles.decide(role, "allowed", own)
        others = [("ssm:GetParameter", arn("ssm", "parameter/greenlight/other-cluster")),
                  ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:orders/probe-of-others-AbCdEf"))]
        roles.decide(role, "implicitDeny", [*others, *DENIED])
    with cases.case("iam: the role with which ECS invokes the hooks invokes them, and nothing else"):
        written = json.loads(greenlight("iam", "--hooks", "health", "--service", SERVICE, "--function", "hook"))["invoke"]
        role = roles.create(written["trust"], written["policy"])
        functions = [("lambda:InvokeFunction", arn("lambda", f"function:hook{end}")) for end in ("", ":7", ":live")]
        roles.decide(role, "allowed", functions)
        beside = [("lambda:InvokeFunction", arn("lambda", "function:hook-2")), ("lambda:GetFunction", functions[0][1])]
        roles.decide(role, "implicitDeny", [*beside, *DENIED])
    for reader in ("explain", "doctor"):
        with cases.case(f"iam --for {reader}: nothing is changed by it"):
            policy = json.loads(greenlight("iam", "--for", reader, "--service", SERVICE))
            role = roles.create({"Version": "2012-10-17", "Statement": []}, policy)
            roles.decide(role, "allowed", [(action, RESOURCES[action]) for action in ("ecs:DescribeServices", "ecs:DescribeTasks")])
            readings = ("ecs:Describe", "codedeploy:Get")
            changes = [what for what in DENIED if not what[0].startswith(readings)]
            roles.decide(role, "implicitDeny", [*changes, *REPORTS[PAUSE], *REPORTS[CODEDEPLOY]])


def of_template(cases, roles, found):
    """The roles of `template.yaml`, with everything that it can have. The template for prebuilt artefacts has the same."""
    secret, bus = arn("secretsmanager", "secret:orders-AbCdEf"), arn("events", "event-bus/releases")
    parameters = {
        "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "Name": "greenlight",
        "Cluster": "my-cluster", "Service": "my-service", "Application": "shop", "DeploymentGroup": "orders",
        "ParameterPath": "greenlight", "SecretArns": [secret], "EventBusArn": bus,
    }
    template = load(ROOT / "template.yaml")
    decided = dict.fromkeys(template["Conditions"], True)
    resources = {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == "AWS::IAM::Role"}
    for hook in HOOKS:
        name = f"Greenlight{''.join(part.title() for part in hook.split('-'))}Role"
        calls = set().union(*(found[hook, protocol] for protocol in EVENTS))
        with cases.case(f"template.yaml, {name}: what all protocols call is allowed, and others are not"):
            properties = filled(resources[name], parameters, decided)
            (policy,) = (inline["PolicyDocument"] for inline in properties["Policies"])
            trust = properties["AssumeRolePolicyDocument"]
            judged(roles, trust, policy, calls, DENIED)
            role = roles.create(trust, policy)
            also = [("ssm:GetParameter", arn("ssm", "parameter/greenlight/overrides")), ("events:PutEvents", bus)]
            function = arn("lambda", f"function:CodeDeployHook_greenlight-{hook}")
            roles.decide(role, "allowed", [*also, ("lambda:InvokeFunction", function)])
            decision = "allowed" if hook == "test-traffic" else "implicitDeny"
            roles.decide(role, decision, [("secretsmanager:GetSecretValue", secret)])


def policies(cases, emulator, observing):
    """All roles, once it is known what is called."""
    roles = Roles(emulator)
    with cases.case("every hook runs, so that its calls are known"):
        found = observing.result()
        printed(cases, roles, found)
        more_printed(cases, roles)
        of_template(cases, roles, found)
