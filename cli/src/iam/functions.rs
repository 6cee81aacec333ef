//! The role of a hook's function, and the role with which ECS invokes it.

use std::collections::BTreeSet;

use greenlight::{Protocol, deployment::Asks, plan::Reference};

use super::{
    format::{Role, Statement},
    place::Place,
    resources::{VPC, function, statements},
    secrets,
};
use crate::{arguments::IamOptions, failure::Failure, hooks};

/// A hook's function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) hook: String,
    pub(super) name: String,
    pub(super) asks: BTreeSet<Asks>,
    pub(super) secrets: BTreeSet<Reference>,
}

/// What functions are told beside their plan, and need permissions for.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Settings<'a> {
    /// The parameters that may hold the plan.
    pub(super) plan: &'a [String],
    /// The parameter that holds overrides.
    pub(super) overrides: Option<&'a str>,
    /// The ARN of the bus that hears of verdicts.
    pub(super) event_bus: Option<&'a str>,
}

impl Function {
    /// Its execution role.
    pub(super) fn role(&self, place: &Place, protocols: &[Protocol], settings: Settings<'_>) -> Role {
        let asks = &self.asks;
        let mut actions: BTreeSet<&str> = BTreeSet::from(["logs:CreateLogStream", "logs:PutLogEvents"]);
        for protocol in protocols {
            actions.extend(protocol.actions());
            actions.extend(asks.iter().flat_map(|asks| asks.actions(*protocol)));
        }
        if asks.contains(&Asks::Connection) {
            actions.extend(VPC);
        }
        let mut statements = statements(actions, place, std::slice::from_ref(&self.name));
        statements.extend(secrets::statements(place, settings.plan, settings.overrides, &self.secrets));
        if let Some(bus) = settings.event_bus {
            statements.push(Statement::new("TellTheEventBus", "events:PutEvents", vec![bus.to_owned()]));
        }
        Role {
            name: self.hook.clone(),
            of: format!("the function {}", self.name),
            trusts: Some("lambda.amazonaws.com"),
            statements,
        }
    }
}

/// The role with which ECS invokes the functions.
pub(super) fn invoking(place: &Place, functions: &[Function]) -> Role {
    let arns = functions.iter().flat_map(|known| function(place, &known.name)).collect();
    Role {
        name: "invoke".to_owned(),
        of: "ECS, where it invokes the hooks".to_owned(),
        trusts: Some("ecs.amazonaws.com"),
        statements: vec![Statement::new("InvokeTheHooks", "lambda:InvokeFunction", arns)],
    }
}

/// The name of a hook's function: given, or as the examples name it.
pub(super) fn name(
    hook: &str,
    options: &IamOptions,
    protocols: &[Protocol],
    notes: &mut Vec<String>,
) -> Result<String, Failure> {
    for given in &options.function {
        let (of, name) = match given.split_once('=') {
            Some((of, name)) => (hooks::find(of)?.name(), name),
            None if options.hooks.len() == 1 => (hook, &**given),
            None => {
                return Err(Failure::wrong(format!("`--function {given}` does not say which hook it is"))
                    .hint(format!("write `--function {hook}={given}`, or name one hook with `--hooks`")));
            }
        };
        if of == hook {
            return named(name);
        }
    }
    // CodeDeploy's own role invokes only functions of such names.
    let before = if protocols.contains(&Protocol::CodeDeploy) { "CodeDeployHook_" } else { "" };
    let name = format!("{before}greenlight-{hook}");
    notes.push(format!("the function of `{hook}` is taken to be called `{name}`: `--function` names it"));
    Ok(name)
}

/// The names of functions that were given, whosever they are.
pub(super) fn bare_names(given: &[String]) -> Result<Vec<String>, Failure> {
    given.iter().map(|given| named(given.split_once('=').map_or(given, |(_, name)| name))).collect()
}

fn named(name: &str) -> Result<String, Failure> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if (1..=64).contains(&name.len()) && name.chars().all(plain) {
        return Ok(name.to_owned());
    }
    Err(Failure::wrong(format!("`{name}` is no name of a function"))
        .hint("expected 1 to 64 letters, digits, `-` or `_`; no ARN, which follows from `--service`"))
}
