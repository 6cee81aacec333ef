//! `Transform: AWS::CodeDeployBlueGreen`: a template whose section `Hooks` has CodeDeploy deploy a service.

use std::time::Duration;

use greenlight::stage::Stage;
use serde_json::{Value, json};

use super::super::code_deploy;
use super::super::report::{Field, Report};
use super::api;
use super::template::Template;
use crate::rehearsal::controller::configuration::{CodeDeploy, Configuration, RollbackOn, Shift};
use greenlight_preflight::Unknown;

/// How CodeDeploy deploys a service of the template.
pub(super) struct Deployment {
    pub(super) configuration: Configuration,
    production: Value,
    test: Value,
    target_group: Value,
    /// The load balancers of the first task set: where the container is named.
    balancers: Value,
}

/// The hook that deploys a service, if there is one.
pub(super) fn find(template: &Template<'_>, service: &str, report: &Report) -> Option<Deployment> {
    let hooks = template.section("Hooks").as_object()?;
    let (id, hook) =
        hooks.iter().find(|(_, hook)| hook.get("Type") == Some(&"AWS::CodeDeploy::BlueGreen".into()))?;
    let properties = template.known(hook.get("Properties").unwrap_or(&Value::Null));
    let applications = properties.get("Applications").and_then(Value::as_array);
    let application = applications?
        .iter()
        .find(|it| it.pointer("/Target/LogicalID").and_then(Value::as_str) == Some(service))?;
    let attributes = application.get("ECSAttributes").unwrap_or(&Value::Null);
    let arn = |pointer: &str| {
        let id = attributes.pointer(pointer).and_then(Value::as_str);
        id.map_or(Value::Null, |id| template.physical(id, 0))
    };
    let (production, test) = (
        arn("/TrafficRouting/ProdTrafficRoute/LogicalID"),
        arn("/TrafficRouting/TestTrafficRoute/LogicalID"),
    );
    let task_set = attributes.pointer("/TaskSets/0").and_then(Value::as_str).unwrap_or_default();
    let balancers = template.properties(task_set).get("LoadBalancers").map_or(Value::Null, api);
    let properties = api(&properties);
    let field = report.root(&properties, &format!("Hooks.{id}.Properties"));
    let configuration = CodeDeploy {
        hooks: functions(&field),
        name: id.clone(),
        shift: shift(&field.section("trafficRoutingConfig")),
        test_listener: !test.is_null(),
        rollback_on: RollbackOn::ALL,
        termination_wait: field
            .section("additionalOptions")
            .get("terminationWaitTimeInMinutes")
            .minutes(0, 2_880)
            .unwrap_or(Duration::from_mins(5)),
        alarms: Vec::new(),
    };
    code_deploy::note_skipped(&configuration.hooks, configuration.test_listener, report);
    Some(Deployment {
        configuration: Configuration::CodeDeploy(configuration),
        production,
        test,
        target_group: arn("/TrafficRouting/TargetGroups/0"),
        balancers,
    })
}

/// The service as it would be if it named its load balancer itself.
pub(super) fn with_balancer(mut service: Value, deployment: &Deployment) -> Value {
    let of_task_set = deployment.balancers.get(0).cloned().unwrap_or_else(|| json!({}));
    let balancer = json!({
        "targetGroupArn": deployment.target_group,
        "containerName": of_task_set.get("containerName"),
        "containerPort": of_task_set.get("containerPort"),
        "advancedConfiguration": {
            "productionListenerRule": deployment.production,
            "testListenerRule": deployment.test,
        },
    });
    if let Some(fields) = service.as_object_mut() {
        fields.insert("loadBalancers".to_owned(), json!([balancer]));
    }
    service
}

/// A map here, whose entries are called in the order of the events.
fn functions(properties: &Field<'_>) -> Vec<(String, String)> {
    let hooks = properties.section("lifecycleEventHooks");
    let function = |event: &str| {
        let mut letters = event.chars();
        let first = letters.next()?.to_ascii_lowercase();
        let key: String = std::iter::once(first).chain(letters).collect();
        let field = hooks.get(&key);
        let name = Unknown::of(field.value())
            .map(|unknown| unknown.reference)
            .or_else(|| field.text().map(str::to_owned))?;
        Some((event.to_owned(), name))
    };
    Stage::codedeploy_events().filter_map(function).collect()
}

/// Without any, a canary of 15 percent for 5 minutes.
fn shift(routing: &Field<'_>) -> Shift {
    let steps = |key: &str| {
        let steps = routing.section(key);
        let percent = steps.get("stepPercentage").number(14.0, 100.0).unwrap_or(15.0);
        (percent, steps.get("bakeTimeMins").minutes(0, 2_880).unwrap_or(Duration::from_mins(5)))
    };
    let kind = routing.get("type");
    match kind.text() {
        Some("AllAtOnce") => Shift::AllAtOnce,
        Some("TimeBasedLinear") => {
            let (percent, every) = steps("timeBasedLinear");
            Shift::Linear { percent, every }
        }
        other => {
            if !matches!(other, None | Some("TimeBasedCanary")) {
                kind.wrong("AllAtOnce, TimeBasedLinear or TimeBasedCanary");
            }
            let (percent, after) = steps("timeBasedCanary");
            Shift::Canary { percent, after }
        }
    }
}
