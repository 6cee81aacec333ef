//! What is expected of a JSON body: values by JSON pointer, and assertions by JSONPath.
//!
//! A JSONPath may select several nodes. An assertion about values holds only if there is a node and it holds for
//! each: that something has no `error` is said by `"exists": false`, never by an empty selection.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap};

use greenlight::plan::Problem;
use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use greenlight_prober::Mismatch;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::http::{pattern::Pattern, query::Query, seen::Seen};

/// What is expected of the nodes that a JSONPath selects. In a plan a value alone means `equals`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars", rename = "Assertions")]
#[serde(default, deny_unknown_fields)]
struct Given {
    /// The value of each.
    #[serde(deserialize_with = "given")]
    equals: Option<Value>,
    /// Each is a text that this regular expression matches somewhere.
    matches: Option<Pattern>,
    /// How many there are.
    count: Option<usize>,
    /// Whether there is one.
    exists: Option<bool>,
}

/// What is expected of the nodes that a JSONPath selects.
#[derive(Debug, Clone)]
pub(super) struct Assertion(Given);

/// `null` is a value, too.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Assertion {
    /// Assertions that contradict each other, or that say nothing.
    pub(super) fn problem(&self, path: &str) -> Option<Problem> {
        let Given { equals, matches, count, exists } = &self.0;
        let about_values = equals.is_some() || matches.is_some();
        if !about_values && count.is_none() && exists.is_none() {
            return Some(
                Problem::new(
                    path,
                    "says nothing; expected a value, or `equals`, `matches`, `count` or `exists`",
                )
                .hint("to compare with an empty object: {\"equals\": {}}"),
            );
        }
        let nothing = *exists == Some(false) || *count == Some(0);
        let something = about_values || *exists == Some(true) || count.is_some_and(|count| count > 0);
        (nothing && something)
            .then(|| Problem::new(path, "expects nothing there, and something; it can never hold"))
    }

    fn judge(&self, query: &Query, body: &Value, seen: &Seen<'_>) -> Result<(), Mismatch> {
        let Given { equals, matches, count, exists } = &self.0;
        if let Some(pattern) = matches {
            pattern.can_search(seen.text().len())?;
        }
        let nodes = query.nodes(body);
        let found = |node: &Value| seen.excerpt(&node.to_string());
        if let Some(count) = count
            && nodes.len() != *count
        {
            return Err(Mismatch::new(
                format!("{} values at `{query}`", nodes.len()),
                format!("{count} values at `{query}`"),
            ));
        }
        match (exists, nodes.first()) {
            (Some(false), Some(node)) => {
                return Err(Mismatch::new(
                    format!("`{query}` is {}", found(node)),
                    format!("no value at `{query}`"),
                ));
            }
            (Some(true), None) => {
                return Err(Mismatch::new(format!("no value at `{query}`"), format!("a value at `{query}`")));
            }
            _ => {}
        }
        let mut expected = Vec::new();
        expected.extend(equals.as_ref().map(|wanted| format!("`{query}` to be {wanted}")));
        expected.extend(matches.as_ref().map(|pattern| format!("`{query}` to match `{pattern}`")));
        if expected.is_empty() {
            return Ok(());
        }
        let expected = expected.join(" and ");
        if nodes.is_empty() {
            return Err(Mismatch::new(format!("no value at `{query}`"), expected));
        }
        let good = |node: &Value| {
            equals.as_ref().is_none_or(|wanted| same(node, wanted))
                && matches
                    .as_ref()
                    .is_none_or(|pattern| node.as_str().is_some_and(|text| pattern.matches(text)))
        };
        match nodes.iter().find(|node| !good(node)) {
            None => Ok(()),
            Some(node) => Err(Mismatch::new(format!("`{query}` is {}", found(node)), expected)),
        }
    }
}

/// Holds an answer against values by JSON pointer and assertions by JSONPath.
pub(super) fn judge(
    pointers: &BTreeMap<String, Value>,
    assertions: &BTreeMap<Query, Assertion>,
    seen: &Seen<'_>,
) -> Result<(), Mismatch> {
    if pointers.is_empty() && assertions.is_empty() {
        return Ok(());
    }
    let Some(body) = seen.json() else {
        return Err(Mismatch::new(
            format!("a body that is no JSON: {}", seen.quote(seen.text())),
            "a JSON body",
        ));
    };
    for (pointer, wanted) in pointers {
        let expected = || format!("`{pointer}` to be {wanted}");
        match body.pointer(pointer) {
            None => return Err(Mismatch::new(format!("no value at `{pointer}`"), expected())),
            Some(found) if same(found, wanted) => {}
            Some(found) => {
                return Err(Mismatch::new(
                    format!("`{pointer}` is {}", seen.excerpt(&found.to_string())),
                    expected(),
                ));
            }
        }
    }
    assertions.iter().try_for_each(|(query, assertion)| assertion.judge(query, body, seen))
}

/// Equal as JSON means it: 1 and 1.0 are one number, wherever they stand, and the last digit of an id counts.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Number(found), Value::Number(wanted)) => {
            let whole = !found.is_f64() && !wanted.is_f64();
            let equal = || found.as_f64().partial_cmp(&wanted.as_f64()) == Some(Ordering::Equal);
            found == wanted || (!whole && equal())
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| same(found, wanted))
        }
        (Value::Object(found), Value::Object(wanted)) => {
            let there =
                |(key, wanted): (&String, &Value)| found.get(key).is_some_and(|found| same(found, wanted));
            found.len() == wanted.len() && wanted.iter().all(there)
        }
        _ => found == wanted,
    }
}

impl<'de> Deserialize<'de> for Assertion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(fields) => {
                Given::deserialize(Value::Object(fields)).map(Self).map_err(de::Error::custom)
            }
            value => Ok(Self(Given { equals: Some(value), ..Given::default() })),
        }
    }
}

impl JsonSchema for Assertion {
    fn schema_name() -> Cow<'static, str> {
        "Assertion".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let given = generator.subschema_for::<Given>();
        json_schema!({
            "description": "A value that is expected, or assertions about what is there.",
            "anyOf": [{ "type": ["string", "number", "boolean", "null", "array"] }, given],
        })
    }
}

impl Serialize for Assertion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Given { equals, matches, count, exists } = &self.0;
        let mut fields = serde_json::Map::new();
        fields.extend(equals.iter().map(|value| ("equals".to_owned(), value.clone())));
        fields.extend(matches.iter().map(|pattern| ("matches".to_owned(), pattern.to_string().into())));
        fields.extend(count.iter().map(|count| ("count".to_owned(), (*count).into())));
        fields.extend(exists.iter().map(|exists| ("exists".to_owned(), (*exists).into())));
        fields.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value_and_to_the_last_digit() {
        for (found, wanted, equal) in [
            (json!(1), json!(1.0), true),
            (json!(-3), json!(-3), true),
            (json!(1_234_567_890_123_456_789_u64), json!(1_234_567_890_123_456_788_u64), false),
            (json!(0.3), json!(0.300_000_000_000_000_04), false),
            (json!([1, {"a": 2.0}]), json!([1.0, {"a": 2}]), true),
            (json!({"a": 1}), json!({"a": 1, "b": 1}), false),
            (json!("1"), json!(1), false),
            (json!(null), json!(null), true),
        ] {
            assert_eq!(same(&found, &wanted), equal, "{found} and {wanted}");
        }
    }
}
