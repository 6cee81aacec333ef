//! What the catalogue knows of a message.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use greenlight_preflight::rules::subjects;
use greenlight_preflight::{Explained, Rule, explain, find, nearest};
use serde_json::{Map, Value, json};

use crate::text::wrapped;

/// What is known of a message, or of the id of a rule.
pub(crate) struct Known {
    found: Vec<Explained>,
    /// Where nothing is found for what reads like the id of a rule: the one that may be meant.
    hint: Option<String>,
}

impl Known {
    /// Looks a message up; the id of a rule is one, too.
    pub(crate) fn new(message: &str) -> Self {
        let by_id = |rule: &'static Rule| Explained { rule, pattern: "", values: BTreeMap::new() };
        let found = match find(message.trim()) {
            Some(rule) => vec![by_id(rule)],
            None => explain(message),
        };
        let hint = Some(message.trim()).filter(|text| found.is_empty() && is_like_an_id(text)).map(nearest);
        Self { found, hint }
    }

    pub(crate) fn is_known(&self) -> bool {
        !self.found.is_empty()
    }

    /// Nothing is known.
    pub(crate) fn nothing() -> Self {
        Self { found: Vec::new(), hint: None }
    }

    /// The rule that fits best.
    pub(crate) fn rule(&self) -> Option<&'static Rule> {
        self.found.first().map(|it| it.rule)
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let Some(best) = self.found.first() else {
            return self.unknown();
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

    fn unknown(&self) -> String {
        if let Some(hint) = &self.hint {
            return format!("not known: there is no such rule\n  {hint}");
        }
        let subjects: Vec<String> =
            subjects().iter().map(|subject| format!("{} ({})", subject.title, subject.rules.len())).collect();
        let subjects = wrapped(&format!("rules: {}", subjects.join(", ")), "  ");
        format!(
            "not known: no rule of greenlight's fits this message\n  {subjects}\n  docs/rules.md has them all; `greenlight doctor` looks at the \
             wiring itself, whatever the message."
        )
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
        let mut best = all.next().unwrap_or_else(|| json!({ "id": null, "hint": self.hint }));
        best["others"] = all.collect();
        best
    }
}

/// One word of capitals and dashes, as `HOOK-NULL-STATUS` is.
fn is_like_an_id(text: &str) -> bool {
    let is_word = text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    is_word && text.contains(['-', '_']) && !text.starts_with("d-")
}
