//! The check `http`: requests to green, and what is expected of the answers.
//!
//! # What it checks
//! Sends `requests` requests, `concurrency` at a time, and holds every answer against `expect`: through the
//! route that discovery finds, after it is proven to lead to green, or to the target URL that somebody named.
//! Without a path it asks for green's own health check, and expects its success codes.
//!
//! With `steps`, each of the `requests` is a run of several requests in order, on the same cookies, in which a
//! step can use what earlier answers gave: a login, then a page. A step that is not as expected ends its run.
//!
//! `warm_up` requests (or runs) are sent first and do not count. With `consecutive`, green passes as soon as so
//! many in a row are good, and `requests` says after how many to give up.
//!
//! # Fails when
//! More than `expect.failures` of the requests (or runs) were answered otherwise than expected, or were written
//! and not answered within `timeout`; or a latency percentile is above its bound; or, with `consecutive`, green's
//! own failures left no row that long.
//!
//! # Inconclusive when
//! Green could not be found or reached (a denied call, a rule in the way, name, connect, TLS), somebody else
//! answered, a secret could not be fetched, a captured value makes no request or leads away from the listener rule
//! that is proven, a step that is not as expected went without a `Secure` cookie over plain HTTP, a body is too large
//! to be searched, `expires_in` meets a route that is plain HTTP, or time ran out.
//!
//! # IAM it needs
//! That of discovery (docs/discovery.md), none with a target URL; `ssm:GetParameter` or
//! `secretsmanager:GetSecretValue` for the secrets that it names.
//!
//! # Example
//! ```json
//! { "http": { "path": "/ping", "requests": 50, "expect": { "latency": { "p95": "300ms" }, "expires_in": ">14d" } } }
//! ```
//! ```json
//! { "http": {
//!   "requests": 10, "warm_up": 5, "allow_load": true,
//!   "steps": [
//!     { "path": "/login", "method": "POST", "headers": { "content-type": "application/json" },
//!       "body": { "secret": "secretsmanager:orders/probe#login" }, "capture": { "token": { "jsonpath": "$.token" } } },
//!     { "path": "/account", "headers": { "authorization": "Bearer ${token}" },
//!       "expect": { "jsonpath": { "$.orders[*].state": { "matches": "^(open|paid)$" } }, "headers": { "x-request-id": true } } }
//!   ]
//! } }
//! ```

use std::collections::BTreeMap;

use futures_util::future::join_all;
use greenlight::schemars::JsonSchema;
use greenlight::{
    Check, Outcome, Scope,
    deployment::Asks,
    plan::{
        Headers, Problem, Target, TargetUrl, Text,
        units::{Size, Span},
    },
};
use greenlight_prober::{Limits, Load, Prober};
use serde::{Deserialize, Serialize};
use serde_json::json;

mod capture;
mod course;
mod discovered;
mod draft;
mod expect;
mod findings;
mod health;
mod hidden;
mod line;
mod pattern;
mod problems;
mod query;
mod request;
mod seen;
mod steps;
mod template;
mod version;

use self::{
    course::{Course, Shared},
    expect::Expect,
    findings::Sent,
    line::{PathAndQuery, Verb},
    steps::Step,
    version::Version,
};
use crate::reach::{self, Place, Reached, Via, answered_by::Taken};

/// Settings of the check `http`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// The way to green: `auto` is the way that the stage has; with `tasks`, every task of green gets all the
    /// requests at its own address.
    via: Via,
    /// The port of green's tasks, where it is not the one that the load balancer uses; with `via` `tasks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// The version of HTTP: `1.1`, `2`, or `auto` for what TLS agrees on. Without one it is 1.1, and 2 at the
    /// tasks of a target group that is spoken to over HTTP/2.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    /// Path and query; a target URL's own path comes before it. Without one, green's own health check is
    /// asked for.
    path: PathAndQuery,
    /// The method. Others than GET and HEAD change things and need `allow_load`.
    method: Verb,
    /// How many requests are sent, or runs of `steps`; with `consecutive`, at most.
    requests: u64,
    /// How many are sent before those, and do not count, however they are answered.
    #[serde(skip_serializing_if = "is_zero")]
    warm_up: u64,
    /// How many in a row must be good; then the others do not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    consecutive: Option<u64>,
    /// How many at once, each on a connection of its own.
    concurrency: usize,
    /// Request headers, over the target's; `null` drops one.
    headers: Headers,
    /// Cookies by name.
    cookies: BTreeMap<String, Text>,
    /// The request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Text>,
    /// From the request being written to the end of the answer.
    timeout: Span,
    /// For each phase of reaching green: name, connect, TLS.
    connect_timeout: Span,
    /// How many redirects are followed; one to another scheme, host or port fails. With 0 each is an answer like any other.
    redirects: u32,
    /// How much of a body is read; a larger one is a failure.
    max_body: Size,
    /// Allows more than 1,000 requests or 100 at once, and methods that change things.
    allow_load: bool,
    /// Allows secrets over plain HTTP.
    allow_plaintext: bool,
    /// What is expected of the answers.
    #[serde(deserialize_with = "Expect::decode_of_check")]
    expect: Expect,
    /// Several requests in order, in the place of one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Step>,
}

/// What is left out of the settings in force.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Default for Http {
    fn default() -> Self {
        Self {
            via: Via::Auto,
            port: None,
            version: None,
            path: PathAndQuery::default(),
            method: Verb::default(),
            requests: 1,
            warm_up: 0,
            consecutive: None,
            concurrency: 1,
            headers: Headers::default(),
            cookies: BTreeMap::new(),
            body: None,
            timeout: Span::from_secs(5),
            connect_timeout: Span::from_secs(2),
            redirects: 0,
            max_body: Size::from_bytes(1 << 20),
            allow_load: false,
            allow_plaintext: false,
            expect: Expect::of_check(),
            steps: Vec::new(),
        }
    }
}

impl Check for Http {
    fn problems(&self) -> Vec<Problem> {
        problems::of(self)
    }

    fn problems_at(&self, target: &Target) -> Vec<Problem> {
        let at = self.via.problems_at(target).into_iter().chain(reach::http_problems("http", target));
        at.chain(problems::without_certificate(self, target)).collect()
    }

    fn asks(&self, target: &Target) -> Vec<Asks> {
        reach::asks(target)
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        if let Some(url) = &scope.target().url {
            return reach::at_target(scope, url, self.at_url(scope, url)).await;
        }
        let approaches = match scope.deployment().approaches(scope.stage()).await {
            Ok(approaches) => approaches,
            Err(outcome) => return *outcome,
        };
        let probes = approaches.iter().map(|approach| discovered::probe(self, scope, approach));
        reach::together(join_all(probes).await)
    }
}

impl Http {
    /// Asks where somebody said that green is.
    async fn at_url(&self, scope: &Scope, url: &TargetUrl) -> Outcome {
        let (place, steps) = Place::of_target(self, scope, url.url());
        self.sent(scope, place, steps, self.requests, Taken::default()).await.0
    }

    /// Sends the requests to one place, and says how far they came.
    async fn sent(
        &self,
        scope: &Scope,
        place: Place,
        steps: Vec<Step>,
        requests: u64,
        taken: Taken,
    ) -> (Outcome, Reached) {
        let url = place.shown.clone();
        let (endpoint, steps) = match request::prepare(self, scope, place, steps).await {
            Ok(prepared) => prepared,
            Err(outcome) => return (*outcome, Reached::Asked),
        };
        let limits = Limits {
            connect_timeout: self.connect_timeout.0,
            timeout: self.timeout.0,
            max_body: self.max_body.bytes() as u64,
            redirects: self.redirects,
            ..Limits::default()
        };
        let prober = Prober::new(endpoint.clone(), limits);
        let is_sequence = self.is_sequence();
        let secrets = scope.secrets().clone();
        let course = Course::new(Shared { steps, is_sequence, endpoint, taken, secrets }, self.consecutive);
        let load = Load { requests, concurrency: self.concurrency, deadline: scope.deadline() };
        let warmed_up = match self.warm_up {
            0 => None,
            requests => {
                Some(findings::counted(&prober.play(course.to_warm_up(), Load { requests, ..load }).await))
            }
        };
        let tally = prober.play(course.clone(), load).await;
        let sent = Sent { http: self, steps: course.steps().collect(), url: &url };
        let outcome = findings::outcome(&tally, &sent);
        let outcome = match warmed_up {
            None => outcome,
            Some(warmed_up) => outcome.measured("warm_up", json!(warmed_up)),
        };
        (outcome, Reached::of(&tally))
    }
}

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;
