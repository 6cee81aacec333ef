//! The check `tasks`: what ECS says of green's tasks.
//!
//! # What it checks
//! That green runs as many tasks as ECS had requested when the check began, that each of them is `RUNNING`
//! and none unhealthy, and that none stopped through its own fault since the deployment began: a service
//! that restarts what crashes looks well between two crashes.
//!
//! # Fails when
//! More than `failures` tasks of green stopped through their own fault: stop code `TaskFailedToStart` or
//! `EssentialContainerExited`, out of memory, or a failed health check, each explained by code, reason and
//! exit code. When a task is still `UNHEALTHY` after its grace period. When the deployment's circuit breaker
//! went off. `UserInitiated`, `SpotInterruption`, `TerminationNotice`, `InfrastructureHealth`, the
//! scheduler's scale-in and rebalancing, a lack of capacity (`Capacity is unavailable at this time`, a network
//! interface that did not come in time, `RESOURCE:…`, `EMPTY CAPACITY PROVIDER`) and errors of AWS's own are
//! recorded, and not held against green.
//! `UNKNOWN` health never fails: it is what ECS says where the task definition has no health check.
//!
//! # Pending when
//! Fewer tasks are `RUNNING` than requested, one is not `RUNNING` yet, or one is `UNHEALTHY` within its
//! grace period.
//!
//! # Inconclusive when
//! A call was denied or failed, nothing tells green's tasks from blue's, or a task stopped and nothing tells
//! why.
//!
//! # Skipped when
//! Green is meant to have no task: `requestedTaskCount` is 0. Nothing was looked at, and nothing passed.
//!
//! # IAM it needs
//! `ecs:DescribeServiceDeployments`, `ecs:DescribeServiceRevisions`, `ecs:ListTasks`, `ecs:DescribeTasks`;
//! where a task is `UNHEALTHY` and `grace` is not set, `ecs:DescribeServices`; with CodeDeploy
//! `codedeploy:GetDeployment`, `codedeploy:GetDeploymentGroup`, `codedeploy:ListDeploymentTargets`,
//! `codedeploy:GetDeploymentTarget`, `ecs:DescribeTaskSets` and `elasticloadbalancing:DescribeTargetGroups`.
//!
//! # Example
//! ```json
//! { "tasks": { "failures": 1, "grace": "2m", "patience": "5m" } }
//! ```

use std::time::Duration;

use futures_util::future::join4;
use greenlight::schemars::JsonSchema;
use greenlight::{
    Check, Fact, Outcome, Scope, clock,
    deployment::Asks,
    plan::{Target, units::Span},
};
use serde::{Deserialize, Serialize};

mod judge;
mod stop;

use self::judge::Seen;
use crate::grace::{self, Grace};

/// Settings of the check `tasks`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Tasks {
    /// How many tasks of green may have stopped through their own fault since the deployment began. A crash
    /// before any user came is a warning that is cheap to heed, so that by default there may be none; where
    /// a start fails now and then for reasons outside of green (a registry that throttles), ECS's own
    /// replacement may be trusted this often.
    failures: u32,
    /// For how long after its start a task may be `UNHEALTHY`; the service's
    /// `healthCheckGracePeriodSeconds` where this is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    grace: Option<Span>,
}

impl Check for Tasks {
    fn asks(&self, _: &Target) -> Vec<Asks> {
        grace::asked_with(self.grace, [Asks::Sides, Asks::Tasks])
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        self.look(scope).await.unwrap_or_else(|outcome| *outcome)
    }
}

impl Tasks {
    async fn look(&self, scope: &Scope) -> Fact<Outcome> {
        let deployment = scope.deployment();
        let (sides, status, tasks, stopped) =
            join4(deployment.sides(), deployment.status(), deployment.tasks(), deployment.stopped_tasks())
                .await;
        let (sides, status, tasks, stopped) = (sides?, status?, tasks?, stopped?);
        let seen =
            Seen { sides: &sides, status: &status, tasks: &tasks, stopped: &stopped, now: clock::now() };
        let grace = if seen.any_unhealthy() {
            Grace::ask(self.grace, scope).await
        } else {
            Grace::For(Duration::ZERO)
        };
        Ok(judge::judge(self, &seen, &grace))
    }
}
