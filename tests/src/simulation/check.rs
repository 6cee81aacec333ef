//! The check of the functions that are played: it finds what is true of green in the world.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use greenlight::{Hook, Outcome, Scope, SkipCause, simulation};
use serde::Deserialize;

use super::truth::State;
use super::world::{Handle, Run};

/// What a plan says of a check: which of the world's it is.
#[derive(Deserialize)]
struct Settings {
    n: usize,
}

/// The hook of a process, which is at this invocation.
pub(super) fn hook(handle: Handle, present: Arc<AtomicUsize>) -> Hook {
    simulation::validating(move |scope| find(handle.clone(), present.load(Ordering::Relaxed), scope))
}

async fn find(handle: Handle, present: usize, scope: Scope) -> Result<Outcome, String> {
    let Settings { n } = scope.settings()?;
    let (run, takes) = {
        let mut world = handle.world();
        world.tally.runs += 1;
        let invocation = &world.invocations[present];
        let plan = &world.scenario.functions[invocation.function].plan;
        let truth = plan.checks.get(n).and_then(|check| check.truth(invocation.execution));
        let takes = truth.map(|truth| truth.takes).unwrap_or_default();
        let run = invocation.runs.len();
        world.invocations[present].runs.push(Run { check: n, found: None });
        (run, takes)
    };
    tokio::time::sleep(takes).await;
    let state = handle.world().truth(present, n);
    if state == State::Hangs {
        return std::future::pending().await;
    }
    let mut world = handle.world();
    world.invocations[present].runs[run].found = Some(state);
    let invocation = &world.invocations[present];
    let check = &world.scenario.functions[invocation.function].plan.checks[n];
    let truth = check.truth(invocation.execution).cloned();
    let name = check.name.clone();
    world.note(&format!("#{present} {}", state.words(&name)));
    drop(world);
    let words = state.words(&name);
    let skip = |cause| Outcome::skip(cause, words.clone());
    let mut outcome = match state {
        State::Good => Outcome::pass(words),
        State::Bad => Outcome::fail(words, "right"),
        State::NotReady => Outcome::pending(words),
        State::Few => Outcome::pending(words).otherwise(Outcome::pass(State::Good.words(&name))),
        State::Unreachable => Outcome::inconclusive(words),
        State::CannotTell => Outcome::cannot_tell(words),
        State::Create => skip(SkipCause::Create),
        State::FirstStep => skip(SkipCause::FirstStep),
        State::NotConfigured => skip(SkipCause::NotConfigured),
        State::Errs => return Err(words),
        // As a panic unwinds, without its message on the screen.
        State::Panics | State::Hangs => std::panic::resume_unwind(Box::new(words)),
    };
    let Some(truth) = truth else { return Ok(outcome) };
    if let Some(at_most) = truth.at_most {
        outcome = outcome.for_at_most(at_most);
    }
    if let Some(again_in) = truth.again_in {
        outcome = outcome.again_in(again_in);
    }
    if truth.reading > 0 {
        outcome = outcome.reading("x".repeat(truth.reading));
    }
    if truth.caveat && state == State::Good {
        outcome = outcome.caveat("not proven to be green");
    }
    Ok(outcome)
}
