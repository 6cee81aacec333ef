//! The check `isolation`: whether what answers on green's route is green, and only green.

use serde::{Deserialize, Serialize};

use super::Isolation;
use crate::{
    Check, Outcome, Scope, SkipCause,
    plan::{self},
};

/// Settings of the check `isolation`: none.
///
/// # What it checks
/// That the rule behind the route sends all its traffic to green's target group, and that the targets of
/// that group are the tasks of green's revision and nobody else.
///
/// # Fails when
/// The rule sends traffic elsewhere, or the target group holds a target that is no task of green.
///
/// # Inconclusive when
/// A call was denied or failed, or nothing tells green's tasks from blue's.
///
/// # IAM it needs
/// `ecs:DescribeServiceDeployments`, `ecs:DescribeServiceRevisions`, `ecs:ListTasks`, `ecs:DescribeTasks`,
/// `elasticloadbalancing:DescribeRules`, `…:DescribeListeners`, `…:DescribeLoadBalancers`,
/// `…:DescribeTargetGroups`, `…:DescribeTargetHealth`.
///
/// # Example
/// ```json
/// { "isolation": {} }
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IsolationCheck {}

impl Check for IsolationCheck {
    async fn run(&self, scope: &Scope) -> Outcome {
        let approaches = match scope.deployment().approaches(scope.stage()).await {
            Ok(approaches) => approaches,
            Err(outcome) => return *outcome,
        };
        let mut proven = Vec::new();
        for approach in &approaches {
            let name = approach.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
            match &approach.isolation {
                Isolation::Proven(words) => proven.push(format!("{name}{words}")),
                Isolation::NotProven(why) if scope.isolation() == plan::Isolation::Required => {
                    return Outcome::cannot_tell(format!("{name}not proven to be green: {why}"));
                }
                Isolation::NotProven(why) => {
                    return Outcome::skip(
                        SkipCause::NotConfigured,
                        format!("{name}not proven to be green: {why}"),
                    );
                }
                Isolation::Open(outcome) => {
                    let observed = format!("{name}{}", outcome.observed);
                    return Outcome { observed, ..(**outcome).clone() };
                }
            }
        }
        Outcome::pass(proven.join("; "))
    }
}
