//! The functions behind hooks: whether they can be called, and whether they can do what they are for.

use greenlight::Stage;

use super::Subject;
use crate::{
    arn::{Arn, function_name},
    egress::{EVERY, has_no_way_out, serves, services_called},
    facts::Key,
    look::Look,
    node::Node,
    pages::{LAMBDA_HOOKS, LAMBDA_NETWORK, TROUBLESHOOTING},
    rule::{Rule, Severity},
    service::{Strategy, hooks, is_function, stages, strategy},
};

pub(super) const SUBJECT: Subject = Subject { title: "Functions behind hooks", rules: RULES };

const BASE: Rule = Rule { link: LAMBDA_HOOKS, ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "HOOK-LAMBDA-STATE",
        title: "a hook's function is missing or not ready",
        why: "A function that does not exist, or is still being created, cannot be called, and the deployment is rolled back.",
        fix: "Deploy the function and wait for it before deploying the service: `aws lambda wait function-active-v2 --function-name \
              FUNCTION`.",
        looks_at: "the state of each hook's function",
        judge: Some(function_state),
        gate: true,
        ..BASE
    },
    Rule {
        id: "HOOK-LAMBDA-TIMEOUT",
        title: "a hook's function has too little time, or all that there is",
        why: "Lambda gives a function three seconds by default, which one slow handshake takes. ECS waits 15 minutes at most for one \
              answer, so a timeout of 15 minutes leaves nothing for the answer itself. Either way people read \"HookStatus must not be \
              null\".",
        fix: "Set the timeout to what the plan's checks take plus ten seconds; one or two minutes suit most plans, and greenlight's hooks wait \
              longer by answering IN_PROGRESS.",
        link: TROUBLESHOOTING,
        looks_at: "the timeout of each hook's function",
        judge: Some(function_timeout),
        messages: &["Task timed out after {seconds} seconds"],
        ..WARNING
    },
    Rule {
        id: "HOOK-VPC-EGRESS",
        title: "a hook in a VPC that cannot reach AWS",
        why: "A function in a VPC has no way out by itself: an internet gateway does not help it, since it has no public address. Where no \
              route leads out (a NAT gateway, a transit gateway or whatever else may reach AWS) and there are no interface endpoints, its \
              calls to AWS hang, and the hook can only say that it could not tell.",
        fix: "Route the function's subnets through a NAT gateway, make interface endpoints with private DNS for what it calls (`ecs` and \
              `elasticloadbalancing`; `monitoring` for metrics, `iam` and `lambda` for preflight), or take the function out of the VPC \
              where it does not probe.",
        link: LAMBDA_NETWORK,
        looks_at: "subnets, routes and endpoints of the hooks' functions",
        judge: Some(egress),
        ..BASE
    },
    Rule {
        id: "HOOK-STAGE-WRONG",
        title: "a greenlight hook at a stage where it has nothing to look at",
        why: "The hook stops the deployment there, and says where it belongs.",
        fix: "Move it: `preflight` anywhere, `health` and `test-traffic` from POST_SCALE_UP on, `metrics` where traffic shifts or has \
              shifted.",
        looks_at: "the stages of hooks whose functions are named after greenlight's",
        judge: Some(wrong_stage),
        ..BASE
    },
    Rule {
        id: "HOOK-STEPS-UNJUDGED",
        title: "traffic is shifted in steps, and nobody looks in between",
        why: "The steps of a linear or a canary deployment are there to be judged. Without a hook at PRE_PRODUCTION_TRAFFIC_SHIFT or \
              PRODUCTION_TRAFFIC_SHIFT, and without alarms, the next step follows whatever the last one did to users.",
        fix: "Put `metrics` at PRE_PRODUCTION_TRAFFIC_SHIFT, which is called before every step, or set alarms in \
              `deploymentConfiguration.alarms`.",
        looks_at: "the strategy, its hooks and its alarms",
        judge: Some(steps_judged),
        ..WARNING
    },
];

/// The hooks that are functions, with what they call.
pub(super) fn targets<'a>(service: &Node<'a>) -> Vec<(Node<'a>, Node<'a>, &'a str)> {
    let hooks = hooks(service).into_iter().filter(is_function);
    hooks
        .filter_map(|hook| {
            let target = hook.get("hookTargetArn");
            let text = target.text()?;
            Some((hook, target, text))
        })
        .collect()
}

fn function_state(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for (_, target, arn) in targets(&service) {
        // What else it may be another rule says.
        if !Arn::parse(arn).is_some_and(|arn| arn.is("function")) {
            continue;
        }
        let key = Key::Function(arn.to_owned());
        if look.is_missing(&key) {
            target.wrong(format!("there is no function `{}`", function_name(arn)));
            continue;
        }
        let Some(function) = look.get(&key) else { continue };
        let state = function.get("State");
        // A function that nobody called for a while sleeps, and wakes up when it is called. While it is being updated,
        // and where that failed, calls go to what was there before.
        if state.text().is_some_and(|text| !matches!(text, "Active" | "Inactive")) {
            target.wrong(format!("`{}` is {state}", function_name(arn)));
        }
    }
}

fn function_timeout(look: &Look<'_>) {
    const LEAST: u32 = 10;
    const MOST: u32 = 900;
    let Some(service) = look.service() else { return };
    for (_, _, arn) in targets(&service) {
        let Some(function) = look.get(&Key::Function(arn.to_owned())) else { continue };
        let timeout = function.get("Timeout");
        let name = function_name(arn);
        match timeout.whole() {
            Some(seconds) if seconds < LEAST => timeout.wrong(format!("`{name}` has {seconds} s")),
            Some(seconds) if seconds >= MOST => {
                timeout.wrong(format!("`{name}` has {seconds} s, and ECS waits no longer than that"));
            }
            _ => {}
        }
    }
}

fn egress(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for (hook, target, arn) in targets(&service) {
        // What the functions of others call nobody knows.
        let Some(named) = hook_of(arn) else { continue };
        let Some(function) = look.get(&Key::Function(arn.to_owned())) else { continue };
        let vpc = function.get("VpcConfig");
        let subnets = vpc.get("SubnetIds").items();
        let stuck: Vec<&str> = subnets
            .iter()
            .filter_map(Node::text)
            .filter(|subnet| {
                let table = look.get(&Key::RouteTable((*subnet).to_owned()));
                table.is_some_and(|table| has_no_way_out(&table, &function))
            })
            .collect();
        let Some(id) = vpc.get("VpcId").text().filter(|_| !stuck.is_empty()) else { continue };
        let Some(endpoints) = look.get(&Key::Endpoints(id.to_owned())) else { continue };
        let endpoints = endpoints.get("VpcEndpoints");
        if !endpoints.is_known() {
            continue;
        }
        let called = called(&service, &hook, &function, named);
        let has = |called: &&str| endpoints.items().iter().any(|endpoint| serves(endpoint, called));
        let missing: Vec<&str> = called.iter().copied().filter(|called| !has(called)).collect();
        if !missing.is_empty() {
            target.wrong(format!(
                "`{}` is in {}, from where no route leads out, and {id} has no endpoint for {}",
                function_name(arn),
                stuck.join(" and "),
                missing.join(" and ")
            ));
        }
    }
}

/// The services of AWS that a hook calls for sure.
fn called(service: &Node<'_>, hook: &Node<'_>, function: &Node<'_>, named: &str) -> &'static [&'static str] {
    let settings = function.at("Environment.Variables");
    let has_a_plan = !hook.get("hookDetails").is_absent()
        || ["GREENLIGHT_PLAN", "GREENLIGHT_TARGET_URL"].iter().any(|key| !settings.get(key).is_absent());
    if has_a_plan || service.get("loadBalancers").items().is_empty() { EVERY } else { services_called(named) }
}

/// Which of greenlight's hooks a function is, by its name: `…greenlight-health`, and what may follow after a dash.
pub(super) fn hook_of(function: &str) -> Option<&'static str> {
    let name = function_name(function).to_ascii_lowercase();
    let (_, named) = name.rsplit_once("greenlight-")?;
    ["test-traffic", "health", "metrics", "preflight"].into_iter().find(|hook| {
        named.strip_prefix(hook).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    })
}

/// Whether one of greenlight's hooks has nothing to look at where a stage is called.
pub(crate) fn has_nothing_at(hook: &str, stage: &Stage) -> bool {
    match hook {
        "health" | "test-traffic" => matches!(stage, Stage::ReconcileService | Stage::PreScaleUp),
        "metrics" => matches!(
            stage,
            Stage::ReconcileService
                | Stage::PreScaleUp
                | Stage::PostScaleUp
                | Stage::TestTrafficShift
                | Stage::PostTestTrafficShift
        ),
        _ => false,
    }
}

fn wrong_stage(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for (hook, _, arn) in targets(&service) {
        let Some(name) = hook_of(arn) else { continue };
        // With a target URL no stage is wrong for test traffic, and a function may have one.
        let Some(function) = look.at_hand(&Key::Function(arn.to_owned())) else {
            wrong_stages(&hook, name);
            continue;
        };
        if name != "test-traffic" || function.at("Environment.Variables.GREENLIGHT_TARGET_URL").is_absent() {
            wrong_stages(&hook, name);
        }
    }
}

fn wrong_stages(hook: &Node<'_>, name: &str) {
    if name == "test-traffic" && !hook.get("hookDetails").is_absent() {
        return;
    }
    for (at, stage) in stages(hook) {
        if has_nothing_at(name, &Stage::from_ecs(stage)) {
            at.wrong(format!("`{name}` has nothing to look at at {stage}"));
        }
    }
}

fn steps_judged(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    if !matches!(strategy(&service), Some(Strategy::Linear | Strategy::Canary)) {
        return;
    }
    let configuration = service.get("deploymentConfiguration");
    let all = configuration.get("lifecycleHooks");
    let alarms = configuration.get("alarms");
    if !all.is_known() || !alarms.is_known() {
        return;
    }
    let between = |stage: &str| matches!(stage, "PRE_PRODUCTION_TRAFFIC_SHIFT" | "PRODUCTION_TRAFFIC_SHIFT");
    let judged = all.items().iter().any(|hook| stages(hook).iter().any(|(_, stage)| between(stage)));
    let watched = alarms.get("enable").flag() != Some(false) && !alarms.get("alarmNames").items().is_empty();
    if !judged && !watched {
        configuration.get("strategy").wrong("no hook is called between the steps, and there are no alarms");
    }
}
