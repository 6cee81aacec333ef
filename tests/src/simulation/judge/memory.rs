//! What a wait must keep: its clock, its state, and everything that its event carried.

use std::time::Duration;

use greenlight::clock;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::super::lambda::Environment;
use super::super::world::{Came, World};
use super::{Held, text};

/// The most bytes of a state.
const MOST_BYTES: usize = 4096;
/// What clocks may differ by between a call and its reading.
const TOLERANCE: Duration = Duration::from_secs(1);

/// Holds an answer to wait.
pub(super) fn waits(world: &World, present: usize, environment: &mut Environment, document: &Value) -> Held {
    let invocation = &world.invocations[present];
    let wrong = |why: String| Err(format!("#{present} waits, but {why}"));
    if invocation.asynchronous {
        return match invocation.invoked.last() {
            Some((_, Came::Accepted)) => Ok(()),
            other => wrong(format!("nobody asks again: it invoked itself with {other:?}")),
        };
    }
    let details = &document["hookDetails"];
    for (key, value) in carried(&invocation.event["hookDetails"]) {
        if key != "greenlight" && details[&key] != value {
            return wrong(format!("`{key}` was {value} and is {}", details[&key]));
        }
    }
    let state = &details["greenlight"];
    let since = clock_of(world, state)?;
    let (place, event) = (&state["place"], &invocation.event);
    if (&place["deployment"], &place["stage"]) != (&event["resourceArn"], &event["lifecycleStage"]) {
        return wrong(format!("its state is of {place}"));
    }
    // It belongs to the wait only if nobody put another's in its place.
    let before = &invocation.event["hookDetails"]["greenlight"];
    let is_own = before["place"] == state["place"] && before["v"] == state["v"];
    let came = text(&before["since"]).filter(|_| is_own);
    let execution = invocation.execution;
    let told = environment.told.get(&execution).copied();
    let course = world.courses.get(&execution);
    let function = &world.scenario.functions[invocation.function];
    let forgets = world.scenario.around.forgetful.contains(&function.arn);
    let is_sure = !(forgets || world.has_jumped) && course.is_some_and(|course| !course.is_forgotten);
    let first = course.filter(|_| is_sure).and_then(|course| course.first.checked_add(TOLERANCE).ok());
    for (whose, known) in [("its event's", came), ("its process's", told), ("the first call's", first)] {
        if known.is_some_and(|known| since > known) {
            return wrong(format!("its clock says {since}, later than {whose} {known:?}"));
        }
    }
    environment.told.insert(execution, since);
    let lasted = Duration::try_from(clock::now().duration_since(since)).unwrap_or_default();
    let most = function.plan.checks.iter().map(|check| check.patience).max().unwrap_or_default();
    // A plan that could not be read says nothing of patience.
    let most = if function.plan.kept.is_parameter() { most.max(Duration::from_mins(10)) } else { most };
    if lasted > most + TOLERANCE {
        return wrong(format!("patience was over: it has waited {lasted:?} of {most:?}"));
    }
    Ok(())
}

/// Holds the event that an invocation calls its function with.
pub(in super::super) fn invokes_itself(world: &World, present: usize, body: &[u8]) -> Held {
    let invocation = &world.invocations[present];
    let wrong = |why: String| Err(format!("#{present} invokes itself, but {why}"));
    let event: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    for (key, value) in carried(&invocation.event) {
        if key != "greenlight" && event.get(&key) != Some(&value) {
            return wrong(format!("`{key}` was {value} and is {:?}", event.get(&key)));
        }
    }
    let state = event.get("greenlight").cloned().unwrap_or_default();
    let since = clock_of(world, &state)?;
    let before = text(&invocation.event["greenlight"]["since"]);
    if before.is_some_and(|before| since > before) {
        return wrong(format!("its clock says {since}, and said {before:?} before"));
    }
    let hops = invocation.event["greenlight"]["hops"].as_u64().unwrap_or_default();
    match state["hops"].as_u64() {
        Some(next) if next == hops + 1 && next <= 12 => Ok(()),
        next => wrong(format!("after hop {hops} comes {next:?}")),
    }
}

/// The clock of a state, which must be small enough. It is not from the future, unless time itself went back.
fn clock_of(world: &World, state: &Value) -> Result<Timestamp, String> {
    let bytes = state.to_string().len();
    if bytes > MOST_BYTES {
        return Err(format!("a state of {bytes} bytes"));
    }
    match text(&state["since"]) {
        Some(since) if since <= clock::now() || world.has_jumped => Ok(since),
        since => Err(format!("a state with the clock {since:?}")),
    }
}

/// The keys of an object, or of one that stands in a text.
fn carried(value: &Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields.clone(),
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        _ => Map::new(),
    }
}
