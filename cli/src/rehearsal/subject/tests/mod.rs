//! Files that people have, good and bad.

mod appspec;
mod arns;
mod cloud_formation;
mod hostile;
mod notes;
mod service_definition;
mod terraform;

use super::*;
use crate::rehearsal::controller::configuration::{Configuration, Ecs, HookTarget};

/// What is wrong with a source: one line per problem, and its way out after an arrow.
fn problems(source: &Source<'_>, options: &Options) -> Vec<String> {
    let shown = |problem: &Problem| match &problem.fix {
        Some(fix) => format!("{problem} -> {fix}"),
        None => problem.to_string(),
    };
    read(source, options).expect_err("it was read").iter().map(shown).collect()
}

fn ecs(subject: &Subject) -> &Ecs {
    match &subject.configuration {
        Configuration::Ecs(ecs) => ecs,
        Configuration::CodeDeploy(_) => panic!("CodeDeploy deploys it"),
    }
}

/// The functions of the hooks, a pause as `PAUSE`.
fn functions(subject: &Subject) -> Vec<&str> {
    let name = |target| match target {
        &HookTarget::Pause => "PAUSE",
        HookTarget::Lambda { function, .. } => function,
    };
    ecs(subject).hooks.iter().map(|hook| name(&hook.target)).collect()
}

fn test_rule(text: &str) -> Options {
    Options { test_rule: Some(rule::conditions(text).unwrap()), ..Options::default() }
}
