//! Holds messages to what AWS and Envoy really said, as people have published it: each leads to its rule first.

use greenlight_preflight::explain;

const SAID: &[(&str, &str)] = &[
    (
        "KEY-UNKNOWN",
        "Parameter validation failed:\nUnknown parameter in input: \"serviceRegistries\", must be one of: cluster, serviceName, taskDefinition, loadBalancers",
    ),
    (
        "KEY-UNKNOWN",
        "* UnexpectedParameter: Unexpected key 'appProtocol' found in params.containerDefinitions[0].portMappings[0]",
    ),
    (
        "VALUE-KIND",
        "Parameter validation failed:\nInvalid type for parameter containerDefinitions[0].memory, value: 256, type: <class 'str'>, valid types: <class 'int'>",
    ),
    (
        "VALUE-KIND",
        "Error: Failed to register task definition in ECS: STRING_VALUE cannot be converted to Integer",
    ),
    ("VALUE-KIND", "* InvalidParameterType: Expected params.containerDefinitions[0].memory to be a number"),
    (
        "CD-ALARM-ROLLBACK",
        r#"{"code": "ALARM_ACTIVE", "message": "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: <hello-5xx>"}"#,
    ),
    (
        "CD-APPSPEC-CONTAINER",
        "The ECS service cannot be updated due to an unexpected error: The container app did not have a container port 443 defined. (Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException; Request ID: adb7f821)",
    ),
    (
        "CD-TG-NOT-BEHIND",
        "The ELB could not be updated due to the following error: Primary taskset target group must be behind listener arn:aws:elasticloadbalancing:us-east-1:1:listener/app/a/b/c",
    ),
    (
        "CD-ROLE-LAMBDA",
        "The IAM role arn:aws:iam::1:role/x does not give you permission to perform operations in the following AWS service: AWSLambda. Contact your AWS administrator if you need help.",
    ),
    (
        "CD-SERVICE-ROLE",
        "The IAM role arn:aws:iam::1:role/x does not give you permission to perform operations in the following AWS service: AmazonECS. Contact your AWS administrator if you need help.",
    ),
    (
        "CD-IMAGEDETAIL",
        "Invalid action configuration: Exception while trying to read the task definition artifact file from: BuildArtifact",
    ),
    (
        "CD-SLR",
        "Invalid request provided: CreateCluster Invalid Request: Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
    ),
    (
        "ROLL-STUCK",
        "service hello was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
    ),
    (
        "EV-PLACE",
        "(service hello) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance b1a73168-f8a6-4ed9-b69e-94adc7a0f1e0) has insufficient memory available. For more information, see the Troubleshooting section.",
    ),
    (
        "EV-PLACE-AGENT",
        "service hello was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 2f encountered error \"AGENT\".",
    ),
    (
        "EV-QUOTA",
        "service hello was unable to place a task. Reason: You’ve reached the limit on the number of vCPUs you can run concurrently",
    ),
    (
        "EV-UNHEALTHY-CODES",
        "(service hello) (task 795dee6c) (port 8080) is unhealthy in (target-group arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b) due to (reason Health checks failed with these codes: [404])",
    ),
    (
        "EV-UNHEALTHY-TIMEOUT",
        "service hello (port 80) is unhealthy in target-group hello due to (reason Request timed out).",
    ),
    (
        "EV-UNHEALTHY-TARGET",
        "(service hello) (instance i-1) (port 8080) is unhealthy in (target-group tg) due to (reason Health checks failed).",
    ),
    (
        "EV-UNHEALTHY-ZONE",
        "(service hello) (port 3000) is unhealthy in (target-group tg) due to (reason Target is in an Availability Zone that is not enabled for the load balancer).",
    ),
    (
        "EV-CB",
        "(service hello) (deployment ecs-svc/4135006185409410497) deployment failed: tasks failed to start.",
    ),
    ("EV-ALARM", "(service hello) (deployment ecs-svc/8028) deployment failed: alarm detected."),
    (
        "EV-NO-ROUTE",
        "service hello was unable to place a task. Reason: ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed, Post \"https://api.ecr.eu-north-1.amazonaws.com/\": dial tcp 13.53.180.123:443: i/o timeout.",
    ),
    (
        "EV-NO-ROUTE",
        "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed",
    ),
    (
        "EV-NO-ROUTE",
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/tryretool/backend:2.110.5: failed to do request: Head \"https://registry-1.docker.io/v2/tryretool/backend/manifests/2.110.5\": dial tcp 34.205.13.154:443: i/o timeout",
    ),
    (
        "EV-NO-ROUTE",
        "CannotPullContainerError: API error (500): Get https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/: net/http: request canceled while waiting for connection",
    ),
    (
        "EV-SECRET-DENIED",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:1:secret:db from secrets manager: operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, api error AccessDeniedException: User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:1:secret:db because no identity-based policy allows the secretsmanager:GetSecretValue action",
    ),
    (
        "ENVOY-IMAGE-PULL",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, RequestID: fcf1b7cf, api error AccessDeniedException: User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows it",
    ),
    (
        "ENVOY-IMAGE-PULL",
        "CannotPullContainerError: Error response from daemon: pull access denied for 840364872350.dkr.ecr.us-west-2.amazonaws.com/aws-appmesh-envoy, repository does not exist or may require 'docker login'",
    ),
    (
        "EV-SECRET-KEY",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: retrieved secret from Secrets Manager did not contain json key SUPABASE_SECRET_KEY",
    ),
    (
        "EV-LOG-GROUP",
        "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
    ),
    (
        "EV-ENV-FILE",
        "ResourceInitializationError: failed to download env files: service call has been retried 1 time(s): operation error S3: HeadObject, https response error StatusCode: 403, api error Forbidden: Forbidden.",
    ),
    (
        "EV-EFS",
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: access denied by server",
    ),
    (
        "EV-IMAGE-MISSING",
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 1.dkr.ecr.us-east-1.amazonaws.com/stocks:technicals-3468: not found",
    ),
    (
        "EV-IMAGE-PLATFORM",
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
    ),
    (
        "EV-IMAGE-MISSING",
        "CannotPullImageManifestError: Error response from daemon: manifest unknown: manifest unknown",
    ),
    (
        "EV-IMAGE-LIMIT",
        "Task failed to start - CannotPullImageManifestError: Error response from daemon: toomanyrequests: Request exceeded pull rate limit for IP 10.0.0.1",
    ),
    (
        "EV-COMMAND",
        "CannotStartContainerError: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \"python\": executable file not found in $PATH",
    ),
    ("HOOK-LAMBDA-TIMEOUT", "2026-11-22T18:00:00.123Z 5d8f0a1c Task timed out after 3.00 seconds"),
    (
        "LB-TG-UNUSED",
        "InvalidParameterException: The target group with targetGroupArn arn:aws:elasticloadbalancing:us-west-2:123:targetgroup/foo/abc does not have an associated load balancer.",
    ),
    (
        "LB-RULE-MISSING",
        "deployment failed: Service deployment rolled back because of invalid networking configuration. One or more rules not found",
    ),
    (
        "EV-CB",
        "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: d180e115, HandlerErrorCode: GeneralServiceException)",
    ),
    ("EV-CB", "ECS deployment circuit breaker: tasks failed to start."),
    (
        "TASK-EXECUTION-ROLE",
        "ClientException: Fargate requires task definition to have execution role ARN to support log driver awslogs.",
    ),
    (
        "TASK-EXECUTION-ROLE",
        "An error occurred (ClientException) when calling the RegisterTaskDefinition operation: Fargate requires task definition to have execution role ARN to support ECR images.",
    ),
    ("TASK-SIZE", "Error: ClientException: No Fargate configuration exists for given values."),
    (
        "TASK-SIZE",
        "An error occurred (ClientException) when calling the RegisterTaskDefinition operation: Invalid 'cpu' setting for task. For more information, see the Troubleshooting section.",
    ),
    ("EV-OOM", "OutOfMemoryError: Container killed due to memory usage"),
    ("EV-SPOT", "Your Spot Task was interrupted."),
    (
        "EV-STOPPED-CATEGORY",
        "ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 3m0s",
    ),
    (
        "ENVOY-EMS-CONNECT",
        "[2024-11-25 03:43:08.564][1][warning][config] [./source/extensions/config_subscription/grpc/grpc_stream.h:226] DeltaAggregatedResources gRPC config stream to xds_cluster closed since 30s ago: 14, upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
    ),
    (
        "ENVOY-GRPC-7",
        "[warning][config] [bazel-out/k8-opt/bin/source/common/config/_virtual_includes/grpc_stream_lib/common/config/grpc_stream.h:91] gRPC config stream closed: 7, Unauthorized to perform appmesh:StreamAggregatedResources for arn:aws:appmesh:us-east-1:1:mesh/m/virtualNode/v.",
    ),
    (
        "ENVOY-PRIV-PORT",
        "gRPC config for type.googleapis.com/envoy.config.listener.v3.Listener rejected: Error adding/updating listener(s) 0.0.0.0_80: cannot bind '0.0.0.0:80': Permission denied",
    ),
    (
        "ENVOY-UPDATE-REJECTED",
        "gRPC config for type.googleapis.com/envoy.config.cluster.v3.Cluster rejected: Error adding/updating cluster(s) app: duplicate",
    ),
];

#[test]
fn what_was_said_leads_to_its_rule() {
    let first = |text: &str| explain(text).first().map(|it| it.rule.id);
    let wrong: Vec<_> = SAID.iter().filter(|(id, text)| first(text) != Some(id)).collect();
    let found: Vec<_> = wrong.iter().map(|(id, text)| (id, first(text), text)).collect();
    assert!(found.is_empty(), "{found:#?}");
}
