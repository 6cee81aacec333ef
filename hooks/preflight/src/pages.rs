//! The pages of AWS's documentation that rules rest on.

macro_rules! guide {
    ($page:literal) => {
        concat!("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/", $page, ".html")
    };
}

pub(crate) const TROUBLESHOOTING: &str = guide!("troubleshooting-blue-green");
pub(crate) const LAMBDA_HOOKS: &str = guide!("lambda-lifecycle-hooks");
pub(crate) const PAUSE_HOOKS: &str = guide!("pause-lifecycle-hooks");
pub(crate) const WORKFLOW: &str = guide!("blue-green-deployment-how-it-works");
pub(crate) const IMPLEMENTATION: &str = guide!("blue-green-deployment-implementation");
pub(crate) const ALB_RESOURCES: &str = guide!("alb-resources-for-blue-green");
pub(crate) const NLB_RESOURCES: &str = guide!("nlb-resources-for-blue-green");
pub(crate) const SERVICE_CONNECT: &str = guide!("service-connect-blue-green");
pub(crate) const ALARMS: &str = guide!("deployment-alarm-failure");
pub(crate) const CIRCUIT_BREAKER: &str = guide!("deployment-failure-detection");
pub(crate) const ROLLING: &str = guide!("deployment-type-ecs");
pub(crate) const HEALTH_CHECKS: &str = guide!("load-balancer-healthcheck");
pub(crate) const DRAINING: &str = guide!("load-balancer-connection-draining");
pub(crate) const SERVICE_EVENTS: &str = guide!("service-event-messages-list");
pub(crate) const STOPPED_TASKS: &str = guide!("stopped-task-error-codes");
pub(crate) const TASK_SIZE: &str = guide!("task-cpu-memory-error");
pub(crate) const EXECUTION_ROLE: &str = guide!("task_execution_IAM_role");
pub(crate) const BALANCING: &str = guide!("service-load-balancing");
pub(crate) const INFRASTRUCTURE_ROLE: &str = guide!("AmazonECSInfrastructureRolePolicyForLoadBalancers");
pub(crate) const LINEAR: &str = guide!("deployment-type-linear");
pub(crate) const CANARY: &str = guide!("deployment-type-canary");
pub(crate) const SCALING: &str = guide!("troubleshoot-service-auto-scaling");
pub(crate) const CODEDEPLOY: &str = guide!("deployment-type-bluegreen");
pub(crate) const API_CREATE_SERVICE: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html";
pub(crate) const API_DEPLOYMENT_CONFIGURATION: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html";
pub(crate) const API_LIFECYCLE_HOOK: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentLifecycleHook.html";
pub(crate) const CLOUD_FORMATION_CANARY: &str = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-canaryconfiguration.html";
pub(crate) const LAMBDA_NETWORK: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html";
pub(crate) const CODEDEPLOY_TROUBLESHOOTING: &str =
    "https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-ecs.html";
pub(crate) const APP_SPEC_RESOURCES: &str =
    "https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html";
pub(crate) const APP_SPEC_HOOKS: &str =
    "https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html";
pub(crate) const CODEPIPELINE_TO_ECS: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html";
pub(crate) const CODEPIPELINE_TROUBLESHOOTING: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/troubleshooting.html";
pub(crate) const CODEDEPLOY_ROLE: &str =
    "https://docs.aws.amazon.com/codedeploy/latest/userguide/getting-started-create-service-role.html";
pub(crate) const CODEDEPLOY_ERRORS: &str =
    "https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html";
pub(crate) const CLI_SKELETON: &str =
    "https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-skeleton.html";
pub(crate) const API_REPORT: &str = "https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html";
pub(crate) const SERVICE_LINKED_ROLES: &str = guide!("using-service-linked-roles");
pub(crate) const API_EARLY_SUCCESS: &str =
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentEarlySuccessCriteria.html";
pub(crate) const CANNOT_PULL: &str = guide!("task_cannot_pull_image");
pub(crate) const RESOURCE_INITIALIZATION: &str = guide!("resource-initialization-error");
pub(crate) const MESH_SETUP: &str =
    "https://docs.aws.amazon.com/app-mesh/latest/userguide/troubleshooting-setup.html";
pub(crate) const APP_MESH_END: &str =
    "https://aws.amazon.com/blogs/containers/migrating-from-aws-app-mesh-to-amazon-ecs-service-connect/";
pub(crate) const ENVOY_ADMIN: &str = "https://www.envoyproxy.io/docs/envoy/latest/operations/admin";
pub(crate) const ENVOY_MANAGEMENT_SERVER: &str =
    "https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/mgmt_server";
