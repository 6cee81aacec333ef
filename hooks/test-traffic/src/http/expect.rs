//! What is expected of the answers: `expect` of the check `http` and of its steps, and the judgement of one
//! answer.

use std::collections::BTreeMap;

use greenlight::plan::{
    Problem,
    units::{Share, StatusSet},
};
use greenlight::schemars::JsonSchema;
use greenlight_prober::Mismatch;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod header;
mod json;
mod latency;
mod lifetime;

use self::{header::Header, json::Assertion, latency::Latency, lifetime::Lifetime};
use super::{pattern::Pattern, query::Query, seen::Seen};
use crate::reach::made_by_load_balancer;

/// What is expected. Everything that is given must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
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
    /// A regular expression that the body matches somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body_matches: Option<Pattern>,
    /// Values by JSON pointer (RFC 6901) into a JSON body.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    json: BTreeMap<String, Value>,
    /// Assertions by JSONPath (RFC 9535) into a JSON body.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    jsonpath: BTreeMap<Query, Assertion>,
    /// Headers by name; the value given is contained in the header's, or says whether it is there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, Header>,
    /// How much longer the certificate must be valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<Lifetime>,
    /// Bounds of latency percentiles, over all requests that were written.
    pub(super) latency: Latency,
    /// The share of requests (or sequences) that may fail. Belongs to the check, never to a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failures: Option<Share>,
}

impl Expect {
    /// What a check expects where nobody says otherwise.
    pub(super) fn of_check() -> Self {
        Self { failures: Some(Share::NONE), ..Self::default() }
    }

    /// Decodes what a check expects, with its defaults written out.
    pub(super) fn decode_of_check<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        let mut expect = Self::deserialize(deserializer)?;
        expect.failures.get_or_insert(Share::NONE);
        Ok(expect)
    }

    /// Settings that can never hold or never fail.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let pointers =
            self.json.keys().filter(|pointer| !pointer.is_empty() && !pointer.starts_with('/')).map(
                |pointer| {
                    Problem::new(
                        format!("json.{pointer}"),
                        "is no JSON pointer; expected one such as `/version` or `/items/0/id`",
                    )
                    .hint(if pointer.starts_with('$') {
                        "a JSONPath belongs into `jsonpath`".to_owned()
                    } else {
                        format!("did you mean `/{}`?", pointer.replace('.', "/"))
                    })
                },
            );
        let assertions = self
            .jsonpath
            .iter()
            .filter_map(|(query, assertion)| assertion.problem(&format!("jsonpath.{query}")));
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
        let all = self.failures.filter(|share| share.fraction() >= 1.0).map(|_| {
            Problem::new("failures", "is 100%; expected a share that can be exceeded")
                .hint("a check that cannot fail is no check; make it `\"advisory\": true` to only watch")
        });
        pointers.chain(assertions).chain(names).chain(empty).chain(all).collect()
    }

    /// The keys that are about single answers, as far as they are given: with steps they belong there.
    pub(super) fn about_answers(&self) -> Vec<&'static str> {
        [
            ("status", self.status.is_some()),
            ("body_contains", self.body_contains.is_some()),
            ("body_matches", self.body_matches.is_some()),
            ("json", !self.json.is_empty()),
            ("jsonpath", !self.jsonpath.is_empty()),
            ("headers", !self.headers.is_empty()),
            ("expires_in", self.expires_in.is_some()),
            ("latency", !self.latency.is_empty()),
        ]
        .into_iter()
        .filter_map(|(key, is_given)| is_given.then_some(key))
        .collect()
    }

    /// Whether a certificate is looked at, which plain HTTP has none of.
    pub(super) fn needs_certificate(&self) -> bool {
        self.expires_in.is_some()
    }

    /// The share of requests that may fail.
    pub(super) fn allowed(&self) -> Share {
        self.failures.unwrap_or(Share::NONE)
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
    pub(super) fn judge(&self, seen: &Seen<'_>) -> Result<(), Mismatch> {
        let answer = seen.answer;
        if let Some(refused) = &answer.redirect_refused {
            return Err(Mismatch::new(
                format!("a redirect that is not followed: {}", seen.excerpt(&refused.to_string())),
                "an answer without it",
            ));
        }
        let status = answer.status.as_u16();
        let good = self.statuses();
        if !good.contains(status) {
            let location = answer.location().map(|to| format!(" to {}", seen.excerpt(&to)));
            let maker = if made_by_load_balancer(answer) {
                " made by the load balancer itself (server: awselb/2.0)"
            } else {
                ""
            };
            let observed = format!("status {status}{}{maker}", location.unwrap_or_default());
            return Err(Mismatch::new(observed, format!("status {good}")));
        }
        self.headers.iter().try_for_each(|(name, header)| header.judge(name, seen))?;
        self.judge_text(seen)?;
        json::judge(&self.json, &self.jsonpath, seen)?;
        self.expires_in.map_or(Ok(()), |lifetime| lifetime.judge(answer, Lifetime::now()))
    }

    fn judge_text(&self, seen: &Seen<'_>) -> Result<(), Mismatch> {
        if let Some(pattern) = &self.body_matches {
            pattern.can_search(seen.text().len())?;
        }
        let mismatch = |expected| Mismatch::new(format!("the body {}", seen.quote(seen.text())), expected);
        match (&self.body_contains, &self.body_matches) {
            (Some(text), _) if !seen.text().contains(text.as_str()) => {
                Err(mismatch(format!("a body that contains {text:?}")))
            }
            (_, Some(pattern)) if !pattern.matches(seen.text()) => {
                Err(mismatch(format!("a body that matches `{pattern}`")))
            }
            _ => Ok(()),
        }
    }
}
