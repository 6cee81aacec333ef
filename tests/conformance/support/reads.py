"""The calls of the reads, with what the worlds in `cli/worlds` must answer.

Each case is (name, operation, parameters, expected code, expected output); what else an answer has, the
model judges.
"""

import datetime

ECS = "arn:aws:ecs:us-west-2:123456789012:"
ELB = "arn:aws:elasticloadbalancing:us-west-2:123456789012:"
ACM = "arn:aws:acm:us-west-2:123456789012:certificate/"
CLUSTER = ECS + "cluster/my-cluster"
SERVICE = ECS + "service/my-cluster/my-service"
DEPLOYMENT = ECS + "service-deployment/my-cluster/my-service/EZe5RNVLH6PPzHXINuP28"
REVISION = ECS + "service-revision/my-cluster/my-service/"
BLUE, GREEN = "4980306466373577095", "9313423515462893900"
BLUE_TASKS = [ECS + f"task/my-cluster/0b1ce00000000000000000000000a01{digit}" for digit in "12"]
GREEN_TASKS = [ECS + f"task/my-cluster/09ee000000000000000000000000a02{digit}" for digit in "12"]
ALB = ELB + "loadbalancer/app/my-alb/50dc6c495c0c9188"
LISTENER = ELB + "listener/app/my-alb/50dc6c495c0c9188/f2f7dc8efc522ab2"
HTTP_LISTENER = ELB + "listener/app/my-alb/50dc6c495c0c9188/a0b1c2d3e4f50617"
RULE = ELB + "listener-rule/app/my-alb/50dc6c495c0c9188/f2f7dc8efc522ab2/"
TEST_RULE, PRODUCTION_RULE = RULE + "9683b2d02a6cabef", RULE + "9683b2d02a6cabee"
DEFAULT_RULE = RULE + "2ba225cfe8cd7f2f"
GROUPS = [ELB + f"targetgroup/my-service-{one}/73e2d6bc24d8a06{one}" for one in "12"]
NLB = ELB + "loadbalancer/net/my-nlb/50dc6c495c0c9188"
NLB_LISTENERS = [ELB + f"listener/net/my-nlb/50dc6c495c0c9188/f2f7dc8efc522ab{one}" for one in "23"]
CERTIFICATE = ACM + "12345678-1234-4234-8234-123456789012"
IAM = "arn:aws:iam::123456789012:"
FUNCTION = "arn:aws:lambda:us-west-2:123456789012:function:"


class Moment:
    """A time, whatever a client makes of it: boto3 a date, the AWS CLI what the service sent."""

    def __init__(self, text):
        self.at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))

    def __eq__(self, other):
        if isinstance(other, (int, float)):
            other = datetime.datetime.fromtimestamp(other, datetime.timezone.utc)
        elif isinstance(other, str):
            other = datetime.datetime.fromisoformat(other.replace("Z", "+00:00"))
        return self.at == other

    def __repr__(self):
        return self.at.isoformat()


def missing(*arns):
    return [{"arn": arn, "reason": "MISSING"} for arn in arns]


def ecs_cases():
    in_cluster = {"cluster": "my-cluster"}
    yield ("a cluster by name, and one that does not exist", "describe_clusters",
           {"clusters": ["my-cluster", "other"], "include": ["SETTINGS", "STATISTICS", "TAGS"]}, None,
           {"clusters": [{"clusterArn": CLUSTER, "status": "ACTIVE", "runningTasksCount": 4,
                          "activeServicesCount": 1}],
            "failures": missing(ECS + "cluster/other")})
    yield ("clusters", "list_clusters", {}, None, {"clusterArns": [CLUSTER]})
    yield ("a service by name, and one that does not exist", "describe_services",
           {**in_cluster, "services": ["my-service", "other"]}, None,
           {"services": [{"serviceArn": SERVICE, "clusterArn": CLUSTER, "desiredCount": 2, "runningCount": 4,
                          "deploymentController": {"type": "ECS"}, "currentServiceDeployment": DEPLOYMENT,
                          "createdAt": Moment("2026-03-02T08:00:00Z")}],
            "failures": missing(ECS + "service/other")})
    yield ("services of a cluster that does not exist", "describe_services",
           {"cluster": "other", "services": ["my-service"]}, "ClusterNotFoundException", {})
    yield ("services without a name", "describe_services", {**in_cluster, "services": []},
           "InvalidParameterException", {})
    yield ("services", "list_services", in_cluster, None, {"serviceArns": [SERVICE]})
    yield ("services of another launch type", "list_services", {**in_cluster, "launchType": "EC2"}, None,
           {"serviceArns": []})
    yield ("services of no cluster", "list_services", {}, "ClusterNotFoundException", {})
    yield ("a service deployment, and one that does not exist", "describe_service_deployments",
           {"serviceDeploymentArns": [DEPLOYMENT, DEPLOYMENT + "x"]}, None,
           {"serviceDeployments": [{
               "serviceDeploymentArn": DEPLOYMENT, "serviceArn": SERVICE, "clusterArn": CLUSTER,
               "status": "IN_PROGRESS", "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT",
               "startedAt": Moment("2026-11-21T10:00:01.5Z"),
               "sourceServiceRevisions": [{"arn": REVISION + BLUE, "requestedProductionTrafficWeight": 100.0}],
               "targetServiceRevision": {"arn": REVISION + GREEN, "requestedTaskCount": 2, "runningTaskCount": 2,
                                         "requestedTestTrafficWeight": 100.0},
               "lifecycleHookDetails": [
                   {"targetType": "AWS_LAMBDA", "status": "IN_PROGRESS"},
                   {"targetType": "PAUSE", "status": "AWAITING_ACTION", "timeoutAction": "ROLLBACK",
                    "expiresAt": Moment("2026-11-22T10:04:00Z")}],
               "alarms": {"status": "MONITORING", "alarmNames": ["my-service-5xx"]},
               "deploymentCircuitBreaker": {"status": "MONITORING", "threshold": 3}}],
            "failures": missing(DEPLOYMENT + "x")})
    yield ("a service deployment of a service that does not exist", "describe_service_deployments",
           {"serviceDeploymentArns": [DEPLOYMENT.replace("/my-service/", "/other/")]},
           "ServiceNotFoundException", {})
    yield ("a service deployment of a cluster that does not exist", "describe_service_deployments",
           {"serviceDeploymentArns": [DEPLOYMENT.replace("/my-cluster/", "/other/")]},
           "ClusterNotFoundException", {})
    yield ("a service deployment that is none", "describe_service_deployments",
           {"serviceDeploymentArns": ["other"]}, "InvalidParameterException", {})
    yield ("both revisions, and one that does not exist", "describe_service_revisions",
           {"serviceRevisionArns": [REVISION + GREEN, REVISION + BLUE, REVISION + "1"]}, None,
           {"serviceRevisions": [
               {"serviceRevisionArn": REVISION + GREEN,
                "loadBalancers": [{"targetGroupArn": GROUPS[0], "containerName": "app", "containerPort": 8080,
                                   "advancedConfiguration": {"alternateTargetGroupArn": GROUPS[1],
                                                             "testListenerRule": TEST_RULE}}],
                "resolvedConfiguration": {"loadBalancers": [{"targetGroupArn": GROUPS[1]}]}},
               {"serviceRevisionArn": REVISION + BLUE,
                "resolvedConfiguration": {"loadBalancers": [{"targetGroupArn": GROUPS[0]}]}}],
            "failures": missing(REVISION + "1")})
    yield ("a revision that is none", "describe_service_revisions", {"serviceRevisionArns": ["other"]},
           "InvalidParameterException", {})
    yield ("service deployments by status", "list_service_deployments",
           {**in_cluster, "service": "my-service", "status": ["SUCCESSFUL"]}, None,
           {"serviceDeployments": [{"status": "SUCCESSFUL", "targetServiceRevisionArn": REVISION + BLUE}]})
    yield ("service deployments since a time", "list_service_deployments",
           {**in_cluster, "service": SERVICE, "createdAt": {"after": "2026-11-01T00:00:00Z"}}, None,
           {"serviceDeployments": [{"serviceDeploymentArn": DEPLOYMENT}]})
    yield ("service deployments of a service that does not exist", "list_service_deployments",
           {**in_cluster, "service": "other"}, "ServiceNotFoundException", {})
    yield ("tasks of a revision", "list_tasks", {**in_cluster, "startedBy": "ecs-svc/" + GREEN}, None,
           {"taskArns": GREEN_TASKS})
    yield ("tasks of a service", "list_tasks",
           {**in_cluster, "serviceName": "my-service", "desiredStatus": "RUNNING"}, None,
           {"taskArns": BLUE_TASKS + GREEN_TASKS})
    yield ("tasks of another family", "list_tasks", {**in_cluster, "family": "other"}, None, {"taskArns": []})
    yield ("tasks by two filters that exclude each other", "list_tasks",
           {**in_cluster, "startedBy": "ecs-svc/" + GREEN, "serviceName": "my-service"},
           "InvalidParameterException", {})
    yield ("tasks of a service that does not exist", "list_tasks", {**in_cluster, "serviceName": "other"},
           "ServiceNotFoundException", {})
    yield ("tasks from a token that is none", "list_tasks", {**in_cluster, "nextToken": "x"},
           "InvalidParameterException", {})
    absent = ECS + "task/my-cluster/" + "0" * 32
    yield ("a task by ARN, one by id, one that does not exist", "describe_tasks",
           {**in_cluster, "tasks": [GREEN_TASKS[0], BLUE_TASKS[0].rsplit("/")[-1], absent]}, None,
           {"tasks": [
               {"taskArn": GREEN_TASKS[0], "startedBy": "ecs-svc/" + GREEN, "group": "service:my-service",
                "lastStatus": "RUNNING",
                "attachments": [{"type": "ElasticNetworkInterface", "details": [
                    {"name": "subnetId"}, {"name": "networkInterfaceId"},
                    {"name": "privateIPv4Address", "value": "10.0.0.21"}]}],
                "containers": [{"name": "app", "networkInterfaces": [{"privateIpv4Address": "10.0.0.21"}]}]},
               {"taskArn": BLUE_TASKS[0]}],
            "failures": missing(absent)})
    yield ("a task of another cluster", "describe_tasks",
           {**in_cluster, "tasks": [absent.replace("my-cluster", "other")]}, "InvalidParameterException", {})
    yield ("a task of no cluster", "describe_tasks", {"tasks": [absent]}, "ClusterNotFoundException", {})
    yield ("the newest task definition of a family", "describe_task_definition",
           {"taskDefinition": "my-service", "include": ["TAGS"]}, None,
           {"taskDefinition": {"revision": 2, "networkMode": "awsvpc", "status": "ACTIVE",
                               "containerDefinitions": [{"name": "app", "portMappings": [{"containerPort": 8080}]}]}})
    yield ("a task definition by revision", "describe_task_definition", {"taskDefinition": "my-service:1"}, None,
           {"taskDefinition": {"revision": 1}})
    yield ("a task definition that does not exist", "describe_task_definition", {"taskDefinition": "other"},
           "ClientException", {})
    yield ("task sets of a service that has none", "describe_task_sets",
           {**in_cluster, "service": "my-service"}, None, {"taskSets": [], "failures": []})


def elb_cases():
    yield ("all load balancers", "describe_load_balancers", {}, None,
           {"LoadBalancers": [{"LoadBalancerArn": ALB, "LoadBalancerName": "my-alb", "Type": "application",
                               "DNSName": "my-alb-1234567890.us-west-2.elb.amazonaws.com",
                               "Scheme": "internet-facing", "State": {"Code": "active"}}]})
    yield ("a load balancer by ARN", "describe_load_balancers", {"LoadBalancerArns": [ALB]}, None,
           {"LoadBalancers": [{"LoadBalancerArn": ALB}]})
    yield ("a load balancer by name", "describe_load_balancers", {"Names": ["my-alb"]}, None,
           {"LoadBalancers": [{"LoadBalancerArn": ALB}]})
    yield ("a load balancer that does not exist", "describe_load_balancers", {"Names": ["other"]},
           "LoadBalancerNotFound", {})
    yield ("a load balancer that is none", "describe_load_balancers", {"LoadBalancerArns": [LISTENER]},
           "ValidationError", {})
    yield ("listeners of a load balancer", "describe_listeners", {"LoadBalancerArn": ALB}, None,
           {"Listeners": [
               {"ListenerArn": LISTENER, "Protocol": "HTTPS", "Port": 443,
                "Certificates": [{"CertificateArn": CERTIFICATE}],
                "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]},
               {"ListenerArn": HTTP_LISTENER, "Protocol": "HTTP", "Port": 80,
                "DefaultActions": [{"Type": "redirect",
                                    "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}",
                                                       "Path": "/#{path}", "Query": "#{query}",
                                                       "StatusCode": "HTTP_301"}}]}]})
    yield ("a listener", "describe_listeners", {"ListenerArns": [LISTENER]}, None,
           {"Listeners": [{"ListenerArn": LISTENER, "LoadBalancerArn": ALB}]})
    yield ("a listener that does not exist", "describe_listeners", {"ListenerArns": [LISTENER[:-1] + "f"]},
           "ListenerNotFound", {})
    yield ("listeners of a load balancer that does not exist", "describe_listeners",
           {"LoadBalancerArn": ALB[:-1] + "f"}, "LoadBalancerNotFound", {})
    yield ("listeners of nothing", "describe_listeners", {}, "ValidationError", {})
    yield ("the certificates of a listener", "describe_listener_certificates", {"ListenerArn": LISTENER}, None,
           {"Certificates": [{"CertificateArn": CERTIFICATE, "IsDefault": True}]})
    yield ("the certificates of a listener without", "describe_listener_certificates",
           {"ListenerArn": HTTP_LISTENER}, None, {"Certificates": []})
    yield ("the certificates of a listener that does not exist", "describe_listener_certificates",
           {"ListenerArn": LISTENER[:-1] + "f"}, "ListenerNotFound", {})
    yield ("the rules of a listener", "describe_rules", {"ListenerArn": LISTENER}, None,
           {"Rules": [
               {"RuleArn": TEST_RULE, "Priority": "10", "IsDefault": False,
                "Conditions": [
                    {"Field": "host-header", "Values": ["my-service.example.com"],
                     "HostHeaderConfig": {"Values": ["my-service.example.com"]}},
                    {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}},
                    {"Field": "http-header",
                     "HttpHeaderConfig": {"HttpHeaderName": "x-green", "Values": ["yes"]}},
                    {"Field": "query-string",
                     "QueryStringConfig": {"Values": [{"Key": "stage", "Value": "test"}]}}],
                "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": [
                    {"TargetGroupArn": GROUPS[0], "Weight": 0},
                    {"TargetGroupArn": GROUPS[1], "Weight": 100}]}}]},
               {"RuleArn": PRODUCTION_RULE, "Priority": "20"},
               {"RuleArn": DEFAULT_RULE, "Priority": "default", "IsDefault": True, "Conditions": [],
                "Actions": [{"Type": "fixed-response"}]}]})
    yield ("rules by ARN, the default one among them", "describe_rules",
           {"RuleArns": [DEFAULT_RULE, TEST_RULE]}, None,
           {"Rules": [{"RuleArn": DEFAULT_RULE, "IsDefault": True}, {"RuleArn": TEST_RULE, "IsDefault": False}]})
    yield ("a rule that does not exist", "describe_rules", {"RuleArns": [RULE + "0"]}, "RuleNotFound", {})
    yield ("the rules of a listener that does not exist", "describe_rules",
           {"ListenerArn": LISTENER[:-1] + "f"}, "ListenerNotFound", {})
    yield ("the rules of nothing", "describe_rules", {}, "ValidationError", {})
    yield ("rules from a marker that is none", "describe_rules", {"ListenerArn": LISTENER, "Marker": "x"},
           "ValidationError", {})
    both = {"TargetGroups": [
        {"TargetGroupArn": arn, "Port": 8080, "Protocol": "HTTP", "TargetType": "ip", "LoadBalancerArns": [ALB],
         "HealthCheckPath": "/health", "HealthCheckEnabled": True, "Matcher": {"HttpCode": "200-299"}}
        for arn in GROUPS]}
    yield ("target groups by ARN", "describe_target_groups", {"TargetGroupArns": GROUPS}, None, both)
    yield ("target groups by name", "describe_target_groups", {"Names": ["my-service-1", "my-service-2"]}, None, both)
    yield ("target groups of a load balancer", "describe_target_groups", {"LoadBalancerArn": ALB}, None, both)
    yield ("a target group that does not exist", "describe_target_groups", {"Names": ["other"]},
           "TargetGroupNotFound", {})
    yield ("target groups in two ways at once", "describe_target_groups",
           {"Names": ["my-service-1"], "LoadBalancerArn": ALB}, "ValidationError", {})
    yield ("the targets of a group", "describe_target_health", {"TargetGroupArn": GROUPS[1]}, None,
           {"TargetHealthDescriptions": [
               {"Target": {"Id": "10.0.0.21", "Port": 8080}, "HealthCheckPort": "8080",
                "TargetHealth": {"State": "healthy"}},
               {"Target": {"Id": "10.0.0.22", "Port": 8080},
                "TargetHealth": {"State": "initial", "Reason": "Elb.InitialHealthChecking"}}]})
    yield ("a target, and one that is not registered", "describe_target_health",
           {"TargetGroupArn": GROUPS[1], "Include": ["All"],
            "Targets": [{"Id": "10.0.0.21", "Port": 8080}, {"Id": "10.0.0.11"}]}, None,
           {"TargetHealthDescriptions": [
               {"TargetHealth": {"State": "healthy"}, "AnomalyDetection": {"Result": "normal"}},
               {"Target": {"Id": "10.0.0.11", "Port": 8080},
                "TargetHealth": {"State": "unused", "Reason": "Target.NotRegistered"}}]})
    yield ("the targets of a group that does not exist", "describe_target_health",
           {"TargetGroupArn": GROUPS[0][:-1] + "f"}, "TargetGroupNotFound", {})
    yield ("the attributes of a group that does not exist", "describe_target_group_attributes",
           {"TargetGroupArn": GROUPS[0][:-1] + "f"}, "TargetGroupNotFound", {})


def acm_cases():
    yield ("a certificate", "describe_certificate", {"CertificateArn": CERTIFICATE}, None,
           {"Certificate": {"CertificateArn": CERTIFICATE, "DomainName": "my-service.example.com",
                            "SubjectAlternativeNames": ["my-service.example.com", "*.example.com"],
                            "Status": "ISSUED", "InUseBy": [ALB]}})
    yield ("a certificate that does not exist", "describe_certificate",
           {"CertificateArn": CERTIFICATE[:-1] + "f"}, "ResourceNotFoundException", {})
    yield ("a certificate that is none", "describe_certificate", {"CertificateArn": LISTENER},
           "ValidationException", {})


def codedeploy_cases():
    ids = {"deploymentId": "d-82EELWTXI"}
    names = {"applicationName": "my-application", "deploymentGroupName": "my-deployment-group"}
    pair = {"targetGroupPairInfoList": [
        {"targetGroups": [{"name": "my-service-1"}, {"name": "my-service-2"}],
         "prodTrafficRoute": {"listenerArns": NLB_LISTENERS[:1]},
         "testTrafficRoute": {"listenerArns": NLB_LISTENERS[1:]}}]}
    yield ("a deployment", "get_deployment", ids, None,
           {"deploymentInfo": {**names, **ids, "status": "InProgress", "creator": "user", "computePlatform": "ECS",
                               "startTime": Moment("2026-11-21T10:00:01Z"), "loadBalancerInfo": pair}})
    yield ("a rollback", "get_deployment", {"deploymentId": "d-NEUBTTTXI"}, None,
           {"deploymentInfo": {"creator": "codeDeployRollback",
                               "rollbackInfo": {"rollbackTriggeringDeploymentId": "d-82EELWTXI"}}})
    yield ("a deployment that does not exist", "get_deployment", {"deploymentId": "d-MISSING00"},
           "DeploymentDoesNotExistException", {})
    yield ("a deployment that is none", "get_deployment", {"deploymentId": "other"},
           "InvalidDeploymentIdException", {})
    yield ("a group", "get_deployment_group", names, None,
           {"deploymentGroupInfo": {**names, "loadBalancerInfo": pair,
                                    "ecsServices": [{"serviceName": "my-service", "clusterName": "my-cluster"}],
                                    "alarmConfiguration": {"enabled": True, "alarms": [{"name": "my-service-5xx"}]}}})
    yield ("a group that does not exist", "get_deployment_group", {**names, "deploymentGroupName": "other"},
           "DeploymentGroupDoesNotExistException", {})
    yield ("a group of an application that does not exist", "get_deployment_group",
           {**names, "applicationName": "other"}, "ApplicationDoesNotExistException", {})
    yield ("targets", "list_deployment_targets", ids, None, {"targetIds": ["my-cluster:my-service"]})
    yield ("targets by status", "list_deployment_targets",
           {**ids, "targetFilters": {"TargetStatus": ["Failed"]}}, None, {"targetIds": []})
    yield ("targets of a deployment that has not started", "list_deployment_targets",
           {"deploymentId": "d-NEUBTTTXI"}, "DeploymentNotStartedException", {})
    yield ("targets from a token that is none", "list_deployment_targets", {**ids, "nextToken": "x"},
           "InvalidNextTokenException", {})
    yield ("a target", "get_deployment_target", {**ids, "targetId": "my-cluster:my-service"}, None,
           {"deploymentTarget": {"deploymentTargetType": "ECSTarget", "ecsTarget": {
               **ids, "targetArn": SERVICE, "status": "InProgress",
               "taskSetsInfo": [
                   {"identifer": "ecs-svc/" + BLUE, "taskSetLabel": "Blue", "trafficWeight": 100.0},
                   {"identifer": "ecs-svc/" + GREEN, "taskSetLabel": "Green", "status": "ACTIVE",
                    "targetGroup": {"name": "my-service-2"}}]}}})
    yield ("a target of CloudFormation", "get_deployment_target",
           {"deploymentId": "d-CLOUDF0RM", "targetId": "stack/my-stack"}, None,
           {"deploymentTarget": {"deploymentTargetType": "CloudFormationTarget", "cloudFormationTarget": {
               "deploymentId": "d-CLOUDF0RM", "targetVersionWeight": 10.0,
               "lifecycleEvents": [{"lifecycleEventName": "AfterAllowTestTraffic", "status": "InProgress"}]}}})
    yield ("a target that does not exist", "get_deployment_target", {**ids, "targetId": "other"},
           "DeploymentTargetDoesNotExistException", {})


def codedeploy_list_cases():
    names = {"applicationName": "my-application", "deploymentGroupName": "my-deployment-group"}
    application = {"applicationName": "my-application"}
    yield ("deployments of a group by status", "list_deployments", {**names, "includeOnlyStatuses": ["InProgress"]},
           None, {})
    yield ("deployments of a group that does not exist", "list_deployments", {**names, "deploymentGroupName": "other"},
           "DeploymentGroupDoesNotExistException", {})
    yield ("deployments without a group", "list_deployments", application, "DeploymentGroupNameRequiredException", {})
    yield ("groups", "list_deployment_groups", application, None,
           {"deploymentGroups": ["my-deployment-group"]})
    yield ("groups of an application that does not exist", "list_deployment_groups", {"applicationName": "other"},
           "ApplicationDoesNotExistException", {})
    yield ("groups at once, and one that does not exist", "batch_get_deployment_groups",
           {**application, "deploymentGroupNames": ["my-deployment-group", "other"]}, None,
           {"deploymentGroupsInfo": [{**names, "computePlatform": "ECS"}]})
    yield ("a configuration of AWS's own", "get_deployment_config",
           {"deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes"}, None,
           {"deploymentConfigInfo": {"computePlatform": "ECS", "trafficRoutingConfig": {
               "type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5}}}})
    yield ("a configuration that does not exist", "get_deployment_config", {"deploymentConfigName": "other"},
           "DeploymentConfigDoesNotExistException", {})


def lambda_cases():
    arn = "arn:aws:lambda:us-west-2:123456789012:function:test-traffic"
    yield ("a function by name", "get_function_configuration", {"FunctionName": "test-traffic"}, None,
           {"FunctionArn": arn, "Timeout": 60, "State": "Active",
            "VpcConfig": {"SubnetIds": ["subnet-0a1b2c3d4e5f60001"]}})
    yield ("an alias by ARN", "get_function_configuration", {"FunctionName": arn, "Qualifier": "live"}, None,
           {"FunctionArn": arn + ":live", "Version": "3"})
    yield ("a function that does not exist", "get_function_configuration", {"FunctionName": "other"},
           "ResourceNotFoundException", {})
    yield ("an alias of another name", "get_function_configuration",
           {"FunctionName": arn + ":live", "Qualifier": "other"}, "InvalidParameterValueException", {})
    yield ("the policy of an alias", "get_policy", {"FunctionName": arn, "Qualifier": "live"}, None,
           {"RevisionId": "12345678-1234-4234-8234-123456789012"})
    yield ("the policy of a function without", "get_policy", {"FunctionName": "test-traffic"},
           "ResourceNotFoundException", {})


def autoscaling_cases():
    service = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    resource = "service/my-cluster/my-service"
    yield ("a target", "describe_scalable_targets", {**service, "ResourceIds": [resource]}, None,
           {"ScalableTargets": [{"ResourceId": resource, "MinCapacity": 2, "MaxCapacity": 8,
                                 "CreationTime": Moment("2026-03-02T08:00:00Z")}]})
    yield ("targets of another service", "describe_scalable_targets", {"ServiceNamespace": "dynamodb"}, None,
           {"ScalableTargets": []})
    yield ("a dimension of no resource", "describe_scalable_targets", service, "ValidationException", {})
    yield ("policies", "describe_scaling_policies", {**service, "ResourceId": resource}, None,
           {"ScalingPolicies": [{"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"},
                                {"PolicyName": "requests"}]})
    yield ("policies from a token that is none", "describe_scaling_policies",
           {"ServiceNamespace": "ecs", "NextToken": "x"}, "InvalidNextTokenException", {})


def ec2_cases():
    subnet, vpc = "subnet-0a1b2c3d4e5f60001", "vpc-0a1b2c3d4e5f60001"
    group, table = "sg-0a1b2c3d4e5f60001", "rtb-0a1b2c3d4e5f60001"

    def filters(**values):
        return {"Filters": [{"Name": name.replace("_", "-"), "Values": value} for name, value in values.items()]}

    yield ("subnets of a VPC", "describe_subnets", filters(vpc_id=[vpc]), None,
           {"Subnets": [{"SubnetId": subnet, "MapPublicIpOnLaunch": False, "AvailableIpAddressCount": 248,
                         "Tags": [{"Key": "Name", "Value": "private a"}]}, {"MapPublicIpOnLaunch": True}]})
    yield ("a subnet", "describe_subnets", {"SubnetIds": [subnet]}, None, {"Subnets": [{"SubnetId": subnet}]})
    yield ("a subnet that does not exist", "describe_subnets", {"SubnetIds": ["subnet-0"]},
           "InvalidSubnetID.NotFound", {})
    yield ("a subnet that is none", "describe_subnets", {"SubnetIds": [vpc]}, "InvalidSubnetID.Malformed", {})
    yield ("subnets by a filter that is none", "describe_subnets", filters(colour=["red"]),
           "InvalidParameterValue", {})
    yield ("a security group", "describe_security_groups", {"GroupIds": [group]}, None,
           {"SecurityGroups": [{"GroupName": "hook", "Description": "the hook & its ways out", "IpPermissions": [],
                                "IpPermissionsEgress": [{"FromPort": 443,
                                                         "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]})
    yield ("a security group that does not exist", "describe_security_groups", {"GroupIds": ["sg-0"]},
           "InvalidGroup.NotFound", {})
    yield ("the route table of a subnet", "describe_route_tables",
           {"Filters": [{"Name": "association.subnet-id", "Values": [subnet]}]}, None,
           {"RouteTables": [{"RouteTableId": table, "Associations": [{"SubnetId": subnet, "Main": False}],
                             "Routes": [{"GatewayId": "local"}, {"NatGatewayId": "nat-0a1b2c3d4e5f60001"}]}]})
    yield ("the main route table", "describe_route_tables",
           {"Filters": [{"Name": "association.main", "Values": ["true"]}, {"Name": "vpc-id", "Values": [vpc]}]}, None,
           {"RouteTables": [{"RouteTableId": "rtb-0a1b2c3d4e5f60002"}]})
    yield ("a route table that does not exist", "describe_route_tables", {"RouteTableIds": ["rtb-0"]},
           "InvalidRouteTableID.NotFound", {})
    yield ("endpoints of a VPC", "describe_vpc_endpoints", filters(vpc_id=[vpc]), None,
           {"VpcEndpoints": [{"ServiceName": "com.amazonaws.us-west-2.ecs", "State": "available",
                              "Groups": [{"GroupId": group}], "SubnetIds": [subnet],
                              "CreationTimestamp": Moment("2026-03-02T08:00:00Z")}]})
    yield ("an endpoint that does not exist", "describe_vpc_endpoints", {"VpcEndpointIds": ["vpce-0"]},
           "InvalidVpcEndpointId.NotFound", {})


def logs_cases():
    group = {"logGroupName": "/aws/lambda/test-traffic"}
    late = {"message": "Task timed out after 60.00 seconds", "timestamp": 1795255500000}
    yield ("lines with a phrase", "filter_log_events", {**group, "filterPattern": '"timed out"'}, None,
           {"events": [late]})
    yield ("lines of a time", "filter_log_events",
           {**group, "startTime": 1795255500000, "endTime": 1795255560000, "limit": 5}, None, {"events": [late]})
    yield ("lines of a group that does not exist", "filter_log_events", {"logGroupName": "other"},
           "ResourceNotFoundException", {})
    yield ("lines of no group", "filter_log_events", {}, "InvalidParameterException", {})


def sts_cases():
    yield ("who calls", "get_caller_identity", {}, None,
           {"Account": "123456789012",
            "Arn": "arn:aws:sts::123456789012:assumed-role/greenlight-hook/test-traffic"})


def stop_cases():
    """The one call here that changes the world, and what is read of it then."""
    operation = "stop_service_deployment"
    yield ("a deployment that does not exist", operation, {"serviceDeploymentArn": DEPLOYMENT + "x"},
           "ServiceDeploymentNotFoundException", {})
    yield ("a way that is none", operation, {"serviceDeploymentArn": DEPLOYMENT, "stopType": "PAUSE"},
           "InvalidParameterException", {})
    yield ("a deployment that is under way", operation,
           {"serviceDeploymentArn": DEPLOYMENT, "stopType": "ROLLBACK"}, None,
           {"serviceDeploymentArn": DEPLOYMENT})
    yield ("a deployment that is stopped", "describe_service_deployments",
           {"serviceDeploymentArns": [DEPLOYMENT]}, None,
           {"serviceDeployments": [{"serviceDeploymentArn": DEPLOYMENT, "status": "ROLLBACK_REQUESTED"}]})


def task_set_cases():
    asked = {"cluster": "my-cluster", "service": "my-service"}
    arn = ECS + "task-set/my-cluster/my-service/ecs-svc/"
    yield ("a task set, and one that does not exist", "describe_task_sets",
           {**asked, "taskSets": ["ecs-svc/" + GREEN, "ecs-svc/1"]}, None,
           {"taskSets": [{"id": "ecs-svc/" + GREEN, "taskSetArn": arn + GREEN, "status": "ACTIVE",
                          "externalId": "d-82EELWTXI", "startedBy": "CODE_DEPLOY", "runningCount": 1,
                          "loadBalancers": [{"targetGroupArn": GROUPS[1]}], "stabilityStatus": "STEADY_STATE"}],
            "failures": missing(arn + "1")})
    yield ("all task sets", "describe_task_sets", asked, None,
           {"taskSets": [{"status": "PRIMARY"}, {"status": "ACTIVE"}]})
    yield ("task sets of a service that does not exist", "describe_task_sets", {**asked, "service": "other"},
           "ServiceNotFoundException", {})
    yield ("tasks of a task set", "list_tasks", {"cluster": "my-cluster", "startedBy": "ecs-svc/" + GREEN}, None,
           {"taskArns": GREEN_TASKS[:1]})
    yield ("a service with its task sets", "describe_services",
           {"cluster": "my-cluster", "services": ["my-service"]}, None,
           {"services": [{"deploymentController": {"type": "CODE_DEPLOY"},
                          "taskSets": [{"status": "PRIMARY"}, {"status": "ACTIVE"}]}]})


def network_cases():
    yield ("a network load balancer", "describe_load_balancers", {}, None,
           {"LoadBalancers": [{"LoadBalancerArn": NLB, "Type": "network", "Scheme": "internal"}]})
    yield ("its listeners", "describe_listeners", {"LoadBalancerArn": NLB}, None,
           {"Listeners": [{"ListenerArn": arn, "Protocol": "TCP",
                           "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}]}
                          for arn, group in zip(NLB_LISTENERS, GROUPS)]})
    yield ("the one rule of a listener", "describe_rules", {"ListenerArn": NLB_LISTENERS[1]}, None,
           {"Rules": [{"Priority": "default", "IsDefault": True}]})
    yield ("target groups of TCP", "describe_target_groups", {"TargetGroupArns": GROUPS}, None,
           {"TargetGroups": [{"Protocol": "TCP", "HealthCheckProtocol": "TCP"}] * 2})
    yield ("the attributes of a group of TCP", "describe_target_group_attributes", {"TargetGroupArn": GROUPS[0]},
           None, {})


def metric_query(name, stat="Sum", period=120):
    dimensions = {"LoadBalancer": ALB.split(":loadbalancer/")[1], "TargetGroup": GROUPS[1].split(":")[-1]}
    metric = {
        "Namespace": "AWS/ApplicationELB", "MetricName": name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
    return {"Id": "q0", "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


def cloudwatch_cases():
    def window(*queries, start="10:04", end="10:06"):
        day = "2026-11-21T"
        return {"MetricDataQueries": list(queries), "StartTime": f"{day}{start}:00Z", "EndTime": f"{day}{end}:00Z"}

    def values(*expected):
        return {"MetricDataResults": [{"Id": "q0", "Values": list(expected), "StatusCode": "Complete"}]}

    yield ("a sum over two minutes", "get_metric_data", window(metric_query("RequestCount")), None, values(200.0))
    yield ("minute by minute, newest first", "get_metric_data", window(metric_query("RequestCount", period=60)), None,
           values(80.0, 120.0))
    yield ("a metric without data", "get_metric_data", window(metric_query("HTTPCode_Target_5XX_Count")), None,
           values())
    yield ("a window that ends before it begins", "get_metric_data",
           window(metric_query("RequestCount"), start="10:06", end="10:04"), "ValidationError", {})
    yield ("a token that is none", "get_metric_data", {**window(metric_query("RequestCount")), "NextToken": "other"},
           "InvalidNextToken", {})
    yield ("metric alarms alone, where no type is named", "describe_alarms", {}, None,
           {"MetricAlarms": [{"AlarmName": "my-service-5xx", "StateValue": "OK"},
                             {"AlarmName": "my-service-latency", "StateValue": "INSUFFICIENT_DATA"}],
            "CompositeAlarms": []})
    yield ("alarms by name, of all types", "describe_alarms",
           {"AlarmNames": ["my-service", "my-service-5xx", "gone"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
           None, {"MetricAlarms": [{"AlarmName": "my-service-5xx"}],
                  "CompositeAlarms": [{"AlarmName": "my-service", "AlarmRule": "ALARM(my-service-5xx)"}]})
    yield ("another token that is none", "describe_alarms", {"NextToken": "other"}, "InvalidNextToken", {})


def iam_cases():
    role = IAM + "role/ci/ecs-hooks"
    yield ("a role in a folder, with who may assume it", "get_role", {"RoleName": "ecs-hooks"}, None,
           {"Role": {"RoleName": "ecs-hooks", "Path": "/ci/", "Arn": role, "AssumeRolePolicyDocument": {
               "Version": "2012-10-17",
               "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"},
                              "Action": "sts:AssumeRole"}]}}})
    yield ("a role that does not exist", "get_role", {"RoleName": "gone"}, "NoSuchEntity", {})
    hooks = [FUNCTION + name for name in ("greenlight-health", "greenlight-health:live", "orders", "payroll-2")]
    decisions = ["allowed", "allowed", "implicitDeny", "explicitDeny"]
    yield ("an action on several resources", "simulate_principal_policy",
           {"PolicySourceArn": role, "ActionNames": ["lambda:InvokeFunction"], "ResourceArns": hooks}, None,
           {"EvaluationResults": [
               {"EvalActionName": "lambda:InvokeFunction", "EvalDecision": "explicitDeny",
                "ResourceSpecificResults": [
                    {"EvalResourceName": name, "EvalResourceDecision": decision, "MissingContextValues": []}
                    for name, decision in zip(hooks, decisions)]}]})
    yield ("several actions on no resource", "simulate_principal_policy",
           {"PolicySourceArn": role, "ActionNames": ["iam:GetRole", "ecs:ListTasks"]}, None,
           {"EvaluationResults": [
               {"EvalActionName": "iam:GetRole", "EvalDecision": "implicitDeny", "EvalResourceName": "*"},
               {"EvalActionName": "ecs:ListTasks", "EvalDecision": "implicitDeny",
                "MissingContextValues": ["ecs:cluster"]}]})
    yield ("a condition whose key is told", "simulate_principal_policy",
           {"PolicySourceArn": role, "ActionNames": ["ecs:ListTasks"], "ContextEntries": [
               {"ContextKeyName": "ecs:cluster", "ContextKeyValues": [CLUSTER], "ContextKeyType": "string"}]}, None,
           {"EvaluationResults": [
               {"EvalDecision": "allowed", "MatchedStatements": [{"SourcePolicyId": "role_ecs-hooks_invoke"}]}]})
    yield ("a role that does not exist, simulated", "simulate_principal_policy",
           {"PolicySourceArn": IAM + "role/gone", "ActionNames": ["iam:GetRole"]}, "NoSuchEntity", {})
    yield ("what is no role", "simulate_principal_policy",
           {"PolicySourceArn": IAM + "group/hooks", "ActionNames": ["iam:GetRole"]}, "InvalidInput", {})
    yield ("another policy beside the role's", "simulate_principal_policy",
           {"PolicySourceArn": role, "ActionNames": ["iam:GetRole"], "PolicyInputList": ['{"Statement": {"Effect": '
            '"Allow", "Action": "iam:*", "Resource": "*"}}']}, None,
           {"EvaluationResults": [{"EvalDecision": "allowed"}]})
    yield ("a policy that is none", "simulate_principal_policy",
           {"PolicySourceArn": role, "ActionNames": ["iam:GetRole"], "PolicyInputList": ["{}"]}, "InvalidInput", {})


def pages():
    """(service, operation, parameters, the key of a page's size, of the list, of a token in and out, how many)."""
    ecs = ("maxResults", "nextToken", "nextToken")
    elb = ("PageSize", "Marker", "NextMarker")
    in_cluster = {"cluster": "my-cluster"}
    yield "ecs", "list_tasks", in_cluster, ecs, "taskArns", 4
    yield "ecs", "list_services", in_cluster, ecs, "serviceArns", 1
    yield "ecs", "list_service_deployments", {**in_cluster, "service": "my-service"}, ecs, "serviceDeployments", 2
    yield "elbv2", "describe_load_balancers", {}, elb, "LoadBalancers", 1
    yield "elbv2", "describe_listeners", {"LoadBalancerArn": ALB}, elb, "Listeners", 2
    yield "elbv2", "describe_rules", {"ListenerArn": LISTENER}, elb, "Rules", 3
    yield "elbv2", "describe_target_groups", {}, elb, "TargetGroups", 2
    yield "elbv2", "describe_listener_certificates", {"ListenerArn": LISTENER}, elb, "Certificates", 1
    cloudwatch = ("MaxRecords", "NextToken", "NextToken")
    yield "cloudwatch", "describe_alarms", {}, cloudwatch, "MetricAlarms", 2
    actions = {"PolicySourceArn": IAM + "role/ci/ecs-hooks", "ActionNames": ["iam:GetRole", "ecs:ListTasks"]}
    yield ("iam", "simulate_principal_policy", actions, ("MaxItems", "Marker", "Marker"), "EvaluationResults", 2)
