//! Green through a load balancer's route.

use std::sync::Arc;

use greenlight::{Outcome, deployment::route::Route, plan::Isolation};
use serde_json::json;
use url::Url;

use super::{Question, routes::Routes};
use crate::{
    http::version,
    reach::{
        Place, Reached,
        answered_by::{GoesByRoute, LeadsBack, Taken, too_early},
    },
};

/// Sends the question's requests by a route that is proven to lead to green.
pub(super) async fn by_route(question: &Question<'_>, routes: &Routes) -> Outcome {
    let Question { http, scope, approach, own, .. } = *question;
    let route = &routes.first;
    let scheme = route.scheme.as_str();
    let Ok(base) = Url::parse(&format!("{scheme}://{}", route.host.value)) else {
        return Outcome::cannot_tell(format!("`{}` ({}) is no host name", route.host.value, route.host.from));
    };
    if let Some(outcome) = version::cannot_be_spoken(http.version, route, approach) {
        return outcome;
    }
    let notes = route.notes.join("; ");
    let steps = match routes.steps(&question.steps, http.is_sequence()) {
        Ok(steps) => steps,
        Err(outcome) => return *outcome,
    };
    let taken = Taken {
        by_load_balancer: true,
        too_early: too_early(approach, route),
        own_choice_at: own.map(|_| base.clone()),
        leads_back: Some(leads_back(question, routes)),
        goes_by_route: goes_by_route(question, routes),
        notes: if notes.is_empty() { String::new() } else { format!("; {notes}") },
    };
    let place = Place {
        base,
        connect_to: Some((route.address.clone(), route.port)),
        host: Some(route.host.value.clone()),
        server_name: route.server_name.as_ref().map(|name| name.value.clone()),
        speaks: version::speaks(http.version, false),
        headers: routes.all().map(headers).collect(),
        shown: format!(
            "{scheme}://{}{}",
            route.host.value,
            if http.is_sequence() { "" } else { &route.path.value }
        ),
    };
    let (outcome, reached) = http.sent(scope, place, steps, http.requests, taken).await;
    let outcome = if reached != Reached::Asked && !notes.is_empty() {
        let hint = outcome.hint.as_ref().map(|hint| format!("{hint}; {notes}"));
        outcome.hint(hint.unwrap_or(notes))
    } else {
        outcome
    };
    outcome.measured(
        "route",
        json!({ "rule": route.rule, "connect": format!("{}:{}", route.address, route.port),
                "host": route.host.value, "host_from": route.host.from, "path": route.path.value,
                "path_from": if own.is_some() { "green's health check" } else { &route.path.from },
                "notes": route.notes }),
    )
}

/// What the rule and the plan ask of a request's headers.
fn headers(route: &Route) -> Vec<(String, String)> {
    route.headers.iter().map(|(name, chosen)| (name.clone(), chosen.value.clone())).collect()
}

/// Tells whether a path with captured values takes the rule that is proven; where isolation is not looked at,
/// nobody asks.
fn goes_by_route(question: &Question<'_>, routes: &Routes) -> Option<Arc<GoesByRoute>> {
    if question.scope.isolation() == Isolation::Off {
        return None;
    }
    let routes: Vec<Route> = routes.all().cloned().collect();
    let through = question.approach.clone();
    Some(Arc::new(move |step, path| {
        routes.get(step).is_some_and(|route| route.path.value == path || through.lets_through(route, path))
    }))
}

/// Tells whether a redirect leads to the same rule again: only that one is proven to lead to green. The prober follows none
/// to another host.
fn leads_back(question: &Question<'_>, routes: &Routes) -> Arc<LeadsBack> {
    let mut routes: Vec<Route> = routes.all().cloned().collect();
    if question.http.is_sequence() {
        // The answer that redirects may set cookies, the first one's, too.
        for route in
            routes.iter_mut().filter(|route| !route.secret_headers.iter().any(|name| name == "cookie"))
        {
            route.secret_headers.push("cookie".to_owned());
        }
    }
    let through = question.approach.clone();
    Arc::new(move |step, to| {
        let query = to.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{query}", to.path());
        routes.get(step).is_some_and(|route| through.lets_through(route, &path))
    })
}
