//! Every action that is asked for: what it is for, and the resources that IAM judges it by.
//!
//! An action whose calls cannot be limited to resources gets `*`, and so does one of which AWS does not say what
//! it is judged by: a policy that is a little wide is better than a hook that is denied.
//!
//! Source: service authorization reference, per service.

use super::{format::Statement, place::Place};

/// What an action is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// No resource.
    Nothing,
    /// No resource, but the cluster is a condition.
    Cluster,
    ServiceDeployments,
    ServiceRevisions,
    Services,
    Tasks,
    TaskSets,
    DeploymentGroups,
    Applications,
    DeploymentConfigurations,
    Certificates,
    /// Roles of the account.
    Roles,
    /// Any function of the account.
    AllFunctions,
    /// The functions that are named, with their versions and aliases.
    Functions,
    /// Their log groups.
    Logs,
}

/// Each action with the name of its statement. Statements stand in this order.
const ACTIONS: &[(&str, &str, By)] = &[
    ("logs:CreateLogStream", "WriteLogs", By::Logs),
    ("logs:PutLogEvents", "WriteLogs", By::Logs),
    ("ecs:DescribeServiceDeployments", "FollowTheDeployment", By::ServiceDeployments),
    ("ecs:ListServiceDeployments", "ListTheDeployments", By::Services),
    ("ecs:ListClusters", "ListTheClusters", By::Nothing),
    // Judged by no resource, as it names a cluster only.
    ("ecs:ListServices", "ListTheServices", By::Cluster),
    ("ecs:DescribeServiceRevisions", "ReadTheRevisions", By::ServiceRevisions),
    ("ecs:ListTasks", "ListTheTasks", By::Cluster),
    ("ecs:DescribeTasks", "ReadTheTasks", By::Tasks),
    ("ecs:DescribeServices", "ReadTheService", By::Services),
    ("ecs:DescribeTaskDefinition", "ReadTheTaskDefinition", By::Nothing),
    ("ecs:DescribeTaskSets", "ReadTheTaskSets", By::TaskSets),
    ("elasticloadbalancing:DescribeRules", "FindTheRoute", By::Nothing),
    ("elasticloadbalancing:DescribeListeners", "FindTheRoute", By::Nothing),
    ("elasticloadbalancing:DescribeListenerCertificates", "FindTheRoute", By::Nothing),
    ("elasticloadbalancing:DescribeLoadBalancers", "FindTheRoute", By::Nothing),
    ("elasticloadbalancing:DescribeLoadBalancerAttributes", "FindTheRoute", By::Nothing),
    ("elasticloadbalancing:DescribeTargetGroups", "FindTheRoute", By::Nothing),
    ("elasticloadbalancing:DescribeTargetGroupAttributes", "FindTheRoute", By::Nothing),
    ("elasticloadbalancing:DescribeTargetHealth", "FindTheRoute", By::Nothing),
    ("acm:DescribeCertificate", "ReadCertificateNames", By::Certificates),
    // Composite alarms are told only to who may read all alarms.
    ("cloudwatch:DescribeAlarms", "ReadTheAlarms", By::Nothing),
    ("cloudwatch:GetMetricData", "ReadTheMetrics", By::Nothing),
    ("codedeploy:GetDeployment", "ReadTheDeploymentGroup", By::DeploymentGroups),
    ("codedeploy:GetDeploymentGroup", "ReadTheDeploymentGroup", By::DeploymentGroups),
    ("codedeploy:ListDeployments", "ReadTheDeploymentGroup", By::DeploymentGroups),
    ("codedeploy:ListDeploymentGroups", "ReadTheApplication", By::Applications),
    ("codedeploy:BatchGetDeploymentGroups", "ReadTheDeploymentGroup", By::DeploymentGroups),
    ("codedeploy:GetApplication", "ReadTheApplication", By::Applications),
    ("codedeploy:GetDeploymentConfig", "ReadTheDeploymentConfiguration", By::DeploymentConfigurations),
    // The reference names no resource for these two.
    ("codedeploy:ListDeploymentTargets", "ReadTheLifecycleEvents", By::Nothing),
    ("codedeploy:GetDeploymentTarget", "ReadTheLifecycleEvents", By::Nothing),
    // Nor for this one, but AWS's own tutorials limit it to deployment groups.
    ("codedeploy:PutLifecycleEventHookExecutionStatus", "ReportToCodeDeploy", By::DeploymentGroups),
    ("ecs:ContinueServiceDeployment", "AnswerThePause", By::ServiceDeployments),
    ("lambda:InvokeFunction", "InvokeItself", By::Functions),
    ("iam:GetRole", "ReadTheRoles", By::Roles),
    ("iam:SimulatePrincipalPolicy", "ReadTheRoles", By::Roles),
    ("lambda:GetFunctionConfiguration", "ReadTheFunctions", By::AllFunctions),
    ("lambda:GetPolicy", "ReadTheFunctions", By::AllFunctions),
    ("application-autoscaling:DescribeScalableTargets", "ReadTheScaling", By::Nothing),
    ("application-autoscaling:DescribeScalingPolicies", "ReadTheScaling", By::Nothing),
    ("ec2:DescribeSubnets", "ReadTheNetwork", By::Nothing),
    ("ec2:DescribeSecurityGroups", "ReadTheNetwork", By::Nothing),
    ("ec2:DescribeRouteTables", "ReadTheNetwork", By::Nothing),
    ("ec2:DescribeVpcEndpoints", "ReadTheNetwork", By::Nothing),
    ("logs:FilterLogEvents", "ReadTheLogs", By::Logs),
    ("ec2:CreateNetworkInterface", "AttachToTheVpc", By::Nothing),
    ("ec2:DescribeNetworkInterfaces", "AttachToTheVpc", By::Nothing),
    ("ec2:DescribeSubnets", "AttachToTheVpc", By::Nothing),
    ("ec2:DeleteNetworkInterface", "AttachToTheVpc", By::Nothing),
    ("ec2:AssignPrivateIpAddresses", "AttachToTheVpc", By::Nothing),
    ("ec2:UnassignPrivateIpAddresses", "AttachToTheVpc", By::Nothing),
];

/// What Lambda does with a function's role to attach it to a VPC.
pub(super) const VPC: [&str; 6] = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
];

/// The statements of these actions, each named for what it is for. The functions are named; without a name they
/// are all. An action that is not known here gets a statement of its own, on everything.
pub(super) fn statements<'a>(
    actions: impl IntoIterator<Item = &'a str>,
    place: &Place,
    functions: &[String],
) -> Vec<Statement> {
    let mut actions: Vec<_> = actions.into_iter().collect();
    actions.sort_unstable();
    actions.dedup();
    let attaches = VPC.iter().all(|action| actions.contains(action));
    let mut statements: Vec<Statement> = Vec::new();
    for (action, sid, by) in ACTIONS {
        let is_of_vpc = *sid == "AttachToTheVpc";
        if !actions.contains(action) || (is_of_vpc != attaches && VPC.contains(action)) {
            continue;
        }
        match statements.iter_mut().find(|statement| statement.sid == *sid) {
            Some(statement) => statement.actions.push((*action).to_owned()),
            None => statements.push(by.statement(sid, action, place, functions)),
        }
    }
    for action in actions {
        if !ACTIONS.iter().any(|(known, ..)| *known == action) {
            let sid: String = action.chars().filter(char::is_ascii_alphanumeric).collect();
            statements.push(By::Nothing.statement(&sid, action, place, functions));
        }
    }
    statements
}

impl By {
    fn statement(self, sid: &str, action: &str, place: &Place, functions: &[String]) -> Statement {
        let mut statement = Statement::new(sid, action, self.resources(place, functions));
        if self == Self::Cluster {
            let clusters = place.of_services(|cluster, _| format!("cluster/{cluster}"));
            let operator = if clusters.iter().any(|arn| arn.contains('*')) { "ArnLike" } else { "ArnEquals" };
            statement.condition = Some((operator, "ecs:cluster", clusters));
        }
        statement
    }

    fn resources(self, place: &Place, functions: &[String]) -> Vec<String> {
        let part = |kind: &str| place.of_services(|cluster, service| format!("{kind}/{cluster}/{service}/*"));
        let of_groups = |resource: fn(&str, &str) -> String| {
            place.groups.iter().map(|(one, other)| place.arn("codedeploy", &resource(one, other))).collect()
        };
        let any = ["*".to_owned()];
        let functions = if functions.is_empty() { &any[..] } else { functions };
        match self {
            Self::Nothing | Self::Cluster => vec!["*".to_owned()],
            Self::ServiceDeployments => part("service-deployment"),
            Self::ServiceRevisions => part("service-revision"),
            Self::TaskSets => part("task-set"),
            Self::Services => place.of_services(|cluster, service| format!("service/{cluster}/{service}")),
            Self::Tasks => place.of_services(|cluster, _| format!("task/{cluster}/*")),
            Self::DeploymentGroups => {
                of_groups(|application, group| format!("deploymentgroup:{application}/{group}"))
            }
            Self::Applications => of_groups(|application, _| format!("application:{application}")),
            Self::DeploymentConfigurations => vec![place.arn("codedeploy", "deploymentconfig:*")],
            Self::Certificates => vec![place.arn("acm", "certificate/*")],
            Self::Roles => {
                vec![format!("arn:{}:iam::{}:role/*", place.partition, place.account)]
            }
            Self::AllFunctions => vec![place.arn("lambda", "function:*")],
            Self::Functions => functions.iter().flat_map(|name| function(place, name)).collect(),
            Self::Logs => functions
                .iter()
                .map(|name| place.arn("logs", &format!("log-group:/aws/lambda/{name}:*")))
                .collect(),
        }
    }
}

/// A function, and its versions and aliases: a caller may name either.
pub(super) fn function(place: &Place, name: &str) -> Vec<String> {
    let arn = place.arn("lambda", &format!("function:{name}"));
    if name == "*" { vec![arn] } else { vec![arn.clone(), format!("{arn}:*")] }
}

#[cfg(test)]
pub(super) fn is_known(action: &str) -> bool {
    ACTIONS.iter().any(|(known, ..)| *known == action)
}
