//! What must hold of any plan, be it one or not.

use std::collections::BTreeSet;

use greenlight::Hook;
use greenlight::plan::{Headers, Problem, Source, Text};
use serde_json::{Map, Value, json};

use crate::{document, hooks};

/// The most problems that are told at once.
const MOST: usize = 50;

/// A plan is read or refused with every problem of every check; what is read is written with all its defaults, and is
/// the same plan then. No text that should have been a secret is repeated.
///
/// # Panics
/// Where that does not hold.
pub fn plan(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // A function reads JSON alone, from a variable and from an event.
    let of_variable = Source::from_environment(text);
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let of_event = Source::from_hook_details(&value);
        assert!(of_event.is_ok() || !value.is_object() || value.get("plan").is_some());
        if let (Ok(Source::Inline(keys)), Value::Object(fields)) = (&of_variable, &value) {
            assert_eq!(keys, fields);
        }
    }
    let Ok(Some(keys)) = document::object(text) else { return };
    let any = hooks::any();
    for hook in hooks::all().chain([any]) {
        match hook.plan(keys.clone()) {
            Ok(plan) => {
                let effective = plan.effective();
                let _ = (plan.asks(), super::effective(&plan));
                let again = effective.as_object().cloned().unwrap_or_default();
                let again =
                    hook.plan(again).map(|plan| plan.effective()).map_err(|problems| shown(&problems));
                assert_eq!(again.as_ref(), Ok(&effective), "a plan is what it says that it is");
            }
            Err(problems) => {
                assert!(!problems.is_empty(), "a plan is refused for something");
                tells_all(&hook, &keys, &problems);
            }
        }
        keeps_secrets(&hook, &keys);
    }
}

fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// What is wrong with a check alone is told of it among others, too.
fn tells_all(hook: &Hook, keys: &Map<String, Value>, problems: &[Problem]) {
    let Some(checks) = keys.get("checks").and_then(Value::as_array).filter(|checks| checks.len() <= MOST)
    else {
        return;
    };
    let told: BTreeSet<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    for (index, check) in checks.iter().enumerate() {
        let alone = Map::from_iter([("checks".to_owned(), json!([check]))]);
        for problem in hook.plan(alone).err().unwrap_or_default() {
            // Whatever it is called here: the number of a check is in the paths of its problems.
            let Some(rest) = problem.path.strip_prefix("checks[0]") else { continue };
            let path = format!("checks[{index}]{rest}");
            assert!(
                problems.len() >= MOST || told.contains(&*path),
                "`{path}` is told alone only: {problem}; told are {told:?}"
            );
        }
    }
}

/// Stands for a secret that somebody wrote down.
const SECRET: &str = "hunter2 hunter2 hunter2";

/// A text that stands where only a secret's name belongs, or a credential that is written down, is in no problem.
fn keeps_secrets(hook: &Hook, keys: &Map<String, Value>) {
    let mut keys = Value::Object(keys.clone());
    if !written_down(&mut keys, "") {
        return;
    }
    let keys = keys.as_object().cloned().unwrap_or_default();
    let told = hook.plan(keys).map(drop).map_err(|problems| json!([shown(&problems), problems]).to_string());
    assert!(told.as_ref().is_err_and(|told| !told.contains(SECRET)), "{told:?}");
}

/// Writes the secret wherever one may stand that was not named; whether there is such a place.
fn written_down(value: &mut Value, under: &str) -> bool {
    let mut found = false;
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if value.is_string() && is_credential(under, key) {
                    *value = SECRET.into();
                    found = true;
                } else {
                    found |= written_down(value, key);
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                found |= written_down(value, under);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

fn is_credential(under: &str, key: &str) -> bool {
    let name = key.to_ascii_lowercase();
    let literal = Text::Literal("literal".to_owned());
    let header = Headers::check(&name, None).is_ok() && Headers::check(&name, Some(&literal)).is_err();
    (under == "headers" && header) || key == "secret"
}
