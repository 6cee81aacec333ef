//! A text with `*` for anything, as it stands in a plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wildcard::Wildcard;

/// What a text may look like: `*` stands for anything, also for nothing; everything else for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(with = "String")]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    wildcard: Wildcard,
}

impl Pattern {
    /// Whether all of `text` looks so.
    pub fn matches(&self, text: &str) -> bool {
        self.wildcard.matches(text)
    }

    /// The pattern as it stands in the plan.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl TryFrom<String> for Pattern {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() {
            return Err("is empty and matches nothing; expected a text in which `*` stands for anything");
        }
        Ok(Self { wildcard: Wildcard::stars(&text), text })
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_reads_and_writes_itself() {
        let pattern: Pattern = serde_json::from_str("\"*.dkr.ecr.*/orders\"").unwrap();
        assert!(pattern.matches("123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders"));
        assert!(!pattern.matches("docker.io/orders"));
        assert_eq!(serde_json::to_string(&pattern).unwrap(), "\"*.dkr.ecr.*/orders\"");
        assert_eq!(pattern.as_str(), "*.dkr.ecr.*/orders");
        let error = serde_json::from_str::<Pattern>("\" \"").unwrap_err().to_string();
        assert!(error.starts_with("is empty and matches nothing"), "{error}");
    }
}
