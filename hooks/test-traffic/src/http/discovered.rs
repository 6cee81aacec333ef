//! The check where discovery leads: through the load balancer's test or production route, or to green's
//! tasks themselves.
//!
//! Nothing is judged before it is shown that what answers is green. Where the plan names no path, the
//! request is that of green's own health check; it goes through the listener only where the health check
//! uses the port that traffic uses and the rule lets its path through.

use greenlight::{
    Kind, Outcome, Scope,
    deployment::{
        Approach, HealthRequest, Isolation as Proof,
        route::{Route, Wish},
    },
    plan::{HostName, Isolation},
};

use self::{by_route::by_route, by_tasks::TaskProbes};
use super::{Http, expect::Expect, health, request::planned_headers};
use crate::reach::{Probed, Via, measured, proven};

mod by_route;
mod by_tasks;

/// What is asked for, and what is expected.
struct Question<'a> {
    http: &'a Http,
    scope: &'a Scope,
    approach: &'a Approach,
    path: &'a str,
    expect: Expect,
    /// Green's health check, where the request is that: our own choice, not the plan's.
    own: Option<&'a HealthRequest>,
}

/// Probes green through one approach.
pub(super) async fn probe(http: &Http, scope: &Scope, approach: &Approach) -> Probed {
    let probed = |(outcome, is_elsewhere)| Probed::new(approach, outcome, is_elsewhere);
    let own = approach.health_request();
    let given = http.path.is_given().then_some(http.path.0.as_str());
    let Some(path) = given.or(own.as_ref().map(|own| own.path.as_str())) else {
        let why = match approach.group {
            Some(_) => "green's health check is no HTTP request",
            None => &approach.because,
        };
        let outcome = proven(scope, approach, &approach.isolation, async { health::alone(approach, why) });
        return probed((outcome.await, false));
    };
    let own = own.as_ref().filter(|_| given.is_none());
    let expect = http.expect.with_default_statuses(own.and_then(|own| own.statuses.clone()));
    probed(Question { http, scope, approach, path, expect, own }.ask().await)
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
            match self.route().await {
                Ok(route) => {
                    let isolation = approach.isolation_of(&route).await;
                    let asked = by_route(self, &route);
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
                Err(_) => why = format!("the rule does not let green's health check `{}` through", self.path),
            }
        }
        let probes = TaskProbes { question: self, why: &why };
        (proven(scope, approach, &approach.isolation, probes.run()).await, false)
    }

    /// The route; or the outcome that says why there is none, and whether it is the path's fault.
    async fn route(&self) -> Result<Route, (Outcome, bool)> {
        let (headers, secrets) = planned_headers(self.http, self.scope);
        let target = self.scope.target();
        let host = target.host.as_ref().map(ToString::to_string);
        let wish = Wish {
            host: host.as_deref(),
            server_name: target.tls.server_name.as_ref().map(HostName::name),
            path: Some(self.path),
            method: self.http.method.0.as_str(),
            headers: &headers,
            secret_headers: &secrets,
        };
        self.approach.route(&wish).await.map_err(|no_route| (no_route.outcome(), no_route.is_path()))
    }
}
