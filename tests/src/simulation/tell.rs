//! What AWS tells of the deployment.

use greenlight_cli::rehearsal::controller::{HookKind, Verdict};
use serde_json::{Value, json};

use super::draw::EPOCH;
use super::world::World;

const EVENTS: [&str; 8] = [
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
];

/// `DescribeServiceDeployments`.
pub(super) fn service_deployment(world: &World) -> Value {
    let identity = &world.scenario.identity;
    let hooks: Vec<_> = world
        .deployment
        .current_executions()
        .iter()
        .map(|execution| {
            let status = match (execution.verdict, execution.kind) {
                (None, HookKind::Pause) => "AWAITING_ACTION",
                (None, _) => "IN_PROGRESS",
                (Some(verdict), _) if verdict.proceeds() => "SUCCEEDED",
                (Some(Verdict::TimedOut), _) => "TIMED_OUT",
                (Some(_), _) => "FAILED",
            };
            json!({
                "hookId": execution.id,
                "targetType": if execution.kind == HookKind::Pause { "PAUSE" } else { "AWS_LAMBDA" },
                "targetArn": execution.function,
                "status": status,
                "expiresAt": World::time(execution.expires).as_second(),
            })
        })
        .collect();
    let sources: Vec<_> = identity.blue.iter().map(|blue| json!({ "arn": blue })).collect();
    json!({
        "serviceDeployments": [{
            "serviceDeploymentArn": identity.deployment,
            "serviceArn": identity.service,
            "status": world.deployment.status().ecs(),
            "createdAt": EPOCH.as_second(),
            "startedAt": EPOCH.as_second(),
            "sourceServiceRevisions": sources,
            "targetServiceRevision": { "arn": identity.green },
            "lifecycleHookDetails": hooks,
        }],
        "failures": [],
    })
}

/// `GetDeployment`.
pub(super) fn deployment(world: &World) -> Value {
    json!({
        "deploymentInfo": {
            "deploymentId": world.scenario.identity.deployment,
            "applicationName": "hello",
            "deploymentGroupName": "hello",
            "status": world.deployment.status().codedeploy(),
            "creator": "user",
            "createTime": EPOCH.as_second(),
            "startTime": EPOCH.as_second(),
        },
    })
}

/// `GetDeploymentTarget`, which may lag behind the event of an execution.
pub(super) fn target(world: &World, execution: usize) -> Value {
    let present = world.deployment.stage();
    let began = world.courses.get(&execution).map(|course| course.began).unwrap_or_default();
    let lags = world.now().saturating_sub(began) < world.scenario.faults.lag;
    let events: Vec<_> = EVENTS
        .iter()
        .map(|name| {
            let of = world.deployment.executions().iter().find(|execution| execution.stage == *name);
            let status = match of.and_then(|execution| execution.verdict) {
                Some(verdict) if verdict.proceeds() => "Succeeded",
                Some(_) => "Failed",
                None if present == Some(*name) && !lags => "InProgress",
                None => "Pending",
            };
            json!({ "lifecycleEventName": name, "status": status })
        })
        .collect();
    json!({
        "deploymentTarget": {
            "deploymentTargetType": "ECSTarget",
            "ecsTarget": {
                "deploymentId": world.scenario.identity.deployment,
                "targetId": "demo:hello",
                "status": "InProgress",
                "lifecycleEvents": events,
            },
        },
    })
}
