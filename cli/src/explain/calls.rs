//! What an explanation asks of AWS: the one list, from which policies are made.
//!
//! A test explains deployments behind these policies and holds each of them to be called.

/// About a service that ECS deploys, and its deployments.
pub(crate) const OF_ECS: &[&str] = &[
    "ecs:DescribeServices",
    "ecs:ListServiceDeployments",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "elasticloadbalancing:DescribeTargetHealth",
    "logs:FilterLogEvents",
];

/// About a service that CodeDeploy deploys, and its deployments.
pub(crate) const OF_CODEDEPLOY: &[&str] = &[
    "ecs:DescribeServices",
    "ecs:DescribeTaskSets",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "codedeploy:ListDeployments",
    "codedeploy:GetDeployment",
    "codedeploy:ListDeploymentTargets",
    "codedeploy:GetDeploymentTarget",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "logs:FilterLogEvents",
];

/// About a region, where nobody names a service.
pub(crate) const OF_REGION: &[&str] = &["ecs:ListClusters", "ecs:ListServices", "ecs:ListServiceDeployments"];
