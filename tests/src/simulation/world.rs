//! A world while it is played: the deployment, its functions' processes, what is yet to happen, and what has.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use greenlight::clock;
use greenlight_cli::rehearsal::controller::{Deployment, Input, Status};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::draw::{EPOCH, Scenario};
use super::ending::Noted;
use super::lambda::Environment;
use super::queue::Queue;
use super::tally::Tally;
use super::truth::State;
use crate::drawn::Chance;

/// What is yet to happen.
#[derive(Debug)]
pub(super) enum Next {
    /// The deployment is told something.
    Input(Input),
    /// A function is called.
    Delivery(Delivery),
    /// The clock that functions read jumps by so many seconds.
    Jump(i64),
}

/// A call of a function on its way.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) function: usize,
    pub(super) execution: usize,
    pub(super) body: Bytes,
    /// Whether nobody waits for the answer, so that Lambda tries again after errors.
    pub(super) asynchronous: bool,
    /// How often it was tried before.
    pub(super) attempt: u64,
}

/// An invocation, as the world saw it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer to a question of its own")]
pub(super) struct Invocation {
    pub(super) function: usize,
    pub(super) execution: usize,
    pub(super) event: Value,
    pub(super) asynchronous: bool,
    pub(super) began: Duration,
    /// Whether the deployment was being taken back already.
    pub(super) in_rollback: bool,
    /// Whether the function was told when its time is over.
    pub(super) is_told_deadline: bool,
    /// What its checks did, in the order in which they began.
    pub(super) runs: Vec<Run>,
    /// What it reported: whether to proceed, and what came of that.
    pub(super) reports: Vec<(bool, Came)>,
    /// What it invoked itself with.
    pub(super) invoked: Vec<(u64, Came)>,
    /// Whether a call that looks at the deployment or reads a parameter went wrong.
    pub(super) was_kept_from_looking: bool,
    /// Whether it has sent a report, or called itself, whatever came of it.
    pub(super) has_spoken: bool,
}

/// What came of a call, as far as the caller could know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It was accepted, and the caller was told.
    Accepted,
    /// Somebody was first, and the caller was told.
    TooLate,
    /// It went wrong, or nobody told.
    Wrong,
}

/// One run of a check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) check: usize,
    /// What it found, once it has.
    pub(super) found: Option<State>,
}

/// An execution of a hook, as the world saw it.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) began: Duration,
    /// What the functions' clock showed when it was first called.
    pub(super) first: Timestamp,
    /// Whether state was lost, or another's put in its place.
    pub(super) is_forgotten: bool,
    /// The first report that AWS took: whether to proceed, and by which invocation.
    pub(super) reported: Option<(bool, usize)>,
    /// The answers to proceed that were given to ECS.
    pub(super) proceeds: Vec<usize>,
    /// Self-invocations that led on from one another, at most.
    pub(super) hops: u64,
}

pub(super) struct World {
    pub(super) scenario: Scenario,
    pub(super) chance: Chance,
    pub(super) deployment: Deployment,
    pub(super) queue: Queue,
    pub(super) invocations: Vec<Invocation>,
    pub(super) courses: BTreeMap<usize, Course>,
    /// The processes of each function that have nothing to do.
    pub(super) idle: Vec<Vec<Environment>>,
    pub(super) processes: usize,
    /// Invocations that are under way.
    pub(super) under_way: usize,
    pub(super) trace: Vec<String>,
    pub(super) tally: Tally,
    pub(super) noted: Noted,
    /// The first promise that was broken.
    pub(super) broken: Option<String>,
    /// Whether the functions' clock has jumped.
    pub(super) has_jumped: bool,
    start: Instant,
}

/// The world, for everybody in it.
#[derive(Clone)]
pub(super) struct Handle {
    world: Arc<Mutex<World>>,
    wake: Arc<Notify>,
}

impl Handle {
    pub(super) fn new(scenario: Scenario, chance: Chance) -> Self {
        let Scenario { identity, configuration, around, assumptions, .. } = &scenario;
        let deployment =
            Deployment::new(identity.clone(), configuration.clone(), around.clone(), *assumptions);
        clock::set(EPOCH);
        let idle = scenario.functions.iter().map(|_| Vec::new()).collect();
        let world = World {
            deployment,
            idle,
            chance,
            scenario,
            queue: Queue::default(),
            invocations: Vec::new(),
            courses: BTreeMap::new(),
            processes: 0,
            under_way: 0,
            trace: Vec::new(),
            tally: Tally::default(),
            noted: Noted::default(),
            broken: None,
            has_jumped: false,
            start: Instant::now(),
        };
        Self { world: Arc::new(Mutex::new(world)), wake: Arc::new(Notify::new()) }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has something happen after a while.
    pub(super) fn later(&self, after: Duration, next: Next) {
        let mut world = self.world();
        let at = world.now() + after;
        world.queue.add(at, next);
        drop(world);
        self.wake.notify_one();
    }

    /// Until something is to happen earlier than was known, or an invocation is over.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }
}

impl World {
    /// Since the deployment began.
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(super) fn instant(&self, at: Duration) -> Instant {
        self.start + at
    }

    /// The true time, which AWS goes by.
    pub(super) fn time(at: Duration) -> Timestamp {
        EPOCH.checked_add(at).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn note(&mut self, words: &str) {
        let now = self.now().as_secs_f64();
        self.trace.push(format!("{now:>12.3} {words}"));
    }

    /// Writes down that a promise was broken; the first counts.
    pub(super) fn broke(&mut self, what: String) {
        self.note(&format!("BROKEN: {what}"));
        self.broken.get_or_insert(what);
    }

    /// Writes down an injected fault.
    pub(super) fn fault(&mut self, name: &'static str) {
        *self.tally.faults.entry(name).or_default() += 1;
    }

    pub(super) fn fault_if(&mut self, happened: bool, name: &'static str) {
        if happened {
            self.fault(name);
        }
    }

    /// Holds one promise to what has happened.
    pub(super) fn hold(&mut self, promise: &'static str, held: Result<(), String>) {
        *self.tally.promises.entry(promise).or_default() += 1;
        if let Err(why) = held {
            self.broke(format!("{promise}: {why}"));
        }
    }

    /// Whether something goes wrong this time that does so once in so many, never where that is zero.
    pub(super) fn strikes(&mut self, odds: u64) -> bool {
        odds > 0 && self.chance.one_in(odds)
    }

    pub(super) fn is_taken_back(&self) -> bool {
        matches!(
            self.deployment.status(),
            Status::RollbackInProgress | Status::RollbackSuccessful | Status::RollbackFailed
        )
    }

    /// Whether somebody waits for the verdict of an execution.
    pub(super) fn is_awaited(&self, execution: usize) -> bool {
        let executions = self.deployment.executions();
        !self.deployment.status().is_final()
            && executions.get(execution).is_some_and(|execution| execution.verdict.is_none())
    }

    /// What a check finds of green now.
    pub(super) fn truth(&self, invocation: usize, check: usize) -> State {
        let invocation = &self.invocations[invocation];
        let course = &self.courses[&invocation.execution];
        let planned = self.scenario.functions[invocation.function].plan.checks.get(check);
        let truth = planned.and_then(|planned| planned.truth(invocation.execution));
        truth.map_or(State::CannotTell, |truth| truth.at(self.now().saturating_sub(course.began)))
    }
}
