//! What CodeDeploy tells of a deployment: of the first one, and of the one that takes it back.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::record::Failure;
use super::{Colour, Configuration, ROLLBACK_DEPLOYMENT, Scene, World};
use crate::rehearsal::aws::codedeploy::{
    Deployment, DeploymentTarget, EcsTarget, EcsTaskSet, ErrorInformation, LifecycleEvent, RollbackInfo,
};
use crate::rehearsal::aws::worlds::CodeDeploy;
use crate::rehearsal::controller::{OF_TEST_LISTENER, Status};

/// The event that a rollback is.
const ALLOW_TRAFFIC: &str = "AllowTraffic";

/// What a task set of a side is now.
#[derive(Clone, Copy, Debug)]
struct Standing {
    status: &'static str,
    wanted: usize,
    running: usize,
    /// Its share of production traffic, in percent.
    share: f64,
}

impl Scene {
    pub(super) fn tell_codedeploy(&self, names: &CodeDeploy, world: &mut World) {
        self.tell_task_sets(names, world);
        let record = &self.record;
        let Some(told) = world.codedeploy.deployments.first_mut() else { return };
        let events = self.events(names.started_at);
        let status = self.first_status();
        let standings = [self.standing(Colour::Blue), self.standing(Colour::Green)];
        status.clone_into(&mut told.status);
        told.revision = self.revision();
        told.error_information = record.failure.as_ref().map(error_information);
        // The first deployment is over when the other one takes over.
        told.complete_time = record.failure.as_ref().map(|failure| failure.at).or(record.ended_at);
        let of_target = match status {
            // A target has no such status: what it was in the midst of did not succeed.
            "Stopped" => "Failed",
            other => other,
        };
        for target in ecs_targets(told) {
            tell(
                target,
                of_target,
                told_at(record.failure.as_ref().map(|failure| failure.at), record.updated_at),
                &standings,
            );
            target.lifecycle_events.clone_from(&events);
        }
        let Some(began) = record.rollback_at else { return };
        let back = self.rollback(told, began, &standings);
        told.rollback_info = Some(RollbackInfo {
            rollback_deployment_id: Some(ROLLBACK_DEPLOYMENT.to_owned()),
            rollback_triggering_deployment_id: None,
            rollback_message: Some(format!(
                "Deployment {ROLLBACK_DEPLOYMENT} takes this deployment back: {}.",
                back.status
            )),
        });
        world.codedeploy.deployments.push(back);
    }

    /// The AppSpec, of which only the hooks are known here.
    fn revision(&self) -> Option<Value> {
        let Configuration::CodeDeploy(codedeploy) = &self.configuration else { return None };
        let hooks: Vec<_> =
            codedeploy.hooks.iter().map(|(event, function)| json!({ event.as_str(): function })).collect();
        let content = json!({ "version": 0.0, "Hooks": hooks }).to_string();
        Some(json!({ "revisionType": "AppSpecContent", "appSpecContent": { "content": content } }))
    }

    /// An alarm, and somebody who asks for it, stop a deployment, whether it is taken back or not.
    fn first_status(&self) -> &'static str {
        match self.record.failure.as_ref().and_then(|failure| failure.code) {
            Some("ALARM_ACTIVE" | "MANUAL_STOP") => Status::Stopped.codedeploy(),
            _ => self.record.status.codedeploy(),
        }
    }

    /// The deployment that takes the first one back.
    fn rollback(&self, first: &Deployment, began: Timestamp, standings: &[Standing; 2]) -> Deployment {
        let record = &self.record;
        let status = match (record.status, record.code) {
            (Status::RollbackSuccessful, _) => "Succeeded",
            (Status::RollbackFailed, Some("MANUAL_STOP")) => "Stopped",
            (Status::RollbackFailed, _) => "Failed",
            _ => "InProgress",
        };
        let has_failed = record.status == Status::RollbackFailed;
        let of_target = if has_failed { "Failed" } else { status };
        let error = has_failed.then(|| ErrorInformation {
            code: record.code.unwrap_or_default().to_owned(),
            message: record.reason.clone().unwrap_or_default(),
        });
        let mut back = Deployment {
            deployment_id: ROLLBACK_DEPLOYMENT.to_owned(),
            status: status.to_owned(),
            creator: "codeDeployRollback".to_owned(),
            rollback_info: Some(RollbackInfo {
                rollback_deployment_id: None,
                rollback_triggering_deployment_id: Some(first.deployment_id.clone()),
                rollback_message: None,
            }),
            error_information: error,
            create_time: Some(began),
            start_time: Some(began),
            complete_time: record.ended_at,
            ..first.clone()
        };
        // Nobody has seen it do anything but shift traffic.
        let events = CodeDeploy::EVENTS.map(|name| match name {
            ALLOW_TRAFFIC => event(name, of_target, Some(began), record.ended_at),
            _ => event(name, "Skipped", None, None),
        });
        for target in ecs_targets(&mut back) {
            ROLLBACK_DEPLOYMENT.clone_into(&mut target.deployment_id);
            tell(target, of_target, record.updated_at, standings);
            target.lifecycle_events = events.to_vec();
        }
        back
    }

    /// The lifecycle events of the first deployment.
    fn events(&self, started_at: Timestamp) -> Vec<LifecycleEvent> {
        let has_test_listener =
            matches!(&self.configuration, Configuration::CodeDeploy(codedeploy) if codedeploy.test_listener);
        let (events, failed) = (&self.record.events, self.record.failure.is_some());
        let told = |(place, name): (usize, &&str)| {
            let is_skipped = OF_TEST_LISTENER.contains(name) && !has_test_listener;
            let status = match place.cmp(&events.current) {
                std::cmp::Ordering::Less if is_skipped => "Skipped",
                std::cmp::Ordering::Less => "Succeeded",
                std::cmp::Ordering::Equal if failed => "Failed",
                std::cmp::Ordering::Equal => "InProgress",
                std::cmp::Ordering::Greater if failed => "Skipped",
                std::cmp::Ordering::Greater => "Pending",
            };
            // Before the controller was heard of, the first event has begun with the deployment.
            let unheard = (place == 0).then_some((started_at, None));
            let times = events.times.get(&place).copied().or(unheard).filter(|_| status != "Skipped");
            event(name, status, times.map(|times| times.0), times.and_then(|times| times.1))
        };
        CodeDeploy::EVENTS.iter().enumerate().map(told).collect()
    }

    fn standing(&self, colour: Colour) -> Standing {
        let production = self.record.shares.1;
        // The task set that all users are sent to is the primary one.
        let primary = if production >= 100.0 { Colour::Green } else { Colour::Blue };
        let running = self.running(colour);
        let is_over = self.record.status.is_final() || self.record.is_rollback();
        let install = CodeDeploy::EVENTS.iter().position(|event| *event == "Install");
        let starts = !is_over && install.is_some_and(|install| self.record.events.current >= install);
        let is_started = match colour {
            Colour::Green => self.runs.green || starts,
            Colour::Blue => self.runs.blue,
        };
        let was_there =
            colour == Colour::Blue || self.side(colour).is_some_and(|side| !side.tasks.is_empty());
        Standing {
            status: match colour {
                _ if colour == primary => "PRIMARY",
                _ if !is_started && was_there => "DRAINING",
                _ => "ACTIVE",
            },
            wanted: if is_started { self.desired_count } else { 0 },
            running,
            share: if colour == Colour::Green { production } else { 100.0 - production },
        }
    }

    fn tell_task_sets(&self, names: &CodeDeploy, world: &mut World) {
        let sides = [(Colour::Blue, &names.blue), (Colour::Green, &names.green)];
        for (colour, side) in sides {
            let standing = self.standing(colour);
            let (id, updated_at) = (side.started_by(), self.record.updated_at);
            for told in world.ecs.task_sets.iter_mut().filter(|told| told.id == id) {
                standing.status.clone_into(&mut told.status);
                told.computed_desired_count = Some(standing.wanted);
                if standing.running < standing.wanted {
                    "STABILIZING".clone_into(&mut told.stability_status);
                }
                told.updated_at = updated_at.or(told.updated_at);
            }
        }
        let primary = world.ecs.task_sets.iter().find(|told| told.status == "PRIMARY");
        for service in &mut world.ecs.services {
            service.desired_count = Some(self.desired_count);
            if let Some(primary) = primary {
                service.task_definition = Some(primary.task_definition.clone());
                service.load_balancers.clone_from(&primary.load_balancers);
            }
        }
    }
}

/// The last change of the first deployment, which nothing changes once it has failed.
fn told_at(failed_at: Option<Timestamp>, updated_at: Option<Timestamp>) -> Option<Timestamp> {
    failed_at.or(updated_at)
}

fn error_information(failure: &Failure) -> ErrorInformation {
    ErrorInformation { code: failure.code.unwrap_or_default().to_owned(), message: failure.message.clone() }
}

fn ecs_targets(deployment: &mut Deployment) -> impl Iterator<Item = &mut EcsTarget> {
    deployment.targets.iter_mut().filter_map(|target| match target {
        DeploymentTarget::EcsTarget(target) => Some(target),
        DeploymentTarget::CloudFormationTarget(_) => None,
    })
}

/// What a target tells in every deployment, but for the events.
fn tell(target: &mut EcsTarget, status: &str, updated_at: Option<Timestamp>, standings: &[Standing; 2]) {
    status.clone_into(&mut target.status);
    target.last_updated_at = updated_at.or(target.last_updated_at);
    let in_order: [(&str, &Standing); 2] = [("Blue", &standings[0]), ("Green", &standings[1])];
    for (label, standing) in in_order {
        let of_side = |info: &&mut EcsTaskSet| info.task_set_label.as_deref() == Some(label);
        for info in target.task_sets_info.iter_mut().filter(of_side) {
            standing.status.clone_into(&mut info.status);
            info.desired_count = standing.wanted;
            info.running_count = standing.running;
            info.pending_count = standing.wanted.saturating_sub(standing.running);
            info.traffic_weight = standing.share;
        }
    }
}

fn event(
    name: &str,
    status: &str,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
) -> LifecycleEvent {
    LifecycleEvent { lifecycle_event_name: name.to_owned(), status: status.to_owned(), start_time, end_time }
}
