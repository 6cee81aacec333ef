//! The check `targets`: what the load balancers say of green's targets.
//!
//! # What it checks
//! That in green's target group, on every way to the service, each target of a running task of green is
//! `healthy`, and every running task of green is registered. It says which of the load balancer's zones they
//! cover, and can ask for a number of zones. Whose the *other* targets of the group are, is the question of
//! the check `isolation`.
//!
//! # Fails when
//! A target is `unhealthy` though its task is past its grace period, or `unused` for good (it is stopped, its
//! address is not its own; or, once patience is over, its zone is not enabled); or fewer than `zones` zones have
//! a healthy target.
//! Where no target of the group is healthy, a load balancer fails open, and the reason says so: requests
//! arrive all the same, and an answer proves nothing. That is seen by the states alone: the attributes
//! `target_group_health.unhealthy_state_routing.*` only move the number at which it begins, and whatever they
//! say, one unhealthy target decides.
//!
//! # Pending when
//! A target is `initial`, `unhealthy` within its task's grace period, or not in use (`Target.NotInUse`): after a
//! change of rules targets come into use one by one; or a running task of green is not registered yet.
//!
//! # Inconclusive when
//! A call was denied or failed, nothing tells green's tasks from blue's, or the load balancer cannot tell:
//! `unavailable`, health checks that are disabled, an error of its own.
//!
//! # Skipped when
//! The service has no load balancer; or no listener sends traffic to green's target group at this stage
//! (all targets are `Target.NotInUse`), so that nobody looks at its targets yet.
//!
//! # IAM it needs
//! `ecs:DescribeServiceDeployments`, `ecs:DescribeServiceRevisions`, `ecs:ListTasks`, `ecs:DescribeTasks`,
//! `elasticloadbalancing:DescribeRules`, `elasticloadbalancing:DescribeListeners`,
//! `elasticloadbalancing:DescribeLoadBalancers`, `elasticloadbalancing:DescribeTargetGroups`,
//! `elasticloadbalancing:DescribeTargetHealth`; where a target is unhealthy and `grace` is not set,
//! `ecs:DescribeServices`; with CodeDeploy `codedeploy:GetDeployment`, `codedeploy:GetDeploymentGroup`,
//! `codedeploy:ListDeploymentTargets`, `codedeploy:GetDeploymentTarget` and `ecs:DescribeTaskSets`.
//!
//! # Example
//! ```json
//! { "targets": { "zones": 2, "grace": "2m", "patience": "5m" } }
//! ```

use std::time::Duration;

use futures_util::future::join3;
use greenlight::schemars::JsonSchema;
use greenlight::{
    Check, Fact, Outcome, Scope, SkipCause, clock,
    deployment::{Asks, Registered, Sides, Task, UNTOLD, owned},
    plan::{Target, units::Span},
    worst,
};
use serde::{Deserialize, Serialize};

mod judge;
mod state;

use self::judge::Pool;
use crate::grace::{self, Grace};

/// Settings of the check `targets`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Targets {
    /// How many of the load balancer's zones must have a healthy target of green; with 0 they are only said.
    zones: usize,
    /// For how long after its task's start a target may be `unhealthy`; the service's
    /// `healthCheckGracePeriodSeconds` where this is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    grace: Option<Span>,
}

impl Check for Targets {
    fn asks(&self, _: &Target) -> Vec<Asks> {
        grace::asked_with(self.grace, [Asks::Registered, Asks::Tasks])
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        self.look(scope).await.unwrap_or_else(|outcome| *outcome)
    }
}

impl Targets {
    async fn look(&self, scope: &Scope) -> Fact<Outcome> {
        let deployment = scope.deployment();
        let (sides, registered, tasks) =
            join3(deployment.sides(), deployment.registered(scope.stage()), deployment.tasks()).await;
        let (sides, registered) = (sides?, registered?);
        if registered.is_empty() {
            return Ok(Outcome::skip(SkipCause::NotConfigured, without_load_balancer(&sides)));
        }
        let tasks = tasks?;
        let Some(owned) = owned(&*tasks, &sides) else {
            return Err(Box::new(Outcome::inconclusive(UNTOLD)));
        };
        let pools: Vec<_> =
            registered.iter().map(|way| pool(way, &owned.green, scope, &sides.green.id)).collect();
        let grace = if pools.iter().any(Pool::any_unhealthy) {
            Grace::ask(self.grace, scope).await
        } else {
            Grace::For(Duration::ZERO)
        };
        let outcomes = registered.iter().zip(&pools);
        let outcomes = outcomes.map(|(way, pool)| (way.name.clone(), judge::judge(pool, self.zones, &grace)));
        Ok(worst(outcomes.collect()))
    }
}

fn pool<'a>(way: &'a Registered, green: &'a [&'a Task], scope: &'a Scope, revision: &'a str) -> Pool<'a> {
    Pool { way, green, revision, stage: scope.stage(), now: clock::now() }
}

fn without_load_balancer(sides: &Sides) -> &'static str {
    if sides.service_connect {
        "the service is reached through Service Connect alone: it has no target group"
    } else {
        "the service has no load balancer, and so no target group"
    }
}
