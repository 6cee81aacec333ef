//! What `greenlight explain` and `greenlight doctor` ask, of a person's role or a pipeline's: the one list.

use greenlight::Protocol;
use greenlight_preflight::live;

use super::{Reader, format::Role, place::Place, resources::statements};

/// What an explanation asks.
const OF_ECS: &[&str] = &[
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeServiceDeployments",
    "ecs:ListServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetHealth",
    "cloudwatch:DescribeAlarms",
];

/// What both ask of CodeDeploy.
const OF_CODEDEPLOY: &[&str] = &[
    "codedeploy:GetApplication",
    "codedeploy:GetDeployment",
    "codedeploy:GetDeploymentGroup",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:GetDeploymentTarget",
    "codedeploy:ListDeployments",
    "codedeploy:ListDeploymentGroups",
    "codedeploy:ListDeploymentTargets",
    "ecs:DescribeTaskSets",
];

/// What else the doctor asks: the services of a cluster. What its rules take stands beside the calls themselves.
const DOCTOR: &[&str] = &["ecs:ListServices", "codedeploy:BatchGetDeploymentGroups"];

/// What else an explanation asks: what the hooks said.
const EXPLAIN: &[&str] = &["logs:FilterLogEvents"];

/// The actions of a reader.
pub(super) fn actions(reader: Reader, protocols: &[Protocol]) -> Vec<&'static str> {
    let is_codedeploy = protocols.contains(&Protocol::CodeDeploy);
    let mut actions = match reader {
        Reader::Doctor => [live::CALLS, DOCTOR].concat(),
        Reader::Explain => [OF_ECS, EXPLAIN].concat(),
    };
    if is_codedeploy {
        actions.extend(OF_CODEDEPLOY);
    } else {
        actions.retain(|action| !action.starts_with("codedeploy:"));
    }
    actions
}

/// The policy of a reader, whoever that is: it trusts nobody by itself.
pub(super) fn role(reader: Reader, place: &Place, protocols: &[Protocol], functions: &[String]) -> Role {
    let name = match reader {
        Reader::Doctor => "doctor",
        Reader::Explain => "explain",
    };
    Role {
        name: name.to_owned(),
        of: format!("who runs `greenlight {name}`"),
        trusts: None,
        statements: statements(actions(reader, protocols), place, functions),
    }
}
