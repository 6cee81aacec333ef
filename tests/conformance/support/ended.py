"""What the AWS CLI sees of a service whose deployment is over."""

from . import expect
from .definitions import SERVICE


def service_deployment(client):
    """What ECS tells of the one deployment of the service."""
    names = {"cluster": SERVICE["cluster"], "service": SERVICE["serviceName"]}
    _, listed = client.call("ecs", "list_service_deployments", **names)
    (listed,) = listed["serviceDeployments"]
    _, described = client.call(
        "ecs", "describe_service_deployments", serviceDeploymentArns=[listed["serviceDeploymentArn"]]
    )
    (described,) = described["serviceDeployments"]
    return described


def weights(client, rule):
    """The weights of blue's and green's target group at the rule."""
    _, rules = client.call("elbv2", "describe_rules", RuleArns=[rule])
    (action,) = rules["Rules"][0]["Actions"]
    groups = SERVICE["loadBalancers"][0]
    order = [groups["targetGroupArn"], groups["advancedConfiguration"]["alternateTargetGroupArn"]]
    by_group = {group["TargetGroupArn"]: group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]}
    return [by_group.get(group) for group in order]


def service_ended(cases, client, status, reason, served_by, expected_weights):
    """The AWS CLI sees the end that the rehearsal tells of."""
    with cases.case(f"aws ecs describe-service-deployments agrees with {status}"):
        described = service_deployment(client)
        expect("the status", described["status"], status)
        expect("the reason", described.get("statusReason"), reason)
        rollback = described.get("rollback") or {}
        if status == "ROLLBACK_SUCCESSFUL":
            expect("the rollback's reason", rollback.get("reason"), reason)
        (blue,), green = described["sourceServiceRevisions"], described["targetServiceRevision"]
        shares = [side["requestedProductionTrafficWeight"] for side in (blue, green)]
        expect("the shares", shares, [float(weight) for weight in expected_weights])
    with cases.case(f"aws ecs describe-services and describe-tasks agree with {status}"):
        names = {"cluster": SERVICE["cluster"]}
        _, services = client.call("ecs", "describe_services", services=[SERVICE["serviceName"]], **names)
        (service,) = services["services"]
        expect("the running count", service["runningCount"], SERVICE["desiredCount"])
        revision = {"blue": blue, "green": green}[served_by]["arn"].rsplit("/", 1)[1]
        deployments = [(each["id"], each["status"], each["rolloutState"]) for each in service["deployments"]]
        expect("the deployments", deployments, [(f"ecs-svc/{revision}", "PRIMARY", "COMPLETED")])
        _, listed = client.call("ecs", "list_tasks", serviceName=SERVICE["serviceName"], **names)
        _, tasks = client.call("ecs", "describe_tasks", tasks=listed["taskArns"], **names)
        owners = [(task["startedBy"], task["lastStatus"]) for task in tasks["tasks"]]
        expect("the tasks", owners, [(f"ecs-svc/{revision}", "RUNNING")] * SERVICE["desiredCount"])
    with cases.case(f"aws elbv2 describe-rules agrees with {status}"):
        rule = service["loadBalancers"][0]["advancedConfiguration"]["productionListenerRule"]
        expect("the weights", weights(client, rule), expected_weights)
