//! What ECS tells of a deployment: in the service deployment, and in the service itself.

use super::{Colour, Configuration, Scene, World};
use crate::rehearsal::aws::ecs::{Alarms, Rollback, Service, ServiceDeployment};
use crate::rehearsal::controller::Status;

impl Scene {
    pub(super) fn tell_ecs(&self, world: &mut World) {
        for told in &mut world.ecs.service_deployments {
            self.tell_service_deployment(told);
        }
        for service in &mut world.ecs.services {
            self.tell_service(service);
        }
    }

    fn tell_service_deployment(&self, told: &mut ServiceDeployment) {
        let record = &self.record;
        let is_final = record.status.is_final();
        told.updated_at = record.updated_at.or(told.updated_at);
        told.finished_at = record.ended_at;
        told.stopped_at = record.ended_at.filter(|_| record.status == Status::Stopped);
        told.status_reason.clone_from(&record.reason);
        if is_final {
            told.lifecycle_stage = None;
            if let Some(breaker) = &mut told.deployment_circuit_breaker {
                let word = if record.is_broken() { "TRIGGERED" } else { "MONITORING_COMPLETE" };
                word.clone_into(&mut breaker.status);
            }
        }
        if let Some(green) = &mut told.target_service_revision {
            green.requested_test_traffic_weight = Some(record.shares.0);
            green.requested_production_traffic_weight = Some(record.shares.1);
        }
        for blue in &mut told.source_service_revisions {
            blue.requested_test_traffic_weight = Some(100.0 - record.shares.0);
            blue.requested_production_traffic_weight = Some(100.0 - record.shares.1);
        }
        let alarms = match &self.configuration {
            Configuration::Ecs(ecs) => &ecs.alarms[..],
            Configuration::CodeDeploy(_) => &[],
        };
        if !alarms.is_empty() {
            let word = match (record.fired.is_empty(), is_final) {
                (false, _) => "TRIGGERED",
                (true, true) => "MONITORING_COMPLETE",
                (true, false) => "MONITORING",
            };
            told.alarms = Some(Alarms {
                status: word.to_owned(),
                alarm_names: alarms.to_vec(),
                triggered_alarm_names: record.fired.clone(),
            });
        }
        if record.is_rollback() {
            let first = record.failure.as_ref().map(|failure| failure.message.clone());
            // Where there is nothing to go back to, ECS is only known to tell the rest in an event.
            let is_alone = told.source_service_revisions.is_empty();
            told.rollback = Some(Rollback {
                reason: if is_alone { record.reason.clone() } else { first },
                started_at: record.rollback_at,
                service_revision_arn: told.source_service_revisions.first().map(|blue| blue.arn.clone()),
            });
        }
    }

    /// Which revisions the service has, with their tasks.
    fn tell_service(&self, service: &mut Service) {
        let sides = [Colour::Blue, Colour::Green];
        let kept = sides.into_iter().filter(|colour| self.is_deployed(*colour)).collect::<Vec<_>>();
        let primary = if kept.contains(&Colour::Green) { Colour::Green } else { Colour::Blue };
        let colour_of = |id: &str| {
            sides.into_iter().find(|colour| self.side(*colour).is_some_and(|side| id.ends_with(&side.id)))
        };
        let definition = |told: &Service, colour: Colour| {
            let mut deployments = told.deployments.iter();
            Some(deployments.find(|told| colour_of(&told.id) == Some(colour))?.task_definition.clone())
        };
        service.task_definition = definition(service, primary).or(service.task_definition.take());
        service.deployments.retain(|told| colour_of(&told.id).is_some_and(|colour| kept.contains(&colour)));
        for told in &mut service.deployments {
            let Some(colour) = colour_of(&told.id) else { continue };
            let is_primary = colour == primary;
            let state = match self.record.status {
                _ if colour == Colour::Blue => "COMPLETED",
                Status::InProgress | Status::RollbackInProgress => "IN_PROGRESS",
                Status::Successful => "COMPLETED",
                Status::RollbackSuccessful | Status::RollbackFailed | Status::Stopped | Status::Failed => {
                    "FAILED"
                }
            };
            let status = if is_primary { "PRIMARY" } else { "ACTIVE" };
            status.clone_into(&mut told.status);
            told.rollout_state = Some(state.to_owned());
            told.desired_count = self.wanted(colour);
            told.running_count = self.running(colour);
            told.updated_at = self.record.updated_at.or(told.updated_at);
        }
        service
            .current_service_revisions
            .retain(|told| colour_of(&told.arn).is_some_and(|colour| kept.contains(&colour)));
        for told in &mut service.current_service_revisions {
            let Some(colour) = colour_of(&told.arn) else { continue };
            told.requested_task_count = self.wanted(colour);
            told.running_task_count = self.running(colour);
        }
    }

    /// Whether the service still has the side's revision. Green is there from the beginning, before it has
    /// tasks, until it was taken back; blue as long as it has tasks, or is to have them again.
    fn is_deployed(&self, colour: Colour) -> bool {
        let status = self.record.status;
        match colour {
            Colour::Green => status != Status::RollbackSuccessful || self.runs.green,
            Colour::Blue => {
                let is_back = matches!(status, Status::RollbackInProgress | Status::RollbackSuccessful);
                self.side(Colour::Blue).is_some() && (self.runs.blue || is_back)
            }
        }
    }

    /// How many tasks a side is to have.
    fn wanted(&self, colour: Colour) -> usize {
        let status = self.record.status;
        let is_back = status == Status::RollbackSuccessful;
        match colour {
            Colour::Green if is_back => 0,
            Colour::Blue if status == Status::Successful => 0,
            Colour::Green | Colour::Blue => self.desired_count,
        }
    }
}
