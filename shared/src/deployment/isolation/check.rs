//! The check `isolation`: whether what answers on green's route is green, and only green.
//!
//! # What it checks
//! That the rule behind the route sends all its traffic to green's target group, and that the targets of
//! that group are the tasks of green's revision and nobody else.
//!
//! # Fails when
//! The rule sends traffic elsewhere, or the target group holds a target that is no task of green.
//!
//! # Pending when
//! Green's target group has no target yet, or a running task of green is not registered yet; and for a
//! minute where a target is nobody's: it may be leaving.
//!
//! # Inconclusive when
//! A call was denied or failed, or nothing tells green's tasks from blue's.
//!
//! # Skipped when
//! Green is reached at its tasks' own addresses, so that there is no pool to judge; or the targets of its
//! group do not tell which task they are, and the plan does not require a proof.
//!
//! # IAM it needs
//! `ecs:DescribeServiceDeployments`, `ecs:DescribeServiceRevisions`, `ecs:ListTasks`, `ecs:DescribeTasks`,
//! `elasticloadbalancing:DescribeRules`, `elasticloadbalancing:DescribeListeners`,
//! `elasticloadbalancing:DescribeLoadBalancers`, `elasticloadbalancing:DescribeTargetGroups`,
//! `elasticloadbalancing:DescribeTargetHealth`; without a load balancer `ecs:DescribeTaskDefinition`; where
//! a rule leaves the host name open, `acm:DescribeCertificate`; with CodeDeploy `codedeploy:GetDeployment`,
//! `codedeploy:GetDeploymentGroup`, `codedeploy:ListDeploymentTargets`, `codedeploy:GetDeploymentTarget` and
//! `ecs:DescribeTaskSets`.
//!
//! # Example
//! ```json
//! { "isolation": {} }
//! ```

use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Isolation;
use crate::{
    Check, Outcome, Scope, SkipCause,
    deployment::{Approach, Asks, route::Wish},
    outcome,
    plan::{self, Target},
};

/// Settings of the check `isolation`: none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IsolationCheck {}

impl Check for IsolationCheck {
    fn asks(&self, _: &Target) -> Vec<Asks> {
        vec![Asks::Approaches]
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        let approaches = match scope.deployment().approaches(scope.stage()).await {
            Ok(approaches) => approaches,
            Err(outcome) => return *outcome,
        };
        let judging = approaches.iter().map(|approach| judge(approach, scope.isolation()));
        let outcomes = join_all(judging).await;
        let names = approaches.iter().map(|approach| approach.name.clone().unwrap_or_default());
        outcome::worst(names.zip(outcomes).collect())
    }
}

async fn judge(approach: &Approach, asked_for: plan::Isolation) -> Outcome {
    if approach.entrance.is_none() {
        // Whose task a task's own address is, is no question that could be answered with no.
        let why = format!("there is no pool to judge: {}", approach.because);
        return Outcome::skip(SkipCause::NotConfigured, why);
    }
    // The pool that an ordinary request reaches; where none does, whatever the rules forward to.
    let isolation = match approach.route(&Wish::default()).await {
        Ok(route) => approach.isolation_of(&route).await,
        Err(_) => approach.isolation.clone(),
    };
    match isolation {
        Isolation::Proven(words) => Outcome::pass(words),
        Isolation::Open(outcome) => *outcome,
        Isolation::NotProven(why) if asked_for == plan::Isolation::Required => {
            Outcome::cannot_tell(format!("not proven to be green: {why}"))
        }
        Isolation::NotProven(why) => {
            Outcome::skip(SkipCause::NotConfigured, format!("not proven to be green: {why}"))
        }
    }
}
