//! Plays a world to its end: carries out what the controller decides, and hands back what comes of it.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use greenlight::clock;
use greenlight_cli::rehearsal::controller::{Answer, Command, Happening, Input};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::sleep_until;

use super::draw::{EPOCH, ROLE};
use super::lambda::{body, deliver};
use super::world::{Delivery, Handle, Next};
use super::{ending, panic_message};

/// More than any deployment here can need.
const MOST_STEPS: usize = 200_000;

/// Plays it until nothing more happens, or a promise is broken.
pub(super) async fn play(handle: &Handle) {
    let outside = handle.world().scenario.outside.clone();
    for (after, input) in outside {
        handle.later(after, Next::Input(input));
    }
    let commands = handle.world().deployment.start(Duration::ZERO);
    carry_out(handle, commands);
    for _ in 0..MOST_STEPS {
        happen(handle);
        if handle.world().broken.is_some() {
            return;
        }
        let (at, is_busy, is_over) = {
            let world = handle.world();
            let (first, deadline) = (world.queue.first(), world.deployment.deadline());
            let at = first.into_iter().chain(deadline).min().map(|at| world.instant(at));
            (at, world.under_way > 0, world.deployment.status().is_final())
        };
        match at {
            Some(at) => {
                tokio::select! {
                    biased;
                    () = handle.woken() => {}
                    () = sleep_until(at) => {}
                }
            }
            None if is_busy => handle.woken().await,
            None if is_over => {
                let mut world = handle.world();
                ending::hold(&mut world);
                return;
            }
            None => return handle.world().broke("every deployment ends: it waits for nothing".to_owned()),
        }
    }
    handle.world().broke(format!("every deployment ends: it has not after {MOST_STEPS} steps"));
}

/// Delivers, and says so where that panics: nobody else would hear of it.
async fn delivered(handle: Handle, delivery: Delivery) {
    let mut delivering = pin!(deliver(handle.clone(), delivery));
    let end = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| delivering.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
        Err(panic) => Poll::Ready(Err(panic)),
    });
    if let Err(panic) = end.await {
        handle.world().broke(format!("nothing panics: {}", panic_message(panic.as_ref())));
    }
    handle.world().under_way -= 1;
    handle.wake();
}

/// Everything whose time has come.
fn happen(handle: &Handle) {
    loop {
        let (now, next) = {
            let mut world = handle.world();
            let now = world.now();
            (now, world.queue.take_until(now))
        };
        let input = match next {
            Some(Next::Input(input)) => input,
            Some(Next::Delivery(delivery)) => {
                handle.world().under_way += 1;
                tokio::task::spawn_local(delivered(handle.clone(), delivery));
                continue;
            }
            Some(Next::Jump(seconds)) => {
                jump(handle, seconds);
                continue;
            }
            None if handle.world().deployment.deadline().is_some_and(|deadline| deadline <= now) => {
                Input::Time
            }
            None => return,
        };
        let commands = {
            let mut world = handle.world();
            if input != Input::Time {
                world.note(&format!("controller: {input:?}"));
            }
            world.deployment.handle(now, input)
        };
        carry_out(handle, commands);
    }
}

fn jump(handle: &Handle, seconds: i64) {
    let mut world = handle.world();
    world.has_jumped = true;
    world.fault("clock jumped");
    world.note(&format!("the functions' clock jumps by {seconds} s"));
    let jumped = clock::now().checked_add(SignedDuration::from_secs(seconds));
    clock::set(jumped.unwrap_or(Timestamp::UNIX_EPOCH));
}

fn carry_out(handle: &Handle, commands: Vec<Command>) {
    for command in commands {
        match command {
            Command::ScaleUp { errand } | Command::Replace { errand } | Command::Restore { errand } => {
                scale(handle, errand);
            }
            Command::Invoke { execution, function, event, asynchronous } => {
                invoke(handle, execution, &function, event, asynchronous);
            }
            Command::Pause { execution, event } => pause(handle, execution, &event),
            Command::Note(happening) => note(handle, &happening),
            Command::Forget { .. }
            | Command::ShiftTest(_)
            | Command::ShiftProduction(_)
            | Command::EndBlue
            | Command::EndGreen => {}
        }
    }
}

fn note(handle: &Handle, happening: &Happening) {
    let mut world = handle.world();
    world.note(&format!("controller: {happening:?}"));
    ending::happened(&mut world, happening);
}

/// Tasks come up, or do not.
fn scale(handle: &Handle, errand: usize) {
    let mut world = handle.world();
    let odds = world.scenario.faults.odds;
    let after = world.chance.seconds(20..=600);
    let fails = world.strikes(odds.scaling_fails);
    let says = world.chance.one_in(2);
    if fails {
        world.fault("tasks do not come up");
    }
    drop(world);
    if !fails {
        handle.later(after, Next::Input(Input::Done { errand }));
    } else if says {
        handle.later(after, Next::Input(Input::Broke { errand }));
    }
}

fn invoke(handle: &Handle, execution: usize, arn: &str, mut event: Value, asynchronous: bool) {
    let mut world = handle.world();
    let Some(function) = world.scenario.function(arn) else {
        return world.broke(format!("no function {arn}"));
    };
    let odds = world.scenario.faults.odds;
    if world.strikes(odds.cannot_be_called) {
        world.fault("function that may not be called");
        drop(world);
        let answer = Answer::Denied { role: ROLE.to_owned() };
        return handle.later(Duration::from_secs(1), Next::Input(Input::Answered { execution, answer }));
    }
    let after = world.chance.millis(5..=100);
    if world.strikes(odds.clock_jumps) {
        let seconds = world.chance.one_of([-7200, -600, -30, 30, 600, 7200, 90_000]);
        let at = world.now() + after / 2;
        world.queue.add(at, Next::Jump(seconds));
    }
    let carries_state = event["hookDetails"].get("greenlight").is_some();
    if carries_state && world.strikes(odds.details_changed) {
        let now = clock::now().checked_add(Duration::from_hours(1)).unwrap_or(Timestamp::MAX).to_string();
        let state = &event["hookDetails"]["greenlight"];
        let mut other = state.clone();
        let changed = match world.chance.number(0..=5) {
            0 => None,
            1 => Some(json!(5)),
            2 => Some(json!({})),
            3 => {
                other["v"] = json!(2);
                Some(other)
            }
            4 => {
                other["place"]["deployment"] = json!("arn:of:another");
                other["since"] = EPOCH.to_string().into();
                Some(other)
            }
            _ => {
                other["since"] = now.into();
                Some(other)
            }
        };
        world.fault("state lost, broken or another's");
        if let Some(course) = world.courses.get_mut(&execution) {
            course.is_forgotten = true;
        }
        if let (Some(details), None) = (event["hookDetails"].as_object_mut(), &changed) {
            details.remove("greenlight");
        }
        if let Some(changed) = changed {
            event["hookDetails"]["greenlight"] = changed;
        }
    }
    drop(world);
    let delivery = Delivery { function, execution, body: body(&event), asynchronous, attempt: 0 };
    send(handle, after, delivery);
}

fn pause(handle: &Handle, execution: usize, event: &Value) {
    let mut world = handle.world();
    let Some(function) = world.scenario.answers_pause else {
        let (after, proceed) = (world.chance.minutes(1..=240), !world.chance.one_in(5));
        let input = Input::Reported { execution, proceed, reason: None };
        drop(world);
        return handle.later(after, Next::Input(input));
    };
    // A person may be faster.
    let person = (world.scenario.is_bad && world.chance.one_in(12)).then(|| world.chance.minutes(0..=30));
    let after = world.chance.millis(50..=2_000);
    drop(world);
    if let Some(soon) = person {
        let reason = Some("a person".to_owned());
        handle.later(soon, Next::Input(Input::Reported { execution, proceed: true, reason }));
    }
    let delivery = Delivery { function, execution, body: body(event), asynchronous: true, attempt: 0 };
    send(handle, after, delivery);
}

fn send(handle: &Handle, after: Duration, delivery: Delivery) {
    let mut world = handle.world();
    let odds = world.scenario.faults.odds;
    let twice = world.strikes(odds.delivered_twice).then(|| world.chance.seconds(0..=60));
    let late =
        (delivery.asynchronous && world.strikes(odds.delivered_late)).then(|| world.chance.seconds(1..=900));
    // ECS waits for one answer, so its call comes but once.
    let twice = twice.filter(|_| delivery.asynchronous);
    world.fault_if(twice.is_some(), "event delivered twice");
    world.fault_if(late.is_some(), "event delivered late");
    drop(world);
    if let Some(between) = twice {
        handle.later(after + between, Next::Delivery(delivery.clone()));
    }
    handle.later(late.unwrap_or(after), Next::Delivery(delivery));
}
