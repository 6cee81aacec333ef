//! The JSON Schema of plans, for editors and for the documentation.
//!
//! It is derived from the very types that decode a plan, their doc comments included, so it cannot know
//! another key than they do. It accepts every plan that decodes; what only code can see (settings that
//! contradict each other, a literal credential) it lets through, and `greenlight validate` does not.

#[cfg(feature = "schema")]
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use schemars::{Schema, json_schema};
#[cfg(feature = "schema")]
use serde_json::{Map, Value, json};

#[cfg(feature = "schema")]
use super::{Common, Document};
#[cfg(feature = "schema")]
use crate::check::Kind;

/// The schema of a text that must look like `pattern`.
pub(crate) fn text(description: &str, pattern: &str) -> Schema {
    json_schema!({ "type": "string", "description": description, "pattern": pattern })
}

/// The schema of the plans of `hook`, which knows these kinds of checks.
#[cfg(feature = "schema")]
pub(crate) fn of_plan(hook: &str, kinds: &[Kind]) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut plan = inline::<Document>(&mut generator);
    let common = inline::<Common>(&mut generator);
    let checks: Vec<_> = kinds.iter().map(|kind| of_check(kind, &common, &mut generator)).collect();
    plan["properties"]["checks"] = json!({
        "description": plan["properties"]["checks"]["description"],
        "type": "array",
        "minItems": 1,
        "items": { "oneOf": checks },
    });
    let mut schema = Map::from_iter([
        ("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), json!(format!("Plan for greenlight's {hook}"))),
    ]);
    if let Value::Object(plan) = plan {
        schema.extend(plan);
    }
    schema.insert("$defs".to_owned(), Value::Object(generator.take_definitions(true)));
    Value::Object(schema)
}

/// A check as it stands in a plan: one key, its kind, with its own settings and those of every check.
#[cfg(feature = "schema")]
fn of_check(kind: &Kind, common: &Value, generator: &mut SchemaGenerator) -> Value {
    let mut settings = (kind.schema)(generator).to_value();
    if let (Some(own), Some(common)) =
        (settings["properties"].as_object().cloned(), common["properties"].as_object())
    {
        let all: Map<_, _> = common.clone().into_iter().chain(own).collect();
        settings["properties"] = Value::Object(all);
    } else if settings.get("additionalProperties") == Some(&Value::Bool(false)) {
        settings["properties"] = common["properties"].clone();
    }
    json!({
        "type": "object",
        "properties": { kind.name: settings },
        "required": [kind.name],
        "additionalProperties": false,
    })
}

/// The schema of a type itself, in the place of a reference to it.
#[cfg(feature = "schema")]
fn inline<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    T::json_schema(generator).to_value()
}
