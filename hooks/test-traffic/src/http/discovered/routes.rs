//! The route of each step: all of a sequence go by one rule, or it is said why not.
//!
//! Surprising: a step's path is not known before it is sent, nor are its cookies. So a word that stands for what is
//! captured shows that the rule can take such a path; the path itself is looked at when it is made. Cookies begin
//! with what is known, the plan's or the rule's own, and go on with what answers set.

use greenlight::{
    Outcome,
    deployment::{
        NoRoute,
        route::{Route, Wish},
    },
    plan::HostName,
};

use super::Question;
use crate::http::{
    request::planned_headers,
    steps::Step,
    template::{Captured, Encoding, Template},
};

/// What stands in the place of captured values: a rule may want a name, or a number.
const WORDS: [&str; 3] = ["captured", "7", "00000000-0000-4000-8000-000000000000"];

/// The routes of the steps, by one rule.
pub(super) struct Routes {
    pub(super) first: Route,
    further: Vec<Route>,
}

impl Routes {
    /// Of each step, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Route> {
        std::iter::once(&self.first).chain(&self.further)
    }

    /// The first one, with everything that is uncertain about any.
    pub(super) fn as_one(&self, steps: &[Step], is_sequence: bool) -> Route {
        let of_step = |(index, (route, step)): (usize, (&Route, &Step))| -> Vec<String> {
            let label = if is_sequence { format!("{}: ", step.label(index)) } else { String::new() };
            route.uncertain.iter().map(|why| format!("{label}{why}")).collect()
        };
        let uncertain = self.all().zip(steps).enumerate().flat_map(of_step).collect();
        Route { uncertain, ..self.first.clone() }
    }

    /// The steps as they are sent: with what the rule asks for in the query.
    pub(super) fn steps(&self, steps: &[Step], is_sequence: bool) -> Result<Vec<Step>, Box<Outcome>> {
        let mut steps = steps.to_vec();
        for (index, (step, route)) in steps.iter_mut().zip(self.all()).enumerate() {
            let sent = &route.path.value;
            if !is_sequence {
                step.path.0.clone_from(sent);
            } else if let Some(words) = words(&step.path.0) {
                let typical = words.iter().find_map(|word| sent.strip_prefix(word.as_str()));
                let Some(added) = typical else {
                    let at = step.label(index);
                    let observed = format!("{at}: the path holds characters that cannot be sent as they are");
                    let outcome = Outcome::cannot_tell(observed);
                    return Err(Box::new(outcome.hint("write them percent-encoded: `%7B` for `{`")));
                };
                step.path.0.push_str(&added.replace("${", "$${"));
            } else {
                step.path.0 = sent.replace("${", "$${");
            }
        }
        Ok(steps)
    }
}

impl Question<'_> {
    /// The route of each step, all by one rule; or the outcome that says why there is none, and whether it is the
    /// path's fault.
    pub(super) async fn routes(&self) -> Result<Routes, (Outcome, bool)> {
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
        let is_sequence = self.http.is_sequence();
        let (mut headers, mut secrets) = planned_headers(step, self.scope, is_sequence);
        let target = self.scope.target();
        let host = target.host.as_ref().map(ToString::to_string);
        let host = host.as_deref().or(first.map(|first| first.host.value.as_str()));
        if let Some(first) = first {
            go_on(&mut headers, &mut secrets, first);
        }
        let paths =
            words(&step.path.0).filter(|_| is_sequence).unwrap_or_else(|| vec![literal(step, is_sequence)]);
        let mut refused = None;
        for path in &paths {
            let wish = Wish {
                host,
                server_name: target.tls.server_name.as_ref().map(HostName::name),
                path: Some(path),
                method: step.method.0.as_str(),
                headers: &headers,
                secret_headers: &secrets,
            };
            match self.approach.route(&wish).await {
                Err(no_route) if no_route.is_path() => {
                    refused.get_or_insert(no_route);
                }
                found => return found,
            }
        }
        // There is at least one path, and each was refused.
        Err(refused
            .unwrap_or_else(|| NoRoute::Unknown(Box::new(Outcome::cannot_tell("the step has no path")))))
    }
}

/// What is known of the cookies of a step after the first: they begin with the plan's, else with those that the rule
/// was given before, and go on with what answers set.
fn go_on(headers: &mut Vec<(String, String)>, secrets: &mut Vec<String>, first: &Route) {
    let is_cookie = |name: &String| name == "cookie";
    if secrets.iter().any(is_cookie) {
        // The jar's come after these, but what these are is not known.
        headers.retain(|(name, _)| !is_cookie(name));
        return;
    }
    // One header, as the prober writes it.
    let known = |headers: &mut dyn Iterator<Item = &str>| headers.collect::<Vec<_>>().join("; ");
    let own = headers.iter().filter(|(name, _)| is_cookie(name)).map(|(_, value)| value.as_str());
    let own = known(&mut { own });
    let of_rule = first.headers.iter().filter(|(name, _)| is_cookie(name));
    let of_rule = known(&mut of_rule.map(|(_, chosen)| chosen.value.as_str()));
    headers.retain(|(name, _)| !is_cookie(name));
    if let Some(known) = [own, of_rule].into_iter().find(|known| !known.is_empty()) {
        headers.push(("cookie".to_owned(), known));
    }
    secrets.push("cookie".to_owned());
}

/// A path of a sequence with each word in the place of its captured values; none where it has none.
fn words(path: &str) -> Option<Vec<String>> {
    let template = Template::parse(path).ok().filter(|template| template.names().next().is_some())?;
    let with = |word: &&str| {
        let captured = template.names().map(|name| (name.to_owned(), (*word).to_owned())).collect();
        template.fill(&captured, Encoding::Url)
    };
    Some(WORDS.iter().map(with).collect())
}

/// A path without captured values.
fn literal(step: &Step, is_sequence: bool) -> String {
    let path = &step.path.0;
    let template = Template::parse(path).ok().filter(|_| is_sequence);
    template.map_or_else(|| path.clone(), |template| template.fill(&Captured::new(), Encoding::Url))
}
