//! The layers of a plan: the hook's defaults ← `GREENLIGHT_PLAN` ← the event's `hookDetails`.
//!
//! A later layer replaces an earlier one per top-level key, and every key remembers its layer. Where a
//! layer is only named (`ssm:NAME`), [`Source::Parameter`] says which names to try.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{problem::Problem, text::Reference};
use crate::state;

/// Where a key of the effective plan came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The hook's own defaults.
    Defaults,
    /// `GREENLIGHT_PLAN`.
    Environment,
    /// The event's `hookDetails`.
    Event,
}

impl Layer {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Defaults => "the hook's defaults",
            Self::Environment => "GREENLIGHT_PLAN",
            Self::Event => "hookDetails",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A layer as it was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Nothing was given.
    None,
    /// The keys themselves.
    Inline(Map<String, Value>),
    /// Parameters to try in order; names may hold `{cluster}` and the like.
    Parameter(Vec<String>),
}

impl Source {
    /// The layer that `GREENLIGHT_PLAN` holds.
    pub fn from_environment(text: &str) -> Result<Self, Problem> {
        if text.trim().is_empty() {
            return Ok(Self::None);
        }
        Self::from_text(text, Layer::Environment.name())
    }

    /// The layer that an event's `hookDetails` holds.
    pub fn from_hook_details(details: &Value) -> Result<Self, Problem> {
        let at = Layer::Event.name();
        let fields = match details {
            Value::Null => return Ok(Self::None),
            Value::Object(fields) => fields.clone(),
            Value::String(text) => object(text, at)?,
            Value::Bool(_) | Value::Number(_) | Value::Array(_) => return Err(not_a_plan(details, at)),
        };
        let inner = format!("{at}.plan");
        match fields.get("plan") {
            Some(Value::Object(plan)) => Ok(Self::Inline(plan.clone())),
            Some(Value::String(text)) => Self::from_text(text, &inner),
            Some(other) => Err(not_a_plan(other, &inner)),
            None => {
                let keys: Map<_, _> = fields.into_iter().filter(|(key, _)| key != state::KEY).collect();
                Ok(if keys.is_empty() { Self::None } else { Self::Inline(keys) })
            }
        }
    }

    /// A plan as text: JSON, or `ssm:NAME`.
    fn from_text(text: &str, at: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if !text.starts_with("ssm:") {
            return object(text, at).map(Self::Inline);
        }
        let mut names = Vec::new();
        for part in text.split('|') {
            let part = part.trim();
            let named = if part.starts_with("ssm:") { part.to_owned() } else { format!("ssm:{part}") };
            match named.parse() {
                Ok(Reference::Parameter(name)) => names.push(name),
                _ => {
                    return Err(Problem::new(
                        at,
                        format!("`{part}` names no parameter; expected `ssm:NAME`"),
                    ));
                }
            }
        }
        Ok(Self::Parameter(names))
    }
}

/// The object that `text` holds, for the plan at `at`.
pub fn object(text: &str, at: &str) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(not_a_plan(&other, at)),
        Err(error) => Err(Problem::new(at, format!("not JSON: {error}"))
            .hint("a plan is a JSON object such as {\"checks\": [{\"http\": {\"path\": \"/ping\"}}]}, or `ssm:NAME`")),
    }
}

fn not_a_plan(value: &Value, at: &str) -> Problem {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Problem::new(at, format!("is {kind}; expected a plan, which is a JSON object")).hint(
        "remove it to use the hook's defaults, or give {\"checks\": [{\"http\": {\"path\": \"/ping\"}}]}",
    )
}

/// The layers merged per top-level key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layered {
    /// The effective document.
    pub document: Map<String, Value>,
    /// Where each of its keys came from.
    pub origins: BTreeMap<String, Layer>,
    /// Whether any layer, even an overridden one, asks for shadow mode: shadow from any layer wins.
    pub shadow: bool,
}

impl Layered {
    /// Puts `keys` over what is there.
    pub fn put(&mut self, layer: Layer, keys: Map<String, Value>) {
        for (key, value) in keys {
            self.shadow |= key == "mode" && value == "shadow";
            self.origins.insert(key.clone(), layer);
            self.document.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(fields) => fields,
            other => panic!("not an object: {other}"),
        }
    }

    #[test]
    fn hook_details_in_every_form() {
        let plan = json!({"checks": []});
        let inline = Source::Inline(map(plan.clone()));
        for (details, expected) in [
            (json!(null), Source::None),
            (json!({}), Source::None),
            (json!({"greenlight": {"v": 1}}), Source::None),
            (json!("{}"), Source::None),
            (plan.clone(), inline.clone()),
            (json!({"checks": [], "greenlight": {"v": 1}}), inline.clone()),
            (json!(plan.to_string()), inline.clone()),
            (json!({"plan": plan, "S3_BUCKET_NAME": "b"}), inline.clone()),
            (json!({"plan": plan.to_string(), "S3_BUCKET_NAME": "b"}), inline.clone()),
            (json!({"plan": {}}), Source::Inline(Map::new())),
            (
                json!({"plan": "ssm:/a/{service}|/a/all"}),
                Source::Parameter(vec!["/a/{service}".into(), "/a/all".into()]),
            ),
        ] {
            assert_eq!(Source::from_hook_details(&details), Ok(expected), "{details}");
        }
        for details in [
            json!(5),
            json!([1]),
            json!(true),
            json!("Test string"),
            json!("[]"),
            json!(""),
            json!({"plan": 5}),
            json!({"plan": null}),
            json!({"plan": "ssm:"}),
        ] {
            let problem = Source::from_hook_details(&details).unwrap_err();
            assert!(problem.path.starts_with("hookDetails"), "{details}: {problem}");
        }
    }

    #[test]
    fn environment() {
        assert_eq!(Source::from_environment(" "), Ok(Source::None));
        assert_eq!(Source::from_environment("ssm:/x"), Ok(Source::Parameter(vec!["/x".into()])));
        assert!(Source::from_environment("{").unwrap_err().message.contains("not JSON"));
    }

    #[test]
    fn later_layers_replace_per_key_and_shadow_wins() {
        let mut layers = Layered::default();
        layers.put(Layer::Defaults, map(json!({"checks": [1], "patience": "10m"})));
        layers.put(Layer::Environment, map(json!({"patience": "5m", "mode": "shadow"})));
        layers.put(Layer::Event, map(json!({"checks": [2], "mode": "enforce"})));
        assert_eq!(
            Value::Object(layers.document),
            json!({"checks": [2], "patience": "5m", "mode": "enforce"})
        );
        assert_eq!(layers.origins["patience"], Layer::Environment);
        assert_eq!(layers.origins["checks"], Layer::Event);
        assert!(layers.shadow);
    }
}
