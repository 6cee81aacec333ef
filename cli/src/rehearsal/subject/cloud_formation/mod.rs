//! A template of CloudFormation or SAM.
//!
//! What a template takes from elsewhere (imports, parameters without a default, nested stacks) is not
//! known here: where it is needed that is a problem, elsewhere a note.

mod blue_green;
pub(crate) mod each;
mod resources;
pub(crate) mod template;

use serde_json::Value;

use self::template::Template;
use super::problem::Problem;
use super::report::Report;
use super::service::{self, Surroundings};
use super::{File, Options, Subject, document, functions};
use greenlight_preflight::Spelling;

/// Reads a template.
pub(super) fn read(file: &File<'_>, options: &Options) -> Result<Subject, Vec<Problem>> {
    let document = document::read(file).map_err(|problem| vec![problem])?;
    let (document, loops) = each::written_out(document);
    let template = Template::new(&document, &options.parameters);
    let report = Report::new(file.name, Spelling::CloudFormation);
    let id = chosen(file, &template, options).map_err(|problem| vec![problem])?;
    let properties = api(&template.properties(&id));
    let path = format!("Resources.{id}.Properties");
    let code_deploy = blue_green::find(&template, &id, &report);
    let (properties, configuration) = match code_deploy {
        Some(deployment) => {
            let with = blue_green::with_balancer(properties, &deployment);
            (with, Some(deployment.configuration))
        }
        None => (properties, None),
    };
    let around = Surroundings {
        source: format!("{} of {}", id, file.name),
        name: Some(id.clone()),
        cluster: cluster(&properties),
        topology: resources::topology(&template, &properties, configuration.is_some(), &report),
        configuration,
    };
    // `--service` is a logical id here, and no name.
    let options = Options { service: None, ..options.clone() };
    let subject = service::read(&report.root(&properties, &path), around, &options);
    for function in functions::named(&subject.configuration) {
        let environment = template.environment(function).unwrap_or_default();
        environment.note(functions::name(function)).into_iter().for_each(|note| report.note(note));
    }
    for unknown in loops {
        report.note(format!("what `Resources.{unknown}` makes is not looked at: its items are not known"));
    }
    if template.names_stack() {
        report.note(format!("the stack is taken to be called `{}`", template::STACK));
    }
    report.finish().map(|notes| Subject { notes, ..subject })
}

fn cluster(properties: &Value) -> Option<String> {
    properties.get("cluster").and_then(greenlight_preflight::Unknown::of).map(|unknown| unknown.reference)
}

/// The service that is meant.
fn chosen(file: &File<'_>, template: &Template<'_>, options: &Options) -> Result<String, Problem> {
    let services = template.of_kind("AWS::ECS::Service");
    let list = services.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    match (&options.service, &*services) {
        (_, []) => Err(Problem::of_file(
            file.name,
            "has no AWS::ECS::Service",
            "a template with one among its Resources",
        )),
        (Some(id), _) if services.contains(id) => Ok(id.clone()),
        (Some(id), _) => Err(Problem::of_file("--service", format!("is `{id}`"), format!("one of {list}"))),
        (None, [id]) => Ok(id.clone()),
        (None, several) => Err(Problem::of_file(
            file.name,
            format!("has {} services: {list}", several.len()),
            "one, or to be told which",
        )
        .fix("say which one: --service LOGICAL_ID")),
    }
}

/// Properties in the shape of the API: `LifecycleHooks` is `lifecycleHooks`.
pub(crate) fn api(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(api).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let mut letters = key.chars();
                let first = letters.next().map(|first| first.to_ascii_lowercase());
                // What hooks are called with is their own, and so are the settings of a pipeline's actions.
                let is_own = key == "HookDetails" || key == "Configuration";
                let value = if is_own { value.clone() } else { api(value) };
                if key == "ECSServices" {
                    return ("ecsServices".to_owned(), value);
                }
                (first.into_iter().chain(letters).collect::<String>(), value)
            })
            .collect(),
        other => other.clone(),
    }
}
