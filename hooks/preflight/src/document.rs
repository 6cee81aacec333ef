//! Documents in the shape of AWS's APIs, and how their owners spell them.

use serde_json::{Value, json};

/// How the owner of a document spells what the ECS API calls `lifecycleHooks`.
///
/// Every source is brought into the shape of the API first, so that one reader does for all of them; paths are
/// shown as they are written in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `lifecycleHooks`.
    Api,
    /// `LifecycleHooks`; numbers may be written as texts.
    CloudFormation,
    /// `lifecycle_hook`; numbers may be written as texts.
    Terraform,
}

impl Spelling {
    /// A key of the API as the owner writes it.
    pub fn of(self, key: &str) -> String {
        match (self, key) {
            (Self::Api, _) => key.to_owned(),
            (Self::CloudFormation, _) => {
                let mut letters = key.chars();
                letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
            }
            (Self::Terraform, "lifecycleHooks") => "lifecycle_hook".to_owned(),
            (Self::Terraform, "loadBalancers") => "load_balancer".to_owned(),
            (Self::Terraform, "serviceName") => "name".to_owned(),
            (Self::Terraform, _) => snake(key),
        }
    }
}

/// `bakeTimeInMinutes` is `bake_time_in_minutes`.
fn snake(key: &str) -> String {
    let mut spelt = String::with_capacity(key.len() + 4);
    for (index, letter) in key.char_indices() {
        if letter.is_uppercase() && index > 0 {
            spelt.push('_');
        }
        spelt.extend(letter.to_lowercase());
    }
    spelt
}

const MARK: &str = "$unknown";

/// A value that a file names but does not hold, which only the deployment knows: what an import, a parameter
/// without a default or a resource that is yet to be made will have.
///
/// It stands in a document as a marker, so that whoever needs the value can say so, and nobody guesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What it is taken from, as the file writes it: `HookArn`, `module.hooks.arn`.
    pub reference: String,
    /// Why it is unknown: `the parameter HookArn has no default`.
    pub why: String,
    /// How to make it known, where there is a flag for that.
    pub fix: Option<String>,
}

impl Unknown {
    /// An unknown without a way to make it known.
    pub fn new(reference: impl Into<String>, why: impl Into<String>) -> Self {
        Self { reference: reference.into(), why: why.into(), fix: None }
    }

    /// The marker in a document.
    pub fn mark(&self) -> Value {
        json!({MARK: self.reference, "why": self.why, "fix": self.fix})
    }

    /// The unknown that a marker stands for.
    pub fn of(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            reference: text(MARK)?,
            why: text("why").unwrap_or_else(|| "it is set elsewhere".to_owned()),
            fix: text("fix"),
        })
    }

    /// The first unknown in a value.
    pub fn within(value: &Value) -> Option<Self> {
        Self::of(value).or_else(|| match value {
            Value::Array(items) => items.iter().find_map(Self::within),
            Value::Object(fields) => fields.values().find_map(Self::within),
            _ => None,
        })
    }

    /// The value with the references of its unknowns in the place of their markers, for people.
    pub fn shown(value: &Value) -> Value {
        if let Some(unknown) = Self::of(value) {
            return unknown.reference.into();
        }
        match value {
            Value::Array(items) => items.iter().map(Self::shown).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (key.clone(), Self::shown(value))).collect()
            }
            other => other.clone(),
        }
    }
}

/// A document in the shape of an API, and where its owner has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The file, or the ARN of what was asked for.
    pub source: String,
    /// Where in that the document begins: `Resources.Service.Properties`. Empty for all of it.
    pub path: String,
    /// How its keys are spelt there.
    pub spelling: Spelling,
    /// What it says.
    pub value: Value,
    /// Whether somebody is to give it to AWS's API just as it stands. What AWS answered is not, nor is what a template or
    /// a plan says.
    pub is_input: bool,
}

impl Document {
    /// A document that is all of its source, spelt as the API spells it.
    pub fn new(source: impl Into<String>, value: Value) -> Self {
        Self { source: source.into(), path: String::new(), spelling: Spelling::Api, value, is_input: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_spelt_as_their_owners_do() {
        for (key, cloud_formation, terraform) in [
            ("bakeTimeInMinutes", "BakeTimeInMinutes", "bake_time_in_minutes"),
            ("lifecycleHooks", "LifecycleHooks", "lifecycle_hook"),
            ("TargetType", "TargetType", "target_type"),
        ] {
            assert_eq!(Spelling::Api.of(key), key);
            assert_eq!(Spelling::CloudFormation.of(key), cloud_formation);
            assert_eq!(Spelling::Terraform.of(key), terraform);
        }
    }

    #[test]
    fn an_unknown_is_found_in_what_holds_it() {
        let unknown = Unknown::new("HookArn", "the parameter HookArn has no default");
        let value = json!({"hooks": [{"hookTargetArn": unknown.mark()}]});
        assert_eq!(Unknown::within(&value), Some(unknown));
        assert_eq!(Unknown::shown(&value), json!({"hooks": [{"hookTargetArn": "HookArn"}]}));
    }
}
