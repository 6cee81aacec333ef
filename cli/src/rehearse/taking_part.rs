//! Which hooks take part in a rehearsal: `--hooks`.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::Value;

use crate::failure::Failure;
use crate::hooks;
use crate::rehearsal::controller::configuration::{Configuration, HookTarget};
use crate::rehearsal::subject::{Subject, functions};

/// What PAUSE hooks go by, which have no function.
const PAUSE: &str = "pause";

/// Which hooks take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hooks {
    /// Those that the files name.
    All,
    /// None: to see what they keep from users.
    None,
    /// These of them, each by the name of this command's hook that it is, or of its function, and PAUSE hooks by
    /// `pause`: to see what one alone finds out.
    Only(Vec<String>),
}

impl FromStr for Hooks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => return Ok(Self::All),
            "none" => return Ok(Self::None),
            _ => {}
        }
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        match names.iter().position(String::is_empty) {
            None => Ok(Self::Only(names)),
            Some(_) if names.len() == 1 => {
                Err("no hook is named: expected `all`, `none`, or names with commas between them".to_owned())
            }
            Some(place) => Err(format!(
                "name {} of {} is empty: expected names with commas between them, e.g. `health,metrics`",
                place + 1,
                names.len()
            )),
        }
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
                let has_pause = has_pause(&subject.configuration);
                let is_known = |name: &str| {
                    (name == PAUSE && has_pause) || called.iter().any(|function| is(function, name))
                };
                if let Some(name) = names.iter().find(|name| !is_known(name)) {
                    return Err(unknown(name, subject, &called));
                }
                retain(&mut subject.configuration, |target| match target {
                    Some(function) => names.iter().any(|name| is(function, name)),
                    None => names.iter().any(|name| name == PAUSE),
                });
            }
        }
        Ok(())
    }
}

/// That the deployment has no such hook, and which it has.
fn unknown(name: &str, subject: &Subject, called: &BTreeSet<String>) -> Failure {
    let pause = has_pause(&subject.configuration).then_some(PAUSE);
    let names = called.iter().map(|function| functions::name(function)).chain(pause);
    let known: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Failure::wrong(format!("`--hooks {name}` names a hook that {} does not have", subject.source))
        .hint(format!("expected `all`, `none`, or some of its hooks, with commas: {known}"))
}

/// The functions that the hooks name, each once.
fn functions_of(configuration: &Configuration) -> BTreeSet<String> {
    configuration.functions().into_iter().map(ToOwned::to_owned).collect()
}

/// Whether the deployment has PAUSE hooks.
pub(super) fn has_pause(configuration: &Configuration) -> bool {
    matches!(configuration, Configuration::Ecs(ecs)
        if ecs.hooks.iter().any(|hook| hook.target == HookTarget::Pause))
}

/// Whether a function goes by this name.
fn is(function: &str, name: &str) -> bool {
    function == name
        || functions::name(function) == name
        || functions::map(function, &hooks::names()) == Some(name)
}

/// Keeps those hooks that are wanted, each by its function; a PAUSE hook has none.
fn retain(configuration: &mut Configuration, wanted: impl Fn(Option<&str>) -> bool) {
    match configuration {
        Configuration::Ecs(ecs) => {
            ecs.hooks.retain(|hook| wanted(hook.target.function()));
            let told = ecs.document.get_mut("lifecycleHooks").and_then(Value::as_array_mut);
            if let Some(told) = told {
                told.retain(|hook| wanted(hook["hookTargetArn"].as_str()));
            }
            if ecs.hooks.is_empty()
                && let Value::Object(document) = &mut ecs.document
            {
                document.remove("lifecycleHooks");
            }
        }
        Configuration::CodeDeploy(codedeploy) => {
            codedeploy.hooks.retain(|(_, function)| wanted(Some(function)));
        }
    }
}

#[cfg(test)]
mod tests;
