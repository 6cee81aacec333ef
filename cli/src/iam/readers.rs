//! What `greenlight explain` and `greenlight doctor` ask, of a person's role or a pipeline's: the one list.

use greenlight::Protocol;

use super::{Reader, format::Role, place::Place, resources::statements};

/// What both ask.
const BOTH: &[&str] = &[
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

/// What else the doctor asks: what stands around a deployment.
const DOCTOR: &[&str] = &[
    "iam:GetRole",
    "iam:SimulatePrincipalPolicy",
    "lambda:GetFunctionConfiguration",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeRouteTables",
    "ec2:DescribeVpcEndpoints",
];

/// What else an explanation asks: what the hooks said.
const EXPLAIN: &[&str] = &["logs:FilterLogEvents"];

/// The actions of a reader.
pub(super) fn actions(reader: Reader, protocols: &[Protocol]) -> Vec<&'static str> {
    let own = match reader {
        Reader::Doctor => DOCTOR,
        Reader::Explain => EXPLAIN,
    };
    let of_codedeploy = if protocols.contains(&Protocol::CodeDeploy) { OF_CODEDEPLOY } else { &[] };
    [BOTH, of_codedeploy, own].concat()
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
