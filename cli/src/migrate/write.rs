//! A `deploymentConfiguration`, as people write it down.

use greenlight_preflight::Spelling;
use serde_json::{Map, Value, json};

use crate::{hcl, yaml_text};

/// As `--cli-input-json` has it.
pub(super) fn json(configuration: &Value) -> Value {
    json!({ "deploymentConfiguration": configuration })
}

/// As the properties of an `AWS::ECS::Service` have it.
pub(super) fn cloud_formation(configuration: &Value) -> String {
    let mut text = String::new();
    yaml_text::write(&mut text, &in_properties(configuration), 0);
    text.trim_end().to_owned()
}

/// The same as a document.
pub(super) fn in_properties(configuration: &Value) -> Value {
    json!({ "DeploymentConfiguration": in_pascal_case(configuration) })
}

/// As an `aws_ecs_service` has it.
pub(super) fn terraform(configuration: &Value) -> String {
    let mut fields = configuration.as_object().cloned().unwrap_or_default();
    // Alarms stand beside it there.
    let alarms = fields.remove("alarms");
    let mut text = block("deployment_configuration", &fields, 0);
    if let Some(Value::Object(alarms)) = alarms {
        text.push('\n');
        text.push_str(&block("alarms", &alarms, 0));
    }
    text.trim_end().to_owned()
}

/// A block with its attributes first, and a blank line before each block in it.
fn block(name: &str, fields: &Map<String, Value>, depth: usize) -> String {
    let inner = depth + 2;
    let mut attributes = Vec::new();
    let mut blocks = String::new();
    for (key, value) in fields {
        let key = Spelling::Terraform.of(key);
        match value {
            // The provider learned of it late, and it is what a hook is anyway.
            Value::String(text) if key == "target_type" && text == "AWS_LAMBDA" => {}
            Value::Object(fields) => blocks += &nested(&key, fields, inner),
            Value::Array(values) if values.iter().all(Value::is_object) && !values.is_empty() => {
                for fields in values.iter().filter_map(Value::as_object) {
                    blocks += &nested(&key, fields, inner);
                }
            }
            Value::Array(values) => {
                let texts: Vec<_> =
                    values.iter().filter_map(|value| value.as_str().map(hcl::quoted)).collect();
                attributes.push((key, format!("[{}]", texts.join(", "))));
            }
            Value::String(text) => attributes.push((key, hcl::quoted(text))),
            other => attributes.push((key, other.to_string())),
        }
    }
    let attributes: Vec<_> = attributes.iter().map(|(key, value)| (&**key, value.clone())).collect();
    let mut text = format!("{:depth$}{name} {{\n", "");
    if attributes.is_empty() {
        blocks = blocks.trim_start_matches('\n').to_owned();
    } else {
        text.push_str(&hcl::aligned(inner, &attributes));
        text.push('\n');
    }
    format!("{text}{blocks}{:depth$}}}\n", "")
}

/// A block in another, behind a blank line.
fn nested(name: &str, fields: &Map<String, Value>, depth: usize) -> String {
    format!("\n{}", block(name, fields, depth))
}

fn in_pascal_case(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let renamed =
                |(key, value): (&String, &Value)| (Spelling::CloudFormation.of(key), in_pascal_case(value));
            Value::Object(fields.iter().map(renamed).collect())
        }
        Value::Array(values) => values.iter().map(in_pascal_case).collect(),
        other => other.clone(),
    }
}
