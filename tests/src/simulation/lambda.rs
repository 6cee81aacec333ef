//! Lambda: processes that are warm or new, invocations that end in time or are ended, and events that come again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use greenlight::clock;
use greenlight::simulation::{Given, Process, Sent};
use greenlight_cli::rehearsal::controller::{Answer, Input};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::check;
use super::cloud::Account;
use super::judge;
use super::world::{Course, Delivery, Handle, Invocation, Next, World};

/// How long Lambda waits before it delivers an event again, and how often it does.
const AGAIN: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];

/// A process of a function.
pub(super) struct Environment {
    process: Process,
    pub(super) number: usize,
    /// The invocation that it is at.
    present: Arc<AtomicUsize>,
    /// When the waits began that it has told of and not ended, by their executions.
    pub(super) told: BTreeMap<usize, Timestamp>,
}

/// How an invocation ended.
enum End {
    Given(Given),
    TimedOut,
    Killed,
}

/// Calls a function, and hands on what comes of it.
pub(super) async fn deliver(handle: Handle, delivery: Delivery) {
    let (mut environment, number, sent, ends, dies) = begin(&handle, &delivery);
    let due = dies.map_or(ends, |dies| dies.min(ends));
    let end = match timeout_at(due, environment.process.answer(sent)).await {
        Ok(given) => End::Given(given),
        Err(_) if dies.is_some_and(|dies| dies < ends) => End::Killed,
        Err(_) => End::TimedOut,
    };
    let answer = finish(&handle, &delivery, environment, number, end);
    if delivery.asynchronous {
        let again = usize::try_from(delivery.attempt).ok().and_then(|attempt| AGAIN.get(attempt));
        if let (Answer::Errored, Some(after)) = (&answer, again) {
            let delivery = Delivery { attempt: delivery.attempt + 1, ..delivery };
            handle.later(*after, Next::Delivery(delivery));
        }
    } else {
        hand_on(&handle, delivery.execution, answer);
    }
}

/// Takes a process, and notes what begins.
fn begin(handle: &Handle, delivery: &Delivery) -> (Environment, usize, Sent, Instant, Option<Instant>) {
    let mut world = handle.world();
    let Delivery { function, execution, asynchronous, .. } = *delivery;
    let known = world.idle[function].pop();
    let odds = world.scenario.faults.odds;
    let environment = match known {
        Some(environment) if !world.strikes(odds.recycled) => environment,
        _ => environment(handle, &mut world, function),
    };
    let number = world.invocations.len();
    environment.present.store(number, Ordering::Relaxed);
    let (limit, now) = (world.scenario.functions[function].timeout, world.now());
    world.courses.entry(execution).or_insert_with(|| Course {
        began: now,
        first: clock::now(),
        is_forgotten: false,
        reported: None,
        proceeds: Vec::new(),
        hops: 0,
    });
    let lies = world.strikes(odds.deadline_lies);
    let header = if lies {
        world.fault("deadline that is none");
        world.chance.one_of([Some("600000"), Some("soon"), None]).map(ToOwned::to_owned)
    } else {
        let ends = clock::wall().checked_add(limit).unwrap_or(Timestamp::MAX);
        Some(ends.as_millisecond().to_string())
    };
    let dies = world.strikes(odds.killed).then(|| {
        let most = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let most = world.chance.one_of([100, 2_000, most]).min(most);
        world.chance.millis(0..=most)
    });
    // A hook that was cancelled is not one of the rollback's.
    let in_rollback = world.is_taken_back() && world.is_awaited(execution);
    let event = serde_json::from_slice(&delivery.body).unwrap_or(Value::Null);
    let process = environment.number;
    world.note(&format!(
        "#{number} of hook-{function} for execution {execution} in process {process}, {} s: {event}",
        limit.as_secs()
    ));
    world.invocations.push(Invocation {
        function,
        execution,
        event,
        asynchronous,
        began: now,
        in_rollback,
        is_told_deadline: !lies,
        runs: Vec::new(),
        reports: Vec::new(),
        invoked: Vec::new(),
        was_kept_from_looking: false,
        has_spoken: false,
    });
    world.tally.invocations += 1;
    let nameless = asynchronous && world.scenario.faults.nameless;
    let sent = Sent {
        deadline: header,
        function: (!nameless).then(|| world.scenario.functions[function].arn.clone()),
        body: delivery.body.clone(),
    };
    let began = world.instant(now);
    (environment, number, sent, began + limit, dies.map(|dies| began + dies))
}

fn environment(handle: &Handle, world: &mut World, function: usize) -> Environment {
    world.processes += 1;
    let present = Arc::new(AtomicUsize::new(0));
    let account = Arc::new(Account { handle: handle.clone(), present: Arc::clone(&present) });
    let drawn = &world.scenario.functions[function];
    let mut hook = check::hook(handle.clone(), Arc::clone(&present));
    if let Some(stages) = &drawn.stages {
        hook = hook.stages(stages.iter().cloned());
    }
    Environment {
        process: Process::new(hook, Arc::clone(&drawn.variables), account),
        number: world.processes,
        present,
        told: BTreeMap::new(),
    }
}

/// Holds what came of an invocation to the promises, and gives the process back, if it lives.
fn finish(
    handle: &Handle,
    delivery: &Delivery,
    mut environment: Environment,
    number: usize,
    end: End,
) -> Answer {
    let mut world = handle.world();
    match end {
        End::Killed => {
            world.fault("process killed");
            world.note(&format!("#{number} is killed"));
            Answer::Errored
        }
        End::TimedOut => {
            let held = judge::in_time(&world.invocations[number]);
            world.note(&format!("#{number} is ended by Lambda"));
            world.hold("a verdict before the deadline", held);
            Answer::Errored
        }
        End::Given(given) => {
            world.hold("a verdict before the deadline", Ok(()));
            judge::given(&mut world, number, &mut environment, &given);
            world.idle[delivery.function].push(environment);
            match given.document {
                Ok(document) => Answer::Returned(serde_json::from_slice::<Value>(&document).ok()),
                Err(_) => Answer::Errored,
            }
        }
    }
}

/// Tells ECS what a function answered.
fn hand_on(handle: &Handle, execution: usize, answer: Answer) {
    let mut world = handle.world();
    let odds = world.scenario.faults.odds;
    if world.strikes(odds.answer_lost) {
        world.fault("answer lost");
        return world.note(&format!("the answer for execution {execution} is lost"));
    }
    let after = if world.strikes(odds.answer_late) {
        world.fault("answer late");
        world.chance.seconds(1..=600)
    } else {
        world.chance.millis(1..=50)
    };
    let twice = world.strikes(odds.answer_twice).then(|| world.chance.seconds(0..=120));
    if twice.is_some() {
        world.fault("answer delivered twice");
    }
    drop(world);
    let input = Input::Answered { execution, answer };
    if let Some(between) = twice {
        handle.later(after + between, Next::Input(input.clone()));
    }
    handle.later(after, Next::Input(input));
}

/// What is sent for an event of a controller, which may be tampered with on its way.
pub(super) fn body(event: &Value) -> Bytes {
    Bytes::from(event.to_string())
}
