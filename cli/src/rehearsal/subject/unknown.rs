//! Values that a file names but does not hold: what an import, a parameter without a default or a
//! resource that is yet to be made will have.
//!
//! They stand in a document as markers, so that whoever needs one can say so, and nobody guesses.

use serde_json::{Value, json};

const MARK: &str = "$unknown";

/// A value that only the deployment knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// What it is taken from, as the file writes it: `HookArn`, `module.hooks.arn`.
    pub(super) reference: String,
    /// Why it is unknown: `the parameter HookArn has no default`.
    pub(super) why: String,
    /// How to make it known, where there is a flag for that.
    pub(super) fix: Option<String>,
}

impl Unknown {
    pub(super) fn new(reference: impl Into<String>, why: impl Into<String>) -> Self {
        Self { reference: reference.into(), why: why.into(), fix: None }
    }

    /// The marker in a document.
    pub(super) fn mark(&self) -> Value {
        json!({MARK: self.reference, "why": self.why, "fix": self.fix})
    }

    /// The unknown that a marker stands for.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            reference: text(MARK)?,
            why: text("why").unwrap_or_else(|| "it is set elsewhere".to_owned()),
            fix: text("fix"),
        })
    }

    /// The first unknown in a value.
    pub(super) fn within(value: &Value) -> Option<Self> {
        Self::of(value).or_else(|| match value {
            Value::Array(items) => items.iter().find_map(Self::within),
            Value::Object(fields) => fields.values().find_map(Self::within),
            _ => None,
        })
    }
}

/// The value with the references of its unknowns in the place of their markers, for people.
pub(super) fn shown(value: &Value) -> Value {
    if let Some(unknown) = Unknown::of(value) {
        return unknown.reference.into();
    }
    match value {
        Value::Array(items) => items.iter().map(shown).collect(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), shown(value))).collect(),
        other => other.clone(),
    }
}
