//! The check `grpc`: the standard health service (grpc.health.v1), service by service.
//!
//! # What it checks
//! Asks green's health service whether each of `services` is SERVING, or the server as a whole where none is named:
//! through the route that discovery finds, after it is proven to lead to green, at the target URL that somebody
//! named, or at each of green's tasks. Where no load balancer lets the health service's path through, or speaks
//! gRPC at all, green's tasks are asked.
//!
//! # Fails when
//! A service is not SERVING or not known to the health service, the call ends with another status, or it is written
//! and not answered within `timeout`.
//!
//! # Inconclusive when
//! Green has no health service (UNIMPLEMENTED), could not be found or reached (a denied call, a rule in the way,
//! name, connect, TLS), somebody else answered, a secret could not be fetched, or time ran out.
//!
//! # IAM it needs
//! That of discovery (docs/discovery.md), none with a target URL; `ssm:GetParameter` or
//! `secretsmanager:GetSecretValue` for the secrets that it names.
//!
//! # Example
//! ```json
//! { "grpc": { "service": "orders.v1.Orders", "timeout": "2s" } }
//! ```

use greenlight::schemars::JsonSchema;
use greenlight::{
    Check, Outcome, Scope,
    deployment::Asks,
    plan::{Headers, Problem, Target, Text, units::Span},
    worst,
};
use greenlight_prober::{Limits, Prober, Reply};
use serde::{Deserialize, Serialize};

use crate::reach::{self, Place, Reached, Via, answered_by::Taken, each_way, endpoint, fetched, laid_over};

mod discovered;
mod health;
mod judge;

/// More services than anybody asks for by hand.
const MOST_SERVICES: usize = 50;

/// Settings of the check `grpc`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Grpc {
    /// The service that has to be SERVING, e.g. `orders.v1.Orders`. Without one the server is asked for as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// The same for several services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
    /// Metadata of the call, over the target's headers; `null` drops one.
    metadata: Headers,
    /// From the call being written to the end of its answer; green is told, as the call's deadline.
    timeout: Span,
    /// For each phase of reaching green: name, connect, TLS.
    connect_timeout: Span,
    /// Whether TLS is spoken; without it, as the listener, the target group or the target URL says.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<bool>,
    /// The way to green: `auto` is the way that the stage has; with `tasks`, every task of green is asked at its
    /// own address.
    via: Via,
    /// The port of green's tasks, where it is not the one that the load balancer uses; with `via` `tasks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// Allows secrets without TLS.
    allow_plaintext: bool,
}

impl Default for Grpc {
    fn default() -> Self {
        Self {
            service: None,
            services: Vec::new(),
            metadata: Headers::default(),
            timeout: Span::from_secs(5),
            connect_timeout: Span::from_secs(2),
            tls: None,
            via: Via::Auto,
            port: None,
            allow_plaintext: false,
        }
    }
}

impl Check for Grpc {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.service.is_some() && !self.services.is_empty() {
            problems.push(
                Problem::new("services", "stands beside `service`; expected one of the two")
                    .hint("put all of them into `services`"),
            );
        }
        if self.services.len() > MOST_SERVICES {
            let count = self.services.len();
            problems
                .push(Problem::new("services", format!("holds {count}; expected at most {MOST_SERVICES}")));
        }
        let named = self.service.iter().map(|name| ("service".to_owned(), name));
        let listed = self.services.iter().enumerate().map(|(at, name)| (format!("services[{at}]"), name));
        for (path, name) in named.chain(listed).filter(|(_, name)| !is_service(name)) {
            problems.push(
                Problem::new(
                    path,
                    format!("{name:?} is no service; expected one such as `orders.v1.Orders`"),
                )
                .hint("a service's full name, without a method; leave it out to ask for the whole server"),
            );
        }
        for name in self.metadata.0.keys().filter(|name| is_protocols_own(name)) {
            problems
                .push(Problem::new(format!("metadata.{name}"), "belongs to the protocol and cannot be set"));
        }
        for (key, span) in [("timeout", self.timeout), ("connect_timeout", self.connect_timeout)] {
            if span.0.is_zero() {
                problems.push(Problem::new(key, "is 0s; expected a time in which green can answer"));
            }
        }
        problems.extend(self.via.port_problems(self.port));
        problems
    }

    fn problems_at(&self, target: &Target) -> Vec<Problem> {
        self.via.problems_at(target).into_iter().chain(reach::http_problems("grpc", target)).collect()
    }

    fn asks(&self, target: &Target) -> Vec<Asks> {
        reach::asks(target)
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        let Some(target) = &scope.target().url else {
            return each_way(scope, |approach| discovered::probe(self, scope, approach)).await;
        };
        let mut base = target.url().clone();
        if let Some(tls) = self.tls
            && base.set_scheme(if tls { "https" } else { "http" }).is_err()
        {
            return Outcome::cannot_tell(format!("{target} cannot be spoken to over TLS"));
        }
        let shown = base.to_string().trim_end_matches('/').to_owned();
        let (place, taken) = (Place::at(scope, base, shown), Taken::default());
        reach::at_target(scope, target, async { self.at(scope, place, &taken).await.0 }).await
    }
}

impl Grpc {
    /// The services to ask for; the empty name is the server as a whole.
    fn asked_for(&self) -> Vec<&str> {
        let all: Vec<_> = self.service.iter().chain(&self.services).map(String::as_str).collect();
        if all.is_empty() { vec![""] } else { all }
    }

    /// Asks for every service at one place, one after the other.
    async fn at(&self, scope: &Scope, place: Place, taken: &Taken) -> (Outcome, Reached) {
        let place = health::spoken(place);
        let mut outcomes = Vec::new();
        let mut reached = Reached::Asked;
        for service in self.asked_for() {
            let (outcome, came) = match self.call(scope, &place, service, taken).await {
                Ok(found) => found,
                Err(outcome) => return (*outcome, Reached::Asked),
            };
            outcomes.push((health::named(service), outcome));
            reached = came;
            // Where nobody is reached, the next service would find nobody either.
            if reached != Reached::Asked {
                break;
            }
        }
        (worst(outcomes), reached)
    }

    /// Makes one call.
    async fn call(
        &self,
        scope: &Scope,
        place: &Place,
        service: &str,
        taken: &Taken,
    ) -> Result<(Outcome, Reached), Box<Outcome>> {
        let endpoint = endpoint(scope, place).await?;
        let metadata = laid_over(scope, &self.metadata.0, place.of_rule(0));
        let secret = metadata.values().any(Text::is_secret);
        if secret && place.base.scheme() == "http" && !self.allow_plaintext {
            return Err(Box::new(
                Outcome::cannot_tell(format!("a secret would be sent to {} in plain text", place.shown))
                    .hint("use TLS, or add `\"allow_plaintext\": true` to the check"),
            ));
        }
        let refused = |error: greenlight_prober::RequestError| {
            Box::new(Outcome::cannot_tell(format!("the call cannot be made: {error}")))
        };
        let mut request = health::request(&endpoint, service, self.timeout.0).map_err(refused)?;
        for (name, value) in &metadata {
            let value = fetched(scope.secrets().text(value).await)?;
            request = request.with_header(name, &value).map_err(refused)?;
        }
        for (name, value) in place.of_rule(0).iter().filter(|(name, _)| !metadata.contains_key(name)) {
            request = request.with_header(name, value).map_err(refused)?;
        }
        let request = if secret { request.carrying_secrets() } else { request };
        let limits =
            Limits { connect_timeout: self.connect_timeout.0, timeout: self.timeout.0, ..Limits::default() };
        let reply = Prober::new(endpoint, limits).send(&request, scope.deadline()).await;
        let reached = match &reply {
            Ok(Reply::Unreachable(unreachable)) => Reached::before(unreachable),
            Ok(Reply::Answer(_) | Reply::NoAnswer(_)) | Err(_) => Reached::Asked,
        };
        Ok((judge::outcome(reply, service, &place.shown, taken, scope.secrets()), reached))
    }
}

/// Whether it is a full name of a service as protobuf writes it, without a leading dot or a method.
fn is_service(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
    };
    name.len() <= 256 && name.split('.').all(part)
}

/// Whether a name of metadata is one that the protocol uses (gRPC over HTTP2, *Requests*).
fn is_protocols_own(name: &str) -> bool {
    name.starts_with("grpc-") || matches!(name, "content-type" | "te")
}

#[cfg(test)]
mod tests;
