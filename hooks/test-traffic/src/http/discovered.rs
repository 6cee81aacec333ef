//! The check where discovery leads: through the load balancer's test or production route, or to green's
//! tasks themselves.
//!
//! Nothing is judged before it is shown that what answers is green. Where the plan names no path, the
//! request is that of green's own health check; it goes through the listener only where the health check
//! uses the port that traffic uses and the rule lets its path through.

use greenlight::{
    Kind, Outcome, Scope,
    deployment::{Approach, HealthRequest, Isolation as Proof},
    plan::Isolation,
};

use self::{by_route::by_route, by_tasks::TaskProbes};
use super::{Http, health, steps::Step};
use crate::reach::{Probed, Via, measured, proven};

mod by_route;
mod by_tasks;
mod routes;

/// What is asked for, and what is expected.
struct Question<'a> {
    http: &'a Http,
    scope: &'a Scope,
    approach: &'a Approach,
    /// Every one with its path.
    steps: Vec<Step>,
    /// Green's health check, where the request is that: our own choice, not the plan's.
    own: Option<&'a HealthRequest>,
}

/// Probes green through one approach.
pub(super) async fn probe(http: &Http, scope: &Scope, approach: &Approach) -> Probed {
    let probed = |(outcome, is_elsewhere)| Probed::new(approach, outcome, is_elsewhere);
    let own = approach.health_request();
    let mut steps = http.sequence();
    let chosen = steps.iter_mut().find(|step| !step.path.is_given());
    let is_given = chosen.is_none();
    let Some(()) = chosen.map_or(Some(()), |step| {
        let own = own.as_ref()?;
        step.path.0.clone_from(&own.path);
        step.expect = step.expect.with_default_statuses(own.statuses.clone());
        Some(())
    }) else {
        let why = match approach.group {
            Some(_) => "green's health check is no HTTP request",
            None => &approach.because,
        };
        let outcome = proven(scope, approach, &approach.isolation, async { health::alone(approach, why) });
        return probed((outcome.await, false));
    };
    let own = own.as_ref().filter(|_| !is_given);
    probed(Question { http, scope, approach, steps, own }.ask().await)
}

impl Question<'_> {
    /// The outcome, and whether the plan's path goes another way.
    async fn ask(&self) -> (Outcome, bool) {
        let Self { scope, approach, own, .. } = *self;
        let elsewhere = own.and_then(|own| own.port);
        if self.http.via == Via::Tasks {
            let isolation = approach.isolation_of_tasks();
            let probes = TaskProbes { question: self, why: "the plan asks every task" };
            return (proven(scope, approach, &isolation, probes.every()).await, false);
        }
        let mut why = approach.because.clone();
        if let Some(port) = elsewhere.filter(|_| approach.entrance.is_some()) {
            why = format!("green's health check is at port {port}, where no listener leads");
        } else if approach.entrance.is_some() {
            match self.routes().await {
                Ok(routes) => {
                    let isolation =
                        approach.isolation_of(&routes.as_one(&self.steps, self.http.is_sequence())).await;
                    let asked = by_route(self, &routes);
                    return (proven(scope, approach, &isolation, asked).await, false);
                }
                Err((outcome, is_path)) if !(is_path && own.is_some()) => {
                    // Whose tasks stand there tells more than why they cannot be asked.
                    return match &approach.isolation {
                        Proof::Open(found)
                            if found.kind == Kind::Fail && scope.isolation() != Isolation::Off =>
                        {
                            (measured((**found).clone(), scope, approach, &approach.isolation), false)
                        }
                        _ => (measured(outcome, scope, approach, &approach.isolation), is_path),
                    };
                }
                Err(_) => {
                    why = format!("the rule does not let green's health check `{}` through", self.path());
                }
            }
        }
        let probes = TaskProbes { question: self, why: &why };
        (proven(scope, approach, &approach.isolation, probes.run()).await, false)
    }

    /// The first step's path.
    fn path(&self) -> &str {
        self.steps.first().map(|step| step.path.0.as_str()).unwrap_or_default()
    }
}
