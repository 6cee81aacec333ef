//! An `aws_ecs_service` in the shape of the ECS API.

use serde_json::{Map, Value, json};

use super::plan::{Meaning, Plan, Resource, list};
use greenlight_preflight::Unknown;

/// Blocks that stand at most once, which Terraform keeps in lists.
const SINGLE: [&str; 9] = [
    "deployment_configuration",
    "linear_configuration",
    "canary_configuration",
    "timeout_configuration",
    "advanced_configuration",
    "deployment_circuit_breaker",
    "deployment_controller",
    "alarms",
    "service_connect_configuration",
];

/// The service, with what is yet to be made in its place as far as the configuration names it.
pub(crate) fn api(plan: &Plan<'_>, resource: &Resource<'_>) -> Value {
    let mut service = shaped(resource.values);
    let expressions = plan.expressions(resource);
    if let Some(fields) = service.as_object_mut() {
        hooks(plan, resource, fields, expressions);
        balancers(plan, resource, fields, expressions);
        // Only the newer API has them within.
        for key in ["alarms", "deploymentCircuitBreaker"] {
            if let Some(value) = fields.remove(key)
                && let Some(configuration) = configuration(fields)
            {
                configuration.entry(key).or_insert(value);
            }
        }
        if !fields.contains_key("cluster") {
            let cluster = cluster(plan, resource, expressions);
            fields.insert("cluster".to_owned(), cluster);
        }
    }
    service
}

/// The cluster's name, where the service only refers to it.
fn cluster(plan: &Plan<'_>, resource: &Resource<'_>, expressions: &Value) -> Value {
    let Some(expression) = expressions.get("cluster") else { return Value::Null };
    match plan.meaning(&resource.module, expression) {
        Meaning::Resource(cluster) => {
            let name = cluster.values.get("name").or_else(|| cluster.values.get("cluster_name"));
            name.and_then(Value::as_str).unwrap_or(&cluster.name).into()
        }
        Meaning::Constant(name) => name.clone(),
        Meaning::Unknown(reference) => {
            elsewhere(reference.as_deref().unwrap_or("cluster"), &resource.address)
        }
    }
}

fn configuration(fields: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    let configuration = fields.entry("deploymentConfiguration").or_insert_with(|| json!({}));
    if configuration.is_null() {
        *configuration = json!({});
    }
    configuration.as_object_mut()
}

/// Names as the API spells them, and single blocks out of their lists.
pub(crate) fn shaped(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shaped).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let value = if SINGLE.contains(&key.as_str()) {
                    value.as_array().map_or(value, |items| items.first().unwrap_or(&Value::Null))
                } else {
                    value
                };
                // What was never set may be an empty text in the state.
                let value = if value.as_str() == Some("") { Value::Null } else { shaped(value) };
                (named(key), value)
            })
            .collect(),
        other => other.clone(),
    }
}

fn named(key: &str) -> String {
    match key {
        "lifecycle_hook" => return "lifecycleHooks".to_owned(),
        "load_balancer" => return "loadBalancers".to_owned(),
        "name" => return "serviceName".to_owned(),
        _ => {}
    }
    let mut parts = key.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut name, part| {
        let mut letters = part.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.extend(letters);
        name
    })
}

fn hooks(plan: &Plan<'_>, resource: &Resource<'_>, fields: &mut Map<String, Value>, expressions: &Value) {
    let planned = fields
        .get_mut("deploymentConfiguration")
        .and_then(|it| it.get_mut("lifecycleHooks"))
        .and_then(Value::as_array_mut);
    let blocks = expressions.get("deployment_configuration").and_then(|it| list_of(it).first());
    let blocks = blocks.map(|it| list(it, "lifecycle_hook")).unwrap_or_default();
    let mut taken = vec![false; blocks.len()];
    for (index, hook) in planned.into_iter().flatten().enumerate() {
        let Some(hook) = hook.as_object_mut() else { continue };
        if hook.contains_key("roleArn") && hook.contains_key("hookTargetArn") {
            continue;
        }
        let at = format!("{}.deployment_configuration.lifecycle_hook[{index}]", resource.address);
        if !hook.contains_key("roleArn") {
            hook.insert("roleArn".to_owned(), elsewhere("role_arn", &at));
        }
        if hook.contains_key("hookTargetArn") || hook.get("targetType") == Some(&"PAUSE".into()) {
            continue;
        }
        // Blocks are a set, so their order in the plan is not the one that they were written in.
        let fits = |block: &&Value| same_stages(block, hook.get("lifecycleStages").unwrap_or(&Value::Null));
        let functions: Vec<String> = blocks
            .iter()
            .enumerate()
            .filter(|(number, block)| !taken[*number] && fits(block))
            .map(|(_, block)| function(plan, resource, block, &at))
            .collect();
        let distinct = functions.iter().any(|it| *it != functions[0]);
        let details = hook.get("hookDetails").is_some_and(|it| !it.is_null());
        let name = match functions.first() {
            // Which of them has these details is not written anywhere.
            Some(_) if distinct && details => at.clone(),
            Some(first) => {
                let used =
                    blocks.iter().enumerate().position(|(number, block)| !taken[number] && fits(&block));
                if let Some(number) = used {
                    taken[number] = true;
                }
                first.clone()
            }
            None => at.clone(),
        };
        hook.insert("hookTargetArn".to_owned(), name.into());
    }
}

fn list_of(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn same_stages(block: &Value, planned: &Value) -> bool {
    match block.get("lifecycle_stages").and_then(|it| it.get("constant_value")) {
        Some(written) => written == planned,
        // Written with a variable: it may be any.
        None => true,
    }
}

/// The function that a block names: its name, or how the configuration refers to it.
fn function(plan: &Plan<'_>, resource: &Resource<'_>, block: &Value, at: &str) -> String {
    let Some(expression) = block.get("hook_target_arn") else { return at.to_owned() };
    match plan.meaning(&resource.module, expression) {
        Meaning::Constant(Value::String(arn)) => arn.clone(),
        Meaning::Resource(function) => {
            let name = function.values.get("function_name").and_then(Value::as_str);
            name.filter(|it| !it.is_empty()).unwrap_or(&function.address).to_owned()
        }
        Meaning::Unknown(Some(reference)) => reference,
        Meaning::Constant(_) | Meaning::Unknown(None) => at.to_owned(),
    }
}

fn balancers(plan: &Plan<'_>, resource: &Resource<'_>, fields: &mut Map<String, Value>, expressions: &Value) {
    let blocks = list(expressions, "load_balancer");
    let planned = fields.get_mut("loadBalancers").and_then(Value::as_array_mut);
    for balancer in planned.into_iter().flatten() {
        let name = balancer.get("containerName").cloned().unwrap_or(Value::Null);
        let block = match blocks {
            [one] => Some(one),
            several => several.iter().find(|it| it.pointer("/container_name/constant_value") == Some(&name)),
        };
        let advanced = block.and_then(|it| list(it, "advanced_configuration").first());
        if let Some(fields) = balancer.as_object_mut() {
            fill(plan, resource, fields, block, ["target_group_arn", "targetGroupArn"]);
        }
        let advanced_fields = balancer.get_mut("advancedConfiguration").and_then(Value::as_object_mut);
        if let Some(fields) = advanced_fields {
            for keys in [
                ["alternate_target_group_arn", "alternateTargetGroupArn"],
                ["production_listener_rule", "productionListenerRule"],
                ["test_listener_rule", "testListenerRule"],
            ] {
                fill(plan, resource, fields, advanced, keys);
            }
        }
    }
}

/// Puts in what the plan leaves out; what it has, and be it null, stays.
fn fill(
    plan: &Plan<'_>,
    resource: &Resource<'_>,
    fields: &mut Map<String, Value>,
    block: Option<&Value>,
    [written, key]: [&str; 2],
) {
    if fields.contains_key(key) {
        return;
    }
    let Some(expression) = block.and_then(|block| block.get(written)) else {
        // Blocks that are made by others are not in the configuration; classic balancers have no group.
        if block.is_none() {
            fields.insert(key.to_owned(), elsewhere(written, &resource.address));
        }
        return;
    };
    let value = match plan.meaning(&resource.module, expression) {
        Meaning::Resource(target) => plan.arn(target).into(),
        Meaning::Constant(value) => value.clone(),
        Meaning::Unknown(Some(reference)) => elsewhere(&reference, &resource.address),
        Meaning::Unknown(None) => elsewhere(written, &resource.address),
    };
    fields.insert(key.to_owned(), value);
}

fn elsewhere(reference: &str, at: &str) -> Value {
    Unknown::new(reference, format!("{reference} of {at} is known after apply")).mark()
}
