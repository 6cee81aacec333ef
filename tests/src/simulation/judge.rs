//! What must hold of one invocation: its verdict against the truth, its words, its clock, its reports.

use std::time::Duration;

use greenlight::simulation::Given;
use greenlight::{Stage, clock};
use jiff::Timestamp;
use serde_json::Value;

use super::lambda::Environment;
use super::reason::{self, Reason, Said};
use super::truth::{Kind, State};
use super::world::{Came, Invocation, World};

mod grounds;
mod memory;

pub(super) use self::memory::invokes_itself;

type Held = Result<(), String>;

/// Whether a function that Lambda ended had said what it had to.
pub(super) fn in_time(invocation: &Invocation) -> Held {
    if invocation.is_told_deadline && !invocation.has_spoken {
        return Err(format!("{} of execution {}", began(invocation), invocation.execution));
    }
    Ok(())
}

fn began(invocation: &Invocation) -> String {
    format!("the invocation that began at {:.3} s", invocation.began.as_secs_f64())
}

/// What an invocation reports, when it does.
pub(super) fn reports(world: &mut World, present: usize, proceed: bool) {
    let invocation = &world.invocations[present];
    let same = if invocation.reports.iter().all(|(before, _)| *before == proceed) {
        Ok(())
    } else {
        Err(format!("#{present} reports both"))
    };
    world.hold("the reports of an invocation are one verdict", same);
    let held = if proceed { grounds::to_proceed(world, present) } else { grounds::to_stop(world, present) };
    world.hold("a report has a true ground", held);
}

/// What an invocation gave back.
pub(super) fn given(world: &mut World, present: usize, environment: &mut Environment, given: &Given) {
    let document = match &given.document {
        Ok(bytes) => serde_json::from_slice::<Value>(bytes).unwrap_or_default(),
        Err(message) => {
            world.note(&format!("#{present} errs: {message}"));
            let held = errs(&world.invocations[present], message);
            return world.hold("an error for Lambda only where a report failed", held);
        }
    };
    world.note(&format!("#{present} answers {document}"));
    if document.get("acknowledged").is_some() {
        let held = nobody_waits(world, present);
        environment.told.remove(&world.invocations[present].execution);
        return world.hold("a chain ends without a report only where nobody waits", held);
    }
    let (status, words) = (document["hookStatus"].as_str(), document["reason"].as_str());
    let (Some(status), Some(words)) = (status, words) else {
        return world.hold("an answer is well-formed", Err(format!("#{present}: {document}")));
    };
    let Some(reason) = reason::read(words) else {
        return world.hold("an answer is well-formed", Err(format!("#{present} gives the reason {words:?}")));
    };
    world.hold("an answer is well-formed", well_formed(&document, status));
    tally(world, present, status, &reason);
    world.hold(
        "shadow mode proceeds and says so first, and nothing else does",
        shadow(world, present, status, &reason),
    );
    world.hold("a rollback proceeds and says so first", rollback(world, present, &reason));
    match status {
        "SUCCEEDED" => {
            world.hold("a proceed has a true ground", grounds::to_proceed(world, present));
            let execution = world.invocations[present].execution;
            if let Some(course) = world.courses.get_mut(&execution) {
                course.proceeds.push(present);
            }
        }
        "FAILED" => world.hold("a stop has a true ground", grounds::to_stop(world, present)),
        _ => {
            let held = memory::waits(world, present, environment, &document);
            world.hold("a wait keeps its clock, its state and everything that the event carried", held);
        }
    }
    world.hold("a reason is true", is_true(world, present, words, &reason));
    let execution = world.invocations[present].execution;
    if status != "IN_PROGRESS" {
        environment.told.remove(&execution);
        world.hold("an asynchronous verdict was reported", reported(&world.invocations[present]));
    }
}

fn well_formed(document: &Value, status: &str) -> Held {
    let keys: Vec<_> =
        document.as_object().map(|fields| fields.keys().map(String::as_str).collect()).unwrap_or_default();
    let expected: &[&str] = match status {
        "SUCCEEDED" | "FAILED" => &["hookStatus", "reason"],
        "IN_PROGRESS" => &["callBackDelay", "hookDetails", "hookStatus", "reason"],
        other => return Err(format!("the status {other:?}")),
    };
    if keys != expected {
        return Err(format!("{status} with {keys:?}"));
    }
    match (status, document["callBackDelay"].as_u64()) {
        ("IN_PROGRESS", Some(1..=90)) | ("SUCCEEDED" | "FAILED", _) => Ok(()),
        (_, delay) => Err(format!("a delay of {delay:?}")),
    }
}

fn tally(world: &mut World, present: usize, status: &str, reason: &Reason<'_>) {
    let invocation = &world.invocations[present];
    let protocol = match (invocation.asynchronous, invocation.event.get("detail")) {
        (false, _) => "ecs",
        (true, None) => "codedeploy",
        (true, Some(_)) => "pause",
    };
    let kind = match (status, reason) {
        (_, Reason { would_have: Some(_), .. }) => "proceed: shadow",
        (_, Reason { said: Said::Rollback, .. }) => "proceed: rollback",
        (_, Reason { said: Said::WavedThrough | Said::NothingYet, .. }) => "proceed: nothing to judge yet",
        ("SUCCEEDED", _) => "proceed",
        (_, Reason { said: Said::Failed { .. }, .. }) => "stop: green is wrong",
        (_, Reason { said: Said::Pending { .. }, .. }) => "stop: not ready in time",
        (_, Reason { said: Said::Untold { .. }, .. }) => "stop: could not tell",
        (_, Reason { said: Said::Plan, .. }) => "stop: the plan is broken",
        ("FAILED", _) => "stop: nothing was validated",
        _ if invocation.asynchronous => "wait: invokes itself",
        _ => "wait: asked again",
    };
    *world.tally.verdicts.entry((protocol, kind)).or_default() += 1;
}

fn errs(invocation: &Invocation, message: &str) -> Held {
    let known = invocation.reports.iter().any(|(_, came)| *came != Came::Wrong);
    if invocation.asynchronous && !known && message.contains("could not be reported") {
        return Ok(());
    }
    Err(format!("{} gives Lambda the error {message:?}", began(invocation)))
}

fn nobody_waits(world: &World, present: usize) -> Held {
    let execution = world.invocations[present].execution;
    let reported = world.courses.get(&execution).is_some_and(|course| course.reported.is_some());
    if world.is_awaited(execution) && !reported {
        return Err(format!("#{present} ends, and execution {execution} waits"));
    }
    Ok(())
}

fn shadow(world: &World, present: usize, status: &str, reason: &Reason<'_>) -> Held {
    let function = &world.scenario.functions[world.invocations[present].function];
    let is_rollback = reason.said == Said::Rollback;
    match reason.would_have {
        Some(_) if !function.may_be_in_shadow(world.has_jumped) => {
            Err(format!("#{present}: nobody asked for it"))
        }
        Some(_) if status != "SUCCEEDED" => Err(format!("#{present} gives {status} in it")),
        None if function.is_in_shadow() && !is_rollback => {
            Err(format!("#{present} gives {status} though it was asked for"))
        }
        _ => Ok(()),
    }
}

fn rollback(world: &World, present: usize, reason: &Reason<'_>) -> Held {
    let invocation = &world.invocations[present];
    // The events of CodeDeploy and of PAUSE hooks are none of a rollback's.
    let must = invocation.in_rollback && !invocation.asynchronous;
    match (must, reason.said == Said::Rollback) {
        (true, false) => Err(format!("#{present} answers a rollback as if it were none")),
        (_, true) if !world.is_taken_back() => Err(format!("#{present} takes a deployment for a rollback")),
        _ => Ok(()),
    }
}

fn reported(invocation: &Invocation) -> Held {
    let told = invocation.reports.last().map(|(_, came)| *came);
    match told {
        _ if !invocation.asynchronous => Ok(()),
        Some(Came::Accepted | Came::TooLate) => Ok(()),
        other => Err(format!("{}: the last report came to {other:?}", began(invocation))),
    }
}

/// Whether what the reason names is what the world did.
fn is_true(world: &World, present: usize, words: &str, reason: &Reason<'_>) -> Held {
    let invocation = &world.invocations[present];
    let function = &world.scenario.functions[invocation.function];
    let plan = &function.plan;
    let untrue = |why: &str| Err(format!("#{present} says {words:?}, but {why}"));
    let found = |check: &str, kind: Kind| {
        let Some((number, planned)) = plan.check(check) else { return untrue("there is no such check") };
        if planned.advisory {
            return untrue("that check is advisory");
        }
        let runs = || invocation.runs.iter().rev().filter(|run| run.check == number);
        let of_kind = |state: &State| state.kind() == kind && words.contains(&state.words(check));
        // What a pass that was cut off has not judged again stands as it was.
        let softens = matches!(kind, Kind::Pending | Kind::Inconclusive);
        let last = runs().find(|run| !softens || run.found.is_some()).and_then(|run| run.found);
        match last {
            Some(state) if of_kind(&state) => Ok(()),
            Some(State::Few) if kind == Kind::Pass && words.contains(&State::Good.words(check)) => Ok(()),
            _ if kind == Kind::Inconclusive && grounds::did_not_finish(words) => Ok(()),
            other => untrue(&format!("it found {other:?}")),
        }
    };
    let undecided = |check: &str, kind: Kind| {
        if check == "plan" && kind == Kind::Inconclusive {
            return grounds::plan_is_unread(invocation, plan, words)
                .then_some(())
                .ok_or_else(|| format!("#{present} says {words:?}, but the plan could be read"));
        }
        if grounds::lags(world, invocation.execution, words) { Ok(()) } else { found(check, kind) }
    };
    match reason.said {
        Said::Rollback | Said::WavedThrough | Said::NothingYet => Ok(()),
        Said::Plan if plan.broken.is_some() || function.is_misset => Ok(()),
        Said::Plan if plan.kept.is_parameter() && invocation.was_kept_from_looking => Ok(()),
        Said::Plan => untrue("the plan is not broken"),
        Said::Nothing { words: nothing } => match grounds::nothing(world, present, nothing) {
            Ok(()) => Ok(()),
            Err(why) => untrue(&why),
        },
        Said::Passed { check, .. } => found(check, Kind::Pass),
        Said::Failed { check, .. } => found(check, Kind::Fail),
        Said::Pending { check, words } => {
            undecided(check, Kind::Pending)?;
            grounds::is_over(world, present, check, words)
        }
        Said::Untold { check, words } => {
            undecided(check, Kind::Inconclusive)?;
            grounds::is_over(world, present, check, words)
        }
        Said::WaitsPending { check, .. } => undecided(check, Kind::Pending),
        Said::WaitsUntold { check, .. } => undecided(check, Kind::Inconclusive),
    }
}

/// The stage that an invocation was really called at.
fn stage(world: &World, invocation: &Invocation) -> Option<Stage> {
    let named = world.deployment.executions().get(invocation.execution)?.stage;
    Some(Stage::from_codedeploy(named).unwrap_or_else(|| Stage::from_ecs(named)))
}

fn text(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// How long the wait of an execution has lasted by the functions' clock.
fn waited(world: &World, execution: usize) -> Duration {
    let first = world.courses.get(&execution).map(|course| course.first);
    first.and_then(|first| Duration::try_from(clock::now().duration_since(first)).ok()).unwrap_or_default()
}
