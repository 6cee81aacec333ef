//! What the catalogue knows of a message.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use greenlight_preflight::{Explained, Rule, explain, find};
use serde_json::{Map, Value, json};

use crate::text::wrapped;

/// What is known of a message, or of the id of a rule.
pub(crate) struct Known {
    found: Vec<Explained>,
}

impl Known {
    /// Looks a message up; the id of a rule is one, too.
    pub(crate) fn new(message: &str) -> Self {
        let by_id = |rule: &'static Rule| Explained { rule, pattern: "", values: BTreeMap::new() };
        match find(message.trim()) {
            Some(rule) => Self { found: vec![by_id(rule)] },
            None => Self { found: explain(message) },
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        !self.found.is_empty()
    }

    /// Nothing is known.
    pub(crate) fn nothing() -> Self {
        Self { found: Vec::new() }
    }

    /// The rule that fits best.
    pub(crate) fn rule(&self) -> Option<&'static Rule> {
        self.found.first().map(|it| it.rule)
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let Some(best) = self.found.first() else {
            return "not known: no rule of greenlight's fits this message\n  The catalogue is at docs/rules.md; `greenlight doctor` looks at the \
                    wiring itself, whatever the message."
                .to_owned();
        };
        let rule = best.rule;
        let mut text = format!("{} ({}): {}\n", rule.id, rule.severity, rule.title);
        for (name, value) in &best.values {
            let _ = writeln!(text, "  {}: {value}", name.replace('_', " "));
        }
        let _ = writeln!(text, "  why   {}", wrapped(rule.why, "        "));
        let _ = writeln!(text, "  fix   {}", wrapped(rule.fix, "        "));
        if !rule.not_proven.is_empty() {
            let _ =
                writeln!(text, "  but   what it does not prove: {}", wrapped(rule.not_proven, "        "));
        }
        let _ = write!(text, "  see   {}", rule.link);
        let others: Vec<&str> = self.found.iter().skip(1).map(|it| it.rule.id).collect();
        if !others.is_empty() {
            let _ = write!(text, "\n  also  {}: `greenlight explain ID` tells of each", others.join(", "));
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let one = |explained: &Explained| {
            let rule = explained.rule;
            let values: Map<String, Value> = explained
                .values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
                .collect();
            json!({
                "id": rule.id,
                "severity": rule.severity.to_string(),
                "title": rule.title,
                "why": rule.why,
                "fix": rule.fix,
                "not_proven": rule.not_proven,
                "link": rule.link,
                "pattern": explained.pattern,
                "values": values,
            })
        };
        let mut all = self.found.iter().map(one);
        let mut best = all.next().unwrap_or_else(|| json!({ "id": null }));
        best["others"] = all.collect();
        best
    }
}
