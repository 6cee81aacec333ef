//! Regular expressions over texts that green answers.
//!
//! The engine (regex-lite) has no backtracking: a search takes time in proportion to the body's and the pattern's
//! size, whatever green sends. Their product is bounded, because a search cannot be interrupted: a function with a
//! part of a processor would miss its deadline. The price is that `\w`, `\d` and `\b` mean ASCII.

use std::{borrow::Cow, fmt};

use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use greenlight_prober::{Mismatch, Whose};
use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest pattern.
const MAX_CHARACTERS: usize = 512;
/// What it may become once it is compiled: `a{1000}{1000}` is short, and not small.
const MAX_COMPILED: usize = 64 * 1024;

/// The smallest size that is told apart.
const MIN_COMPILED: usize = 1024;
/// The size of a pattern times that of a body: a fraction of a second for the worst, on a whole processor.
const MOST_WORK: usize = MIN_COMPILED << 20;

/// A regular expression that compiled.
#[derive(Clone)]
pub(super) struct Pattern {
    regex: Regex,
    /// What it became once it was compiled, at most.
    size: usize,
}

impl Pattern {
    /// Compiles a pattern into so many bytes at most.
    fn new(text: &str) -> Result<Self, regex_lite::Error> {
        let build = |size| RegexBuilder::new(text).size_limit(size).nest_limit(50).build();
        let mut size = MIN_COMPILED;
        loop {
            match build(size) {
                Err(_) if size < MAX_COMPILED => size *= 2,
                built => return built.map(|regex| Self { regex, size }),
            }
        }
    }

    /// Whether a body of so many bytes can be searched. That one cannot says nothing about green.
    pub(super) fn can_search(&self, bytes: usize) -> Result<(), Mismatch> {
        let most = MOST_WORK / self.size;
        if bytes <= most {
            return Ok(());
        }
        Err(Mismatch::new(
            format!("a body of {bytes} bytes is too large to be searched for `{self}`, at most {most} are"),
            "a search cannot be interrupted: repeat less in the pattern, or use `body_contains` or `jsonpath`",
        )
        .of(Whose::Other))
    }

    /// Whether a text has it somewhere.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The text of its group, at the first place where it matches.
    pub(super) fn group<'t>(&self, text: &'t str) -> Option<&'t str> {
        Some(self.regex.captures(text)?.get(1)?.as_str())
    }

    /// How many groups it has.
    pub(super) fn groups(&self) -> usize {
        self.regex.captures_len() - 1
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.regex.as_str())
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.regex.as_str(), formatter)
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
        Self::new(&text).map_err(|error| {
            de::Error::custom(format!("`{text}` is no regular expression that can be used: {error}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_searched_for_in_small_bodies_only() {
        for (pattern, most) in [
            ("^(open|paid)$", 1 << 20),
            ("version: (\\d+)", 1 << 20),
            ("<input name=\"csrf\" value=\"([^\"]+)\">", 256 << 10),
            ("\\w{1,100}!", 64 << 10),
            ("(a?){250}b", 16 << 10),
        ] {
            let pattern = Pattern::new(pattern).unwrap();
            assert_eq!(pattern.can_search(most), Ok(()), "{pattern}");
        }
        let slow = Pattern::new("(a?){250}b").unwrap();
        let told = slow.can_search(1 << 20).unwrap_err();
        assert_eq!(
            (told.whose, told.observed.as_str()),
            (
                Whose::Other,
                "a body of 1048576 bytes is too large to be searched for `(a?){250}b`, at most 16384 are"
            )
        );
        assert!(Pattern::new("a{1000}{1000}").is_err());
    }
}
