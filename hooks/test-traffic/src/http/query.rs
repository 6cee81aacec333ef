//! JSONPath (RFC 9535) into JSON that green answers.
//!
//! Without the functions `match` and `search`: they would bring another engine of regular expressions.

use std::{borrow::Cow, cmp::Ordering, fmt};

use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use serde_json_path::JsonPath;

/// The longest query: its parser is recursive.
const MAX_CHARACTERS: usize = 256;

/// A JSONPath query that was understood.
#[derive(Debug, Clone)]
pub(super) struct Query {
    text: String,
    path: JsonPath,
}

impl Query {
    /// The nodes that it selects.
    pub(super) fn nodes<'v>(&self, body: &'v Value) -> Vec<&'v Value> {
        self.path.query(body).all()
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Query {}

impl PartialOrd for Query {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Query {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl JsonSchema for Query {
    fn schema_name() -> Cow<'static, str> {
        "Query".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A JSONPath such as `$.items[*].id` (RFC 9535).",
            "type": "string",
            "pattern": "^\\$",
            "maxLength": MAX_CHARACTERS,
        })
    }
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = "expected one such as `$.items[*].id` (RFC 9535)";
        if text.chars().count() > MAX_CHARACTERS {
            return Err(de::Error::custom(format!(
                "is a JSONPath of {} characters; expected at most {MAX_CHARACTERS}",
                text.chars().count()
            )));
        }
        match JsonPath::parse(&text) {
            Ok(path) => Ok(Self { text, path }),
            Err(error) => Err(de::Error::custom(format!(
                "`{text}` is no JSONPath: {} at character {}; {expected}",
                error.message(),
                error.position() + 1
            ))),
        }
    }
}
