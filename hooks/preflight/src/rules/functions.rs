//! The functions behind hooks: whether they can be called, and whether they can do what they are for.

use std::time::Duration;

use greenlight::{Stage, plan::units::Span};
use serde_json::Value;

use super::{Subject, hooks::is_ours};
use crate::{
    arn::{Arn, function_name},
    facts::Key,
    look::Look,
    node::Node,
    pages::{LAMBDA_HOOKS, LAMBDA_NETWORK, NLB_RESOURCES, TROUBLESHOOTING},
    rule::{Rule, Severity},
    service::{Strategy, hooks, is_function, shifting, stages, strategy},
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
        why: "A function in a VPC has no way out by itself: an internet gateway does not help it, since it has no public address. Without a NAT \
              route or interface endpoints its calls to AWS hang, and the hook can only say that it could not tell.",
        fix: "Route the function's subnets through a NAT gateway, make interface endpoints with private DNS for `ecs` and \
              `elasticloadbalancing` (and `monitoring` for metrics), or take the function out of the VPC where it does not probe.",
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
        fix: "Leave `patience` out of the plan (it is 20 minutes where a Network Load Balancer shifts), or set it to 15 minutes or more.",
        link: NLB_RESOURCES,
        looks_at: "the load balancers and the plans in `hookDetails`",
        judge: Some(nlb_patience),
        ..WARNING
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
fn targets<'a>(service: &Node<'a>) -> Vec<(Node<'a>, Node<'a>, &'a str)> {
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

/// The services of AWS that greenlight's hooks call in every deployment.
const CALLED: [&str; 2] = ["ecs", "elasticloadbalancing"];

fn egress(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for (_, target, arn) in targets(&service) {
        // What the functions of others call nobody knows.
        if !is_ours(arn) {
            continue;
        }
        let Some(function) = look.get(&Key::Function(arn.to_owned())) else { continue };
        let vpc = function.get("VpcConfig");
        let subnets = vpc.get("SubnetIds").items();
        let without_nat: Vec<&str> = subnets
            .iter()
            .filter_map(Node::text)
            .filter(|subnet| {
                look.get(&Key::RouteTable((*subnet).to_owned())).is_some_and(|table| has_no_way_out(&table))
            })
            .collect();
        let Some(id) = vpc.get("VpcId").text().filter(|_| !without_nat.is_empty()) else { continue };
        let Some(endpoints) = look.get(&Key::Endpoints(id.to_owned())) else { continue };
        let endpoints = endpoints.get("VpcEndpoints");
        if !endpoints.is_known() {
            continue;
        }
        let has = |called: &&str| {
            endpoints.items().iter().any(|endpoint| {
                let named = endpoint.get("ServiceName").text().and_then(|name| name.rsplit('.').next());
                named == Some(*called) && endpoint.get("PrivateDnsEnabled").flag() != Some(false)
            })
        };
        let missing: Vec<&str> = CALLED.into_iter().filter(|called| !has(called)).collect();
        if !missing.is_empty() {
            target.wrong(format!(
                "`{}` is in {}, which has no NAT route, and {id} has no endpoint for {}",
                function_name(arn),
                without_nat.join(" and "),
                missing.join(" and ")
            ));
        }
    }
}

/// Whether a route table, all of which is known, leads nowhere that a function without a public address could go.
fn has_no_way_out(table: &Node<'_>) -> bool {
    const WAYS: [&str; 5] =
        ["NatGatewayId", "TransitGatewayId", "InstanceId", "NetworkInterfaceId", "VpcPeeringConnectionId"];
    let routes = table.get("Routes");
    routes.is_known()
        && !routes.items().iter().any(|route| {
            let everywhere = route.get("DestinationCidrBlock").text() == Some("0.0.0.0/0")
                || route.get("DestinationIpv6CidrBlock").text() == Some("::/0")
                || route.get("DestinationPrefixListId").is_present();
            let egress_only = route.get("EgressOnlyInternetGatewayId").is_present();
            everywhere && (egress_only || WAYS.iter().any(|way| route.get(way).is_present()))
        })
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

fn patience_within_timeout(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    for (hook, _, arn) in targets(&service) {
        let timeout = hook.at("timeoutConfiguration.timeoutInMinutes");
        let (true, Some(minutes)) = (is_ours(arn), timeout.whole()) else { continue };
        let Some((patience, written)) = plan(&hook).as_ref().and_then(patience) else { continue };
        if patience > Duration::from_secs(u64::from(minutes) * 60) {
            timeout
                .wrong(format!("the hook has {minutes} minutes, and its plan has a patience of {written}"));
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
