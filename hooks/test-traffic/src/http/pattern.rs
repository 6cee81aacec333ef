//! Regular expressions over texts that green answers.
//!
//! The engine (regex-lite) has no backtracking: a search takes time in proportion to the body's and the pattern's
//! size, whatever green sends. Both are bounded, because a search cannot be interrupted. The price is that `\w`,
//! `\d` and `\b` mean ASCII.

use std::{borrow::Cow, fmt};

use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest pattern.
const MAX_CHARACTERS: usize = 512;
/// What it may become once it is compiled: `a{1000}{1000}` is short, and not small.
const MAX_COMPILED: usize = 64 * 1024;

/// A regular expression that compiled.
#[derive(Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Whether a text has it somewhere.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The text of its group, at the first place where it matches.
    pub(super) fn group<'t>(&self, text: &'t str) -> Option<&'t str> {
        Some(self.0.captures(text)?.get(1)?.as_str())
    }

    /// How many groups it has.
    pub(super) fn groups(&self) -> usize {
        self.0.captures_len() - 1
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.as_str(), formatter)
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A regular expression, without look-around and back-references.",
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_CHARACTERS,
        })
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Err(de::Error::custom("is empty; expected a regular expression that a text may lack"));
        }
        if text.chars().count() > MAX_CHARACTERS {
            return Err(de::Error::custom(format!(
                "is a pattern of {} characters; expected at most {MAX_CHARACTERS}",
                text.chars().count()
            )));
        }
        let built = RegexBuilder::new(&text).size_limit(MAX_COMPILED).nest_limit(50).build();
        built.map(Self).map_err(|error| {
            de::Error::custom(format!("`{text}` is no regular expression that can be used: {error}"))
        })
    }
}
