//! What kind of file it is, by what is in it.

use std::collections::BTreeMap;

use greenlight_preflight::{Document, Key};
use serde_json::{Map, Value};

use super::{cloud_formation, parts::Parts, terraform};
use crate::rehearsal::subject::{File, Problem};

const EXPECTED: &str = "a service definition, a task definition, an AppSpec, a CodeDeploy deployment group, a template of \
                        CloudFormation or SAM, a Terraform plan as JSON, a CodePipeline pipeline, or Envoy's /server_info or /stats";

/// Puts what a file says among the parts.
pub(super) fn read(
    file: &File<'_>,
    document: &Value,
    parameters: &BTreeMap<String, String>,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let has = |key: &str| document.get(key).is_some();
    let within = |key: &str| document.get(key).filter(|it| it.is_object());
    let whole = || Document::new(file.name, document.clone());
    // What stands within something else is an answer that was kept.
    let answer = |value: &Value, path: &str| Document {
        path: path.to_owned(),
        ..Document::new(file.name, value.clone())
    };
    let input = || Document { is_input: true, ..whole() };
    if has("planned_values") || has("terraform_version") {
        return terraform::read(file, document, parts);
    }
    if document.get("Resources").is_some_and(Value::is_array) {
        parts.know(Key::AppSpec, whole());
    } else if has("Resources") || has("AWSTemplateFormatVersion") {
        cloud_formation::read(file, document, parameters, parts)?;
    } else if let Some(services) = document.get("services").and_then(Value::as_array) {
        for (index, service) in services.iter().enumerate() {
            parts.service(name(service, file), answer(service, &format!("services[{index}]")));
        }
    } else if let Some(service) = within("service").filter(|it| it.get("serviceName").is_some()) {
        parts.service(name(service, file), answer(service, "service"));
    } else if let Some(task) = within("taskDefinition") {
        parts.task(family(task, file), answer(task, "taskDefinition"));
    } else if has("containerDefinitions") || has("family") {
        parts.task(family(document, file), input());
    } else if let Some(group) = within("deploymentGroupInfo") {
        parts.know(Key::DeploymentGroup, answer(group, "deploymentGroupInfo"));
    } else if has("applicationName") && has("serviceRoleArn") {
        parts.know(Key::DeploymentGroup, input());
    } else if let Some(pipeline) = within("pipeline") {
        parts.know(Key::Pipeline, answer(pipeline, "pipeline"));
    } else if has("state") && (has("command_line_options") || has("hot_restart_version")) {
        parts.know(Key::EnvoyServerInfo, whole());
    } else if let Some(stats) = stats(document) {
        parts.know(Key::EnvoyStats, answer(&stats, ""));
    } else if is_service(document) {
        parts.service(name(document, file), input());
    } else if has("checks") {
        return Err(Problem::of_file(file.name, "is a plan", EXPECTED)
            .fix(format!("plans are checked by `greenlight validate {}`", file.name)));
    } else {
        return Err(Problem::of_file(file.name, "is nothing that rules know", EXPECTED));
    }
    Ok(())
}

fn is_service(document: &Value) -> bool {
    let keys =
        ["serviceName", "loadBalancers", "deploymentConfiguration", "desiredCount", "deploymentController"];
    keys.iter().any(|key| document.get(key).is_some())
}

fn name(service: &Value, file: &File<'_>) -> String {
    let named = ["serviceName", "service"].into_iter().find_map(|key| service.get(key)?.as_str());
    named.map_or_else(|| file.name.to_owned(), |text| text.rsplit('/').next().unwrap_or(text).to_owned())
}

fn family(task: &Value, file: &File<'_>) -> String {
    task.get("family").and_then(Value::as_str).unwrap_or(file.name).to_owned()
}

/// Envoy's counters by name: `/stats?format=json`, or the lines of `/stats`.
fn stats(document: &Value) -> Option<Value> {
    if let Some(list) = document.get("stats").and_then(Value::as_array) {
        let pair = |stat: &Value| Some((stat.get("name")?.as_str()?.to_owned(), stat.get("value")?.clone()));
        return Some(Value::Object(list.iter().filter_map(pair).collect()));
    }
    let fields: &Map<String, Value> = document.as_object()?;
    let known = ["server.", "listener_manager.", "cluster_manager."];
    fields.keys().any(|key| known.iter().any(|prefix| key.starts_with(prefix))).then(|| document.clone())
}
