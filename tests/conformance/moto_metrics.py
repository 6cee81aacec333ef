"""The hook `metrics` against moto's CloudWatch.

Data points and alarms are put with boto3 and kept by moto. The hook asks in the protocol of the Rust SDK,
which moto does not speak: botocore's own encoder and decoder stand between. Only the deployment, which moto
does not know, comes from our own endpoint. So the hook's reading of metrics and alarms does not merely
agree with our own fake.
"""

import contextlib
import datetime
import json
import subprocess
import tempfile
from pathlib import Path

import boto3

from support import Cases, binary, environment, expect, process
from support.moto import moto_server
from support.rpc_v2_cbor import spoken_for

REGION, ACCOUNT = "eu-west-1", "123456789012"
ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:"
BALANCER = "app/orders/50dc6c495c0c9188"
LISTENER = ELB + f"listener/{BALANCER}/f2f7dc8efc522ab2"
BLUE_GROUP, GREEN_GROUP = "targetgroup/orders-1/73e2d6bc24d8a061", "targetgroup/orders-2/73e2d6bc24d8a062"
BLUE, GREEN = "1111111111111111111", "2222222222222222222"
NOW = datetime.datetime.now(datetime.timezone.utc)


def ago(minutes):
    return NOW - datetime.timedelta(minutes=minutes)


def arn(kind, name):
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/prod/orders/{name}"


def world(alarms):
    """The deployment, ten per cent shifted; the step has baked for eight minutes."""

    def revision(name, group):
        return {
            "serviceRevisionArn": arn("service-revision", name),
            "loadBalancers": [{
                "targetGroupArn": ELB + BLUE_GROUP, "containerName": "app", "containerPort": 8080,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": ELB + GREEN_GROUP, "productionListenerRule": LISTENER,
                },
            }],
            "resolvedConfiguration": {"loadBalancers": [{"targetGroupArn": ELB + group}]},
        }

    def weight(name, share):
        return {"arn": arn("service-revision", name), "requestedProductionTrafficWeight": share}

    return {
        "identity": {"region": REGION, "account": ACCOUNT, "role": "hook", "function": "metrics"},
        "ecs": {
            "clusters": [{"clusterName": "prod"}],
            "services": [{"serviceName": "orders"}],
            "serviceDeployments": [{
                "serviceDeploymentArn": arn("service-deployment", "TFX5sH9q9XDboDTOv0rIt"),
                "status": "IN_PROGRESS",
                "lifecycleStage": "PRE_PRODUCTION_TRAFFIC_SHIFT",
                "createdAt": ago(30).isoformat(), "startedAt": ago(30).isoformat(),
                "sourceServiceRevisions": [weight(BLUE, 90)],
                "targetServiceRevision": weight(GREEN, 10),
                "deploymentConfiguration": {
                    "strategy": "LINEAR",
                    "linearConfiguration": {"stepPercent": 10, "stepBakeTimeInMinutes": 8},
                    "alarms": {"alarmNames": alarms, "enable": True, "rollback": True},
                },
            }],
            "serviceRevisions": [revision(BLUE, BLUE_GROUP), revision(GREEN, GREEN_GROUP)],
        },
    }


EVENT = {
    "executionId": "3a0345ba-b029-404b-890d-7da2a4b266aa",
    "lifecycleStage": "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "resourceArn": arn("service-deployment", "TFX5sH9q9XDboDTOv0rIt"),
    "executionDetails": {
        "serviceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/orders",
        "targetServiceRevisionArn": arn("service-revision", GREEN),
        "testTrafficWeights": {},
        "productionTrafficWeights": {arn("service-revision", GREEN): 10, arn("service-revision", BLUE): 90},
    },
}


class Account:
    """CloudWatch as moto keeps it."""

    def __init__(self, url):
        session = boto3.Session(
            aws_access_key_id="conformance", aws_secret_access_key="conformance", region_name=REGION
        )
        self.cloudwatch = session.client("cloudwatch", endpoint_url=url)

    def put(self, group, minutes, **values):
        dimensions = [{"Name": "LoadBalancer", "Value": BALANCER}, {"Name": "TargetGroup", "Value": group}]
        self.cloudwatch.put_metric_data(Namespace="AWS/ApplicationELB", MetricData=[
            {"MetricName": name, "Dimensions": dimensions, "Timestamp": ago(minutes), "Value": value}
            for name, value in values.items()
        ])

    def alarm(self, name, state):
        self.cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace="Shop", MetricName="Failed", Statistic="Sum", Period=60,
            EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
        )
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="conformance")


@contextlib.contextmanager
def our_endpoint(alarms):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.json"
        path.write_text(json.dumps(world(alarms)))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with process([binary("greenlight"), "serve-aws", "--world", path], env=environment(), **pipes) as running:
            yield running.stdout.readline().strip()


def decided(account, checks, alarms=()):
    """The hook's answer with a plan of these checks that has no patience."""
    plan = {"checks": checks, "patience": "0s"}
    with our_endpoint(list(alarms)) as ours, spoken_for(account.cloudwatch) as theirs:
        variables = environment(
            AWS_ENDPOINT_URL=ours, AWS_ENDPOINT_URL_CLOUDWATCH=theirs, GREENLIGHT_PLAN=json.dumps(plan)
        )
        done = subprocess.run(
            [binary("greenlight"), "invoke", "metrics", "--event", "-", "--aws", "--json"],
            input=json.dumps(EVENT), env=variables, capture_output=True, text=True, timeout=120,
        )
    if not done.stdout:
        raise AssertionError(f"`greenlight invoke` exited with {done.returncode}: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    return result["verdict"], result["reason"]


def contains(text, *words):
    for word in words:
        if word not in text:
            raise AssertionError(f"{word!r} is not in {text!r}")


def check(cases, account):
    rate = {"metric": {"of": "error_rate", "max": "5%", "over_blue": "+0.5pp"}}
    with cases.case("no data is no pass"):
        verdict, reason = decided(account, [rate])
        expect("the verdict", verdict, "stop")
        contains(reason, "0 of 100 requests")

    account.put(GREEN_GROUP, 20, RequestCount=1000, HTTPCode_Target_5XX_Count=900)
    account.put(GREEN_GROUP, 3, RequestCount=600, HTTPCode_Target_2XX_Count=600)
    account.put(GREEN_GROUP, 4, RequestCount=400, HTTPCode_Target_2XX_Count=399, HTTPCode_Target_5XX_Count=1)
    account.put(BLUE_GROUP, 4, RequestCount=9000, HTTPCode_Target_5XX_Count=9)
    with cases.case("the step before, beside blue"):
        verdict, reason = decided(account, [rate])
        expect("the verdict", verdict, "proceed")
        contains(reason, "0.1% (1 of 1000 requests)", "blue's error rate 0.1% (9 of 9000 requests)")

    with cases.case("a green that refuses connections"):
        account.put(GREEN_GROUP, 4, TargetConnectionErrorCount=30)
        verdict, reason = decided(account, [rate])
        expect("the verdict", verdict, "stop")
        contains(reason, "3.1% (31 of 1000 requests)", "over blue")

    account.alarm("orders-5xx", "OK")
    with cases.case("the deployment's own alarms"):
        verdict, reason = decided(account, [{"alarms": {}}], ["orders-5xx"])
        expect("the verdict", verdict, "proceed")
        contains(reason, "alarm `orders-5xx` is OK")

    with cases.case("an alarm that does not exist"):
        verdict, reason = decided(account, [{"alarms": {}}], ["orders-5xx", "gone"])
        expect("the verdict", verdict, "stop")
        contains(reason, "there is no alarm `gone`")

    with cases.case("an alarm that went red"):
        account.alarm("orders-5xx", "ALARM")
        verdict, reason = decided(account, [{"alarms": {}}], ["orders-5xx"])
        expect("the verdict", verdict, "stop")
        contains(reason, "alarm `orders-5xx` is in ALARM")


def main():
    cases = Cases()
    with moto_server() as url:
        check(cases, Account(url))
    cases.finish()


main()
