//! `deploymentConfiguration.lifecycleHooks`.

use std::time::Duration;

use greenlight::stage::Stage;
use serde_json::Value;

use super::functions;
use super::report::Field;
use crate::rehearsal::controller::configuration::{HookTarget, LifecycleHook, Strategy, TimeoutAction};
use greenlight_preflight::Spelling;

/// The stages of hooks that a rolling deployment has, too.
const OF_ROLLING: [&str; 2] = ["RECONCILE_SERVICE", "PRE_SCALE_UP"];

/// How many hooks of each kind a service may have.
const MOST: usize = 10;
const DAY: Duration = Duration::from_hours(24);

/// Reads the hooks of a service.
pub(super) fn read(hooks: &Field<'_>, strategy: Strategy) -> Vec<LifecycleHook> {
    let read: Vec<_> = hooks.items().iter().filter_map(hook).collect();
    for hook in &read {
        never_called(hook, strategy, hooks);
    }
    let pauses = read.iter().filter(|hook| hook.target == HookTarget::Pause).count();
    for (kind, count) in [("PAUSE", pauses), ("AWS_LAMBDA", read.len() - pauses)] {
        if count > MOST {
            let observed = format!("has {count} hooks with the target type {kind}");
            let problem = hooks.problem(format!("{MOST} or fewer of each type"));
            hooks.report().add(super::Problem { observed, ..problem });
        }
    }
    read
}

/// Says at which of its stages a hook waits for nothing.
fn never_called(hook: &LifecycleHook, strategy: Strategy, hooks: &Field<'_>) {
    let name = match &hook.target {
        HookTarget::Lambda { function, .. } => functions::name(function),
        HookTarget::Pause => "PAUSE",
    };
    let note = |stages: &str, why: &str| hooks.report().note(format!("hook {name} at {stages} {why}"));
    if !hook.stages.is_empty() && hook.stages.iter().all(|stage| stage == "RECONCILE_SERVICE") {
        note(
            "RECONCILE_SERVICE",
            "is called only where a deployment begins with more than one active revision",
        );
    }
    if strategy != Strategy::Rolling {
        return;
    }
    let others: Vec<&str> =
        hook.stages.iter().map(String::as_str).filter(|it| !OF_ROLLING.contains(it)).collect();
    if !others.is_empty() {
        note(&others.join(", "), "is never called: a ROLLING deployment calls hooks at PRE_SCALE_UP only");
    }
}

fn hook(hook: &Field<'_>) -> Option<LifecycleHook> {
    if !hook.value().is_object() {
        hook.wrong("an object");
        return None;
    }
    let target_type = hook.get("targetType");
    let pause = match (target_type.value(), target_type.text()) {
        (Value::Null, _) | (_, Some("AWS_LAMBDA")) => false,
        (_, Some("PAUSE")) => true,
        (_, Some(_)) => {
            target_type.wrong("what AWS takes: Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE");
            return None;
        }
        // Said already.
        (_, None) => return None,
    };
    let timeout = hook.section("timeoutConfiguration");
    // Two weeks for people, a day for functions.
    let most = if pause { 20_160 } else { 1_440 };
    let stages = stages(&hook.get("lifecycleStages"), pause);
    let on_timeout = on_timeout(&timeout.get("action"));
    let timeout = timeout.get("timeoutInMinutes").minutes(1, most).unwrap_or(DAY);
    let target = if pause { HookTarget::Pause } else { lambda(hook)? };
    Some(LifecycleHook { target, stages, timeout, on_timeout })
}

fn lambda(hook: &Field<'_>) -> Option<HookTarget> {
    let role = hook.get("roleArn");
    if role.unknown().is_none() {
        role.needed("the ARN of the role that ECS calls the function with");
    }
    let target = hook.get("hookTargetArn");
    let function = match (target.unknown(), target.value()) {
        // What it is called where it is known is enough to say which function it is.
        (Some(unknown), _) => unknown.reference,
        (None, Value::String(text)) if !text.is_empty() => text.clone(),
        _ => {
            target.wrong("the ARN of a function, which hooks with the target type AWS_LAMBDA must have");
            return None;
        }
    };
    Some(HookTarget::Lambda { function, details: details(&hook.get("hookDetails")) })
}

/// Any JSON; where the source can only hold it as a text, what is in the text.
fn details(details: &Field<'_>) -> Option<Value> {
    if details.is_absent() {
        return None;
    }
    if let Some(unknown) = greenlight_preflight::Unknown::within(details.value()) {
        let problem = super::Problem {
            observed: format!("is not known before the deployment ({})", unknown.why),
            ..details.problem("the JSON that the function is called with")
        };
        details.report().add(super::Problem { fix: unknown.fix, ..problem });
        return None;
    }
    match (details.report().spelling(), details.value()) {
        (Spelling::CloudFormation | Spelling::Terraform, Value::String(text)) => {
            let read = serde_json::from_str(text);
            if read.is_err() {
                details.wrong("JSON as a text");
            }
            read.ok()
        }
        (_, value) => Some(value.clone()),
    }
}

fn stages(field: &Field<'_>, pause: bool) -> Vec<String> {
    let items = field.items();
    if items.is_empty() && (field.is_absent() || field.value().is_array()) {
        field.wrong("at least one stage");
    }
    let mut stages = Vec::new();
    for item in &items {
        match item.text() {
            Some(stage) if matches!(Stage::from_ecs(stage), Stage::Unknown(_)) => {
                let known: Vec<String> = Stage::all().map(|stage| stage.to_string()).collect();
                item.wrong(&format!("one of {}", known.join(", ")));
            }
            Some(stage @ ("TEST_TRAFFIC_SHIFT" | "PRODUCTION_TRAFFIC_SHIFT")) if pause => {
                let problem = item.problem(
                    "a stage that a deployment can pause at: Invalid lifecycle stage provided for Pause Hook",
                );
                let instead = if stage == "TEST_TRAFFIC_SHIFT" { "POST_" } else { "PRE_" };
                item.report().add(problem.fix(format!("pause at {instead}{stage} instead")));
            }
            Some(stage) => stages.push(stage.to_owned()),
            None if item.is_absent() => item.wrong("a stage"),
            None => {}
        }
    }
    stages
}

fn on_timeout(action: &Field<'_>) -> TimeoutAction {
    match action.text() {
        Some("CONTINUE") => TimeoutAction::Continue,
        Some("ROLLBACK") | None => TimeoutAction::Rollback,
        Some(_) => {
            action.wrong("ROLLBACK or CONTINUE");
            TimeoutAction::Rollback
        }
    }
}
