//! Which hooks take part in a rehearsal: `--hooks`.

use std::convert::Infallible;
use std::str::FromStr;

use serde_json::Value;

use crate::failure::Failure;
use crate::hooks;
use crate::rehearsal::controller::configuration::{Configuration, HookTarget};
use crate::rehearsal::subject::{Subject, functions};

/// Which hooks take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hooks {
    /// Those that the files name.
    All,
    /// None: to see what they keep from users.
    None,
    /// These of them, each by the name of this command's hook that it is, or of its function: to see what one
    /// alone finds out.
    Only(Vec<String>),
}

impl FromStr for Hooks {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "all" => Self::All,
            "none" => Self::None,
            names => Self::Only(names.split(',').map(|name| name.trim().to_owned()).collect()),
        })
    }
}

impl Hooks {
    /// Takes out of the deployment those that take no part.
    pub(super) fn choose(&self, subject: &mut Subject) -> Result<(), Failure> {
        match self {
            Self::All => {
                if functions_of(&subject.configuration).is_empty() && !has_pause(&subject.configuration) {
                    subject.notes.push("no hook takes part: the deployment has none".to_owned());
                }
            }
            Self::None => retain(&mut subject.configuration, |_| false),
            Self::Only(names) => {
                let called = functions_of(&subject.configuration);
                for name in names {
                    if !called.iter().any(|function| is(function, name)) {
                        let known: Vec<_> =
                            called.iter().map(|called| format!("`{}`", functions::name(called))).collect();
                        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                        return Err(Failure::wrong(format!(
                            "`--hooks {name}` names a hook that {} does not have",
                            subject.source
                        ))
                        .hint(format!(
                            "expected `all`, `none`, or some of its functions, with commas: {known}"
                        )));
                    }
                }
                retain(&mut subject.configuration, |function| names.iter().any(|name| is(function, name)));
            }
        }
        Ok(())
    }
}

/// The functions that the hooks name, each once.
fn functions_of(configuration: &Configuration) -> Vec<String> {
    let mut functions: Vec<String> = match configuration {
        Configuration::Ecs(ecs) => {
            ecs.hooks.iter().filter_map(|hook| function(&hook.target)).map(ToOwned::to_owned).collect()
        }
        Configuration::CodeDeploy(codedeploy) => {
            codedeploy.hooks.iter().map(|(_, function)| function.clone()).collect()
        }
    };
    functions.sort();
    functions.dedup();
    functions
}

fn function(target: &HookTarget) -> Option<&str> {
    match target {
        HookTarget::Lambda { function, .. } => Some(function),
        HookTarget::Pause => None,
    }
}

fn has_pause(configuration: &Configuration) -> bool {
    matches!(configuration, Configuration::Ecs(ecs)
        if ecs.hooks.iter().any(|hook| hook.target == HookTarget::Pause))
}

/// Whether a function goes by this name.
fn is(function: &str, name: &str) -> bool {
    function == name
        || functions::name(function) == name
        || functions::map(function, &hooks::names()) == Some(name)
}

/// Keeps those hooks whose function is wanted. A PAUSE hook has none: it takes part with all the others or not at all.
fn retain(configuration: &mut Configuration, wanted: impl Fn(&str) -> bool) {
    match configuration {
        Configuration::Ecs(ecs) => {
            ecs.hooks.retain(|hook| function(&hook.target).is_some_and(&wanted));
            let told = ecs.document.get_mut("lifecycleHooks").and_then(Value::as_array_mut);
            if let Some(told) = told {
                told.retain(|hook| hook["hookTargetArn"].as_str().is_some_and(&wanted));
            }
            if ecs.hooks.is_empty()
                && let Value::Object(document) = &mut ecs.document
            {
                document.remove("lifecycleHooks");
            }
        }
        Configuration::CodeDeploy(codedeploy) => codedeploy.hooks.retain(|(_, function)| wanted(function)),
    }
}
