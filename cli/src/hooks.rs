//! The hooks that the command knows: one line each.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use greenlight::{Hook, clock, plan::decode::suggest};
use serde_json::{Map, Value};

use crate::{failure::Failure, output};

const HOOKS: [fn() -> Hook; 4] = [
    greenlight_test_traffic::hook,
    greenlight_health::hook,
    greenlight_metrics::hook,
    greenlight_preflight::hook,
];

/// The hook of that name.
pub(crate) fn find(name: &str) -> Result<Hook, Failure> {
    let hooks: Vec<_> = HOOKS.iter().map(|hook| hook()).collect();
    let names: Vec<_> = hooks.iter().map(Hook::name).collect();
    let hint = suggest(name, &names);
    hooks
        .into_iter()
        .find(|hook| hook.name() == name)
        .ok_or_else(|| Failure::wrong(format!("unknown hook `{name}`")).hint(hint))
}

/// Every hook.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn all() -> impl Iterator<Item = Hook> {
    HOOKS.iter().map(|hook| hook())
}

/// A hook that knows the checks of all.
pub(crate) fn any() -> Hook {
    HOOKS.iter().fold(Hook::new("hooks"), |any, hook| any.with_checks_of(&hook()))
}

/// The names of all hooks.
pub(crate) fn names() -> Vec<&'static str> {
    HOOKS.iter().map(|hook| hook().name()).collect()
}

/// The hooks that have all checks of a plan. A check that nobody has is left for a hook to refuse.
pub(crate) fn with_checks_of(plan: &Map<String, Value>) -> Vec<&'static str> {
    let any = any();
    let known: BTreeSet<&str> = any.check_names().collect();
    let checks = plan.get("checks").and_then(Value::as_array).into_iter().flatten();
    let keys = checks.filter_map(Value::as_object).flat_map(Map::keys).map(String::as_str);
    let wanted: BTreeSet<&str> = keys.filter(|key| known.contains(key)).collect();
    let has_all = |hook: &Hook| wanted.is_subset(&hook.check_names().collect());
    HOOKS.iter().map(|hook| hook()).filter(has_all).map(|hook| hook.name()).collect()
}

/// Runs a hook as a Lambda function, by another clock than the wall's if a rehearsal gives one.
pub(crate) fn run(name: &str, clock: Option<PathBuf>) -> ExitCode {
    if let Some(file) = clock {
        clock::follow(file);
    }
    match find(name) {
        Ok(hook) => hook.run(),
        Err(failure) => {
            output::error(&failure);
            failure.exit_code()
        }
    }
}

#[cfg(test)]
mod tests;
