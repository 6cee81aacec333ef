//! What is expected of the answers: `expect` of the check `http`, and the judgement of one answer.

use std::{collections::BTreeMap, time::Duration};

use greenlight::schemars::JsonSchema;
use greenlight::{
    Secrets,
    plan::{
        Problem,
        units::{Share, Span, StatusSet},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use greenlight_prober::{Answer, Latencies, Mismatch};

use crate::reach::{excerpt, made_by_load_balancer};

/// What is expected. Everything that is given must hold.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub(super) struct Expect {
    /// The status codes that are good: those of green's health check where the check has no path of its
    /// own, else 200-299.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusSet>,
    /// A text that the body contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_contains: Option<String>,
    /// Values by JSON pointer (RFC 6901) into a JSON body.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    json: BTreeMap<String, Value>,
    /// Headers by name; the value given is contained in the header's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    /// Bounds of latency percentiles, over all requests that were written.
    pub(super) latency: Latency,
    /// The share of requests that may fail.
    pub(super) failures: Share,
}

impl Default for Expect {
    fn default() -> Self {
        Self {
            status: None,
            body_contains: None,
            json: BTreeMap::new(),
            headers: BTreeMap::new(),
            latency: Latency::default(),
            failures: Share::NONE,
        }
    }
}

/// Bounds of latency: the time from a request being written to the end of its answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub(super) struct Latency {
    #[serde(skip_serializing_if = "Option::is_none")]
    p50: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p90: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Span>,
}

impl Latency {
    fn bounds(&self) -> impl Iterator<Item = (&'static str, f64, Span)> {
        [
            ("p50", 50.0, self.p50),
            ("p90", 90.0, self.p90),
            ("p95", 95.0, self.p95),
            ("p99", 99.0, self.p99),
            ("max", 100.0, self.max),
        ]
        .into_iter()
        .filter_map(|(name, percent, bound)| Some((name, percent, bound?)))
    }

    /// The first bound that is exceeded: its name, what was measured, the bound.
    pub(super) fn exceeded(&self, latencies: &Latencies) -> Option<(&'static str, Duration, Span)> {
        self.bounds().find_map(|(name, percent, bound)| {
            let measured = latencies.percentile(percent)?;
            (measured > bound.0).then_some((name, measured, bound))
        })
    }
}

impl Expect {
    /// Settings that can never hold or never fail.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let pointers =
            self.json.keys().filter(|pointer| !pointer.is_empty() && !pointer.starts_with('/')).map(
                |pointer| {
                    Problem::new(
                        format!("json.{pointer}"),
                        "is no JSON pointer; expected one such as `/version` or `/items/0/id`",
                    )
                    .hint(format!("did you mean `/{}`?", pointer.replace('.', "/")))
                },
            );
        let names = self
            .headers
            .keys()
            .filter(|name| name.parse::<::http::HeaderName>().is_err())
            .map(|name| Problem::new(format!("headers.{}", name.escape_debug()), "is no header name"));
        let empty = self
            .body_contains
            .as_deref()
            .filter(|text| text.is_empty())
            .map(|_| Problem::new("body_contains", "is empty; expected a text that a body may lack"));
        let all = (self.failures.fraction() >= 1.0).then(|| {
            Problem::new("failures", "is 100%; expected a share that can be exceeded")
                .hint("a check that cannot fail is no check; make it `\"advisory\": true` to only watch")
        });
        pointers.chain(names).chain(empty).chain(all).collect()
    }

    /// The status codes that are good.
    pub(super) fn statuses(&self) -> StatusSet {
        self.status.clone().unwrap_or_else(StatusSet::success)
    }

    /// The same with other status codes, where the plan names none.
    pub(super) fn with_default_statuses(&self, statuses: Option<StatusSet>) -> Self {
        Self { status: self.status.clone().or(statuses), ..self.clone() }
    }

    /// Holds one answer against everything that is expected; the first difference is returned.
    ///
    /// Texts of the answer are shown without the secrets: an application may echo what it was sent.
    pub(super) fn judge(&self, answer: &Answer, secrets: &Secrets) -> Result<(), Mismatch> {
        if let Some(refused) = &answer.redirect_refused {
            return Err(Mismatch::new(
                format!("a redirect that is not followed: {}", excerpt(&refused.to_string(), secrets)),
                "an answer without it",
            ));
        }
        let status = answer.status.as_u16();
        let good = self.statuses();
        if !good.contains(status) {
            let location = answer.headers.get("location").and_then(|value| value.to_str().ok());
            let location = location
                .filter(|_| answer.status.is_redirection())
                .map(|to| format!(" to {}", excerpt(to, secrets)));
            let maker = if made_by_load_balancer(answer) {
                " made by the load balancer itself (server: awselb/2.0)"
            } else {
                ""
            };
            let observed = format!("status {status}{}{maker}", location.unwrap_or_default());
            return Err(Mismatch::new(observed, format!("status {good}")));
        }
        for (name, wanted) in &self.headers {
            judge_header(answer, name, wanted, secrets)?;
        }
        if let Some(text) = &self.body_contains {
            let body = String::from_utf8_lossy(&answer.body);
            if !body.contains(text.as_str()) {
                return Err(Mismatch::new(
                    format!("the body {}", quoted(&body, secrets)),
                    format!("a body that contains {text:?}"),
                ));
            }
        }
        self.judge_json(answer, secrets)
    }

    fn judge_json(&self, answer: &Answer, secrets: &Secrets) -> Result<(), Mismatch> {
        if self.json.is_empty() {
            return Ok(());
        }
        let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
            let body = String::from_utf8_lossy(&answer.body);
            return Err(Mismatch::new(
                format!("a body that is no JSON: {}", quoted(&body, secrets)),
                "a JSON body",
            ));
        };
        for (pointer, wanted) in &self.json {
            let expected = || format!("`{pointer}` to be {wanted}");
            match body.pointer(pointer) {
                None => return Err(Mismatch::new(format!("no value at `{pointer}`"), expected())),
                Some(found) if same(found, wanted) => {}
                Some(found) => {
                    return Err(Mismatch::new(
                        format!("`{pointer}` is {}", excerpt(&found.to_string(), secrets)),
                        expected(),
                    ));
                }
            }
        }
        Ok(())
    }
}

fn judge_header(answer: &Answer, name: &str, wanted: &str, secrets: &Secrets) -> Result<(), Mismatch> {
    let expected = || format!("header `{name}` with {wanted:?}");
    let values: Vec<_> =
        answer.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    match values.first() {
        None => Err(Mismatch::new(format!("no header `{name}`"), expected())),
        Some(_) if values.iter().any(|value| value.contains(wanted)) => Ok(()),
        Some(value) => {
            Err(Mismatch::new(format!("header `{name}` with {}", quoted(value, secrets)), expected()))
        }
    }
}

/// Equal as JSON means it: 1 and 1.0 are one number.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) => (found - wanted).abs() <= f64::EPSILON * wanted.abs(),
        _ => found == wanted,
    }
}

fn quoted(text: &str, secrets: &Secrets) -> String {
    format!("{:?}", excerpt(text, secrets))
}
