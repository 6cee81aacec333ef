use greenlight::{Kind, deployment::CircuitBreaker, plan::units::Span};

use super::*;
use crate::testing::{at, blue, crashed, sides, status, task};

/// Two running tasks of green beside one of blue; nothing has stopped.
struct World {
    sides: Sides,
    status: Status,
    tasks: Vec<Task>,
    stopped: Stopped,
    settings: Tasks,
    grace: Grace,
}

impl World {
    fn new() -> Self {
        Self {
            sides: sides(),
            status: status(),
            tasks: vec![task(1), task(2), blue()],
            stopped: Stopped::default(),
            settings: Tasks::default(),
            grace: Grace::For(std::time::Duration::ZERO),
        }
    }

    fn but(change: impl FnOnce(&mut Self)) -> Self {
        let mut world = Self::new();
        change(&mut world);
        world
    }

    fn judge(&self) -> Outcome {
        let Self { sides, status, tasks, stopped, .. } = self;
        let seen = Seen { sides, status, tasks, stopped, now: crate::testing::NOW };
        judge(&self.settings, &seen, &self.grace)
    }
}

fn stopped_by(number: u8, code: &str, reason: &str) -> Task {
    let mut task = crashed(number);
    task.stop_code = Some(code.to_owned());
    task.stopped_reason = Some(reason.to_owned());
    task.containers[0].exit_code = None;
    task
}

fn breaker(status: &str, failures: u32) -> CircuitBreaker {
    CircuitBreaker { status: status.to_owned(), failures, threshold: 3 }
}

const ONE_CRASHED: &str = "1 task of green revision 222 stopped through its own fault since the deployment began: task g3: EssentialContainerExited (Essential container in task exited), container `app` exited with 1 (an error of the program)";

/// A name, a world, and what it comes to.
type Row = (&'static str, World, Kind, String);

#[track_caller]
fn hold(table: Vec<Row>) {
    for (name, world, kind, words) in table {
        let outcome = world.judge();
        assert_eq!((outcome.kind, outcome.words()), (kind, words), "{name}");
    }
}

#[test]
fn as_many_tasks_run_as_were_requested() {
    hold(vec![
        (
            "as many as requested, without health checks",
            World::new(),
            Kind::Pass,
            "2 of 2 requested tasks of green revision 222 RUNNING (health: 2 UNKNOWN)".into(),
        ),
        (
            "more than requested, some with health checks",
            World::but(|world| {
                world.sides.green.requested = Some(1);
                world.tasks[0].health = "HEALTHY".to_owned();
            }),
            Kind::Pass,
            "2 of 1 requested task of green revision 222 RUNNING (health: 1 HEALTHY, 1 UNKNOWN)".into(),
        ),
        (
            "one is starting",
            World::but(|world| world.tasks[1].last_status = "PENDING".to_owned()),
            Kind::Pending,
            "1 of 2 requested tasks of green revision 222 RUNNING, 1 PENDING (health: 2 UNKNOWN); expected all of them".into(),
        ),
        (
            "one is not there yet",
            World::but(|world| drop(world.tasks.remove(1))),
            Kind::Pending,
            "1 of 2 requested tasks of green revision 222 RUNNING (health: 1 UNKNOWN); expected all of them".into(),
        ),
        (
            "enough run, and one more is starting",
            World::but(|world| world.tasks.push(Task { last_status: "ACTIVATING".to_owned(), ..task(3) })),
            Kind::Pending,
            "2 of 2 requested tasks of green revision 222 RUNNING, 1 ACTIVATING (health: 3 UNKNOWN); expected all of them".into(),
        ),
        (
            "none at all",
            World::but(|world| world.tasks.clear()),
            Kind::Pending,
            "0 of 2 requested tasks of green revision 222 RUNNING; expected all of them".into(),
        ),
        (
            "scaled to zero",
            World::but(|world| world.sides.green.requested = Some(0)),
            Kind::Skip(SkipCause::NotConfigured),
            "green revision 222 is meant to have no task: its requestedTaskCount is 0 (a service that is scaled to zero cannot be judged by its tasks; deploy it with a desired count of at least 1)".into(),
        ),
        (
            "nobody tells how many are requested",
            World::but(|world| world.sides.green.requested = None),
            Kind::Inconclusive,
            "ECS does not tell how many tasks green revision 222 is meant to have".into(),
        ),
        (
            "blue is unhealthy",
            World::but(|world| world.tasks[2].health = "UNHEALTHY".to_owned()),
            Kind::Pass,
            "2 of 2 requested tasks of green revision 222 RUNNING (health: 2 UNKNOWN)".into(),
        ),
        (
            "nothing tells whose tasks they are",
            World::but(|world| world.tasks.iter_mut().for_each(|task| task.started_by = None)),
            Kind::Inconclusive,
            UNTOLD.to_owned(),
        ),
    ]);
}

#[test]
fn what_stopped_through_its_own_fault_is_held_against_green() {
    hold(vec![
        (
            "one crashed and was replaced",
            World::but(|world| world.stopped.tasks.push(crashed(3))),
            Kind::Fail,
            format!("{ONE_CRASHED}; expected none (look at the logs of `app`)"),
        ),
        (
            "one crashed, and the circuit breaker counts it",
            World::but(|world| {
                world.stopped.tasks.push(crashed(3));
                world.status.circuit_breaker = Some(breaker("MONITORING", 1));
            }),
            Kind::Fail,
            format!("{ONE_CRASHED}; the circuit breaker is MONITORING at 1 of 3; expected none (look at the logs of `app`)"),
        ),
        (
            "one crashed and is let go",
            World::but(|world| {
                world.stopped.tasks.push(crashed(3));
                world.settings.failures = 1;
            }),
            Kind::Pass,
            "2 of 2 requested tasks of green revision 222 RUNNING (health: 2 UNKNOWN); 1 task stopped through own fault and let go: task g3: EssentialContainerExited (Essential container in task exited), container `app` exited with 1 (an error of the program)".into(),
        ),
        (
            "two crashed, and one is let go",
            World::but(|world| {
                world.stopped.tasks.extend([crashed(3), crashed(4)]);
                world.settings.failures = 1;
            }),
            Kind::Fail,
            format!(
                "2 tasks of green revision 222 stopped through their own fault since the deployment began: {}; {}; expected at most 1 (look at the logs of `app`)",
                Stop(&crashed(3)),
                Stop(&crashed(4))
            ),
        ),
        (
            "one is crashing: it is in the list of those that run and in the other",
            World::but(|world| {
                let crashing = Task { last_status: "DEACTIVATING".to_owned(), stopped_at: None, ..crashed(3) };
                world.tasks.push(crashing.clone());
                world.stopped.tasks.push(crashing);
            }),
            Kind::Fail,
            format!("{ONE_CRASHED}; expected none (look at the logs of `app`)"),
        ),
        (
            "blue's crash, and one of green before this deployment",
            World::but(|world| {
                let of_blue = Task { started_by: blue().started_by, ..crashed(3) };
                world.stopped.tasks.extend([of_blue, Task { stopped_at: at(601), ..crashed(4) }]);
            }),
            Kind::Pass,
            "2 of 2 requested tasks of green revision 222 RUNNING (health: 2 UNKNOWN)".into(),
        ),
        (
            "failed to start",
            World::but(|world| world.stopped.tasks.push(stopped_by(3, "TaskFailedToStart", "CannotPullContainerError: orders:3: not found"))),
            Kind::Fail,
            "1 task of green revision 222 stopped through its own fault since the deployment began: task g3: TaskFailedToStart (CannotPullContainerError: orders:3: not found); expected none (is the image there, may the task execution role pull it, and does the subnet reach the registry?)".into(),
        ),
    ]);
}

#[test]
fn what_stopped_otherwise_is_recorded() {
    hold(vec![
        (
            "stopped for others' reasons",
            World::but(|world| world.stopped.tasks.extend([
                stopped_by(3, "SpotInterruption", "Your Spot Task was interrupted."),
                stopped_by(4, "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/222)"),
                stopped_by(5, "UserInitiated", "Task stopped by user"),
                stopped_by(6, "UserInitiated", "Task stopped by user"),
            ])),
            Kind::Pass,
            "2 of 2 requested tasks of green revision 222 RUNNING (health: 2 UNKNOWN); stopped and not held against green: 1 ServiceSchedulerInitiated, 1 SpotInterruption, 2 UserInitiated".into(),
        ),
        (
            "stopped, and nothing tells why",
            World::but(|world| world.stopped.tasks.push(stopped_by(3, "SomethingNew", "?"))),
            Kind::Inconclusive,
            "1 task of green revision 222 stopped, and nothing tells through whose fault: task g3: SomethingNew (?) (look at the service's events and the tasks' logs)".into(),
        ),
        (
            "the circuit breaker went off",
            World::but(|world| world.status.circuit_breaker = Some(breaker("TRIGGERED", 3))),
            Kind::Fail,
            "the deployment's circuit breaker went off at 3 of 3 failed tasks; expected tasks that start (look at the service's events for why tasks failed)".into(),
        ),
        (
            "the circuit breaker has counted before",
            World::but(|world| world.status.circuit_breaker = Some(breaker("MONITORING", 2))),
            Kind::Pass,
            "2 of 2 requested tasks of green revision 222 RUNNING (health: 2 UNKNOWN); the circuit breaker is MONITORING at 2 of 3".into(),
        ),
    ]);
}

#[test]
fn unhealthy_tasks_have_a_grace_period() {
    let unhealthy = |world: &mut World, started: i64| {
        world.tasks[0].health = "UNHEALTHY".to_owned();
        world.tasks[0].containers[0].health = "UNHEALTHY".to_owned();
        world.tasks[0].started_at = at(started);
        world.grace = Grace::For(Span::from_secs(60).0);
    };
    hold(vec![
        (
            "unhealthy past the grace period",
            World::but(|world| unhealthy(world, 60)),
            Kind::Fail,
            format!("task g1 is UNHEALTHY (container `app`) 1m after its start; expected HEALTHY, or UNKNOWN without a health check, after a grace period of 1m ({})", Grace::HINT),
        ),
        (
            "unhealthy within the grace period",
            World::but(|world| unhealthy(world, 59)),
            Kind::Pending,
            "task g1 is UNHEALTHY (container `app`) 59s after its start, within a grace period of 1m".into(),
        ),
        (
            "unhealthy, and the grace period is not known",
            World::but(|world| {
                unhealthy(world, 59);
                world.grace = Grace::Unknown(Box::new(Outcome::inconclusive("denied")));
            }),
            Kind::Inconclusive,
            "task g1 is UNHEALTHY (container `app`) 59s after its start, and whether that may still change could not be asked: denied (or set the check's `grace`)".into(),
        ),
    ]);
}

#[test]
fn what_was_seen_is_measured() {
    let world = World::but(|world| {
        world.stopped.tasks.push(crashed(3));
        world.stopped.more = true;
        world.settings.failures = 1;
        world.status.circuit_breaker = Some(breaker("MONITORING", 1));
    });
    let outcome = world.judge();
    assert_eq!(outcome.caveat.as_deref(), Some("only 1 of the service's stopped tasks were looked at"));
    assert_eq!(
        Value::Object(outcome.measured),
        json!({
            "requested": 2,
            "by_status": { "RUNNING": 2 },
            "by_health": { "UNKNOWN": 2 },
            "stopped": [{
                "task": "g3",
                "fault": "green",
                "stop_code": "EssentialContainerExited",
                "reason": "Essential container in task exited",
                "containers": [{ "name": "app", "exit_code": 1, "reason": null }],
            }],
            "circuit_breaker": { "status": "MONITORING", "failures": 1, "threshold": 3 },
            "told_by": "what started them",
        })
    );
}

#[test]
fn the_grace_period_matters_only_to_what_is_unhealthy() {
    let any_unhealthy = |world: &World| {
        let World { sides, status, tasks, stopped, .. } = world;
        Seen { sides, status, tasks, stopped, now: crate::testing::NOW }.any_unhealthy()
    };
    assert!(!any_unhealthy(&World::new()));
    assert!(any_unhealthy(&World::but(|world| world.tasks[1].health = "UNHEALTHY".to_owned())));
    assert!(!any_unhealthy(&World::but(|world| world.tasks[2].health = "UNHEALTHY".to_owned())), "blue's");
    assert!(!any_unhealthy(&World::but(|world| {
        world.tasks[1].health = "UNHEALTHY".to_owned();
        world.tasks[1].last_status = "PENDING".to_owned();
    })));
}
