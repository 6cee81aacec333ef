//! Whether what was decided follows from what is true: known without the fold, from what the checks found.

use std::time::Duration;

use greenlight::Stage;
use greenlight_cli::rehearsal::controller::HookKind;

use super::super::plan::{Plan, Planned};
use super::super::truth::{Kind, State};
use super::super::world::{Came, Invocation, World};
use super::{Held, stage, waited};

/// CodeDeploy waits an hour, and functions that wait for it five minutes less.
const CODEDEPLOY: Duration = Duration::from_mins(55);
/// Patience ends so long before the one who waits gives up, beside the reserve.
const MARGIN: Duration = Duration::from_mins(1);
/// What clocks and calls may differ by.
const TOLERANCE: Duration = Duration::from_secs(2);

/// Whether there is a ground to proceed.
pub(in super::super) fn to_proceed(world: &World, present: usize) -> Held {
    let invocation = &world.invocations[present];
    let function = &world.scenario.functions[invocation.function];
    let plan = &function.plan;
    let is_create = world.scenario.identity.blue.is_none();
    if function.may_be_in_shadow(world.has_jumped)
        || world.is_taken_back()
        || (is_create && plan.on_create_pass)
    {
        return Ok(());
    }
    let none = |why: String| Err(format!("#{present} proceeds, but {why}"));
    if plan.broken.is_some() || function.is_misset {
        return none("its plan is broken".to_owned());
    }
    if is_wrong_stage(world, invocation) && !invocation.asynchronous {
        return none("the stage is a wrong one".to_owned());
    }
    let (mut passes, mut others) = (0, 0);
    for (number, check) in plan.deciding() {
        let name = &check.name;
        let Some(found) = last(invocation, number) else {
            if check.lets_pass {
                others += 1;
                continue;
            }
            return none(format!("`{name}` has not found anything"));
        };
        match (found, found.kind()) {
            (_, Kind::Pass) => passes += 1,
            (State::Few, _) if may_be_over(world, present, check) => passes += 1,
            (_, Kind::Inconclusive) if check.lets_pass => others += 1,
            (State::Create | State::FirstStep, _) => {}
            (State::NotConfigured, _) => others += 1,
            _ => return none(format!("`{name}` found {found:?}")),
        }
    }
    if passes == 0 && others > 0 { none("no check that decides has passed".to_owned()) } else { Ok(()) }
}

/// Whether there is a ground to stop.
pub(in super::super) fn to_stop(world: &World, present: usize) -> Held {
    let invocation = &world.invocations[present];
    let function = &world.scenario.functions[invocation.function];
    if function.is_in_shadow() {
        return Err(format!("#{present} stops in shadow mode"));
    }
    if function.plan.broken.is_some() || function.is_misset || is_wrong_stage(world, invocation) {
        return Ok(());
    }
    let right = |(number, _): (usize, &Planned)| last(invocation, number) == Some(State::Good);
    if function.plan.deciding().all(right) {
        return Err(format!("#{present} stops, but every check that decides has passed"));
    }
    Ok(())
}

/// What a check found last, unless it is at it again.
fn last(invocation: &Invocation, check: usize) -> Option<State> {
    invocation.runs.iter().rev().find(|run| run.check == check)?.found
}

/// Whether the hook has nothing to look at where it was called.
pub(super) fn is_wrong_stage(world: &World, invocation: &Invocation) -> bool {
    let stages = world.scenario.functions[invocation.function].stages.as_ref();
    let real = stage(world, invocation);
    stages.is_some_and(|stages| {
        real.is_some_and(|real| !stages.contains(&real) && !matches!(real, Stage::Unknown(_)))
    })
}

/// Whether words say that a check ran out of time, or that it could not find out what is asked of it.
pub(super) fn did_not_finish(words: &str) -> bool {
    words.contains("did not finish in the time that the function had")
}

/// Whether words say, truly, that CodeDeploy lags behind its event, or is over it.
pub(super) fn lags(world: &World, execution: usize, words: &str) -> bool {
    (!world.scenario.faults.lag.is_zero() || !world.is_awaited(execution))
        && words.contains("CodeDeploy names no lifecycle event")
}

/// Whether the plan was not there.
pub(super) fn plan_is_unread(invocation: &Invocation, plan: &Plan, words: &str) -> bool {
    let by_calls = plan.kept.is_parameter() && invocation.was_kept_from_looking;
    by_calls || words.contains("the plan could not be read in the time that the function had")
}

/// Whether nothing was validated, for the reason that is given.
pub(super) fn nothing(world: &World, present: usize, words: &str) -> Result<(), String> {
    let invocation = &world.invocations[present];
    let plan = &world.scenario.functions[invocation.function].plan;
    if words.contains("has nothing to look at") {
        return if is_wrong_stage(world, invocation) { Ok(()) } else { Err("the stage is right".to_owned()) };
    }
    let passed = plan.deciding().find(|(number, _)| last(invocation, *number) == Some(State::Good));
    match passed {
        Some((_, check)) => Err(format!("`{}` has passed", check.name)),
        None => Ok(()),
    }
}

/// Whether patience with a check may be over; where clocks jumped or state was lost nobody can tell.
fn may_be_over(world: &World, present: usize, check: &Planned) -> bool {
    is_over(world, present, &check.name, "").is_ok()
}

/// Whether patience with a check that was decided without an answer is over, or its words say truly why not.
pub(super) fn is_over(world: &World, present: usize, check: &str, words: &str) -> Held {
    let invocation = &world.invocations[present];
    let function = &world.scenario.functions[invocation.function];
    let execution = invocation.execution;
    if world.has_jumped || function.plan.check(check).is_none() {
        return Ok(());
    }
    let Some((number, planned)) = function.plan.check(check) else { return Ok(()) };
    let truth = planned.truth(execution);
    let for_good = last(invocation, number) == Some(State::CannotTell);
    if for_good || truth.is_some_and(|truth| truth.at_most.is_some()) {
        return Ok(());
    }
    // Where state cannot be read, the wait began no later than the deployment.
    let is_forgotten = world.courses.get(&execution).is_some_and(|course| course.is_forgotten);
    let waited = if is_forgotten { world.now() } else { waited(world, execution) + TOLERANCE };
    let course = world.deployment.executions().get(execution);
    let expires = course.map(|course| course.expires).unwrap_or_default();
    let gives_up = world.now() + TOLERANCE + MARGIN + function.reserve >= expires;
    let by_codedeploy = course.is_some_and(|course| course.kind == HookKind::Codedeploy);
    if waited >= planned.patience || (by_codedeploy && waited >= CODEDEPLOY) || (!by_codedeploy && gives_up) {
        return Ok(());
    }
    if invocation.asynchronous && may_not_go_on(world, invocation, words) {
        return Ok(());
    }
    Err(format!("#{present} decides on `{check}` after {waited:?} of {:?}: {words}", planned.patience))
}

/// Whether a chain really ended for the reason that is given.
fn may_not_go_on(world: &World, invocation: &Invocation, words: &str) -> bool {
    // A report that is judged before its words are known.
    if words.is_empty() {
        return true;
    }
    // With little time left a call is given up before it has come to anything.
    let was_given_up = invocation.invoked.is_empty() && words.contains("no answer to InvokeFunction in time");
    let went_wrong = was_given_up || invocation.invoked.iter().any(|(_, came)| *came == Came::Wrong);
    let hops = invocation.event["greenlight"]["hops"].as_u64().unwrap_or_default();
    (words.contains("it had invoked itself 12 times") && hops >= 12)
        || (words.contains("does not say by which ARN") && world.scenario.faults.nameless)
        || ((words.contains("could not invoke itself") || words.contains("nobody said whether"))
            && went_wrong)
        || words.contains("too little of it was left")
}
