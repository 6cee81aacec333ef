"""The templates that people deploy, under AWS's own tools: cfn-lint, `sam validate`, SAM's translator and the CDK.

What the translator makes of `template.yaml` is what CloudFormation would deploy, and is asserted on. What the CDK
makes of its example is linted, and `greenlight doctor` finds nothing in either.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import indent

from support import ROOT, Cases, binary, expect
from support.printed import POLICIES, STRATEGIES, migrated, policies
from support.template import filled

TOOLS = Path(sys.executable).parent
TEMPLATES = ("template.yaml", "template-prebuilt.yaml")
EXAMPLES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("examples/*/template.yaml"))
# It holds no service, so the doctor has nothing to judge in it; `operations.py` holds it against what hooks log and tell.
OPERATIONS = "examples/operations/stack.yaml"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: the template body in a request.
MOST_BYTES = 51_200
HOOKS = {"TestTraffic": "test-traffic", "Health": "health", "Metrics": "metrics", "Preflight": "preflight"}
PARAMETERS = {"Name": "greenlight", "Cluster": "shop", "Service": "orders", "AWS::Region": "us-east-1",
              "AWS::AccountId": "123456789012", "AWS::Partition": "aws", "PauseHook": "test-traffic"}


def run(*command, cwd=ROOT, **more):
    """What a command says, which must be done well."""
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0",
                   "PATH": f"{TOOLS}:{os.environ['PATH']}", **more}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} exits with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def translated(name):
    """The template that CloudFormation gets, as people have it printed."""
    return json.loads(run(sys.executable, "release/show.py", "--json", name))


def functions(cases, name):
    """What stands in the translated template of each hook."""
    template = filled(translated(name), PARAMETERS)
    resources = template["Resources"]

    def of_kind(kind):
        return {key: found["Properties"] for key, found in resources.items() if found["Type"] == kind}

    roles = of_kind("AWS::IAM::Role")
    with cases.case(f"{name}: one function for each hook, and one role for each function"):
        expect("the functions", set(of_kind("AWS::Lambda::Function")), set(HOOKS))
        used = [found["Role"]["Fn::GetAtt"][0] for found in of_kind("AWS::Lambda::Function").values()]
        expect("how many roles they have", len(set(used)), len(HOOKS))
        for role, trusted in [*[(role, "lambda.amazonaws.com") for role in used], ("GreenlightInvokeRole", "ecs.amazonaws.com")]:
            (statement,) = roles[role]["AssumeRolePolicyDocument"]["Statement"]
            expect(f"whom {role} trusts", statement["Principal"], {"Service": trusted})
    for key, hook in HOOKS.items():
        properties = resources[key]["Properties"]
        with cases.case(f"{name}: {hook}"):
            function = f"CodeDeployHook_greenlight-{hook}"
            expect("its name", properties["FunctionName"], function)
            expect("its runtime", (properties["Runtime"], properties["Handler"]), ("provided.al2023", "bootstrap"))
            expect("its architecture", properties["Architectures"], [{"Ref": "Architecture"}])
            expect("whether it can be in a VPC", "VpcConfig" in properties, key in ("TestTraffic", "Health"))
            expect("its log group", resources[f"{key}Logs"]["Properties"]["LogGroupName"], f"/aws/lambda/{function}")
            log = properties["LoggingConfig"]
            expect("where it logs", log, {"LogFormat": "JSON", "LogGroup": {"Ref": f"{key}Logs"}})
            retries = resources[f"{key}EventInvokeConfig"]["Properties"]
            expect("how often an event is tried again", retries["MaximumRetryAttempts"], 1)
            statements = roles[f"Greenlight{key}Role"]["Policies"][0]["PolicyDocument"]["Statement"]
            known = [statement.get("Fn::If", [None, statement])[1] for statement in statements]
            resource = next(found["Resource"] for found in known if found["Sid"] == "WriteLogs")
            expect("where it may write", resource, f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/{function}:*")
            for found in known:
                if "/" in str(found["Resource"]) and found["Action"] == "ecs:DescribeServices":
                    expect("what it may look at", found["Resource"], "arn:aws:ecs:us-east-1:123456789012:service/shop/orders")
    with cases.case(f"{name}: ECS may invoke every function, with and without a version"):
        (statement,) = roles["GreenlightInvokeRole"]["Policies"][0]["PolicyDocument"]["Statement"]
        arns = [f"arn:aws:lambda:us-east-1:123456789012:function:CodeDeployHook_greenlight-{hook}{end}"
                for hook in HOOKS.values() for end in ("", ":*")]
        expect("the functions", sorted(statement["Resource"]), sorted(arns))
    with cases.case(f"{name}: an event of a PAUSE hook of the service reaches one function, others none"):
        pattern = resources["PauseRule"]["Properties"]["EventPattern"]
        event = json.loads((ROOT / "events/pause/post-test-traffic-shift.json").read_text())
        for key in ("source", "detail-type"):
            expect(f"whether {key} matches", event[key] in pattern[key], True)
        for key in ("eventName", "hookType"):
            expect(f"whether {key} matches", event["detail"][key] in pattern["detail"][key], True)
        expect("the service", pattern["detail"]["serviceArn"],
               [{"wildcard": "arn:aws:ecs:us-east-1:123456789012:service/shop/orders"}])
        (target,) = resources["PauseRule"]["Properties"]["Targets"]
        expect("the function", target["Arn"].split(":")[-1], "CodeDeployHook_greenlight-test-traffic")
    with cases.case(f"{name}: a stop is no alarm"):
        alarms = json.dumps(of_kind("AWS::CloudWatch::Alarm"))
        expect("whether an alarm counts stops", '"Stop"' in alarms, False)
        expect("how many alarms there are", len(of_kind("AWS::CloudWatch::Alarm")), 3)
    with cases.case(f"{name}: the outputs paste into a service and an AppSpec"):
        step, end = "PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"
        for output, before_steps in [("LifecycleHooks", []), ("LifecycleHooksInSteps", [step])]:
            for in_vpc, at_tasks in [(True, ["POST_SCALE_UP"]), (False, [])]:
                hooks = json.loads(filled(template["Outputs"][output]["Value"], PARAMETERS, {"InVpc": in_vpc}))
                expect(f"the stages of each in {output}", [hook["lifecycleStages"] for hook in hooks], [
                    ["PRE_SCALE_UP"], ["POST_SCALE_UP", *before_steps, end],
                    [*at_tasks, "POST_TEST_TRAFFIC_SHIFT", end], [*before_steps, end]])
        events = json.loads(filled(template["Outputs"]["AppSpecHooks"]["Value"], PARAMETERS))
        expect("the events", [list(entry) for entry in events],
               [["BeforeInstall"], ["AfterInstall"], ["AfterAllowTestTraffic"], ["AfterAllowTraffic"]])


def printed(cases):
    """What the command prints for people's own templates, under cfn-lint."""
    def linted(text):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "printed.yaml"
            file.write_text(f'AWSTemplateFormatVersion: "2010-09-09"\n{text}')
            run(TOOLS / "cfn-lint", "--", file)

    def deploys(configuration):
        head = "Resources:\n  Service:\n    Type: AWS::ECS::Service\n    Properties:\n      TaskDefinition: orders\n"
        return head + indent(configuration, 6 * " ")

    for name in POLICIES:
        with cases.case(f"cfn-lint has nothing against what `iam` prints, {name}"):
            linted(policies(name, "cloudformation"))
    for configuration, strategy in STRATEGIES.items():
        with cases.case(f"cfn-lint has nothing against what `migrate` prints for {strategy}"):
            linted(deploys(migrated(configuration, "cloudformation")))
    with cases.case("cfn-lint has nothing against a PAUSE hook that `migrate` prints"):
        text = migrated("CodeDeployDefault.ECSAllAtOnce", "cloudformation", waits=True)
        expect("whether there is one", "TargetType: PAUSE" in text, True)
        linted(deploys(text))
    with cases.case("cfn-lint has something against a stage that there is not"):
        wrong = deploys(migrated("CodeDeployDefault.ECSAllAtOnce", "cloudformation").replace("POST_TEST_TRAFFIC_SHIFT", "POST_TEST_SHIFT"))
        try:
            linted(wrong)
        except AssertionError as error:
            expect("whether it names the stage", "POST_TEST_SHIFT" in str(error), True)
        else:
            raise AssertionError("it says nothing")


def cdk(cases):
    """The CDK's example, built and synthesised as its README says."""
    own = ROOT / "examples/cdk"
    place = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "conformance/cdk"
    place.mkdir(parents=True, exist_ok=True)
    for name in ("app.ts", "cdk.json", "package.json", "package-lock.json", "tsconfig.json"):
        shutil.copy(own / name, place / name)
    with cases.case("the CDK's example is built and synthesised"):
        run("npm", "ci", "--no-audit", "--no-fund", cwd=place)
        run("npm", "run", "synth", cwd=place)
    for name in ("BlueGreen", "Linear", "Canary"):
        template = place / f"cdk.out/{name}.template.json"
        with cases.case(f"the CDK's {name} is without findings"):
            # W3005: the CDK says what follows from a reference, too.
            run(TOOLS / "cfn-lint", "--ignore-checks", "W3005", "--", template)
            run(binary("greenlight"), "doctor", template)


def main():
    cases = Cases()
    for name in (*TEMPLATES, *EXAMPLES, OPERATIONS):
        with cases.case(f"cfn-lint has nothing against {name}"):
            run(TOOLS / "cfn-lint", name)
    for name in EXAMPLES:
        with cases.case(f"the doctor has nothing against {name}"):
            run(binary("greenlight"), "doctor", name)
    for name in TEMPLATES:
        with cases.case(f"`sam validate --lint` has nothing against {name}"):
            run(TOOLS / "sam", "validate", "--lint", "--template", name)
        functions(cases, name)
    with cases.case("template-prebuilt.yaml fits into a request without a bucket (`--template-body`)"):
        size = (ROOT / "template-prebuilt.yaml").stat().st_size
        expect(f"whether {size} bytes do", size <= MOST_BYTES, True)
    printed(cases)
    cdk(cases)
    cases.finish()


main()
