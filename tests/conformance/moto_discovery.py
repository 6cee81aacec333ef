"""The discovery of a route against moto's Elastic Load Balancing.

The load balancers, listeners, rules, target groups and targets are made with boto3 and kept by moto;
only what moto does not know (service deployments, revisions, and tasks with addresses that agree with
the targets) comes from our own endpoint. So the hook's reading of rules does not merely agree with our
own fake.
"""

import contextlib
import json
import subprocess
import tempfile
from pathlib import Path

import boto3

from support import Cases, binary, environment, expect, process
from support.moto import moto_server

REGION = "eu-west-1"
CLUSTER, SERVICE = "prod", "orders"
BLUE, GREEN = "1111111111111111111", "2222222222222222222"
BLUE_ADDRESSES, GREEN_ADDRESSES = ["10.0.1.11", "10.0.1.12"], ["10.0.1.21", "10.0.1.22"]


def client(service, url):
    session = boto3.Session(
        aws_access_key_id="conformance", aws_secret_access_key="conformance", region_name=REGION
    )
    return session.client(service, endpoint_url=url)


class Account:
    """An Application Load Balancer with a production and a test rule, as moto keeps it."""

    def __init__(self, url):
        self.url = url
        self.elb = client("elbv2", url)
        ec2 = client("ec2", url)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"{REGION}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for index, zone in ((1, "a"), (2, "b"))
        ]
        balancer = self.elb.create_load_balancer(Name="shop", Subnets=subnets, Scheme="internal")["LoadBalancers"][0]
        self.dns_name = balancer["DNSName"]
        self.blue_group = self.target_group("orders-blue", vpc, BLUE_ADDRESSES)
        self.green_group = self.target_group("orders-green", vpc, GREEN_ADDRESSES)
        self.listener = self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=8080,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )["Listeners"][0]["ListenerArn"]
        host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["orders.example.com"]}}
        self.production_rule = self.rule(20, [host], blue=100, green=0)
        self.test_rule = self.rule(10, [
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}},
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/orders/*", "/ping"]}},
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Test", "Values": ["green-*"]}},
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "stage", "Value": "test"}]}},
        ], blue=0, green=100)

    def target_group(self, name, vpc, addresses):
        arn = self.elb.create_target_group(
            Name=name, Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip", HealthCheckPath="/ping",
            Matcher={"HttpCode": "200-299"},
        )["TargetGroups"][0]["TargetGroupArn"]
        self.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": address, "Port": 8080} for address in addresses])
        return arn

    def forward(self, blue, green):
        groups = [
            {"TargetGroupArn": self.blue_group, "Weight": blue},
            {"TargetGroupArn": self.green_group, "Weight": green},
        ]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    def rule(self, priority, conditions, blue, green):
        made = self.elb.create_rule(
            ListenerArn=self.listener, Priority=priority, Conditions=conditions, Actions=self.forward(blue, green)
        )
        return made["Rules"][0]["RuleArn"]

    def shift(self, rule, blue, green):
        self.elb.modify_rule(RuleArn=rule, Actions=self.forward(blue, green))

    def world(self):
        """What our own endpoint adds: the deployment, its revisions and their tasks."""

        def arn(kind, name):
            return f"arn:aws:ecs:{REGION}:123456789012:{kind}/{CLUSTER}/{SERVICE}/{name}"

        def revision(name, group):
            return {
                "serviceRevisionArn": arn("service-revision", name),
                "taskDefinition": f"arn:aws:ecs:{REGION}:123456789012:task-definition/{SERVICE}:{name[0]}",
                "loadBalancers": [{
                    "targetGroupArn": self.blue_group, "containerName": "app", "containerPort": 8080,
                    "advancedConfiguration": {
                        "alternateTargetGroupArn": self.green_group,
                        "productionListenerRule": self.production_rule,
                        "testListenerRule": self.test_rule,
                    },
                }],
                "resolvedConfiguration": {"loadBalancers": [{"targetGroupArn": group}]},
            }

        def tasks(name, addresses):
            for address in addresses:
                yield {
                    "taskArn": f"arn:aws:ecs:{REGION}:123456789012:task/{CLUSTER}/{address.replace('.', '0')}",
                    "clusterArn": f"arn:aws:ecs:{REGION}:123456789012:cluster/{CLUSTER}",
                    "group": f"service:{SERVICE}",
                    "startedBy": f"ecs-svc/{name}",
                    "desiredStatus": "RUNNING",
                    "lastStatus": "RUNNING",
                    "attachments": [{
                        "type": "ElasticNetworkInterface",
                        "status": "ATTACHED",
                        "details": [{"name": "privateIPv4Address", "value": address}],
                    }],
                }

        return {
            "identity": {"region": REGION, "account": "123456789012", "role": "hook", "function": "test-traffic"},
            "ecs": {
                "clusters": [{"clusterName": CLUSTER}],
                "services": [{"serviceName": SERVICE}],
                "serviceDeployments": [{
                    "serviceDeploymentArn": arn("service-deployment", "TFX5sH9q9XDboDTOv0rIt"),
                    "status": "IN_PROGRESS",
                    "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT",
                    "sourceServiceRevisions": [{"arn": arn("service-revision", BLUE)}],
                    "targetServiceRevision": {"arn": arn("service-revision", GREEN)},
                }],
                "serviceRevisions": [revision(BLUE, self.blue_group), revision(GREEN, self.green_group)],
                "tasks": [*tasks(BLUE, BLUE_ADDRESSES), *tasks(GREEN, GREEN_ADDRESSES)],
            },
        }

    def event(self):
        deployment = self.world()["ecs"]["serviceDeployments"][0]
        return {
            "executionId": "3a0345ba-b029-404b-890d-7da2a4b266aa",
            "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT",
            "resourceArn": deployment["serviceDeploymentArn"],
            "executionDetails": {
                "serviceArn": f"arn:aws:ecs:{REGION}:123456789012:service/{CLUSTER}/{SERVICE}",
                "targetServiceRevisionArn": deployment["targetServiceRevision"]["arn"],
                "testTrafficWeights": {},
                "productionTrafficWeights": {},
            },
        }


@contextlib.contextmanager
def our_endpoint(world):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.json"
        path.write_text(json.dumps(world))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with process([binary("greenlight"), "serve-aws", "--world", path], env=environment(), **pipes) as running:
            url = running.stdout.readline().strip()
            if not url.startswith("http://127.0.0.1:"):
                raise RuntimeError(f"`greenlight serve-aws` does not start with its URL: {url!r}")
            yield url


def route(account, ours, *options):
    """What `greenlight route` finds: its exit code, the one way to green, and the AWS calls that were made."""
    variables = environment(AWS_ENDPOINT_URL=ours, AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2=account.url)
    done = subprocess.run(
        [binary("greenlight"), "route", "--event", "-", "--aws", "--json", *options],
        input=json.dumps(account.event()), env=variables, capture_output=True, text=True, timeout=60,
    )
    if not done.stdout:
        raise AssertionError(f"`greenlight route` exited with {done.returncode}: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    if not isinstance(result["routes"], list):
        raise AssertionError(f"no way to green: {result['routes']}")
    return done.returncode, result["routes"][0], result["aws_calls"]


def contains(text, *words):
    for word in words:
        if word not in text:
            raise AssertionError(f"{word!r} is not in {text!r}")


def check(cases, account, ours):
    with cases.case("the request fits every condition of the test rule"):
        code, found, calls = route(account, ours)
        expect("the exit code", code, 0)
        way = found["route"]
        expect("the address", way["connect"], {"host": account.dns_name, "port": 8080})
        # `*.example.com` is the test rule's; the production rule tells a name that fits.
        expect("the host", way["host"]["value"], "orders.example.com")
        expect("the path", way["path"]["value"], "/ping?stage=test")
        expect("the header's name", way["headers"][0]["name"], "x-test")
        contains(way["headers"][0]["value"], "green-")
        expect("the rule", way["rule"], account.test_rule)
        expect("the isolation", found["isolation"]["is"], "proven")
        failed = [call for call in calls if not call["ok"]]
        expect("the calls that failed", failed, [])
        if len(calls) > 11:
            raise AssertionError(f"{len(calls)} calls, expected at most 11")

    with cases.case("a path that the rule does not let through is refused with its pattern"):
        code, found, _ = route(account, ours, "--path", "/admin")
        expect("the exit code", code, 1)
        contains(found["route"]["because"], "/admin", "/orders/*")

    with cases.case("a rule that drifted to blue says whose tasks answer"):
        account.shift(account.test_rule, blue=100, green=0)
        code, found, _ = route(account, ours)
        account.shift(account.test_rule, blue=0, green=100)
        expect("the exit code", code, 1)
        expect("the isolation", found["isolation"]["is"], "fail")
        contains(found["isolation"]["because"], "100 % to `orders-blue`", *BLUE_ADDRESSES, BLUE)

    with cases.case("a rule before it is named"):
        before = account.rule(5, [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/ping"]}}], 100, 0)
        code, found, _ = route(account, ours)
        account.elb.delete_rule(RuleArn=before)
        expect("the exit code", code, 1)
        contains(found["route"]["because"], before, "priority 5")

    with cases.case("a target of blue's in green's group is named"):
        mixed = [{"Id": BLUE_ADDRESSES[0], "Port": 8080}]
        account.elb.register_targets(TargetGroupArn=account.green_group, Targets=mixed)
        code, found, _ = route(account, ours)
        account.elb.deregister_targets(TargetGroupArn=account.green_group, Targets=mixed)
        expect("the exit code", code, 1)
        expect("the isolation", found["isolation"]["is"], "fail")
        contains(found["isolation"]["because"], BLUE_ADDRESSES[0])


def main():
    cases = Cases()
    with moto_server() as url:
        account = Account(url)
        with our_endpoint(account.world()) as ours:
            check(cases, account, ours)
    cases.finish()


main()
