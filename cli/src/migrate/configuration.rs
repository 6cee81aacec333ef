//! What ECS is told, and what there is to say about it. Pure.
//!
//! Nothing is guessed: what no file tells is a word in capitals, which ECS refuses, and a note says what belongs there.
//!
//! Source: ECS developer guide, *Migrate CodeDeploy blue/green deployments to Amazon ECS blue/green deployments*;
//! CodeDeploy API reference, *`DeploymentGroupInfo`*, *`TrafficRoutingConfig`*.

use greenlight::Stage;
use greenlight_preflight::Arn;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::rehearsal::subject::code_deploy::{A_GROUP, group_in};

/// What people have.
pub(super) struct Given<'a> {
    pub(super) app_spec: &'a Value,
    pub(super) group: Option<&'a Value>,
    /// The deployment configuration's name, where it is not the group's.
    pub(super) name: Option<&'a str>,
    pub(super) config: Option<&'a Value>,
    pub(super) role: Option<&'a str>,
}

/// What CodeDeploy gives a hook, in minutes.
const HOOK_MINUTES: u64 = 60;
/// The smallest step of a linear deployment of ECS, in percent.
const LEAST_STEP: u64 = 3;
/// The longest bake time of ECS, of a step or of the whole, in minutes.
const LONGEST_BAKE: u64 = 1440;
/// The longest that a PAUSE hook waits, in minutes.
const LONGEST_PAUSE: u64 = 20_160;

/// ECS's `deploymentConfiguration`, in its API's shape, and what there is to say.
pub(super) fn migrated(given: &Given<'_>) -> Result<(Value, Vec<String>), Failure> {
    is_app_spec(given.app_spec)?;
    if let Some(role) = given.role.filter(|role| !Arn::parse(role).is_some_and(|arn| arn.is_role())) {
        return Err(Failure::wrong(format!("`{role}` is no ARN of a role")).hint(
            "`--role arn:aws:iam::123456789012:role/NAME`: the one with which ECS invokes the functions",
        ));
    }
    let no_group = || {
        Failure::wrong("what `--deployment-group` names is no deployment group")
            .hint(format!("expected {A_GROUP}"))
    };
    let group = given.group.map(|document| group_in(document).ok_or_else(no_group)).transpose()?;
    let mut notes = Vec::new();
    let mut configuration = Map::new();
    let name = given.name.or_else(|| group?["deploymentConfigName"].as_str());
    configuration.extend(strategy(name, given.config, &mut notes)?);
    if let Some(minutes) = group.and_then(|group| bake(group, &mut notes)) {
        configuration.insert("bakeTimeInMinutes".to_owned(), minutes.into());
    }
    let goes_in_steps = configuration.get("strategy").is_some_and(|strategy| strategy != "BLUE_GREEN");
    let mut hooks = functions(given, (group, goes_in_steps), &mut notes)?;
    hooks.extend(group.and_then(|group| pause(group, &mut notes)));
    configuration.insert("lifecycleHooks".to_owned(), hooks.into());
    configuration.extend(
        group.and_then(|group| alarms(group, &mut notes)).map(|alarms| ("alarms".to_owned(), alarms)),
    );
    let is_known = name.is_some() || given.config.is_some();
    match (group, is_known) {
        (Some(_), true) => {}
        (Some(_), false) => {
            notes.push("the deployment group names no deployment configuration: BLUE_GREEN is written".to_owned());
        }
        (None, true) => {
            notes.push("without `--deployment-group` the bake time and the alarms are not known".to_owned());
        }
        (None, false) => notes.push(
            "without `--deployment-group` the strategy, the bake time and the alarms are not known: BLUE_GREEN is written".to_owned(),
        ),
    }
    notes.push(
        "the service changes, too: `deploymentController` ECS, and `advancedConfiguration` of its load balancer with the other target \
         group, the production and the test rule, and the role that moves their weights (docs/migration.md)"
            .to_owned(),
    );
    Ok((Value::Object(configuration), notes))
}

/// Whether it is one: an AppSpec without hooks migrates to nothing, and so would any other file.
fn is_app_spec(document: &Value) -> Result<(), Failure> {
    if document.get("Resources").is_some_and(Value::is_array) {
        return Ok(());
    }
    Err(Failure::wrong("this is no AppSpec of ECS: it has no list `Resources`")
        .hint("expected `version`, `Resources` with one `TargetService`, and `Hooks`, as examples/codedeploy/appspec.yaml has them"))
}

/// The strategy, and the settings of its steps.
fn strategy(
    name: Option<&str>,
    config: Option<&Value>,
    notes: &mut Vec<String>,
) -> Result<Map<String, Value>, Failure> {
    let routing = match (config, name) {
        (Some(config), _) => {
            let config = config.get("deploymentConfigInfo").unwrap_or(config);
            of_routing(&config["trafficRoutingConfig"], notes)
        }
        (None, None) => return Ok(object(json!({ "strategy": "BLUE_GREEN" }))),
        (None, Some(name)) => of_name(name, notes),
    };
    routing.ok_or_else(|| match (config, name) {
        (None, Some(name)) => Failure::wrong(format!("what `{name}` does is not known: it is none of CodeDeploy's own"))
            .hint(format!("`aws deploy get-deployment-config --deployment-config-name {name} > config.json`, and `--deployment-config config.json`")),
        _ => Failure::wrong("the deployment configuration has no `trafficRoutingConfig` of ECS's")
            .hint("expected AllAtOnce, TimeBasedCanary or TimeBasedLinear"),
    })
}

/// CodeDeploy's own configurations say in their names what they do: `CodeDeployDefault.ECSLinear10PercentEvery3Minutes`.
fn of_name(name: &str, notes: &mut Vec<String>) -> Option<Map<String, Value>> {
    let name = name.strip_prefix("CodeDeployDefault.ECS")?;
    if name == "AllAtOnce" {
        return Some(object(json!({ "strategy": "BLUE_GREEN" })));
    }
    let (kind, percent, minutes) = if let Some(rest) = name.strip_prefix("Canary") {
        let (percent, minutes) = rest.strip_suffix("Minutes")?.split_once("Percent")?;
        ("TimeBasedCanary", percent, minutes)
    } else {
        let rest = name.strip_prefix("Linear")?;
        let rest = rest.strip_suffix("Minutes").or_else(|| rest.strip_suffix("Minute"))?;
        let (percent, minutes) = rest.split_once("PercentEvery")?;
        ("TimeBasedLinear", percent, minutes)
    };
    Some(in_steps(kind, percent.parse().ok()?, minutes.parse().ok()?, notes))
}

fn of_routing(routing: &Value, notes: &mut Vec<String>) -> Option<Map<String, Value>> {
    let number = |value: &Value| value.as_u64();
    match routing["type"].as_str()? {
        "AllAtOnce" => Some(object(json!({ "strategy": "BLUE_GREEN" }))),
        kind @ "TimeBasedCanary" => {
            let steps = &routing["timeBasedCanary"];
            Some(in_steps(
                kind,
                number(&steps["canaryPercentage"])?,
                number(&steps["canaryInterval"])?,
                notes,
            ))
        }
        kind @ "TimeBasedLinear" => {
            let steps = &routing["timeBasedLinear"];
            Some(in_steps(
                kind,
                number(&steps["linearPercentage"])?,
                number(&steps["linearInterval"])?,
                notes,
            ))
        }
        _ => None,
    }
}

fn in_steps(kind: &str, percent: u64, minutes: u64, notes: &mut Vec<String>) -> Map<String, Value> {
    let is_canary = kind == "TimeBasedCanary";
    // What ECS takes: API reference, `CanaryConfiguration` and `LinearConfiguration`.
    let least = if is_canary { 1 } else { LEAST_STEP };
    if percent < least {
        notes.push(format!(
            "steps were of {percent} %; ECS takes {least} % at the least, which is written here"
        ));
    }
    if minutes > LONGEST_BAKE {
        notes.push(format!(
            "a step baked for {minutes} minutes; ECS takes {LONGEST_BAKE} at the most, which is written here"
        ));
    }
    let (percent, minutes) = (percent.max(least), minutes.min(LONGEST_BAKE));
    object(if is_canary {
        json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": percent, "canaryBakeTimeInMinutes": minutes } })
    } else {
        json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": percent, "stepBakeTimeInMinutes": minutes } })
    })
}

/// How long blue is kept once green has everything, in minutes.
fn bake(group: &Value, notes: &mut Vec<String>) -> Option<u64> {
    let ending = &group["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"];
    if ending["action"].as_str()? != "TERMINATE" {
        notes.push(format!(
            "blue was kept until somebody took it away; ECS takes it away after the bake time: {LONGEST_BAKE} minutes, the most that it \
             takes, are written here"
        ));
        return Some(LONGEST_BAKE);
    }
    let minutes = ending["terminationWaitTimeInMinutes"].as_u64().unwrap_or_default();
    if minutes > LONGEST_BAKE {
        notes.push(format!(
            "blue was kept for {minutes} minutes; ECS keeps it for {LONGEST_BAKE} at the most, which is written here"
        ));
    }
    Some(minutes.min(LONGEST_BAKE))
}

/// One hook for each function, at the stages of its events.
fn functions(
    given: &Given<'_>,
    (group, goes_in_steps): (Option<&Value>, bool),
    notes: &mut Vec<String>,
) -> Result<Vec<Value>, Failure> {
    let mut by_function: Vec<(String, Vec<Stage>)> = Vec::new();
    let hooks = given.app_spec.get("Hooks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (event, function) in hooks.iter().filter_map(Value::as_object).flatten() {
        let Some(stage) = Stage::from_codedeploy(event) else {
            let events: Vec<_> = Stage::codedeploy_events().collect();
            return Err(Failure::wrong(format!("`Hooks` of the AppSpec: `{event}` is no event with a hook"))
                .hint(format!("expected one of {}", events.join(", "))));
        };
        let Some(function) = function.as_str().filter(|name| !name.is_empty()) else {
            return Err(Failure::wrong(format!(
                "`Hooks` of the AppSpec: `{event}` names no function: {function}"
            )));
        };
        match by_function.iter_mut().find(|(known, _)| known == function) {
            Some((_, stages)) => stages.push(stage),
            None => by_function.push((function.to_owned(), vec![stage])),
        }
    }
    if by_function.is_empty() {
        notes.push("the AppSpec has no hooks, so nothing is asked of green here either".to_owned());
    }
    let place = group.and_then(place);
    let role = given.role.map_or_else(|| in_place(place.as_ref(), "iam", "role/ROLE"), ToOwned::to_owned);
    if given.role.is_none() && !by_function.is_empty() {
        notes.push(
            "ROLE is the role with which ECS invokes the functions, which CodeDeploy did with its own: `greenlight iam` writes it, `--role` \
             names it"
                .to_owned(),
        );
    }
    if place.is_none() && by_function.iter().any(|(function, _)| !function.starts_with("arn:")) {
        notes.push("REGION and ACCOUNT are yours: no file tells them".to_owned());
    }
    if goes_in_steps
        && by_function.iter().any(|(_, stages)| stages.contains(&Stage::PreProductionTrafficShift))
    {
        notes.push(
            "BeforeAllowTraffic was asked once; PRE_PRODUCTION_TRAFFIC_SHIFT is asked before each step of a linear or canary deployment"
                .to_owned(),
        );
    }
    let foreign: Vec<_> = by_function
        .iter()
        .filter(|(function, _)| !function.contains("greenlight"))
        .map(|(function, _)| &**function)
        .collect();
    if !foreign.is_empty() {
        notes.push(format!(
            "ECS reads the answer of a function, which CodeDeploy did not: a function that answers no `hookStatus` ends the deployment with \
             \"HookStatus must not be null\". greenlight's answer both; these may not: {}",
            foreign.join(", ")
        ));
    }
    let hook = |(function, stages): (String, Vec<Stage>)| {
        let arn = if function.starts_with("arn:") {
            function
        } else {
            in_place(place.as_ref(), "lambda", &format!("function:{function}"))
        };
        let stages: Vec<_> = stages.iter().map(Stage::ecs_name).collect();
        json!({
            "targetType": "AWS_LAMBDA", "hookTargetArn": arn, "roleArn": role, "lifecycleStages": stages,
            "timeoutConfiguration": { "timeoutInMinutes": HOOK_MINUTES, "action": "ROLLBACK" },
        })
    };
    Ok(by_function.into_iter().map(hook).collect())
}

/// Partition, region and account, as a listener of the group tells them.
fn place(group: &Value) -> Option<[String; 3]> {
    let pairs = group["loadBalancerInfo"]["targetGroupPairInfoList"].as_array()?;
    let arn = pairs.first()?["prodTrafficRoute"]["listenerArns"][0].as_str()?;
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, _, region, account, _] => {
            Some([partition, region, account].map(ToOwned::to_owned))
        }
        _ => None,
    }
}

fn in_place(place: Option<&[String; 3]>, service: &str, resource: &str) -> String {
    let [partition, region, account] =
        place.map_or(["aws", "REGION", "ACCOUNT"], |place| place.each_ref().map(String::as_str));
    let region = if service == "iam" { "" } else { region };
    format!("arn:{partition}:{service}:{region}:{account}:{resource}")
}

/// A person's gate: CodeDeploy stops where nobody says in time that traffic may go on.
fn pause(group: &Value, notes: &mut Vec<String>) -> Option<Value> {
    let ready = &group["blueGreenDeploymentConfiguration"]["deploymentReadyOption"];
    if ready["actionOnTimeout"] != "STOP_DEPLOYMENT" {
        return None;
    }
    let had = ready["waitTimeInMinutes"].as_u64().unwrap_or_default();
    let minutes = had.clamp(1, LONGEST_PAUSE);
    if had != minutes {
        notes.push(format!("a PAUSE hook waits 1 to {LONGEST_PAUSE} minutes: {minutes} are written here"));
    }
    notes.push(format!(
        "somebody had {had} minutes to let traffic go on (`aws deploy continue-deployment`); now it is a PAUSE hook, which \
         `aws ecs continue-service-deployment` answers"
    ));
    Some(json!({
        "targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
        "timeoutConfiguration": { "timeoutInMinutes": minutes, "action": "ROLLBACK" },
    }))
}

fn alarms(group: &Value, notes: &mut Vec<String>) -> Option<Value> {
    let alarms = &group["alarmConfiguration"];
    let names: Vec<_> =
        alarms["alarms"].as_array()?.iter().filter_map(|alarm| alarm["name"].as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let events = group["autoRollbackConfiguration"]["events"].as_array();
    let is_on = group["autoRollbackConfiguration"]["enabled"] == true;
    let rolls_back =
        is_on && events.is_some_and(|events| events.iter().any(|event| event == "DEPLOYMENT_STOP_ON_ALARM"));
    if !rolls_back {
        notes.push(
            "an alarm stopped the deployment and left it there (`autoRollbackConfiguration` has no DEPLOYMENT_STOP_ON_ALARM, or is off); `rollback` is \
             false here, too: think again"
                .to_owned(),
        );
    }
    if alarms["ignorePollAlarmFailure"] == true {
        notes.push("`ignorePollAlarmFailure` has no equal in ECS".to_owned());
    }
    let enabled = alarms["enabled"].as_bool().unwrap_or_default();
    Some(json!({ "alarmNames": names, "enable": enabled, "rollback": rolls_back }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
