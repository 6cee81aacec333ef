//! Deployment configurations and deployment groups of CodeDeploy, as its API describes them.

use std::time::Duration;

use super::problem::Problem;
use super::report::{Field, Report};
use super::{File, document, functions};
use crate::rehearsal::controller::configuration::{RollbackOn, Shift};
use greenlight_preflight::Spelling;
use serde_json::Value;

/// The deployment configuration where nobody names one.
pub(super) const ALL_AT_ONCE: &str = "CodeDeployDefault.ECSAllAtOnce";

/// What every account has for ECS.
const PREDEFINED: [(&str, Shift); 5] = [
    (ALL_AT_ONCE, Shift::AllAtOnce),
    (
        "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
        Shift::Linear { percent: 10.0, every: Duration::from_mins(1) },
    ),
    (
        "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
        Shift::Linear { percent: 10.0, every: Duration::from_mins(3) },
    ),
    (
        "CodeDeployDefault.ECSCanary10Percent5Minutes",
        Shift::Canary { percent: 10.0, after: Duration::from_mins(5) },
    ),
    (
        "CodeDeployDefault.ECSCanary10Percent15Minutes",
        Shift::Canary { percent: 10.0, after: Duration::from_mins(15) },
    ),
];

/// The longest that a shift may take, in minutes.
const LONGEST: u32 = 2_880;

/// A predefined deployment configuration.
pub(super) fn predefined(name: &str) -> Result<Shift, Problem> {
    let known = PREDEFINED.iter().find(|(known, _)| *known == name);
    known.map(|(_, shift)| *shift).ok_or_else(|| {
        let names: Vec<_> = PREDEFINED.iter().map(|(name, _)| *name).collect();
        Problem::of_file(
            "--deployment-config",
            format!("is `{name}`"),
            format!("one of {}", names.join(", ")),
        )
        .fix(format!(
            "give your own as a file: aws deploy get-deployment-config --deployment-config-name '{name}'"
        ))
    })
}

/// The output of `get-deployment-config`, or the input of `create-deployment-config`.
pub(super) fn configuration(file: &File<'_>) -> Result<(Option<String>, Shift), Vec<Problem>> {
    let value = document::read(file).map_err(|problem| vec![problem])?;
    let report = Report::new(file.name, Spelling::Api);
    let root = report.root(&value, "");
    let wrapped = root.get("deploymentConfigInfo");
    let info = if wrapped.is_absent() { root } else { wrapped };
    let routing = info.section("trafficRoutingConfig");
    let kind = routing.get("type");
    let shift = match kind.text() {
        Some("AllAtOnce") => Some(Shift::AllAtOnce),
        Some("TimeBasedLinear") => {
            let linear = routing.section("timeBasedLinear");
            steps(&linear.get("linearPercentage"), &linear.get("linearInterval"))
                .map(|(percent, every)| Shift::Linear { percent, every })
        }
        Some("TimeBasedCanary") => {
            let canary = routing.section("timeBasedCanary");
            steps(&canary.get("canaryPercentage"), &canary.get("canaryInterval"))
                .map(|(percent, after)| Shift::Canary { percent, after })
        }
        _ => {
            kind.wrong("AllAtOnce, TimeBasedLinear or TimeBasedCanary");
            None
        }
    };
    let name = info.get("deploymentConfigName").text().map(str::to_owned);
    report.finish()?;
    // Whatever is none was reported.
    shift.map(|shift| (name, shift)).ok_or_else(Vec::new)
}

fn steps(percent: &Field<'_>, interval: &Field<'_>) -> Option<(f64, Duration)> {
    for field in [percent, interval] {
        if field.is_absent() {
            field.wrong("a number");
        }
    }
    Some((percent.number(1.0, 99.0)?, interval.minutes(1, LONGEST)?))
}

/// Says which functions are not called for want of a test listener.
pub(super) fn note_skipped(hooks: &[(String, String)], test_listener: bool, report: &Report) {
    let event = "AfterAllowTestTraffic";
    for (_, function) in hooks.iter().filter(|(at, _)| at == event && !test_listener) {
        report.note(format!(
            "hook {} at {event} is skipped: there is no test listener",
            functions::name(function)
        ));
    }
}

/// What a deployment group says that an AppSpec does not.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) cluster: Option<String>,
    pub(super) service: Option<String>,
    pub(super) configuration: Option<String>,
    /// The names of the pair of target groups.
    pub(super) target_groups: [Option<String>; 2],
    pub(super) production: Option<String>,
    pub(super) test: Option<String>,
    pub(super) rollback_on: RollbackOn,
    pub(super) termination_wait: Duration,
    pub(super) alarms: Vec<String>,
}

/// What is expected of a deployment group's file.
pub(crate) const A_GROUP: &str = "a deployment group, as `aws deploy get-deployment-group` prints it or `create-deployment-group` takes it";

/// The deployment group that a document is, or holds. It has at least one of these keys: any other object would be taken for one
/// without alarms, waits and steps.
pub(crate) fn group_in(document: &Value) -> Option<&Value> {
    let keys = [
        "applicationName",
        "deploymentGroupName",
        "deploymentConfigName",
        "deploymentStyle",
        "ecsServices",
        "loadBalancerInfo",
        "blueGreenDeploymentConfiguration",
        "autoRollbackConfiguration",
        "alarmConfiguration",
    ];
    let group = document.get("deploymentGroupInfo").unwrap_or(document);
    keys.iter().any(|key| group.get(key).is_some()).then_some(group)
}

/// The output of `get-deployment-group`, or the input of `create-deployment-group`.
pub(super) fn group(file: &File<'_>) -> Result<Group, Vec<Problem>> {
    let value = document::read(file).map_err(|problem| vec![problem])?;
    if group_in(&value).is_none() {
        return Err(vec![Problem::of_file(file.name, "is no deployment group", A_GROUP)]);
    }
    let report = Report::new(file.name, Spelling::Api);
    let root = report.root(&value, "");
    let wrapped = root.get("deploymentGroupInfo");
    let info = if wrapped.is_absent() { root } else { wrapped };
    let text = |field: &Field<'_>| field.text().map(str::to_owned);
    let services = info.get("ecsServices").items();
    let of_service = |key: &str| services.first().and_then(|service| text(&service.get(key)));
    let pairs = info.section("loadBalancerInfo").get("targetGroupPairInfoList").items();
    let route = |key: &str| {
        let listeners = pairs.first()?.section(key).get("listenerArns").items();
        listeners.first().and_then(text)
    };
    let groups = pairs.first().map(|pair| pair.get("targetGroups").items()).unwrap_or_default();
    let target_group = |place: usize| groups.get(place).and_then(|group| text(&group.get("name")));
    let rollback = info.section("autoRollbackConfiguration");
    let enabled = rollback.get("enabled").flag() == Some(true);
    let events = rollback.get("events").items();
    let on = |event: &str| enabled && events.iter().any(|it| it.text() == Some(event));
    let alarms = info.section("alarmConfiguration");
    let watched = alarms.get("enabled").flag() == Some(true);
    let names = alarms.get("alarms").items().into_iter().filter_map(|alarm| text(&alarm.get("name")));
    let termination = info
        .section("blueGreenDeploymentConfiguration")
        .section("terminateBlueInstancesOnDeploymentSuccess")
        .get("terminationWaitTimeInMinutes");
    let group = Group {
        cluster: of_service("clusterName"),
        service: of_service("serviceName"),
        configuration: text(&info.get("deploymentConfigName")),
        target_groups: [target_group(0), target_group(1)],
        production: route("prodTrafficRoute"),
        test: route("testTrafficRoute"),
        rollback_on: RollbackOn {
            failure: on("DEPLOYMENT_FAILURE"),
            alarm: on("DEPLOYMENT_STOP_ON_ALARM"),
            request: on("DEPLOYMENT_STOP_ON_REQUEST"),
        },
        termination_wait: termination.minutes(0, LONGEST).unwrap_or_default(),
        alarms: if watched { names.collect() } else { Vec::new() },
    };
    report.finish().map(|_| group)
}
