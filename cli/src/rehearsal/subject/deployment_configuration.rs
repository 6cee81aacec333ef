//! `deploymentConfiguration` of a service.

use std::time::Duration;

use serde_json::Value;

use super::lifecycle_hook;
use super::names::ACCOUNT;
use super::report::Field;
use crate::rehearsal::controller::configuration::{Ecs, Strategy};
use greenlight_preflight::Unknown;

/// A day, the longest that anything bakes.
const DAY: u32 = 1_440;

/// Reads the configuration, with AWS's defaults.
pub(super) fn read(configuration: &Field<'_>) -> Ecs {
    let strategy = strategy(configuration);
    let alarms = alarms(&configuration.section("alarms"));
    let bake = configuration.get("bakeTimeInMinutes").minutes(0, DAY).unwrap_or(match strategy {
        // Without alarms, nothing is waited for once the last task is replaced.
        Strategy::Rolling if alarms.is_empty() => Duration::ZERO,
        Strategy::Rolling => Duration::from_hours(3),
        Strategy::BlueGreen | Strategy::Linear { .. } | Strategy::Canary { .. } => Duration::from_mins(15),
    });
    let breaker = configuration.section("deploymentCircuitBreaker");
    let (enabled, back) = (breaker.get("enable").flag(), breaker.get("rollback").flag());
    if enabled == Some(true) && back != Some(true) {
        not_played(&breaker, "the circuit breaker is left out");
    }
    Ecs {
        strategy,
        bake,
        hooks: lifecycle_hook::read(&configuration.get("lifecycleHooks"), strategy),
        alarms,
        circuit_breaker: enabled == Some(true) && back == Some(true),
        document: document(configuration.value(), strategy, bake),
    }
}

fn strategy(configuration: &Field<'_>) -> Strategy {
    let (linear, canary) = ("linearConfiguration", "canaryConfiguration");
    let field = configuration.get("strategy");
    let strategy = match field.text() {
        None | Some("ROLLING") => Strategy::Rolling,
        Some("BLUE_GREEN") => Strategy::BlueGreen,
        Some("LINEAR") => {
            let steps = configuration.section(linear);
            Strategy::Linear {
                step_percent: steps.get("stepPercent").percent(3.0).unwrap_or(10.0),
                step_bake: bake(&steps.get("stepBakeTimeInMinutes"), 6),
            }
        }
        Some("CANARY") => {
            let step = configuration.section(canary);
            Strategy::Canary {
                canary_percent: step.get("canaryPercent").percent(0.1).unwrap_or(5.0),
                canary_bake: bake(&step.get("canaryBakeTimeInMinutes"), 10),
            }
        }
        Some(_) => {
            field.wrong("ROLLING, BLUE_GREEN, LINEAR or CANARY");
            Strategy::Rolling
        }
    };
    // Terraform's provider keeps blocks that it once read, so this is worth a word, not a refusal.
    for (key, used) in [
        (linear, matches!(strategy, Strategy::Linear { .. })),
        (canary, matches!(strategy, Strategy::Canary { .. })),
    ] {
        let unused = configuration.get(key);
        if !used && !unused.is_absent() {
            unused.report().note(format!("`{}` is not used by this strategy", unused.path()));
        }
    }
    strategy
}

fn bake(field: &Field<'_>, minutes: u64) -> Duration {
    field.minutes(0, DAY).unwrap_or(Duration::from_secs(minutes * 60))
}

/// Those that take a deployment back.
fn alarms(alarms: &Field<'_>) -> Vec<String> {
    let (enabled, back) = (alarms.get("enable").flag(), alarms.get("rollback").flag());
    if enabled != Some(true) {
        return Vec::new();
    }
    if back != Some(true) {
        not_played(alarms, "the alarms are left out");
        return Vec::new();
    }
    let names = alarms.get("alarmNames");
    let name = |alarm: Field<'_>| match alarm.unknown() {
        // Its name matters to nobody but the world that plays it.
        Some(unknown) => Some(unknown.reference),
        None => alarm.needed("the name of an alarm").map(str::to_owned),
    };
    names.items().into_iter().filter_map(name).collect()
}

/// What fails a deployment but leaves green where it is.
fn not_played(field: &Field<'_>, what: &str) {
    field.report().note(format!(
        "`{}` is enabled without rollback: ECS fails the deployment without rolling back, which is not played: \
         {what}",
        field.path()
    ));
}

fn document(given: &Value, strategy: Strategy, bake: Duration) -> Value {
    let mut document = given.clone();
    roles(&mut document);
    document = Unknown::shown(&document);
    typed(&mut document);
    if !document.is_object() {
        document = Value::Object(serde_json::Map::new());
    }
    if let Some(fields) = document.as_object_mut() {
        let name = match strategy {
            Strategy::Rolling => "ROLLING",
            Strategy::BlueGreen => "BLUE_GREEN",
            Strategy::Linear { .. } => "LINEAR",
            Strategy::Canary { .. } => "CANARY",
        };
        fields.insert("strategy".to_owned(), name.into());
        fields.insert("bakeTimeInMinutes".to_owned(), (bake.as_secs() / 60).into());
    }
    document
}

/// A role that is yet to be made is called by what refers to it, and is a role nevertheless.
fn roles(document: &mut Value) {
    let hooks = document.get_mut("lifecycleHooks").and_then(Value::as_array_mut);
    for role in hooks.into_iter().flatten().filter_map(|hook| hook.get_mut("roleArn")) {
        if let Some(unknown) = Unknown::of(role) {
            let name: String = unknown
                .reference
                .chars()
                .filter(|it| it.is_ascii_alphanumeric() || "-_.".contains(*it))
                .collect();
            *role = format!("arn:aws:iam::{ACCOUNT}:role/{name}").into();
        }
    }
}

/// Templates and plans write numbers and flags as texts; the API does not, and clients insist on it.
fn typed(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let is_number = key.ends_with("InMinutes") || key.ends_with("Percent");
                let is_flag = matches!(key.as_str(), "enable" | "rollback");
                let read = match field.as_str() {
                    Some(text) if is_number => serde_json::from_str(text).ok().filter(Value::is_number),
                    Some(text) if is_flag => text.parse().ok().map(Value::Bool),
                    _ => None,
                };
                match read {
                    Some(read) => *field = read,
                    // What a hook is configured with is its own affair.
                    None if key != "hookDetails" => typed(field),
                    None => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(typed),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_flags_are_typed_as_in_the_api() {
        let mut document = json!({
            "linearConfiguration": {"stepPercent": "12.5", "stepBakeTimeInMinutes": "1"},
            "alarms": {"enable": "true", "rollback": false, "alarmNames": ["1"]},
            "lifecycleHooks": [{
                "hookDetails": {"stepPercent": "1"},
                "timeoutConfiguration": {"timeoutInMinutes": "5", "action": "ROLLBACK"},
            }],
        });
        typed(&mut document);
        let expected = json!({
            "linearConfiguration": {"stepPercent": 12.5, "stepBakeTimeInMinutes": 1},
            "alarms": {"enable": true, "rollback": false, "alarmNames": ["1"]},
            "lifecycleHooks": [{
                "hookDetails": {"stepPercent": "1"},
                "timeoutConfiguration": {"timeoutInMinutes": 5, "action": "ROLLBACK"},
            }],
        });
        assert_eq!(document, expected);
    }
}
