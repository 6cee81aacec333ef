//! The check `http`: requests to green, and what is expected of the answers.
//!
//! # What it checks
//! Sends `requests` requests, `concurrency` at a time, and holds every answer against `expect`: through the
//! route that discovery finds, after it is proven to lead to green, or to the target URL that somebody named.
//! Without a path it asks for green's own health check, and expects its success codes.
//!
//! # Fails when
//! More than `expect.failures` of the requests were answered otherwise than expected, or were written
//! and not answered within `timeout`; or a latency percentile is above its bound.
//!
//! # Inconclusive when
//! Green could not be found or reached (a denied call, a rule in the way, name, connect, TLS), somebody else
//! answered, a secret could not be fetched, or time ran out.
//!
//! # IAM it needs
//! That of discovery (docs/discovery.md), none with a target URL; `ssm:GetParameter` or
//! `secretsmanager:GetSecretValue` for the secrets that it names.
//!
//! # Example
//! ```json
//! { "http": { "path": "/ping", "requests": 50, "expect": { "latency": { "p95": "300ms" } } } }
//! ```

use std::{borrow::Cow, collections::BTreeMap};

use ::http::Method;
use futures_util::future::join_all;
use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use greenlight::{
    Check, Outcome, Scope,
    plan::{
        Headers, Problem, Target, TargetUrl, Text,
        units::{Size, Span},
    },
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use greenlight_prober::{Answer, Limits, Load, Prober};

mod discovered;
mod expect;
mod findings;
mod health;
mod request;
mod version;

use self::{expect::Expect, version::Version};
use crate::reach::{
    self, Place, Reached, Via,
    answered_by::{self, Taken},
};

/// Above these, a probe is a load test, and a plan must say that it means it.
const MANY_REQUESTS: u64 = 1000;
const MANY_AT_ONCE: usize = 100;
/// No plan can ask for more: a function has 15 minutes and little memory.
const MOST_REQUESTS: u64 = 1_000_000;
const MOST_AT_ONCE: usize = 1000;

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
    /// How many requests are sent.
    requests: u64,
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
    /// How many redirects are followed; with 0 a redirect is an answer like any other.
    redirects: u32,
    /// How much of a body is read; a larger one is a failure.
    max_body: Size,
    /// Allows more than 1,000 requests or 100 at once, and methods that change things.
    allow_load: bool,
    /// Allows secrets over plain HTTP.
    allow_plaintext: bool,
    /// What is expected of the answers.
    expect: Expect,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            via: Via::Auto,
            port: None,
            version: None,
            path: PathAndQuery::default(),
            method: Verb(Method::GET),
            requests: 1,
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
            expect: Expect::default(),
        }
    }
}

impl Check for Http {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say =
            |path: &str, message: String, hint: &str| problems.push(Problem::new(path, message).hint(hint));
        let allow = "add `\"allow_load\": true` if green and what is behind it can take that";
        if !(1..=MOST_REQUESTS).contains(&self.requests) {
            say("requests", format!("is {}; expected 1 to {MOST_REQUESTS}", self.requests), "");
        } else if self.requests > MANY_REQUESTS && !self.allow_load {
            say("requests", format!("is {}; expected at most {MANY_REQUESTS}", self.requests), allow);
        }
        if !(1..=MOST_AT_ONCE).contains(&self.concurrency) {
            say("concurrency", format!("is {}; expected 1 to {MOST_AT_ONCE}", self.concurrency), "");
        } else if self.concurrency > MANY_AT_ONCE && !self.allow_load {
            say("concurrency", format!("is {}; expected at most {MANY_AT_ONCE}", self.concurrency), allow);
        }
        if self.changes_things() && !self.allow_load {
            say("method", format!("is {}; expected GET or HEAD", self.method.0), allow);
        }
        if self.redirects > 20 {
            say("redirects", format!("is {}; expected 0 to 20", self.redirects), "");
        }
        for (key, span) in [("timeout", self.timeout), ("connect_timeout", self.connect_timeout)] {
            if span.0.is_zero() {
                say(key, "is 0s; expected a time in which green can answer".to_owned(), "");
            }
        }
        for problem in &mut problems {
            problem.hint = problem.hint.take().filter(|hint| !hint.is_empty());
        }
        problems.extend(self.via.port_problems(self.port));
        problems.extend(request::cookie_problems(&self.cookies));
        problems.extend(
            self.expect
                .problems()
                .into_iter()
                .map(|problem| Problem { path: format!("expect.{}", problem.path), ..problem }),
        );
        problems
    }

    fn problems_at(&self, target: &Target) -> Vec<Problem> {
        self.via.problems_at(target).into_iter().chain(reach::http_problems("http", target)).collect()
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
        let place = Place::of_target(self, scope, url.url());
        self.sent(scope, place, &self.expect, self.requests, Taken::default()).await.0
    }

    /// Sends the requests to one place, and says how far they came.
    async fn sent(
        &self,
        scope: &Scope,
        place: Place,
        expect: &Expect,
        requests: u64,
        taken: Taken,
    ) -> (Outcome, Reached) {
        let prepared = match request::prepare(self, scope, place).await {
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
        let load = Load { requests, concurrency: self.concurrency, deadline: scope.deadline() };
        let (judge, secrets) = (expect.clone(), scope.secrets().clone());
        let judge = move |answer: &Answer| match answered_by::stranger(answer, &taken, &secrets) {
            Some(stranger) => Err(stranger),
            None => judge.judge(answer, &secrets),
        };
        let tally = Prober::new(prepared.endpoint, limits).run(&prepared.request, load, judge).await;
        (findings::outcome(&tally, expect, &prepared.url), Reached::of(&tally))
    }

    fn changes_things(&self) -> bool {
        !matches!(self.method.0, Method::GET | Method::HEAD)
    }
}

/// Path and query of a request, as they are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct PathAndQuery(String);

impl PathAndQuery {
    /// Whether a plan gave one.
    fn is_given(&self) -> bool {
        !self.0.is_empty()
    }
}

impl JsonSchema for PathAndQuery {
    fn schema_name() -> Cow<'static, str> {
        "PathAndQuery".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(/[^#]*)?$" })
    }
}

impl<'de> Deserialize<'de> for PathAndQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        let sound =
            path.parse::<::http::uri::PathAndQuery>().is_ok() && !path.contains('#') && path.is_ascii();
        if path.is_empty() || (path.starts_with('/') && sound) {
            return Ok(Self(path));
        }
        Err(de::Error::custom(format!(
            "{path:?} is no path; expected one such as `/ping?full=1`, percent-encoded"
        )))
    }
}

/// A request method, in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verb(Method);

impl JsonSchema for Verb {
    fn schema_name() -> Cow<'static, str> {
        "Method".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]+$" })
    }
}

impl Serialize for Verb {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Verb {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse() {
            Ok(method) if text.bytes().all(|byte| byte.is_ascii_uppercase()) && method != Method::CONNECT => {
                Ok(Self(method))
            }
            _ => {
                Err(de::Error::custom(format!("{text:?} is no method; expected one such as `GET` or `POST`")))
            }
        }
    }
}

#[cfg(test)]
mod tests;
