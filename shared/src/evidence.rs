//! The record of what was measured, against what, and which outcome decided.
//!
//! One JSON document per invocation, one line of the log, at most 64 KiB. `greenlight` is the version
//! of its schema: it rises when a field is removed or changes its meaning.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    aws::AwsCall,
    outcome::{Kind, Outcome},
    overrides::Override,
    plan::{Layer, Mode},
    protocol::{Protocol, Situation},
};

/// The version of the evidence's schema.
pub const SCHEMA: u32 = 1;

/// The most bytes that one line may have. CloudWatch Logs takes 256 KiB; readers give up earlier.
const MAX_BYTES: usize = 64 * 1024;

/// The evidence of one invocation.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Evidence {
    /// The schema's version.
    pub(crate) greenlight: u32,
    /// The program's version.
    pub(crate) version: &'static str,
    pub(crate) hook: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deployment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<String>,
    /// How many self-invocations led here.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) hops: u32,
    pub(crate) protocol: Protocol,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) situation: Option<Situation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) situation_because: Option<String>,
    pub(crate) mode: Mode,
    /// Who has declared an emergency, until when and why.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub(crate) overridden: Option<Override>,
    pub(crate) verdict: &'static str,
    pub(crate) reason: String,
    pub(crate) deciding_check: Option<String>,
    /// What became of the report, where one was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<String>,
    /// From the event to the answer.
    pub(crate) duration_ms: u64,
    /// Set where the document was cut to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shortened: Option<&'static str>,
    /// From here on there is as much as checks have to say; CloudWatch's queries only find the first fields of a long line.
    pub(crate) checks: Vec<Record>,
    /// The effective plan without its checks, whose settings stand with them.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) plan: Value,
    /// Where each key of the plan came from.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) layers: BTreeMap<String, Layer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    pub(crate) aws_calls: Vec<AwsCall>,
}

/// What one check found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) outcome: &'static str,
    /// For a skip, why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'static str>,
    pub(crate) observed: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) advisory: bool,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) measured: Map<String, Value>,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) settings: Value,
    pub(crate) layer: Layer,
    pub(crate) duration_ms: u64,
}

impl Record {
    /// Fills the words in from an outcome.
    pub(crate) fn words(outcome: &Outcome) -> (&'static str, Option<&'static str>) {
        let cause = match outcome.kind {
            Kind::Skip(cause) => Some(cause.word()),
            Kind::Pass | Kind::Fail | Kind::Inconclusive | Kind::Pending => None,
        };
        (outcome.kind.word(), cause)
    }
}

impl Evidence {
    /// The document as one line, cut step by step until it fits: texts, settings, calls, checks.
    pub(crate) fn into_line(mut self) -> String {
        for step in 0..=5 {
            match step {
                0 => {}
                1 => self.shorten_texts(1000, "texts"),
                2 => {
                    for record in &mut self.checks {
                        record.settings = Value::Null;
                        record.measured.clear();
                    }
                    self.plan = Value::Null;
                    self.shortened = Some("texts, settings, measurements");
                }
                3 => {
                    self.aws_calls.clear();
                    self.warnings.truncate(5);
                    self.shortened = Some("texts, settings, measurements, aws_calls, warnings");
                }
                4 => self.shorten_texts(100, "texts, settings, measurements, aws_calls, warnings"),
                _ => self.checks.truncate(10),
            }
            let line = serde_json::to_string(&self).unwrap_or_default();
            if line.len() <= MAX_BYTES {
                return line;
            }
        }
        String::new()
    }

    fn shorten_texts(&mut self, most: usize, what: &'static str) {
        self.shortened = Some(what);
        cut(&mut self.reason, most * 4);
        for text in
            [&mut self.deployment, &mut self.service, &mut self.stage, &mut self.step, &mut self.report]
                .into_iter()
                .flatten()
                .chain(&mut self.warnings)
        {
            cut(text, most);
        }
        for record in &mut self.checks {
            cut(&mut record.observed, most);
            record.expected.iter_mut().chain(&mut record.hint).for_each(|text| cut(text, most));
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Cuts a text to at most `most` characters and says so.
pub(crate) fn cut(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(checks: usize, size: usize) -> Evidence {
        let record = Record {
            name: "c".to_owned(),
            kind: "http",
            outcome: "fail",
            cause: None,
            observed: "é".repeat(size),
            expected: Some("x".repeat(size)),
            hint: None,
            advisory: false,
            measured: Map::new(),
            settings: Value::String("s".repeat(size)),
            layer: Layer::Defaults,
            duration_ms: 1,
        };
        Evidence {
            greenlight: SCHEMA,
            version: "0",
            hook: "h".to_owned(),
            service: None,
            deployment: Some("d".repeat(size)),
            stage: None,
            step: None,
            hops: 0,
            protocol: Protocol::Ecs,
            situation: None,
            situation_because: None,
            mode: Mode::Enforce,
            overridden: None,
            verdict: "stop",
            reason: "r".repeat(size),
            deciding_check: Some("c".to_owned()),
            checks: vec![record; checks],
            plan: Value::Null,
            layers: BTreeMap::new(),
            warnings: vec!["w".repeat(size); checks],
            report: None,
            aws_calls: Vec::new(),
            duration_ms: 5,
            shortened: None,
        }
    }

    #[test]
    fn small_evidence_is_complete() {
        let line = evidence(2, 10).into_line();
        assert!(!line.contains("shortened") && !line.contains('\n'), "{line}");
    }

    #[test]
    fn evidence_is_cut_until_it_fits_and_still_decodes() {
        for (checks, size) in [(1, 100_000), (50, 5_000), (50, 100_000)] {
            let line = evidence(checks, size).into_line();
            assert!(line.len() <= MAX_BYTES && !line.is_empty(), "{checks} {size}: {}", line.len());
            let document: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(document["verdict"], "stop");
            assert!(document["shortened"].is_string());
        }
    }
}
