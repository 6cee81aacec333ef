//! The world that a deployment is played in: made from what is deployed, and kept true to the controller.
//!
//! A scene knows three things: the parameters of the world, which sides have tasks, and what the controller
//! has come to. All that the world says of the deployment is made of these, whichever of them changed.

mod codedeploy;
mod contradiction;
mod ecs;
mod events;
mod record;
mod runs;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;

use self::events::Events;
use self::record::Record;
use self::runs::Runs;
use crate::rehearsal::Colour;
use crate::rehearsal::aws::codedeploy::{AlarmConfiguration, Named};
use crate::rehearsal::aws::ecs::LifecycleHookDetail;
use crate::rehearsal::aws::elb::{Action, Listener, Rule};
use crate::rehearsal::aws::worlds::{BlueGreen, CodeDeploy, Front, Side};
use crate::rehearsal::aws::{self, World};
use crate::rehearsal::clock::Clock;
use crate::rehearsal::controller::configuration::{Configuration, Strategy, TimeoutAction};
use crate::rehearsal::controller::{self, Deployment, Execution, HookKind, Verdict};
use crate::rehearsal::subject::Subject;

/// The parameters of the world, as they are now.
#[derive(Debug)]
pub(super) struct Scene {
    parameters: Parameters,
    configuration: Configuration,
    desired_count: usize,
    /// Whether somebody sets the test rule back to blue whenever it was shifted.
    drifted: bool,
    /// The simulated moment that all times of the controller count from.
    epoch: Timestamp,
    /// Which sides have tasks.
    runs: Runs,
    /// What the controller has come to.
    record: Record,
    /// What the service tells of it.
    events: Events,
}

#[derive(Debug)]
enum Parameters {
    Ecs(Box<BlueGreen>),
    CodeDeploy(Box<CodeDeploy>),
}

/// CodeDeploy's id of the deployment that takes the first one back.
const ROLLBACK_DEPLOYMENT: &str = "d-R0LLBACK1";

impl Scene {
    /// The scene before the deployment: blue serves, or nobody on a create.
    pub(super) fn new(
        subject: &Subject,
        clock: &Clock,
        blue: Option<&[SocketAddr]>,
        port: u16,
        drifted: bool,
    ) -> Self {
        let identity = aws::Identity {
            region: subject.region.clone(),
            account: subject.account.clone(),
            ..aws::Identity::default()
        };
        // Names resolve to this machine, and ports are those that the system gives.
        let front = subject.front.clone().map(|front| Front { dns_name: "localhost".to_owned(), ..front });
        let front = front.map(|mut front| {
            front.production.weights = (100, 0);
            if let Some(test) = &mut front.test {
                test.weights = (100, 0);
            }
            front
        });
        let started_at = clock.now();
        let (cluster, service) = (subject.cluster.clone(), subject.service.clone());
        let parameters = match &subject.configuration {
            Configuration::Ecs(ecs) => {
                let standard = BlueGreen::default();
                let strategy = match ecs.strategy {
                    Strategy::Rolling => "ROLLING",
                    Strategy::BlueGreen => "BLUE_GREEN",
                    Strategy::Linear { .. } => "LINEAR",
                    Strategy::Canary { .. } => "CANARY",
                };
                Parameters::Ecs(Box::new(BlueGreen {
                    identity,
                    cluster,
                    service,
                    blue: standard.blue.zip(blue).map(|(side, tasks)| Side::new(side.id, tasks)),
                    green: Side::new(standard.green.id, []),
                    strategy: strategy.to_owned(),
                    started_at,
                    container_port: port,
                    front,
                    deployment: standard.deployment,
                    status: standard.status,
                    stage: "PRE_SCALE_UP".to_owned(),
                    hooks: Vec::new(),
                    lifecycle_hooks: Some(ecs.document.get("lifecycleHooks").cloned().unwrap_or_default()),
                    more_fronts: Vec::new(),
                    container: subject.container.clone(),
                }))
            }
            Configuration::CodeDeploy(_) => {
                let standard = CodeDeploy::default();
                Parameters::CodeDeploy(Box::new(CodeDeploy {
                    identity,
                    cluster,
                    application: service.clone(),
                    deployment_group: service.clone(),
                    service,
                    blue: Side::new(standard.blue.id.clone(), blue.unwrap_or_default()),
                    green: Side::new(standard.green.id.clone(), []),
                    started_at,
                    container_port: port,
                    front: front.unwrap_or_default(),
                    event: "BeforeInstall".to_owned(),
                    container: subject.container.clone(),
                    ..standard
                }))
            }
        };
        Self {
            parameters,
            configuration: subject.configuration.clone(),
            desired_count: subject.desired_count,
            drifted,
            epoch: clock.at(Duration::ZERO),
            runs: Runs { blue: blue.is_some(), green: false, lost: 0 },
            record: Record::default(),
            events: Events::default(),
        }
    }

    /// The whole world as the parameters have it.
    pub(super) fn world(&self) -> World {
        let mut world = match &self.parameters {
            Parameters::Ecs(ecs) => ecs.world(),
            Parameters::CodeDeploy(codedeploy) => codedeploy.world(),
        };
        self.complete(&mut world);
        match &self.parameters {
            Parameters::Ecs(_) => self.tell_ecs(&mut world),
            Parameters::CodeDeploy(codedeploy) => self.tell_codedeploy(codedeploy, &mut world),
        }
        for service in &mut world.ecs.services {
            service.events = self.events.told().to_vec();
        }
        world
    }

    /// What builders of worlds cannot know.
    fn complete(&self, world: &mut World) {
        let ecs = match &self.configuration {
            Configuration::Ecs(ecs) => ecs,
            Configuration::CodeDeploy(codedeploy) => {
                for group in &mut world.codedeploy.deployment_groups {
                    group.alarm_configuration = alarm_configuration(&codedeploy.alarms);
                }
                return;
            }
        };
        let document = (!ecs.document.is_null()).then(|| ecs.document.clone());
        for service in &mut world.ecs.services {
            service.desired_count = Some(self.desired_count);
            service.deployment_configuration.clone_from(&document);
            if ecs.strategy == Strategy::Rolling {
                // One pool, and nothing beside it.
                service.load_balancers.iter_mut().for_each(|front| front.advanced_configuration = None);
            }
        }
        for deployment in &mut world.ecs.service_deployments {
            deployment.deployment_configuration.clone_from(&document);
            if let Some(green) = &mut deployment.target_service_revision {
                green.requested_task_count = Some(self.desired_count);
            }
        }
        if ecs.strategy == Strategy::Rolling {
            let green = self.green_target_group();
            for revision in &mut world.ecs.service_revisions {
                revision.load_balancers.iter_mut().for_each(|front| front.advanced_configuration = None);
            }
            world.elb.target_groups.retain(|group| Some(&group.arn) != green.as_ref());
            let actions =
                world.elb.listeners.iter_mut().map(|listener: &mut Listener| &mut listener.default_actions);
            let actions = actions.chain(world.elb.rules.iter_mut().map(|rule: &mut Rule| &mut rule.actions));
            for action in actions.flatten() {
                if let Action::Forward(groups) = action {
                    groups.retain(|(group, _)| Some(group) != green.as_ref());
                }
            }
        }
    }

    /// What everything is called, for the controller.
    pub(super) fn identity(&self) -> controller::Identity {
        let arn = |arn: Option<&str>| arn.unwrap_or_default().to_owned();
        let world = self.world();
        let service = world.ecs.services.first();
        let common = controller::Identity {
            epoch: self.epoch,
            region: world.identity.region.clone(),
            account: world.identity.account.clone(),
            cluster: arn(world.ecs.clusters.first().map(|cluster| &*cluster.cluster_arn)),
            service: arn(service.map(|service| &*service.service_arn)),
            deployment: String::new(),
            rollback_deployment: ROLLBACK_DEPLOYMENT.to_owned(),
            green: String::new(),
            blue: None,
        };
        match &self.parameters {
            Parameters::Ecs(ecs) => controller::Identity {
                deployment: ecs.service_deployment_arn(),
                green: ecs.green_revision_arn(),
                blue: ecs.blue_revision_arn(),
                ..common
            },
            Parameters::CodeDeploy(codedeploy) => controller::Identity {
                deployment: codedeploy.deployment.clone(),
                green: codedeploy.green.started_by(),
                blue: Some(codedeploy.blue.started_by()),
                ..common
            },
        }
    }

    /// The listener of production, and that of tests.
    pub(super) fn listeners(&self) -> (Option<String>, Option<String>) {
        match &self.parameters {
            Parameters::Ecs(ecs) => (ecs.production_listener_arn(), ecs.test_listener_arn()),
            Parameters::CodeDeploy(codedeploy) => {
                (Some(codedeploy.production_listener_arn()), codedeploy.test_listener_arn())
            }
        }
    }

    fn blue_target_group(&self) -> Option<String> {
        match &self.parameters {
            Parameters::Ecs(ecs) => ecs.front.as_ref().map(|_| ecs.blue_target_group_arn()),
            Parameters::CodeDeploy(codedeploy) => Some(codedeploy.blue_target_group_arn()),
        }
    }

    fn green_target_group(&self) -> Option<String> {
        match &self.parameters {
            Parameters::Ecs(ecs) => ecs.front.as_ref().map(|_| ecs.green_target_group_arn()),
            Parameters::CodeDeploy(codedeploy) => Some(codedeploy.green_target_group_arn()),
        }
    }

    /// The target group that tasks of this side are registered in.
    pub(super) fn target_group(&self, colour: Colour) -> Option<String> {
        match (colour, &self.configuration) {
            (Colour::Green, Configuration::Ecs(ecs)) if ecs.strategy == Strategy::Rolling => {
                self.blue_target_group()
            }
            (Colour::Green, _) => self.green_target_group(),
            (Colour::Blue, _) => self.blue_target_group(),
        }
    }

    /// Writes into the world what the controller has come to.
    pub(super) fn mirror(
        &mut self,
        world: &mut World,
        deployment: &Deployment,
        clock: &Clock,
        fired: &[String],
    ) {
        let production = weights(deployment.production_share());
        let test = weights(if self.drifted { 0.0 } else { deployment.test_share() });
        let hooks =
            deployment.current_executions().iter().map(|execution| detail(execution, clock)).collect();
        match &mut self.parameters {
            Parameters::Ecs(ecs) => {
                deployment.status().ecs().clone_into(&mut ecs.status);
                if let Some(stage) = deployment.stage() {
                    stage.clone_into(&mut ecs.stage);
                }
                ecs.hooks = hooks;
                if let Some(front) = &mut ecs.front {
                    shift(front, production, test);
                }
            }
            Parameters::CodeDeploy(codedeploy) => {
                shift(&mut codedeploy.front, production, test);
            }
        }
        self.record.follow(deployment, clock.now(), fired);
        self.tell_progress(world);
        self.refresh(world);
    }

    /// Puts into the world what the scene says of the deployment. Tasks and targets have a life of their own.
    fn refresh(&self, world: &mut World) {
        let fresh = self.world();
        world.ecs.services = fresh.ecs.services;
        world.ecs.service_deployments = fresh.ecs.service_deployments;
        world.ecs.task_sets = fresh.ecs.task_sets;
        world.codedeploy.deployments = fresh.codedeploy.deployments;
        for rule in &mut world.elb.rules {
            if let Some(fresh) = fresh.elb.rules.iter().find(|fresh| fresh.arn == rule.arn) {
                rule.actions.clone_from(&fresh.actions);
            }
        }
        for listener in &mut world.elb.listeners {
            if let Some(fresh) = fresh.elb.listeners.iter().find(|fresh| fresh.arn == listener.arn) {
                listener.default_actions.clone_from(&fresh.default_actions);
            }
        }
    }
}

/// What a deployment group says of its alarms.
fn alarm_configuration(names: &[String]) -> Option<AlarmConfiguration> {
    let alarms = names.iter().map(|name| Named { name: name.clone() }).collect::<Vec<_>>();
    (!alarms.is_empty()).then(|| AlarmConfiguration {
        enabled: true,
        alarms,
        ..AlarmConfiguration::default()
    })
}

fn shift(front: &mut Front, production: (u32, u32), test: (u32, u32)) {
    front.production.weights = production;
    if let Some(route) = &mut front.test {
        route.weights = test;
    }
}

/// Blue's and green's weights for green's share in percent: whole percents, else tenths of them. A
/// weight is 999 at the most.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is 0 to 100")]
fn weights(share: f64) -> (u32, u32) {
    let tenths = ((share.clamp(0.0, 100.0) * 10.0).round() as u32).min(1000);
    if tenths.is_multiple_of(10) { (100 - tenths / 10, tenths / 10) } else { (1000 - tenths, tenths) }
}

fn detail(execution: &Execution, clock: &Clock) -> LifecycleHookDetail {
    let is_pause = execution.kind == HookKind::Pause;
    let status = match execution.verdict {
        None if is_pause => "AWAITING_ACTION",
        None => "IN_PROGRESS",
        Some(Verdict::Proceed) => "SUCCEEDED",
        Some(Verdict::TimedOut | Verdict::TimedOutAndContinued) => "TIMED_OUT",
        Some(Verdict::Stop | Verdict::Cancelled) => "FAILED",
    };
    let id = &execution.id;
    LifecycleHookDetail {
        hook_id: if is_pause { id.clone() } else { format!("ecs-lambda-{}", id.replace('-', "")) },
        target_type: if is_pause { "PAUSE" } else { "AWS_LAMBDA" }.to_owned(),
        target_arn: execution.function.clone(),
        status: status.to_owned(),
        expires_at: Some(clock.at(execution.expires)),
        timeout_action: Some(
            match execution.on_timeout {
                TimeoutAction::Rollback => "ROLLBACK",
                TimeoutAction::Continue => "CONTINUE",
            }
            .to_owned(),
        ),
    }
}

/// How long ECS's circuit breaker takes to give up on tasks that never become healthy: so many tasks
/// must fail (half of the service's, three at the least and 200 at the most), as many at a time as the
/// service has, each after so long.
pub(super) fn circuit_breaker_patience(desired_count: usize, each: Duration) -> Duration {
    let threshold = desired_count.div_ceil(2).clamp(3, 200);
    let rounds = threshold.div_ceil(desired_count.max(1));
    each * u32::try_from(rounds).unwrap_or(u32::MAX)
}
