//! A plan of Terraform: the output of `terraform show -json`.
//!
//! A plan leaves out what is known only after it is applied, such as the ARN of a function that it makes.
//! The configuration in it says which resource such a value comes from, and that is enough here.

mod function;
pub(crate) mod plan;
pub(crate) mod service;
mod topology;

use self::plan::{Plan, Resource};
use super::problem::Problem;
use super::report::Report;
use super::service::{self as subject, Surroundings};
use super::{File, Options, Subject, document, functions};
use greenlight_preflight::Spelling;

const SERVICE: &str = "aws_ecs_service";

/// Reads a plan.
pub(super) fn read(file: &File<'_>, options: &Options) -> Result<Subject, Vec<Problem>> {
    let document = document::read(file).map_err(|problem| vec![problem])?;
    if document.get("planned_values").is_none() {
        let expected = "the output of `terraform show -json PLAN`";
        return Err(vec![Problem::of_file(file.name, "has no `planned_values`", expected)]);
    }
    let plan = Plan::new(&document);
    let resource = chosen(file, &plan, options).map_err(|problem| vec![problem])?;
    let value = service::api(&plan, resource);
    let report = Report::new(file.name, Spelling::Terraform);
    let around = Surroundings {
        source: format!("{} of {}", resource.address, file.name),
        name: Some(resource.name.clone()),
        cluster: None,
        topology: topology::read(&plan, &value, &report),
        configuration: None,
    };
    let options = Options { service: None, ..options.clone() };
    let subject = subject::read(&report.root(&value, &resource.address), around, &options);
    for function in functions::named(&subject.configuration) {
        let environment = plan.environment(function).unwrap_or_default();
        environment.note(functions::name(function)).into_iter().for_each(|note| report.note(note));
    }
    report.finish().map(|notes| Subject { notes, ..subject })
}

/// The service that is meant.
fn chosen<'a, 'p>(
    file: &File<'_>,
    plan: &'p Plan<'a>,
    options: &Options,
) -> Result<&'p Resource<'a>, Problem> {
    let services: Vec<_> = plan.of_kind(SERVICE).collect();
    let list = services.iter().map(|it| format!("`{}`", it.address)).collect::<Vec<_>>().join(", ");
    match (&options.service, &*services) {
        (_, []) => {
            Err(Problem::of_file(file.name, "has no aws_ecs_service", "a plan that keeps or makes one"))
        }
        (Some(address), _) => services.iter().find(|it| it.address == *address).copied().ok_or_else(|| {
            Problem::of_file("--service", format!("is `{address}`"), format!("one of {list}"))
        }),
        (None, [service]) => Ok(service),
        (None, several) => Err(Problem::of_file(
            file.name,
            format!("has {} services: {list}", several.len()),
            "one, or to be told which",
        )
        .fix("say which one: --service ADDRESS")),
    }
}
