//! The check `tcp`: a connection to green, and what green says on it.
//!
//! # What it checks
//! Opens a connection, over TLS where `tls` says so, sends `send`, and reads until what came contains `expect`;
//! with neither, a connection that is accepted is all that is asked for. It goes through a Network Load Balancer
//! that hands the connection on, to the target URL that somebody named, or to each of green's tasks. A load balancer
//! that accepts connections itself says nothing about green, so green's tasks are asked in its place.
//!
//! # Fails when
//! What green said until it ended the connection or `timeout` was over does not contain `expect`. A task's own
//! address that goes on refusing connections fails after the check's patience: until then it is pending.
//!
//! # Inconclusive when
//! Green could not be found or reached (a denied call, name, connect, TLS; a connection that is refused anywhere
//! but at a running task's own address), a secret could not be fetched, or time ran out.
//!
//! # IAM it needs
//! That of discovery (docs/discovery.md), none with a target URL; `ssm:GetParameter` or
//! `secretsmanager:GetSecretValue` for a secret that it sends.
//!
//! # Example
//! ```json
//! { "tcp": { "send": "PING\r\n", "expect": "+PONG" } }
//! ```

use greenlight::schemars::JsonSchema;
use greenlight::{
    Check, Outcome, Scope,
    deployment::Asks,
    plan::{Problem, Target, Text, units::Span},
};
use greenlight_prober::{Limits, Prober, Speaks};
use serde::{Deserialize, Serialize};

use crate::reach::{self, Place, Reached, Via, each_way, endpoint, fetched};

use self::judge::Asked;

mod discovered;
mod judge;

/// How much is read of what green says.
const MOST_BYTES: u64 = 64 * 1024;

/// Settings of the check `tcp`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Tcp {
    /// What is sent once the connection is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    send: Option<Text>,
    /// A text that green's answer contains; of the first 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<String>,
    /// Whether TLS is spoken; without it, as the listener, the target group or the target URL says.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<bool>,
    /// From the connection being open to what is expected.
    timeout: Span,
    /// For each phase of reaching green: name, connect, TLS.
    connect_timeout: Span,
    /// The way to green: `auto` is the way that the stage has; with `tasks`, every task of green is asked at its
    /// own address.
    via: Via,
    /// The port of green's tasks, where it is not the one that the load balancer uses; with `via` `tasks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// Allows a secret without TLS.
    allow_plaintext: bool,
}

impl Default for Tcp {
    fn default() -> Self {
        Self {
            send: None,
            expect: None,
            tls: None,
            timeout: Span::from_secs(5),
            connect_timeout: Span::from_secs(2),
            via: Via::Auto,
            port: None,
            allow_plaintext: false,
        }
    }
}

impl Check for Tcp {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.send.is_some() && self.expect.is_none() {
            problems.push(
                Problem::new("send", "is sent, and no answer to it is expected")
                    .hint("add `expect`, a text that the answer contains, or leave `send` out"),
            );
        }
        if matches!(&self.send, Some(Text::Literal(text)) if text.is_empty()) {
            problems.push(Problem::new("send", "is empty; expected a text, or no `send` at all"));
        }
        if self.expect.as_deref() == Some("") {
            problems.push(Problem::new("expect", "is empty; expected a text that an answer may lack"));
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
        self.via.problems_at(target).into_iter().collect()
    }

    fn asks(&self, target: &Target) -> Vec<Asks> {
        reach::asks(target)
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        let Some(target) = &scope.target().url else {
            return each_way(scope, |approach| discovered::probe(self, scope, approach)).await;
        };
        let url = target.url();
        let tls = self.tls.unwrap_or(url.scheme() == "https");
        let place = match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) => Self::place(scope, &format!("{host}:{port}"), tls),
            _ => None,
        };
        let Some(place) = place else {
            return Outcome::cannot_tell(format!("{target} names no host and port"));
        };
        reach::at_target(scope, target, async { self.at(scope, place, false).await.0 }).await
    }
}

impl Tcp {
    /// A host and a port.
    fn place(scope: &Scope, authority: &str, tls: bool) -> Option<Place> {
        let base = format!("{}://{authority}", if tls { "https" } else { "http" }).parse().ok()?;
        let place = Place::at(scope, base, authority.to_owned());
        Some(Place { speaks: Speaks::Bytes, ..place })
    }

    /// Talks at one place; `is_task` says that it is a running task's own address.
    async fn at(&self, scope: &Scope, place: Place, is_task: bool) -> (Outcome, Reached) {
        match self.talk(scope, place, is_task).await {
            Ok(found) => found,
            Err(outcome) => (*outcome, Reached::Asked),
        }
    }

    async fn talk(
        &self,
        scope: &Scope,
        place: Place,
        is_task: bool,
    ) -> Result<(Outcome, Reached), Box<Outcome>> {
        let endpoint = endpoint(scope, &place).await?;
        let send = match &self.send {
            None => None,
            Some(Text::Secret(_)) if place.base.scheme() == "http" && !self.allow_plaintext => {
                return Err(Box::new(
                    Outcome::cannot_tell(format!("a secret would be sent to {} in plain text", place.shown))
                        .hint("use TLS, or add `\"allow_plaintext\": true` to the check"),
                ));
            }
            Some(text) => Some(fetched(scope.secrets().text(text).await)?),
        };
        let limits = Limits {
            connect_timeout: self.connect_timeout.0,
            timeout: self.timeout.0,
            max_body: MOST_BYTES,
            ..Limits::default()
        };
        let wanted = self.expect.as_deref().unwrap_or_default().as_bytes();
        // Only what came last can complete it, but answers are short.
        let enough = |came: &[u8]| wanted.is_empty() || came.windows(wanted.len()).any(|part| part == wanted);
        let said = send.as_deref().unwrap_or_default().as_bytes();
        let talk = Prober::new(endpoint, limits).talk(said, enough, scope.deadline()).await;
        let asked = Asked { shown: &place.shown, expect: self.expect.as_deref(), is_task };
        Ok(asked.outcome(talk, scope.secrets()))
    }
}

#[cfg(test)]
mod tests;
