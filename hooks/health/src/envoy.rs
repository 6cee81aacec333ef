//! The check `envoy`: what the Envoys in green's tasks, sidecars or gateways that their owner runs, say of
//! themselves.
//!
//! # What it checks
//! Asks the admin interface of each running task of green, at the task's address and `port`, or the one at
//! `url`: that Envoy is LIVE (`/server_info`, `/ready`) and has not been drained, that it rejects no update
//! of its configuration, that its control plane is connected where it has one, that no cluster or listener
//! is still warming, that it has a listener, and that the `clusters` which the plan names have enough
//! healthy members. Counters are compared over two readings, `interval` apart or from an earlier pass of
//! the same wait. Only GET is used. A target URL does not move it: that is where green's traffic goes.
//!
//! # Fails when
//! An Envoy is DRAINING, its listeners were stopped by `/drain_listeners` (which leaves the state LIVE), an
//! update was rejected between the two readings, updates of a kind were rejected and none was ever accepted,
//! or Envoy took the request and did not answer within `timeout`.
//!
//! # Pending when
//! An Envoy is `PRE_INITIALIZING` or `INITIALIZING`, is warming, has no listener, is not connected to its
//! control plane (it then serves the configuration that it got last), went LIVE because it gave up waiting
//! for its first configuration (`initial_fetch_timeout`), or a cluster has too few healthy members.
//!
//! # Inconclusive when
//! No admin interface could be reached, what answers is none, or an update was rejected before the first
//! reading and none was accepted since: after a rejection Envoy keeps the last configuration that it took
//! and stays LIVE, and most control planes do not offer the refused one again, so a counter that stands
//! still proves nothing. An update that is accepted while the hook waits settles it; so does
//! `old_rejections`, for who knows that it is over.
//!
//! # Skipped when
//! Green's Envoy is that of AWS App Mesh, which ended on 2026-09-30, or the proxy that Service Connect
//! manages, whose admin interface nobody outside its task reaches: the check `tasks` judges its health.
//!
//! # What exposing the admin interface means
//! Envoy's admin interface has no authentication. Whoever reaches it can drain the proxy, end it, change
//! its log levels and runtime values, and read its whole configuration. It must never be open to more than
//! the function: let the tasks' security group admit the function's on that port and nobody else. And
//! restrict it to what this check asks for:
//!
//! ```yaml
//! admin:
//!   address: { socket_address: { address: 0.0.0.0, port_value: 9901 } }
//!   allow_paths: [ { exact: /ready }, { exact: /server_info }, { prefix: /stats } ]
//! ```
//!
//! Paths are matched with their query. A release that does not know `allow_paths` (it came in December 2025,
//! envoyproxy/envoy#42367) can keep its admin interface on 127.0.0.1 and pass GETs of these paths on to it
//! from a listener, which answers only while Envoy is LIVE and not drained. Or do not expose it at all: a
//! container health check that asks `127.0.0.1:9901/ready` inside the task, and the check `tasks`, which
//! reads its result from ECS, tell a live proxy from one that is not. They tell nothing of rejected updates.
//!
//! # IAM it needs
//! `ecs:DescribeServiceDeployments`, `ecs:DescribeServiceRevisions`, `ecs:ListTasks`, `ecs:DescribeTasks`;
//! with CodeDeploy `codedeploy:GetDeployment`, `codedeploy:GetDeploymentGroup`,
//! `codedeploy:ListDeploymentTargets`, `codedeploy:GetDeploymentTarget`, `ecs:DescribeTaskSets` and
//! `elasticloadbalancing:DescribeTargetGroups`; none with `url`. The function must be in the tasks' network.
//!
//! # Example
//! ```json
//! { "envoy": { "port": 9901, "clusters": { "orders": 1 }, "patience": "2m" } }
//! ```

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream};
use greenlight::{
    Check, Outcome, Scope, clock,
    deployment::Asks,
    plan::{Isolation, Problem, Target, TargetUrl, units::Span},
    schemars::JsonSchema,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

mod admin;
mod judge;
mod kept;
mod places;
mod reading;
mod together;

use self::{
    admin::{Admin, NoReading},
    kept::Kept,
    places::{Place, Places},
    reading::{Counters, Reading},
    together::{Looked, together},
};

/// What Envoy's documentation uses throughout.
const PORT: u16 = 9901;
/// Envoys that are asked at once.
const AT_ONCE: usize = 8;
/// So many that cannot be reached show that none can; each costs seconds.
const ENOUGH: usize = 3;
/// A look is not worth beginning with less time than this.
const LOOK: Duration = Duration::from_secs(1);

/// Settings of the check `envoy`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Envoy {
    /// The port of the admin interface at each task's address; 9901 where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// One admin interface, in place of those of green's tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<TargetUrl>,
    /// How many healthy members each of these clusters needs, by the names that they have in Envoy's stats.
    clusters: BTreeMap<String, u64>,
    /// How many rejected updates of before the first reading are forgiven.
    old_rejections: u64,
    /// Between the two readings.
    interval: Span,
    /// From a request being written to the end of the answer.
    timeout: Span,
}

impl Default for Envoy {
    fn default() -> Self {
        Self {
            port: None,
            url: None,
            clusters: BTreeMap::new(),
            old_rejections: 0,
            interval: Span::from_secs(5),
            timeout: Span::from_secs(5),
        }
    }
}

impl Check for Envoy {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.port == Some(0) {
            problems.push(Problem::new("port", "is 0; expected the port of `admin.address`, e.g. 9901"));
        }
        if self.url.is_some() && self.port.is_some() {
            let problem = Problem::new("port", "has no effect beside `url`");
            problems.push(problem.hint("put the port into `url`, or leave `url` out to ask green's tasks"));
        }
        if self.clusters.contains_key("") {
            problems.push(Problem::new("clusters", "holds an empty name; expected the name of a cluster"));
        }
        for (name, _) in self.clusters.iter().filter(|(_, least)| **least == 0) {
            problems
                .push(Problem::new(format!("clusters.{name}"), "is 0; expected at least 1 healthy member"));
        }
        for (key, span, most) in [("interval", self.interval, 300), ("timeout", self.timeout, 60)] {
            let most = Span::from_secs(most);
            if span.0.is_zero() || span > most {
                problems.push(Problem::new(key, format!("is {span}; expected more than 0s, at most {most}")));
            }
        }
        problems
    }

    fn asks(&self, _: &Target) -> Vec<Asks> {
        match self.url {
            Some(_) => vec![Asks::Connection],
            None => vec![Asks::Sides, Asks::Tasks, Asks::Connection],
        }
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        let places = match places::find(self, scope).await {
            Ok(places) => places,
            Err(outcome) => return *outcome,
        };
        let outcome = self.asked(scope, &places).await;
        if places.is_named && scope.isolation() == Isolation::Auto {
            return outcome.caveat("not proven to be green");
        }
        outcome
    }
}

impl Envoy {
    fn port(&self) -> u16 {
        self.port.unwrap_or(PORT)
    }

    /// Two looks, of which the first may lie in an earlier pass.
    async fn asked(&self, scope: &Scope, places: &Places) -> Outcome {
        let admin = Admin::new(self, scope);
        let mut kept = Kept::of(scope.reading(), &places.all);
        let new: Vec<_> =
            places.all.iter().filter(|place| kept.get(&place.name).is_none()).cloned().collect();
        let mut wait = self.interval.0.saturating_sub(kept.age());
        if !new.is_empty() {
            let first = looked(&admin, new, &mut kept, |_, reading| judge::trouble(self, reading)).await;
            if first.iter().any(|one| one.outcome.is_some()) {
                return together(places, &first).reading(kept.value());
            }
            wait = self.interval.0;
        }
        if Instant::now() + clock::real(wait) + LOOK >= scope.deadline() {
            return Outcome::inconclusive(format!(
                "the function had no time for a second reading {} after the first",
                self.interval
            ))
            .hint("raise the function's timeout; the first reading is kept for the next invocation")
            .reading(kept.value());
        }
        clock::sleep(wait).await;
        let all = places.all.clone();
        let second = looked(&admin, all, &mut kept, |first, now| Some(judge::judge(self, first, now))).await;
        together(places, &second).reading(kept.value())
    }
}

/// One look at each, what is made of it beside the first reading, and that reading kept.
async fn looked(
    admin: &Admin,
    places: Vec<Place>,
    kept: &mut Kept,
    made: impl Fn(Option<&Counters>, &Reading) -> Option<Outcome>,
) -> Vec<Looked> {
    let mut looked = Vec::new();
    for (name, read) in look(admin, places).await {
        let outcome = match &read {
            Ok(reading) => made(kept.get(&name), reading),
            Err(why) => Some(why.outcome()),
        };
        if let Ok(reading) = &read {
            kept.add(&name, reading);
        }
        looked.push(Looked { name, read, outcome });
    }
    looked
}

/// One look at each, several at once.
async fn look(admin: &Admin, places: Vec<Place>) -> Vec<(String, Result<Reading, NoReading>)> {
    let asking = places.into_iter().map(|place| async move {
        let read = admin.look(&place).await;
        (place.name, read)
    });
    let mut asking = stream::iter(asking).buffered(AT_ONCE);
    let mut looked = Vec::new();
    while let Some(one) = asking.next().await {
        looked.push(one);
        let reached = looked.iter().any(|(_, read)| !matches!(read, Err(NoReading::Unreachable { .. })));
        if looked.len() >= ENOUGH && !reached {
            break;
        }
    }
    looked
}

#[cfg(test)]
mod tests;
