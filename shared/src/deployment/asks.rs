//! What a check asks of AWS, and the calls that each question takes.
//!
//! The one list that permissions are made from: `greenlight iam` prints policies of it, the documentation of the
//! checks is held to it, and tests hold it to the calls that hooks really make. A check says which facts it asks
//! for and knows no protocol; which calls a fact takes depends on who runs the deployment, and stands here, beside
//! the code that makes them.

use std::collections::BTreeSet;

use crate::Protocol;

/// Something that a check asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asks {
    /// What the deployment is doing: [`Deployment::status`](super::Deployment::status). Every hook asks for it.
    Status,
    /// Which service is deployed, where the event does not name it.
    Service,
    /// Blue and green: [`Deployment::sides`](super::Deployment::sides).
    Sides,
    /// The deployment's own alarms: [`Deployment::alarms`](super::Deployment::alarms).
    Alarms,
    /// The service's tasks, running and stopped: [`Deployment::tasks`](super::Deployment::tasks).
    Tasks,
    /// The service's grace period: [`Deployment::grace_period`](super::Deployment::grace_period).
    GracePeriod,
    /// Green's target groups and their targets: [`Deployment::registered`](super::Deployment::registered).
    Registered,
    /// Every way to green: [`Deployment::approaches`](super::Deployment::approaches).
    Approaches,
    /// A call of the check's own, by its action.
    Call(&'static str),
    /// Green itself, over the network: no call, but the function has to be where green is reached.
    Connection,
}

/// The rules, listeners, load balancers and target groups before a service, and the health of its targets.
const LOAD_BALANCING: [&str; 5] = [
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
];

impl Asks {
    /// The actions of the calls that it takes at most.
    pub fn actions(self, protocol: Protocol) -> BTreeSet<&'static str> {
        let with = |others: &[Self], calls: &[&'static str]| {
            let others = others.iter().flat_map(|other| other.actions(protocol));
            others.chain(calls.iter().copied()).collect()
        };
        let codedeploy = protocol == Protocol::CodeDeploy;
        // What names the service where the event does not.
        let group: &[_] =
            if codedeploy { &["codedeploy:GetDeployment", "codedeploy:GetDeploymentGroup"] } else { &[] };
        match self {
            Self::Status if codedeploy => with(
                &[],
                &[
                    "codedeploy:GetDeployment",
                    "codedeploy:ListDeploymentTargets",
                    "codedeploy:GetDeploymentTarget",
                ],
            ),
            Self::Status => with(&[], &["ecs:DescribeServiceDeployments"]),
            Self::Sides if codedeploy => with(
                &[Self::Status],
                &[
                    "codedeploy:GetDeploymentGroup",
                    "elasticloadbalancing:DescribeTargetGroups",
                    "ecs:DescribeTaskSets",
                ],
            ),
            Self::Sides => with(&[Self::Status], &["ecs:DescribeServiceRevisions"]),
            Self::Service => with(&[], group),
            Self::Alarms if codedeploy => with(&[], group),
            Self::Alarms => with(&[Self::Status], &[]),
            Self::Tasks => with(&[], &[group, &["ecs:ListTasks", "ecs:DescribeTasks"]].concat()),
            Self::GracePeriod => with(&[], &[group, &["ecs:DescribeServices"]].concat()),
            Self::Registered => with(&[Self::Sides], &LOAD_BALANCING),
            Self::Approaches => {
                let mut actions: BTreeSet<_> =
                    with(&[Self::Registered, Self::Tasks], &["acm:DescribeCertificate"]);
                // CodeDeploy deploys no service without a load balancer, which tells the port.
                if !codedeploy {
                    actions.insert("ecs:DescribeTaskDefinition");
                }
                actions
            }
            Self::Call(action) => with(&[], &[action]),
            Self::Connection => BTreeSet::new(),
        }
    }
}
