//! JSONPath (RFC 9535) into JSON that green answers.
//!
//! A query looks through all that is below at most twice (`..`): each time multiplies what it may find by the depth
//! of what green sends. Without the functions `match` and `search`: they would bring another engine of regular expressions.

use std::{borrow::Cow, cmp::Ordering, fmt};

use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use serde_json_path::JsonPath;

/// The longest query: its parser is recursive.
const MAX_CHARACTERS: usize = 256;

/// How often it may look through everything below.
const MOST_DESCENTS: usize = 2;

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
            Ok(_) if descents(&text) > MOST_DESCENTS => Err(de::Error::custom(format!(
                "`{text}` holds `..` {} times; expected at most {MOST_DESCENTS}: each looks through everything below",
                descents(&text)
            ))),
            Ok(path) => Ok(Self { text, path }),
            Err(error) => Err(de::Error::custom(format!(
                "`{text}` is no JSONPath: {} at character {}; {expected}",
                error.message(),
                error.position() + 1
            ))),
        }
    }
}

/// How many `..` a query holds outside of its quotes.
fn descents(query: &str) -> usize {
    let (mut quote, mut before, mut count) = (None, ' ', 0);
    for character in query.chars() {
        match quote {
            None if matches!(character, '\'' | '"') => quote = Some(character),
            None if (before, character) == ('.', '.') => count += 1,
            Some(end) if character == end && before != '\\' => quote = None,
            None | Some(_) => {}
        }
        // Of two backslashes the second escapes nothing.
        before = if (before, character) == ('\\', '\\') { ' ' } else { character };
    }
    count
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn queries_that_multiply_are_refused() {
        for (query, count) in [
            ("$.a", 0),
            ("$..a", 1),
            ("$..a..b", 2),
            ("$..*..*..*", 3),
            ("$['a..b']", 0),
            (r"$['a\'..b']..c", 1),
            (r"$['a\\']..c", 1),
            ("$[?@..a][\"x..y\"]", 1),
        ] {
            assert_eq!(descents(query), count, "{query}");
            let read = serde_json::from_value::<Query>(json!(query));
            assert_eq!(read.is_ok(), count <= MOST_DESCENTS, "{query}: {read:?}");
        }
    }
}
