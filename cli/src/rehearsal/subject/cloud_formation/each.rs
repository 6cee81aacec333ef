//! `Fn::ForEach` among the resources of a template, written out.
//!
//! Source: `CloudFormation` template reference, `Fn::ForEach`: `[IDENTIFIER, COLLECTION, {KEY: VALUE}]`, in which
//! `${IDENTIFIER}`, `&{IDENTIFIER}` and a `Ref` of it stand for each item; with `&` only its letters and digits do.

use serde_json::{Map, Value};

const EACH: &str = "Fn::ForEach::";
/// CloudFormation makes no more resources of one template.
const MOST: usize = 500;
/// And loops stand in each other no deeper.
const DEEPEST: usize = 5;

/// The template with its loops written out, and what of it could not be.
pub(crate) fn written_out(mut template: Value) -> (Value, Vec<String>) {
    let mut left = Vec::new();
    let has_loops = |resources: &Map<String, Value>| resources.keys().any(|key| key.starts_with(EACH));
    let parameters = template.get("Parameters").cloned().unwrap_or_default();
    if let Some(resources) = template.get_mut("Resources").and_then(Value::as_object_mut)
        && has_loops(resources)
    {
        *resources = expanded(std::mem::take(resources), &parameters, &mut left, 0);
    }
    (template, left)
}

fn expanded(
    resources: Map<String, Value>,
    parameters: &Value,
    left: &mut Vec<String>,
    depth: usize,
) -> Map<String, Value> {
    let mut made = Map::new();
    for (key, value) in resources {
        if !key.starts_with(EACH) {
            made.insert(key, value);
            continue;
        }
        let Some((identifier, items, body)) = parts(&value, parameters).filter(|_| depth < DEEPEST) else {
            left.push(key);
            continue;
        };
        for item in items {
            let one = replaced(body, identifier, &item);
            let Value::Object(one) = one else { continue };
            made.extend(expanded(one, parameters, left, depth + 1));
            if made.len() > MOST {
                left.push(key);
                return made;
            }
        }
    }
    made
}

/// The identifier, the items and the body of a loop whose items are known.
fn parts<'a>(value: &'a Value, parameters: &Value) -> Option<(&'a str, Vec<String>, &'a Value)> {
    let [identifier, collection, body] = value.as_array()?.as_slice() else { return None };
    let items = match collection {
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        // A list of texts that the template gives by itself.
        other => {
            let default = parameters.get(other.get("Ref")?.as_str()?)?.get("Default")?.as_str()?;
            Some(default.split(',').map(|item| item.trim().to_owned()).collect())
        }
    };
    Some((identifier.as_str()?, items?, body))
}

fn replaced(value: &Value, identifier: &str, item: &str) -> Value {
    let plain: String = item.chars().filter(char::is_ascii_alphanumeric).collect();
    let text = |text: &str| {
        let text = text.replace(&format!("${{{identifier}}}"), item);
        text.replace(&format!("&{{{identifier}}}"), &plain)
    };
    match value {
        Value::String(it) => text(it).into(),
        Value::Array(items) => items.iter().map(|it| replaced(it, identifier, item)).collect(),
        Value::Object(fields) if fields.len() == 1 && value["Ref"] == identifier => item.into(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (text(key), replaced(value, identifier, item))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn loops_are_written_out() {
        let body = json!({"Queue${Name}": {"Type": "Q", "Properties": {"QueueName": {"Ref": "Name"}, "Tag": {"Fn::Sub": "x-${Name}-${AWS::Region}"}}}});
        let (made, left) = written_out(json!({
            "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "c, d"}},
            "Resources": {
                "Kept": {"Type": "K"},
                "Fn::ForEach::Literal": ["Name", ["a"], body],
                "Fn::ForEach::Parameter": ["Name", {"Ref": "Names"}, body],
                "Fn::ForEach::Dots": ["Name", ["e.f"], {"Queue&{Name}": {"Type": "Q"}}],
                "Fn::ForEach::Nested": ["One", ["x"], {"Fn::ForEach::Inner": ["Two", ["y", "z"], {"N${One}${Two}": {"Type": "N"}}]}],
                "Fn::ForEach::Unknown": ["Name", {"Fn::ImportValue": "names"}, body],
                "Fn::ForEach::Odd": "x",
            },
        }));
        let resources = made["Resources"].as_object().unwrap();
        let mut ids: Vec<&str> = resources.keys().map(String::as_str).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["Kept", "Nxy", "Nxz", "Queuea", "Queuec", "Queued", "Queueef"]);
        assert_eq!(resources["Queuea"]["Properties"]["QueueName"], "a");
        assert_eq!(resources["Queued"]["Properties"]["Tag"]["Fn::Sub"], "x-d-${AWS::Region}");
        assert_eq!(left, ["Fn::ForEach::Odd", "Fn::ForEach::Unknown"]);
        let many: Vec<String> = (0..1_000).map(|index| index.to_string()).collect();
        let inner = json!({"Fn::ForEach::In": ["B", many, {"R${A}x${B}": {"Type": "R"}}]});
        let (made, left) = written_out(json!({"Resources": {"Fn::ForEach::Out": ["A", many, inner]}}));
        assert!(made["Resources"].as_object().unwrap().len() <= 2 * MOST && !left.is_empty());
    }
}
