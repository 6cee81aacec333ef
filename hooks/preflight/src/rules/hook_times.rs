//! How long hooks may take: their timeouts, and the patience of their plans.

use std::time::Duration;

use greenlight::plan::units::Span;
use serde_json::Value;

use super::{
    Subject,
    functions::{hook_of, targets},
    hooks::is_ours,
};
use crate::{
    arn::Arn,
    look::Look,
    node::Node,
    pages::{API_LIFECYCLE_HOOK, LAMBDA_HOOKS, NLB_RESOURCES, WORKFLOW},
    rule::{Rule, Severity},
    service::{Strategy, hooks, is_function, is_pause, shifting, stages, strategy},
};

pub(super) const SUBJECT: Subject = Subject { title: "How long hooks may take", rules: RULES };

const BASE: Rule = Rule { link: LAMBDA_HOOKS, looks_at: "the service's lifecycle hooks", ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "HOOK-TIMEOUT-RANGE",
        title: "a hook's timeout is out of bounds",
        why: "`timeoutInMinutes` is 1 to 1440 for a function, a day, and up to 20160 for PAUSE, two weeks.",
        fix: "Give a timeout within these bounds.",
        judge: Some(timeout_range),
        ..BASE
    },
    Rule {
        id: "HOOK-TIMEOUT-ACTION",
        title: "an action at a hook's timeout that ECS does not know",
        why: "When a hook's time is over, the deployment is rolled back (`ROLLBACK`, which is also meant where nothing is said) or goes on \
              (`CONTINUE`).",
        fix: "Set `timeoutConfiguration.action` to ROLLBACK, or leave it out.",
        link: API_LIFECYCLE_HOOK,
        judge: Some(timeout_action),
        ..BASE
    },
    Rule {
        id: "HOOK-TIMEOUT-CONTINUE",
        title: "a gate that opens by itself",
        why: "With the action CONTINUE a validation that hangs, or that nobody answers, ships green: that fails open.",
        fix: "Set `timeoutConfiguration.action` to ROLLBACK, which is also what holds where nothing is said.",
        judge: Some(timeout_continues),
        ..WARNING
    },
    Rule {
        id: "HOOK-STAGE-24H",
        title: "waits that may fill a stage's 24 hours",
        why: "A stage that lasts longer than 24 hours is rolled back, whatever its hooks say. Hooks at one stage run side by side, and each \
              may wait as long as its timeout; a step's bake time counts too.",
        fix: "Shorten the hook's timeout, or the bake time of the steps.",
        link: WORKFLOW,
        judge: Some(stage_of_a_day),
        ..WARNING
    },
    Rule {
        id: "HOOK-TIMEOUT-PATIENCE",
        title: "a hook's time is over before its plan's patience",
        why: "The hook waits no longer than ECS does, so its patience is cut short, and where nothing is told by then it stops; with the \
              action CONTINUE the deployment goes on instead, whatever green is like.",
        fix: "Set `timeoutConfiguration.timeoutInMinutes` to at least the plan's `patience` plus two minutes.",
        looks_at: "the timeouts of hooks and the plans in their `hookDetails`",
        judge: Some(patience_within_timeout),
        ..WARNING
    },
    Rule {
        id: "HOOK-NLB-PATIENCE",
        title: "too little patience behind a Network Load Balancer",
        why: "ECS waits ten minutes for a Network Load Balancer after each shift, and until then its listener may still answer from blue.",
        fix: "Leave `patience` out of the plan (it is 20 minutes where a Network Load Balancer shifts), or set it to 10 minutes or more.",
        link: NLB_RESOURCES,
        looks_at: "the load balancers and the plans in `hookDetails`",
        judge: Some(nlb_patience),
        ..WARNING
    },
];

/// What stands for a day where nothing is said.
const DAY: u32 = 1_440;

fn timeout<'a>(hook: &Node<'a>) -> Node<'a> {
    hook.at("timeoutConfiguration.timeoutInMinutes")
}

fn timeout_range(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service) {
        let most = match (is_function(&hook), is_pause(&hook)) {
            (true, _) => DAY,
            (_, true) => 14 * DAY,
            _ => continue,
        };
        let timeout = timeout(&hook);
        let Some(minutes) = timeout.number() else { continue };
        if minutes.fract() != 0.0 || !(1.0..=f64::from(most)).contains(&minutes) {
            timeout.wrong(format!("{minutes} is not 1 to {most} whole minutes"));
        }
    }
}

fn timeout_action(look: &Look<'_>) {
    const ACTIONS: [&str; 2] = ["ROLLBACK", "CONTINUE"];
    let Some(service) = look.service() else { return };
    for hook in hooks(&service) {
        let action = hook.at("timeoutConfiguration.action");
        if action.text().is_some_and(|text| !ACTIONS.contains(&text)) {
            action.wrong_name(format!("`{action}` is no action"), &ACTIONS);
        }
    }
}

fn timeout_continues(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for hook in hooks(&service) {
        let action = hook.at("timeoutConfiguration.action");
        if action.text() == Some("CONTINUE") {
            action.wrong("when the hook's time is over, the deployment goes on");
        }
    }
}

fn stage_of_a_day(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    let configuration = service.get("deploymentConfiguration");
    let step = match strategy(&service) {
        Some(Strategy::Linear) => configuration.at("linearConfiguration.stepBakeTimeInMinutes"),
        Some(Strategy::Canary) => configuration.at("canaryConfiguration.canaryBakeTimeInMinutes"),
        _ => return,
    };
    let Some(bake) = step.whole().filter(|bake| *bake > 0) else { return };
    for hook in hooks(&service).iter().filter(|hook| is_function(hook)) {
        let own = timeout(hook);
        // Without a timeout of its own a hook is not meant to wait for long.
        let Some(minutes) = own.whole() else { continue };
        let shifts = stages(hook).iter().any(|(_, stage)| stage.ends_with("PRODUCTION_TRAFFIC_SHIFT"));
        if shifts && minutes.saturating_add(bake) > DAY {
            own.wrong(format!(
                "the hook may wait {minutes} minutes and a step bakes {bake}: together more than 24 hours"
            ));
        }
    }
}

/// The plan in a hook's details, where it is written there and can be read.
fn plan(hook: &Node<'_>) -> Option<Value> {
    let details = hook.get("hookDetails");
    if !details.is_known() {
        return None;
    }
    let read = |value: &Value| match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    };
    let details: Value = read(details.value()?)?;
    match details.get("plan") {
        Some(plan) => read(plan),
        None => Some(details),
    }
}

/// The longest patience that a plan asks for, of all its checks or of one.
fn patience(plan: &Value) -> Option<(Duration, String)> {
    let checks = plan.get("checks").and_then(Value::as_array).into_iter().flatten();
    let of_checks = checks.filter_map(Value::as_object).flat_map(|check| check.values());
    let asked = of_checks.chain([plan]).filter_map(|it| it.get("patience")?.as_str());
    asked.filter_map(|text| Some((text.parse::<Span>().ok()?.0, text.to_owned()))).max()
}

/// Patience ends this long before the hook's time, so that the verdict is in time: a minute, and the reserve.
const KEPT_BACK: Duration = Duration::from_secs(65);

fn patience_within_timeout(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for (hook, _, arn) in targets(&service) {
        let timeout = hook.at("timeoutConfiguration.timeoutInMinutes");
        let (true, Some(minutes)) = (is_ours(arn), timeout.whole()) else { continue };
        let Some((patience, written)) = plan(&hook).as_ref().and_then(patience) else { continue };
        if patience + KEPT_BACK > Duration::from_secs(u64::from(minutes) * 60) {
            timeout.wrong(format!(
                "the hook has {minutes} minutes, of which it keeps one and a reserve back, and its plan has a patience of {written}"
            ));
        }
    }
}

fn nlb_patience(look: &Look<'_>) {
    const LEAST: Duration = Duration::from_mins(10);
    let Some(service) = shifting(look) else { return };
    let is_network = |balancer: &Node<'_>| {
        let rule = balancer.at("advancedConfiguration.productionListenerRule").text();
        rule.and_then(Arn::parse).is_some_and(|arn| arn.is("listener/net"))
    };
    if !service.get("loadBalancers").items().iter().any(is_network) {
        return;
    }
    for (hook, _, arn) in targets(&service) {
        let shifted =
            |stage: &str| matches!(stage, "POST_TEST_TRAFFIC_SHIFT" | "POST_PRODUCTION_TRAFFIC_SHIFT");
        if hook_of(arn) != Some("test-traffic") || !stages(&hook).iter().any(|(_, stage)| shifted(stage)) {
            continue;
        }
        let Some((patience, written)) = plan(&hook).as_ref().and_then(patience) else { continue };
        if patience < LEAST {
            hook.get("hookDetails").wrong(format!("the plan's patience is {written}"));
        }
    }
}
