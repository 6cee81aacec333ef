//! The hook `metrics`, from the event to the verdict, against the local CloudWatch.

mod alarms;
mod bounds;
mod defaults;
mod permissions;
mod windows;

use std::time::Duration;

use greenlight_cli::rehearsal::aws::World;
use greenlight_cli::rehearsal::aws::cloudwatch::Alarm;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_tests::binaries;
use serde_json::json;

use crate::scene::{Deployment, Scene};

/// What an account knows of a minute.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Minute {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    /// Connections that targets did not take.
    pub(crate) refused: u64,
    /// That no target answered.
    pub(crate) unanswered: u64,
    /// Of each request, in seconds.
    pub(crate) time: f64,
}

/// So many minutes ago.
pub(crate) fn ago(minutes: u64) -> jiff::Timestamp {
    greenlight::clock::now().checked_sub(Duration::from_mins(minutes)).unwrap()
}

/// Records what a target group of an Application Load Balancer would tell of the minute so many minutes ago.
fn record(world: &mut World, target_group: &str, minutes: u64, minute: Minute) {
    let balancer = world.elb.load_balancers[0].arn.clone();
    let after = |arn: &str, kind: &str| arn.split_once(kind).unwrap().1.to_owned();
    let balancer = after(&balancer, ":loadbalancer/");
    let group = format!("targetgroup/{}", after(target_group, ":targetgroup/"));
    let dimensions = [("LoadBalancer", &*balancer), ("TargetGroup", &*group)];
    let mut put = |name: &str, value: f64, count: u64| {
        if count > 0 {
            world.cloudwatch.record("AWS/ApplicationELB", name, &dimensions, ago(minutes), (value, count));
        }
    };
    put("RequestCount", 1.0, minute.requests);
    put("HTTPCode_Target_5XX_Count", 1.0, minute.errors);
    let failed = minute.errors + minute.refused + minute.unanswered;
    put("HTTPCode_Target_2XX_Count", 1.0, minute.requests.saturating_sub(failed));
    put("TargetConnectionErrorCount", 1.0, minute.refused);
    put("TargetResponseTime", minute.time, minute.requests);
}

/// The hook at a stage of a deployment that began half an hour ago, with green's share of the traffic.
async fn scene(stage: &str, strategy: &str, share: u32) -> Scene<BlueGreen> {
    let mut scene = Scene::<BlueGreen>::new().await;
    scene.program = binaries::metrics;
    scene.deployment.stage = stage.to_owned();
    scene.deployment.strategy = strategy.to_owned();
    scene.deployment.started_at = ago(30);
    if let Some(front) = &mut scene.deployment.front {
        front.production.weights = (100 - share, share);
    }
    let strategy = strategy.to_owned();
    scene.alter(move |world, _| {
        let configuration = world.ecs.service_deployments[0].deployment_configuration.as_mut().unwrap();
        match &*strategy {
            "LINEAR" => {
                configuration["linearConfiguration"] =
                    json!({"stepPercent": 10.0, "stepBakeTimeInMinutes": 8});
            }
            "CANARY" => {
                configuration["canaryConfiguration"] =
                    json!({"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 8});
            }
            _ => {}
        }
    });
    scene
}

/// The same after the shift, ten minutes ago.
pub(crate) async fn shifted() -> Scene<BlueGreen> {
    let mut scene = scene("POST_PRODUCTION_TRAFFIC_SHIFT", "BLUE_GREEN", 100).await;
    scene.waited(600);
    scene
}

/// CodeDeploy's event after the shift, which ended ten minutes ago.
pub(crate) async fn shifted_by_codedeploy() -> Scene<CodeDeploy> {
    let mut scene = Scene::<CodeDeploy>::new().await;
    scene.program = binaries::metrics;
    scene.deployment.event = "AfterAllowTraffic".to_owned();
    scene.deployment.started_at = ago(30);
    scene.alter(|world, _| {
        use greenlight_cli::rehearsal::aws::codedeploy::DeploymentTarget::EcsTarget;
        let [EcsTarget(target)] = world.codedeploy.deployments[0].targets.as_mut_slice() else { panic!() };
        for event in &mut target.lifecycle_events {
            if event.lifecycle_event_name == "AllowTraffic" {
                (event.start_time, event.end_time) = (Some(ago(12)), Some(ago(10)));
            }
        }
    });
    scene
}

/// What green's target group tells.
pub(crate) fn green<D: Deployment + Sided>(scene: &mut Scene<D>, minutes: u64, minute: Minute) {
    scene.alter(move |world, deployment| record(world, &deployment.green(), minutes, minute));
}

/// What blue's target group tells.
fn blue<D: Deployment + Sided>(scene: &mut Scene<D>, minutes: u64, minute: Minute) {
    scene.alter(move |world, deployment| record(world, &deployment.blue(), minutes, minute));
}

/// A deployment with a target group on each side.
pub(crate) trait Sided {
    fn green(&self) -> String;
    fn blue(&self) -> String;
}

impl Sided for BlueGreen {
    fn green(&self) -> String {
        self.green_target_group_arn()
    }
    fn blue(&self) -> String {
        self.blue_target_group_arn()
    }
}

impl Sided for CodeDeploy {
    fn green(&self) -> String {
        self.green_target_group_arn()
    }
    fn blue(&self) -> String {
        self.blue_target_group_arn()
    }
}

/// An alarm that has been in this state for so many minutes.
pub(crate) fn alarm(name: &str, state: &str, minutes: u64) -> Alarm {
    Alarm {
        alarm_name: name.to_owned(),
        state_value: state.to_owned(),
        state_transitioned_timestamp: Some(ago(minutes)),
        ..Alarm::default()
    }
}

/// The deployment's own alarms, as ECS and CloudWatch know them.
pub(crate) fn own_alarms(scene: &mut Scene<BlueGreen>, alarms: Vec<Alarm>) {
    scene.alter(move |world, _| {
        let configuration = world.ecs.service_deployments[0].deployment_configuration.as_mut().unwrap();
        let names: Vec<_> = alarms.iter().map(|alarm| &alarm.alarm_name).collect();
        configuration["alarms"] = json!({"alarmNames": names, "enable": true, "rollback": true});
        world.cloudwatch.metric_alarms = alarms;
    });
}
