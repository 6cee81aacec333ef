//! The check where discovery leads: through the load balancer's test or production route, or to green's
//! tasks themselves.
//!
//! Nothing is judged before it is shown that what answers is green. Where the plan names no path, the
//! request is that of green's own health check; it goes through the listener only where the health check
//! uses the port that traffic uses and the rule lets its path through.

use greenlight::{
    Kind, Outcome, Scope,
    deployment::{
        Approach, HealthRequest, Isolation as Proof, NoRoute,
        route::{Route, Wish},
    },
    plan::{HostName, Isolation},
};

use self::{by_route::by_route, by_tasks::TaskProbes};
use super::{
    Http, health,
    request::planned_headers,
    steps::Step,
    template::{Encoding, Template},
};
use crate::reach::{Probed, Via, measured, proven};

mod by_route;
mod by_tasks;

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
                    let isolation = approach.isolation_of(&routes.as_one()).await;
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

    /// The route of each step, all by one rule; or the outcome that says why there is none, and whether it is the
    /// path's fault.
    async fn routes(&self) -> Result<Routes, (Outcome, bool)> {
        let mut found: Option<Routes> = None;
        for (index, step) in self.steps.iter().enumerate() {
            let of_step = |outcome: Outcome| {
                if !self.http.is_sequence() {
                    return outcome;
                }
                Outcome { observed: format!("{}: {}", step.label(index), outcome.observed), ..outcome }
            };
            let first = found.as_ref().map(|found| &found.first);
            let route = self.route(step, first).await;
            let route = route.map_err(|no_route| (of_step(no_route.outcome()), no_route.is_path()))?;
            match &mut found {
                None => found = Some(Routes { first: route, further: Vec::new() }),
                Some(found)
                    if found.first.rule != route.rule || found.first.host.value != route.host.value =>
                {
                    let outcome = Outcome::cannot_tell("it goes by another rule than the first step")
                        .hint("the steps of one check go by one rule: make two checks of them");
                    return Err((of_step(outcome), true));
                }
                Some(found) => found.further.push(route),
            }
        }
        found.ok_or_else(|| (Outcome::cannot_tell("the check has no steps"), false))
    }

    /// The route of one step, after the first one's.
    async fn route(&self, step: &Step, first: Option<&Route>) -> Result<Route, NoRoute> {
        let (mut headers, mut secrets) = planned_headers(step, self.scope, self.http.is_sequence());
        let target = self.scope.target();
        let host = target.host.as_ref().map(ToString::to_string);
        let host = host.as_deref().or(first.map(|first| first.host.value.as_str()));
        // Earlier answers may have set cookies, so what this step sends of them is not known.
        if first.is_some() {
            headers.retain(|(name, _)| name != "cookie");
            secrets.retain(|name| name != "cookie");
            secrets.push("cookie".to_owned());
        }
        let path = typical(&step.path.0, self.http.is_sequence());
        let wish = Wish {
            host,
            server_name: target.tls.server_name.as_ref().map(HostName::name),
            path: Some(&path),
            method: step.method.0.as_str(),
            headers: &headers,
            secret_headers: &secrets,
        };
        self.approach.route(&wish).await
    }
}

/// A path with a word in the place of each captured value. The path that is sent is looked at again.
fn typical(path: &str, is_sequence: bool) -> String {
    let Ok(template) = Template::parse(path) else { return path.to_owned() };
    if !is_sequence {
        return path.to_owned();
    }
    let words = template.names().map(|name| (name.to_owned(), "captured".to_owned())).collect();
    template.fill(&words, Encoding::Url)
}

/// The routes of the steps, by one rule.
struct Routes {
    first: Route,
    further: Vec<Route>,
}

impl Routes {
    /// Of each step, in order.
    fn all(&self) -> impl Iterator<Item = &Route> {
        std::iter::once(&self.first).chain(&self.further)
    }

    /// The first one, with everything that is uncertain about any.
    fn as_one(&self) -> Route {
        let uncertain = self.all().flat_map(|route| route.uncertain.clone()).collect();
        Route { uncertain, ..self.first.clone() }
    }
}
