//! `greenlight iam`: the least policies of everybody who takes part, and nothing beyond them.
//!
//! What a check or a protocol calls is asked of itself ([`greenlight::deployment::Asks`]); this module knows what
//! each action is judged by and how people write policies down.
//!
//! | step | module |
//! |---|---|
//! | where: partition, account, services, groups, functions | `place` |
//! | an action → what it is for and the resources that it is judged by | `resources` |
//! | a hook, a plan, a protocol → the role of a function | `functions` |
//! | what people and pipelines need to look | `readers` |
//! | roles → JSON, CloudFormation, Terraform | `format` |

use std::process::ExitCode;

use clap::ValueEnum;
use greenlight::{Protocol, deployment::Asks, plan::Plan};
use greenlight_preflight::Arn;

use self::{
    format::Role,
    functions::{Function, Settings},
    place::Place,
};
use crate::{arguments::EventProtocol, arguments::IamOptions, document, failure::Failure, hooks, output};

mod format;
mod functions;
mod place;
mod readers;
mod resources;
mod secrets;
#[cfg(test)]
mod template;
#[cfg(test)]
mod tests;

/// Whose policy is asked for, where it is no function's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reader {
    /// Who runs `greenlight explain`.
    Explain,
    /// Who runs `greenlight doctor`.
    Doctor,
}

/// How policies are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// Policy documents.
    #[default]
    Json,
    /// `AWS::IAM::Role` resources, in YAML.
    Cloudformation,
    /// `aws_iam_role` and `aws_iam_policy_document`.
    Terraform,
}

pub(crate) fn run(options: &IamOptions) -> Result<ExitCode, Failure> {
    let (roles, notes) = roles(options)?;
    match (options.format, options.reader) {
        (Format::Json, Some(_)) => output::json(&format::policy(&roles))?,
        (Format::Json, None) => output::json(&format::json(&roles))?,
        (Format::Cloudformation, _) => output::data(&format::cloud_formation(&roles))?,
        (Format::Terraform, _) => output::data(&format::terraform(&roles))?,
    }
    for note in notes {
        output::note(&note);
    }
    Ok(ExitCode::SUCCESS)
}

/// The ARN of an event bus. Its name alone would do for the functions, though not for a policy.
pub(crate) fn event_bus(text: &str) -> Result<String, String> {
    let is_bus = |arn: &Arn<'_>| {
        let name = arn.resource.strip_prefix("event-bus/").unwrap_or_default();
        arn.service == "events" && [arn.region, arn.account, name].iter().all(|part| !part.is_empty())
    };
    Arn::parse(text).filter(|arn| is_bus(arn) && !text.contains('*')).map(|_| text.to_owned()).ok_or_else(
        || "expected the ARN of an event bus, arn:aws:events:REGION:ACCOUNT:event-bus/NAME".to_owned(),
    )
}

/// The roles that were asked for, and what there is to say about them.
fn roles(options: &IamOptions) -> Result<(Vec<Role>, Vec<String>), Failure> {
    let place = Place::of(options)?;
    let protocols = protocols(options);
    let mut notes = Vec::new();
    if options.service.is_empty() {
        let where_else =
            if options.region.is_some() && options.account.is_some() { "" } else { ", in every region" };
        notes.push(format!(
            "without `--service` the policies reach every service of the account{where_else}: name yours \
             (`--service arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE`)"
        ));
    }
    if protocols.contains(&Protocol::CodeDeploy) && options.application.is_none() {
        notes.push(
            "without `--application` and `--deployment-group` the policies reach every deployment group"
                .to_owned(),
        );
    }
    if let Some(reader) = options.reader {
        let functions = functions::bare_names(&options.function)?;
        let is_service_named = !options.service.is_empty();
        let role = readers::role(reader, &place, &protocols, &functions, is_service_named);
        return Ok((vec![role], notes));
    }
    let settings = Settings {
        plan: &options.plan_parameter,
        overrides: options.overrides.as_deref(),
        event_bus: options.event_bus.as_deref(),
    };
    let mut roles = Vec::new();
    let mut functions = Vec::new();
    for (hook, plan) in plans(options)? {
        let name = functions::name(&hook, options, &protocols, &mut notes)?;
        let function = Function { hook, name, asks: plan.asks(), secrets: plan.secrets() };
        roles.push(function.role(&place, &protocols, settings));
        functions.push(function);
    }
    if protocols.contains(&Protocol::Ecs) {
        roles.push(functions::invoking(&place, &functions));
    }
    notes.push(
        "a function's log group is not made by its role: create `/aws/lambda/NAME`, or nothing is logged"
            .to_owned(),
    );
    if functions.iter().any(|function| function.asks.contains(&Asks::Connection)) {
        notes.push(
            "the statement `AttachToTheVpc` is for functions in a VPC: leave it out of the others".to_owned(),
        );
    }
    let reads_parameters = !options.plan_parameter.is_empty() || options.overrides.is_some();
    if reads_parameters || functions.iter().any(|function| !function.secrets.is_empty()) {
        notes.push(
            "the statements `Decrypt…` are for what a key of your own encrypts: put its ARN in the place of `key/*`, \
             or leave them out where the key is AWS's"
                .to_owned(),
        );
    }
    Ok((roles, notes))
}

/// CodeDeploy where an application is named, else ECS, if nobody says otherwise.
fn protocols(options: &IamOptions) -> Vec<Protocol> {
    let asked = options.protocol.iter().map(|protocol| match protocol {
        EventProtocol::Ecs => Protocol::Ecs,
        EventProtocol::Codedeploy => Protocol::CodeDeploy,
        EventProtocol::Pause => Protocol::Pause,
    });
    let asked: Vec<_> = asked.collect();
    match (asked.is_empty(), options.application.is_some()) {
        (false, _) => asked,
        (true, true) => vec![Protocol::CodeDeploy],
        (true, false) => vec![Protocol::Ecs],
    }
}

/// The hooks that were asked for, each with its plan: those that have the checks of the plan where none is named.
fn plans(options: &IamOptions) -> Result<Vec<(String, Plan)>, Failure> {
    let keys = options.plan.as_deref().map(document::plan).transpose()?;
    let names: Vec<String> = match &keys {
        _ if !options.hooks.is_empty() => options.hooks.clone(),
        Some(keys) => hooks::with_checks_of(keys).into_iter().map(ToOwned::to_owned).collect(),
        None => hooks::names().into_iter().map(ToOwned::to_owned).collect(),
    };
    if names.is_empty() {
        return Err(Failure::wrong("no hook has all checks of the plan")
            .hint("a plan is one function's: split it, and name the hook of each with `--hooks`"));
    }
    let plan = |name: String| {
        let hook = hooks::find(&name)?;
        let plan = hook.plan(keys.clone().unwrap_or_default()).map_err(|problems| {
            let listed: Vec<_> = problems.iter().map(ToString::to_string).collect();
            Failure::wrong(format!("the plan is none of `{name}`: {}", listed.join("; ")))
                .hint("`greenlight validate` says more; `--hooks` names the hook that the plan is for")
        })?;
        Ok((name, plan))
    };
    names.into_iter().map(plan).collect()
}
