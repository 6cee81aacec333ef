//! The events of the service: what ECS tells of its tasks and targets.
//!
//! Sources: "Amazon ECS service event messages" and "Stopped tasks error messages" of the ECS developer guide, in the
//! form that `DescribeServices` has them; why a deployment failed, from events that people have published.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::runs::is_of;
use super::{Colour, Parameters, Scene, Side, World};
use crate::rehearsal::aws::ecs::Task;
use crate::rehearsal::aws::elb;
use crate::rehearsal::controller::Status;
use crate::rehearsal::identifier;

/// ECS tells the latest hundred.
const KEPT: usize = 100;

/// The events of the service.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The newest first.
    told: Vec<Value>,
    /// Whether green was seen to fail its health checks.
    unhealthy: bool,
    /// Whether it was told that the deployment failed, and that only one side is left.
    failed: bool,
    ended: bool,
}

impl Events {
    pub(super) fn told(&self) -> &[Value] {
        &self.told
    }

    fn tell(&mut self, at: Timestamp, service: &str, text: &str) {
        let message = format!("(service {service}) {text}");
        let id = identifier::uuid();
        self.told
            .insert(0, json!({ "id": id, "createdAt": at.as_duration().as_secs_f64(), "message": message }));
        self.told.truncate(KEPT);
    }
}

impl Scene {
    /// The moment that the world was last held true to the controller.
    pub(super) fn moment(&self) -> Timestamp {
        self.record.updated_at.unwrap_or(self.epoch)
    }

    fn service(&self) -> &str {
        match &self.parameters {
            Parameters::Ecs(ecs) => &ecs.service,
            Parameters::CodeDeploy(codedeploy) => &codedeploy.service,
        }
    }

    fn tell_event(&mut self, text: &str) {
        let (at, service) = (self.moment(), self.service().to_owned());
        self.events.tell(at, &service, text);
    }

    /// Tasks of a side were started, and registered.
    pub(super) fn tell_started(&mut self, colour: Colour, tasks: &[Task]) {
        if tasks.is_empty() {
            return;
        }
        self.tell_event(&format!("has started {} tasks: {}.", tasks.len(), named(tasks.iter())));
        if let Some(group) = self.target_group(colour) {
            self.tell_event(&format!("registered {} targets in (target-group {group})", tasks.len()));
        }
    }

    /// Tasks of a side were told to stop.
    pub(super) fn tell_stopped(&mut self, colour: Colour, tasks: &[Task]) {
        if tasks.is_empty() {
            return;
        }
        if let Some(group) = self.target_group(colour) {
            self.tell_event(&format!("deregistered {} targets in (target-group {group})", tasks.len()));
        }
        self.tell_event(&format!("has stopped {} running tasks: {}.", tasks.len(), named(tasks.iter())));
    }

    /// What there is to tell of green's health and of the deployment's end, once each.
    pub(super) fn tell_progress(&mut self, world: &World) {
        if !self.events.unhealthy
            && let Some((group, target)) = self.unhealthy_target(&world.elb)
        {
            let text = format!(
                "(port {}) is unhealthy in (target-group {group}) due to (reason {})",
                target.port,
                reason(target.reason.as_deref())
            );
            self.events.unhealthy = true;
            self.tell_event(&text);
        }
        if let (Some(why), false) = (self.why_failed(), self.events.failed) {
            self.events.failed = true;
            let id = self.side(Colour::Green).map(Side::started_by).unwrap_or_default();
            self.tell_event(&format!("(deployment {id}) deployment failed: {why}"));
        }
        let is_steady = match self.record.status {
            Status::Successful => !self.runs.blue,
            Status::RollbackSuccessful => !self.runs.green,
            _ => false,
        };
        if is_steady && !self.events.ended {
            self.events.ended = true;
            self.tell_event("has reached a steady state.");
        }
    }

    /// Why ECS ends its deployment: in words of their own where its failure detection does, and else in those of the
    /// deployment's reason.
    fn why_failed(&self) -> Option<String> {
        let failure =
            self.record.failure.as_ref().filter(|_| matches!(self.parameters, Parameters::Ecs(_)))?;
        Some(if self.record.is_broken() {
            "tasks failed to start.".to_owned()
        } else if failure.message.contains("is in ALARM") {
            "alarm detected.".to_owned()
        } else {
            failure.message.clone()
        })
    }

    fn unhealthy_target<'world>(&self, elb: &'world elb::State) -> Option<(String, &'world elb::Target)> {
        let (group, green) = (self.target_group(Colour::Green)?, self.side(Colour::Green)?);
        let known = elb.target_groups.iter().find(|known| known.arn == group)?;
        let target =
            known.targets.iter().find(|target| target.state == "unhealthy" && is_of(green, target))?;
        Some((group, target))
    }
}

/// Why ECS has ended a task of the side: it had failed its health checks, or is not wanted any more.
pub(super) fn why_ended(side: &Side, elb: &elb::State, task: &Task) -> String {
    let has_its_address = |target: &elb::Target| {
        task.containers
            .iter()
            .flat_map(|container| &container.network_interfaces)
            .any(|interface| interface.private_ipv4_address.as_deref() == Some(&*target.id))
    };
    let fails = |group: &&elb::TargetGroup| {
        let mut targets = group.targets.iter();
        targets.any(|target| target.state == "unhealthy" && is_of(side, target) && has_its_address(target))
    };
    match elb.target_groups.iter().find(fails) {
        Some(group) => format!("Task failed ELB health checks in (target-group {})", group.arn),
        None => format!("Scaling activity initiated by (deployment {})", side.started_by()),
    }
}

fn named<'task>(tasks: impl Iterator<Item = &'task Task>) -> String {
    let id = |task: &Task| task.task_arn.rsplit('/').next().unwrap_or_default().to_owned();
    tasks.map(|task| format!("(task {})", id(task))).collect::<Vec<_>>().join(" ")
}

/// ECS's words for Elastic Load Balancing's.
fn reason(reason: Option<&str>) -> &'static str {
    match reason {
        Some("Target.Timeout") => "Request timed out",
        _ => "Health checks failed",
    }
}
