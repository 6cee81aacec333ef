"""The reads of the local AWS endpoint, and a stop, as boto3 and the AWS CLI see them.

`greenlight serve-aws --world FILE` serves the resources of a world. Every read that it has is called
with both clients, with its pages and its errors, and every answer is held against botocore's model.
That nothing was left out is asked of the endpoint itself: whatever operation of the models it knows
must have been called here, or in `report_endpoints`.
"""

import json
import urllib.error
import urllib.request

import botocore.session

from support import ROOT, Cases, agrees, expect
from support.clients import Boto3, CommandLine, Endpoint
from support.reads import (
    acm_cases,
    autoscaling_cases,
    cloudwatch_cases,
    codedeploy_cases,
    codedeploy_list_cases,
    ec2_cases,
    ecs_cases,
    elb_cases,
    iam_cases,
    lambda_cases,
    logs_cases,
    network_cases,
    pages,
    stop_cases,
    sts_cases,
    task_set_cases,
)

WORLDS = ROOT / "cli" / "worlds"
REPORTS = {("ecs", "ContinueServiceDeployment"), ("codedeploy", "PutLifecycleEventHookExecutionStatus")}

# A path for each operation: what is not called cannot be told from what is not there.
REST = {("lambda", "GetFunctionConfiguration"), ("lambda", "GetPolicy")}

GROUPS_OF_CASES = {
    "account.json": [("lambda", lambda_cases), ("application-autoscaling", autoscaling_cases), ("ec2", ec2_cases),
                     ("logs", logs_cases), ("sts", sts_cases)],
    "ecs-blue-green.json": [("ecs", ecs_cases), ("elbv2", elb_cases), ("acm", acm_cases),
                            ("cloudwatch", cloudwatch_cases), ("iam", iam_cases),
                            ("ecs", stop_cases)],
    "codedeploy.json": [("codedeploy", codedeploy_cases), ("codedeploy", codedeploy_list_cases),
                        ("ecs", task_set_cases), ("elbv2", network_cases)],
}


def check_calls(cases, client, groups, called):
    for service, group in groups:
        for name, operation, parameters, code, output in group():
            called.add((service, operation))
            with cases.case(f"{client.name} {service} {operation}: {name}"):
                observed_code, observed = client.call(service, operation, **parameters)
                expect("the error code", observed_code, code)
                agrees(observed, output)


def check_pages(cases, client):
    for service, operation, parameters, (size, token_in, token_out), key, count in pages():
        with cases.case(f"{client.name} {service} {operation}: page by page"):
            entries, token = [], None
            while token is not None or not entries:
                asked = {**parameters, size: 1, **({token_in: token} if token else {})}
                code, output = client.call(service, operation, **asked)
                expect("the error code", code, None)
                # boto3 gives a page as it came; the AWS CLI turns all pages over by itself.
                if client.name == "boto3":
                    expect("the entries on the page", len(output[key]), 1)
                entries += output[key]
                token = output.get(token_out)
            expect("the entries on all pages", len(entries), count)
            expect("different ones among them", len({json.dumps(entry, default=str) for entry in entries}), count)


def served(url):
    """What the endpoint knows of all operations of the models, asked in plain HTTP."""
    session = botocore.session.get_session()
    for service in ("acm", "application-autoscaling", "cloudwatch", "codedeploy", "ec2", "ecs", "elbv2", "iam", "logs", "sts"):
        model = session.get_service_model(service)
        for operation in model.operation_names:
            headers = {"authorization": "AWS4-HMAC-SHA256 Credential=conformance"}
            if model.resolved_protocol in ("query", "ec2"):
                headers["content-type"] = "application/x-www-form-urlencoded"
                body = f"Action={operation}&Version={model.api_version}"
            else:
                headers["content-type"] = "application/x-amz-json-1.1"
                headers["x-amz-target"] = f"{model.metadata['targetPrefix']}.{operation}"
                body = "{}"
            request = urllib.request.Request(url, body.encode(), headers, method="POST")
            try:
                answer = urllib.request.urlopen(request, timeout=30).read()
            except urllib.error.HTTPError as error:
                answer = error.read()
            if b"UnknownOperationException" not in answer and b"InvalidAction" not in answer:
                yield service, operation


def main():
    cases = Cases()
    for client_class in (Boto3, CommandLine):
        called = set()
        for world, groups in GROUPS_OF_CASES.items():
            endpoint = Endpoint("--world", WORLDS / world)
            with cases.case(f"{client_class.name}: the endpoint serves {world}"), endpoint.served():
                client = client_class(endpoint.url)
                check_calls(cases, client, groups, called)
                if world == "ecs-blue-green.json":
                    check_pages(cases, client)
                    known = {(service, botocore.xform_name(name))
                             for service, name in [*served(endpoint.url), *REST]}
        reported = {(service, botocore.xform_name(name)) for service, name in REPORTS}
        with cases.case(f"{client_class.name}: every operation was called"):
            expect("what was not called", sorted(known - called - reported), [])
            expect("what is called and not there", sorted(called - known), [])
    cases.finish()


main()
