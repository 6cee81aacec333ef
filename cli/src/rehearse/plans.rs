//! Which hook gets which plan: `--plan [HOOK=]FILE`.
//!
//! A plan that is for no hook by name is for those that take part and have its checks, as it would stand in the
//! variables of their functions: nobody gives one function the plan of another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::taking_part::Hooks;
use crate::document;
use crate::failure::Failure;
use crate::hooks;

/// The plan of each hook that takes part and has one. Where hooks were chosen, a plan of the others stays unused,
/// which is noted: nobody is to believe in what was not checked.
pub(super) fn of_hooks(
    arguments: &[String],
    taking_part: &BTreeSet<&str>,
    which: &Hooks,
    notes: &mut Vec<String>,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut plans = BTreeMap::new();
    for argument in arguments {
        let named = argument.split_once('=').filter(|(hook, _)| hooks::names().contains(hook));
        let (hook, file) = named.map_or((None, argument.as_str()), |(hook, file)| (Some(hook), file));
        let plan = document::plan(Path::new(file))?;
        let receivers: Vec<&str> = match hook {
            Some(hook) => taking_part.iter().copied().filter(|known| *known == hook).collect(),
            None => {
                hooks::with_checks_of(&plan).into_iter().filter(|hook| taking_part.contains(hook)).collect()
            }
        };
        if receivers.is_empty() {
            if *which == Hooks::All {
                let known: Vec<_> = taking_part.iter().map(|hook| format!("`{hook}`")).collect();
                return Err(Failure::wrong(format!("`--plan {argument}` is for no hook that takes part"))
                    .hint(format!("the hooks that do: {}", known.join(", "))));
            }
            let why = match hook {
                Some(hook) => format!("the hook `{hook}` takes no part"),
                None => "no hook that takes part has its checks".to_owned(),
            };
            notes.push(format!("the plan `{file}` is not used: {why}"));
        }
        let text = Value::Object(plan.clone()).to_string();
        for hook in receivers {
            accepted(file, hook, &plan)?;
            if plans.insert(hook.to_owned(), text.clone()).is_some() {
                return Err(Failure::wrong(format!(
                    "`--plan {argument}` is the second plan of the hook `{hook}`"
                ))
                .hint("give each hook one: `--plan HOOK=FILE`"));
            }
        }
    }
    Ok(plans)
}

/// A plan that a hook would refuse shows nothing: whatever is expected of the rehearsal, it is not played.
fn accepted(file: &str, hook: &str, plan: &Map<String, Value>) -> Result<(), Failure> {
    let Err(problems) = hooks::find(hook)?.plan(plan.clone()) else { return Ok(()) };
    let lines: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
    let words = format!("the hook `{hook}` cannot use the plan `{file}`:{}", lines.concat());
    Err(Failure::wrong(words).hint(format!("`greenlight validate {file} --hook {hook}` says it, too")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receivers(plan: &str, arguments: &[&str]) -> Result<Vec<String>, String> {
        of(plan, arguments, &["health", "metrics", "test-traffic"], &Hooks::All).map(|(receivers, notes)| {
            assert_eq!(notes, [""; 0]);
            receivers
        })
    }

    /// The hooks that get a plan, and the notes.
    fn of(
        plan: &str,
        arguments: &[&str],
        taking_part: &[&str],
        which: &Hooks,
    ) -> Result<(Vec<String>, Vec<String>), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        std::fs::write(&file, plan).unwrap();
        let file = file.display().to_string();
        let arguments: Vec<String> =
            arguments.iter().map(|argument| argument.replace("FILE", &file)).collect();
        let taking_part = taking_part.iter().copied().collect();
        let mut notes = Vec::new();
        let plans = of_hooks(&arguments, &taking_part, which, &mut notes);
        let words = |text: String| text.replace(&file, "FILE");
        let plans = plans.map_err(|failure| words(failure.to_string()))?;
        Ok((plans.into_keys().collect(), notes.into_iter().map(words).collect()))
    }

    #[test]
    fn a_plan_is_for_the_hooks_that_have_its_checks() {
        for (plan, expected) in [
            (r#"{"checks": [{"http": {}}]}"#, &["test-traffic"][..]),
            (r#"{"checks": [{"tasks": {}}, {"targets": {}}]}"#, &["health"]),
            (r#"{"checks": [{"isolation": {}}]}"#, &["health", "test-traffic"]),
            (r#"{"patience": "1m"}"#, &["health", "metrics", "test-traffic"]),
        ] {
            assert_eq!(receivers(plan, &["FILE"]).unwrap(), expected, "{plan}");
        }
    }

    #[test]
    fn a_plan_is_for_the_hook_that_is_named() {
        let plan = r#"{"patience": "1m"}"#;
        assert_eq!(receivers(plan, &["health=FILE", "metrics=FILE"]).unwrap(), ["health", "metrics"]);
        let twice = receivers(plan, &["health=FILE", "FILE"]).unwrap_err();
        assert!(twice.contains("`--plan FILE` is the second plan of the hook `health`"), "{twice}");
    }

    #[test]
    fn a_plan_that_its_hook_refuses_is_not_played() {
        for (plan, expected) in [
            (r#"{"checks": [{"htpp": {}}]}"#, "unknown check `htpp`"),
            (r#"{"checks": [{"http": {"requests": "many"}}]}"#, "`checks[0].http.requests`"),
            (r#"{"patience": "soon"}"#, "`patience`"),
        ] {
            let refused = receivers(plan, &["FILE"]).unwrap_err();
            assert!(refused.contains("cannot use the plan `FILE`:"), "{refused}");
            assert!(refused.contains(expected), "{refused}");
        }
    }

    #[test]
    fn a_plan_for_no_hook_is_refused() {
        let plan = r#"{"checks": [{"http": {}}, {"tasks": {}}]}"#;
        let refused = receivers(plan, &["FILE"]).unwrap_err();
        assert!(refused.contains("`--plan FILE` is for no hook that takes part"), "{refused}");
    }

    #[test]
    fn a_plan_that_no_chosen_hook_can_use_is_noted() {
        let plan = r#"{"checks": [{"tasks": {}}]}"#;
        for (hooks, argument, expected) in [
            ("metrics", "FILE", Some("no hook that takes part has its checks")),
            ("metrics", "health=FILE", Some("the hook `health` takes no part")),
            ("none", "FILE", Some("no hook that takes part has its checks")),
            ("health", "FILE", None),
        ] {
            let taking_part = Some(hooks).filter(|hooks| *hooks != "none");
            let (receivers, notes) =
                of(plan, &[argument], taking_part.as_slice(), &hooks.parse().unwrap()).unwrap();
            let expected: Vec<_> =
                expected.map(|why| format!("the plan `FILE` is not used: {why}")).into_iter().collect();
            assert_eq!(notes, expected, "--hooks {hooks} --plan {argument}");
            assert_eq!(receivers.is_empty(), !notes.is_empty(), "--hooks {hooks} --plan {argument}");
        }
    }
}
