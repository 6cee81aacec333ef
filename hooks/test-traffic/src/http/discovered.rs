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
    worst,
};
use serde_json::json;

use self::{by_route::by_route, by_tasks::TaskProbes};
use super::{Http, expect::Expect, health, request::planned_headers};

mod by_route;
mod by_tasks;

/// What became of one way to green.
pub(super) struct Probed {
    /// The load balancer's name.
    name: String,
    /// What tells it from another way through the same load balancer.
    group: String,
    outcome: Outcome,
    /// Whether the plan's path is none that goes this way.
    is_elsewhere: bool,
}

/// One outcome of all ways. A path that the plan names has to go one way, not each: two containers of a
/// service have rules of their own.
pub(super) fn together(probed: Vec<Probed>) -> Outcome {
    let (elsewhere, asked): (Vec<_>, Vec<_>) = probed.into_iter().partition(|probed| probed.is_elsewhere);
    let named = |probed: Vec<Probed>| {
        let alone = |name: &String| probed.iter().filter(|one| one.name == *name).count() == 1;
        let names: Vec<_> =
            probed.iter().map(|one| if alone(&one.name) { &one.name } else { &one.group }.clone()).collect();
        names.into_iter().zip(probed.into_iter().map(|one| one.outcome)).collect()
    };
    if asked.is_empty() {
        return worst(named(elsewhere));
    }
    let left_out: Vec<_> = elsewhere.iter().map(|one| one.name.clone()).collect();
    let outcome = worst(named(asked));
    if left_out.is_empty() { outcome } else { outcome.measured("not_asked_through", left_out) }
}

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
    let name = approach.name.clone().unwrap_or_else(|| "its tasks".to_owned());
    let group = approach.group.as_ref().map(|group| group.name.clone()).unwrap_or_default();
    let probed = |(outcome, is_elsewhere)| Probed { name, group, outcome, is_elsewhere };
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

/// Asks green where it is shown that green is what answers, or cannot be shown by nature; otherwise says
/// what was found instead.
async fn proven(
    scope: &Scope,
    approach: &Approach,
    isolation: &Proof,
    asked: impl Future<Output = Outcome>,
) -> Outcome {
    // Without an address of green's there is nobody to ask, whatever the plan says.
    let off = scope.isolation() == Isolation::Off && approach.entrance.is_some();
    let outcome = match isolation {
        Proof::Open(outcome) if !off => (**outcome).clone(),
        Proof::NotProven(why) if scope.isolation() == Isolation::Required => Outcome::cannot_tell(format!(
            "`isolation` is `required`, and it cannot be proven that what answers is green: {why}"
        ))
        .hint("use `\"isolation\": \"auto\"`, or network mode `awsvpc` with targets of type `ip`"),
        Proof::NotProven(_) if !off => asked.await.caveat("not proven to be green"),
        Proof::Open(_) | Proof::NotProven(_) | Proof::Proven(_) => asked.await,
    };
    measured(outcome, scope, approach, isolation)
}

/// Adds what shows that it was green that was asked.
fn measured(outcome: Outcome, scope: &Scope, approach: &Approach, isolation: &Proof) -> Outcome {
    let off = scope.isolation() == Isolation::Off;
    outcome.measured(
        "isolation",
        json!({ "asked_for": if off { "off" } else { "on" }, "is": isolation.word(),
                "because": isolation.words(), "weights": approach.live,
                "green_target_group": approach.group.as_ref().map(|group| group.arn.clone()) }),
    )
}
