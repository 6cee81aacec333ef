//! Which sides have tasks: they start, are registered, and end. Whatever is done twice is done once.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::{Colour, Parameters, Scene, Side, World, events};
use crate::rehearsal::aws::ecs::Task;
use crate::rehearsal::aws::elb::Target;

/// What ECS calls a task that runs no more.
const STOPPED: &str = "STOPPED";

/// Which sides have tasks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs {
    pub(super) blue: bool,
    pub(super) green: bool,
    /// How many of green's tasks have stopped by themselves.
    pub(super) lost: usize,
}

impl Scene {
    /// These tasks of green run now; they are registered, and not yet healthy.
    pub(in super::super) fn add_green(&mut self, world: &mut World, tasks: &[SocketAddr]) {
        if self.side(Colour::Green).is_some_and(|green| green.tasks != tasks) {
            self.end(world, Colour::Green);
            match &mut self.parameters {
                Parameters::Ecs(ecs) => ecs.green.tasks = tasks.to_vec(),
                Parameters::CodeDeploy(codedeploy) => codedeploy.green.tasks = tasks.to_vec(),
            }
        }
        self.add(world, Colour::Green);
    }

    /// Blue's tasks run again: a rolling deployment is taken back. Those that never ended go on.
    pub(in super::super) fn add_blue(&mut self, world: &mut World) {
        self.add(world, Colour::Blue);
    }

    /// A task of green has stopped by itself: the one with this number, from 1. Its address refuses from then on.
    pub(in super::super) fn lose(
        &mut self,
        world: &mut World,
        number: usize,
        exit_code: i32,
        now: Timestamp,
    ) {
        let Some(started_by) = self.side(Colour::Green).map(Side::started_by) else { return };
        let mut tasks =
            world.ecs.tasks.iter_mut().filter(|task| task.started_by.as_ref() == Some(&started_by));
        let Some(task) = number.checked_sub(1).and_then(|index| tasks.nth(index)) else { return };
        stop(task, "EssentialContainerExited", "Essential container in task exited".to_owned(), now);
        for container in &mut task.containers {
            container.exit_code = Some(exit_code);
        }
        self.runs.lost += 1;
        self.refresh(world);
    }

    /// The tasks of a side stop: ECS ends them. It tells of them for about an hour more, and for as long as the
    /// rehearsal here.
    pub(in super::super) fn end(&mut self, world: &mut World, colour: Colour) {
        let now = self.moment();
        if let Some(side) = self.side(colour) {
            let started_by = side.started_by();
            let runs = |task: &&mut Task| {
                task.started_by.as_ref() == Some(&started_by) && task.last_status != STOPPED
            };
            let mut stopped = Vec::new();
            for task in world.ecs.tasks.iter_mut().filter(runs) {
                let why = events::why_ended(side, &world.elb, task);
                stop(task, "ServiceSchedulerInitiated", why, now);
                stopped.push(task.clone());
            }
            for group in &mut world.elb.target_groups {
                group.targets.retain(|target| !is_of(side, target));
            }
            self.tell_stopped(colour, &stopped);
        }
        self.set(colour, false);
        self.refresh(world);
    }

    fn add(&mut self, world: &mut World, colour: Colour) {
        let Some(side) = self.side(colour) else { return };
        let started_by = side.started_by();
        let is_anew = match colour {
            Colour::Blue => !self.runs.blue,
            Colour::Green => !self.runs.green,
        };
        if is_anew {
            // They have the ARNs of those that were ended before.
            world.ecs.tasks.retain(|task| task.started_by.as_ref() != Some(&started_by));
        }
        let is_known = |arn: &str| world.ecs.tasks.iter().any(|known| known.task_arn == arn);
        let mut tasks = self.world().ecs.tasks;
        tasks.retain(|task| task.started_by.as_ref() == Some(&started_by) && !is_known(&task.task_arn));
        let started = tasks.clone();
        world.ecs.tasks.append(&mut tasks);
        let group = self.target_group(colour);
        let groups = world.elb.target_groups.iter_mut();
        for group in groups.filter(|known| Some(&known.arn) == group.as_ref()) {
            for task in &side.tasks {
                let id = task.ip().to_string();
                if !group.targets.iter().any(|target| target.id == id && target.port == task.port()) {
                    group.targets.push(Target {
                        id,
                        port: task.port(),
                        state: "initial".to_owned(),
                        reason: Some("Elb.RegistrationInProgress".to_owned()),
                    });
                }
            }
        }
        self.set(colour, true);
        self.tell_started(colour, &started);
        self.refresh(world);
    }

    fn set(&mut self, colour: Colour, runs: bool) {
        match colour {
            Colour::Blue => self.runs.blue = runs,
            Colour::Green => (self.runs.green, self.runs.lost) = (runs, 0),
        }
    }

    /// How many tasks of a side run.
    pub(super) fn running(&self, colour: Colour) -> usize {
        let (runs, lost) = match colour {
            Colour::Blue => (self.runs.blue, 0),
            Colour::Green => (self.runs.green, self.runs.lost),
        };
        self.side(colour).filter(|_| runs).map_or(0, |side| side.tasks.len().saturating_sub(lost))
    }

    pub(super) fn side(&self, colour: Colour) -> Option<&Side> {
        match (&self.parameters, colour) {
            (Parameters::Ecs(ecs), Colour::Green) => Some(&ecs.green),
            (Parameters::Ecs(ecs), Colour::Blue) => ecs.blue.as_ref(),
            (Parameters::CodeDeploy(codedeploy), Colour::Green) => Some(&codedeploy.green),
            (Parameters::CodeDeploy(codedeploy), Colour::Blue) => Some(&codedeploy.blue),
        }
    }
}

fn stop(task: &mut Task, code: &str, reason: String, now: Timestamp) {
    STOPPED.clone_into(&mut task.last_status);
    STOPPED.clone_into(&mut task.desired_status);
    task.stop_code = Some(code.to_owned());
    task.stopped_reason = Some(reason);
    (task.stopping_at, task.stopped_at) = (Some(now), Some(now));
    task.version += 1;
    for container in &mut task.containers {
        STOPPED.clone_into(&mut container.last_status);
    }
}

/// Whether a target is a task of the side.
pub(super) fn is_of(side: &Side, target: &Target) -> bool {
    side.tasks.iter().any(|task| task.ip().to_string() == target.id && task.port() == target.port)
}
