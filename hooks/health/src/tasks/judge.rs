//! What the tasks of green come to: a pure judgement over facts.

use std::collections::{BTreeMap, BTreeSet};

use greenlight::{
    Outcome, SkipCause,
    deployment::{Sides, Status, Stopped, Task, UNTOLD, owned},
    plan::units::Span,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Tasks,
    stop::{Fault, Stop},
};
use crate::{
    grace::{Grace, Judged, age},
    words::{count, listed},
};

/// The facts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) sides: &'a Sides,
    pub(super) status: &'a Status,
    /// The service's tasks that are meant to run.
    pub(super) tasks: &'a [Task],
    /// Those that stopped.
    pub(super) stopped: &'a Stopped,
    pub(super) now: Timestamp,
}

/// Green's tasks.
struct Green<'a> {
    /// Those that are meant to run.
    meant: Vec<&'a Task>,
    /// Those that stopped, or are told to, since the deployment began.
    stops: Vec<Stop<'a>>,
    told_by: &'static str,
}

impl<'a> Seen<'a> {
    /// Whether a grace period matters.
    pub(super) fn any_unhealthy(&self) -> bool {
        self.green().is_some_and(|green| green.unhealthy().next().is_some())
    }

    fn green(&self) -> Option<Green<'a>> {
        let all = self.tasks.iter().chain(&self.stopped.tasks);
        let owned = owned(all, self.sides)?;
        // Between two calls a task may have gone from one list to the other.
        let mut known = BTreeSet::new();
        let (stopping, meant): (Vec<_>, Vec<_>) =
            owned.green.into_iter().partition(|task| task.desired_status == "STOPPED");
        let since = self.status.started_at;
        let stops = stopping.into_iter().filter(|task| known.insert(&task.arn)).filter(|task| {
            let at = task.stopped_at.or(task.stopping_at);
            at.is_none_or(|at| since.is_none_or(|since| at >= since))
        });
        let stops: Vec<_> = stops.map(Stop).collect();
        let meant = meant.into_iter().filter(|task| known.insert(&task.arn)).collect();
        Some(Green { meant, stops, told_by: owned.by })
    }
}

impl<'a> Green<'a> {
    fn unhealthy(&self) -> impl Iterator<Item = &'a Task> {
        self.meant.iter().copied().filter(|task| task.is_running() && task.health == "UNHEALTHY")
    }

    fn stopped_by(&self, fault: Fault) -> Vec<Stop<'a>> {
        self.stops.iter().copied().filter(|stop| stop.fault() == fault).collect()
    }

    fn running(&self) -> usize {
        self.meant.iter().filter(|task| task.is_running()).count()
    }

    /// How many tasks are in each state, by a word of AWS's.
    fn by<'t>(&'t self, word: impl Fn(&'a Task) -> &'t str) -> BTreeMap<&'t str, usize> {
        let mut by = BTreeMap::new();
        for task in &self.meant {
            *by.entry(word(task)).or_default() += 1;
        }
        by
    }
}

/// Judges green's tasks.
pub(super) fn judge(settings: &Tasks, seen: &Seen<'_>, grace: &Grace) -> Outcome {
    let Some(green) = seen.green() else { return Outcome::inconclusive(UNTOLD) };
    let mut outcome = decide(settings, seen, &green, grace);
    outcome.measured.extend([
        ("requested".to_owned(), json!(seen.sides.green.requested)),
        ("by_status".to_owned(), json!(green.by(|task| &task.last_status))),
        ("by_health".to_owned(), json!(green.by(|task| &task.health))),
        ("stopped".to_owned(), green.stops.iter().take(20).map(|stop| stop.measured()).collect::<Value>()),
        ("circuit_breaker".to_owned(), json!(seen.status.circuit_breaker)),
        ("told_by".to_owned(), green.told_by.into()),
    ]);
    if seen.stopped.more && outcome.caveat.is_none() {
        let looked_at = seen.stopped.tasks.len();
        outcome.caveat = Some(format!("only {looked_at} of the service's stopped tasks were looked at"));
    }
    outcome
}

fn decide(settings: &Tasks, seen: &Seen<'_>, green: &Green<'_>, grace: &Grace) -> Outcome {
    let revision = format!("green revision {}", seen.sides.green.id);
    if seen.sides.green.requested == Some(0) {
        let words = format!("{revision} is meant to have no task: its requestedTaskCount is 0");
        return Outcome::skip(SkipCause::NotConfigured, words)
            .hint("a service that is scaled to zero cannot be judged by its tasks; deploy it with a desired count of at least 1");
    }
    let breaker = breaker(seen.status);
    let own = green.stopped_by(Fault::Green);
    let allowed = usize::try_from(settings.failures).unwrap_or(usize::MAX);
    if own.len() > allowed {
        let tasks = count(own.len(), "task");
        let observed = format!(
            "{tasks} of {revision} stopped through {} own fault since the deployment began: {}{breaker}",
            if own.len() == 1 { "its" } else { "their" },
            listed(own.iter(), "; ")
        );
        let expected = if allowed == 0 { "none".to_owned() } else { format!("at most {allowed}") };
        let outcome = Outcome::fail(observed, expected);
        return own.iter().map(|stop| stop.hint()).next().into_iter().fold(outcome, Outcome::hint);
    }
    if let Some(breaker) =
        seen.status.circuit_breaker.as_ref().filter(|breaker| breaker.status == "TRIGGERED")
    {
        let observed = format!(
            "the deployment's circuit breaker went off at {} of {} failed tasks",
            breaker.failures, breaker.threshold
        );
        return Outcome::fail(observed, "tasks that start")
            .hint("look at the service's events for why tasks failed");
    }
    let unhealthy = match unhealthy(green, grace, seen.now) {
        Ok(Some(outcome)) if outcome.kind != greenlight::Kind::Pending => return outcome,
        Ok(pending) => pending,
        Err(outcome) => return *outcome,
    };
    let progress = progress(seen, green, &revision);
    let notes = notes(green, &own, &breaker);
    let starting = green.meant.len() - green.running();
    let requested = seen.sides.green.requested.and_then(|requested| usize::try_from(requested).ok());
    if starting > 0 || requested.is_some_and(|requested| green.running() < requested) {
        return Outcome::pending(format!("{progress}{notes}")).expected("all of them");
    }
    if let Some(pending) = unhealthy {
        return pending;
    }
    let unknown = green.stopped_by(Fault::Unknown);
    if !unknown.is_empty() {
        let tasks = count(unknown.len(), "task");
        let cause = format!(
            "{tasks} of {revision} stopped, and nothing tells through whose fault: {}",
            listed(unknown.iter(), "; ")
        );
        return Outcome::inconclusive(cause).hint("look at the service's events and the tasks' logs");
    }
    if requested.is_none() {
        return Outcome::inconclusive(format!(
            "ECS does not tell how many tasks {revision} is meant to have"
        ));
    }
    Outcome::pass(format!("{progress}{notes}"))
}

/// `2 of 3 requested tasks of green revision 93 are RUNNING, 1 PENDING (health: 2 UNKNOWN)`.
fn progress(seen: &Seen<'_>, green: &Green<'_>, revision: &str) -> String {
    let running = green.running();
    let requested = match seen.sides.green.requested {
        Some(requested) => format!("{running} of {} of {revision}", count_requested(requested)),
        None => format!("{} of {revision}", count(running, "task")),
    };
    let by_status = green.by(|task| &task.last_status);
    let others = by_status.iter().filter(|(status, _)| **status != "RUNNING");
    let others: Vec<_> = others.map(|(status, number)| format!(", {number} {status}")).collect();
    let others = others.concat();
    let by_health = green.by(|task| &task.health);
    let health: Vec<_> = by_health.iter().map(|(health, number)| format!("{number} {health}")).collect();
    let health = if health.is_empty() { String::new() } else { format!(" (health: {})", health.join(", ")) };
    format!("{requested} RUNNING{others}{health}")
}

fn count_requested(requested: u32) -> String {
    if requested == 1 { "1 requested task".to_owned() } else { format!("{requested} requested tasks") }
}

/// What is worth knowing though it does not decide.
fn notes(green: &Green<'_>, let_go: &[Stop<'_>], breaker: &str) -> String {
    let mut notes = Vec::new();
    if !let_go.is_empty() {
        let tasks = count(let_go.len(), "task");
        notes.push(format!("; {tasks} stopped through own fault and let go: {}", listed(let_go, "; ")));
    }
    let mut by_code: BTreeMap<&str, usize> = BTreeMap::new();
    for stop in green.stopped_by(Fault::Others) {
        *by_code.entry(stop.code()).or_default() += 1;
    }
    if !by_code.is_empty() {
        let codes = by_code.iter().map(|(code, number)| format!("{number} {code}"));
        notes.push(format!("; stopped and not held against green: {}", listed(codes, ", ")));
    }
    notes.concat() + breaker
}

/// The circuit breaker's count against its threshold, once it has something to count.
fn breaker(status: &Status) -> String {
    match &status.circuit_breaker {
        Some(breaker) if breaker.failures > 0 || breaker.status == "TRIGGERED" => {
            format!(
                "; the circuit breaker is {} at {} of {}",
                breaker.status, breaker.failures, breaker.threshold
            )
        }
        _ => String::new(),
    }
}

/// What the container health checks of running tasks come to, where one fails.
fn unhealthy(green: &Green<'_>, grace: &Grace, now: Timestamp) -> Result<Option<Outcome>, Box<Outcome>> {
    let mut pending = None;
    for task in green.unhealthy() {
        let containers = task.containers.iter().filter(|container| container.health == "UNHEALTHY");
        let containers = listed(containers.map(|container| format!("`{}`", container.name)), ", ");
        let containers =
            if containers.is_empty() { String::new() } else { format!(" (container {containers})") };
        let observed =
            format!("task {} is UNHEALTHY{containers} {} after its start", task.id(), Span(age(task, now)));
        match grace.of(Some(task), now, &observed)? {
            Judged::Over => {
                let expected = format!("HEALTHY, or UNKNOWN without a health check, after {}", grace.words());
                return Ok(Some(Outcome::fail(observed, expected).hint(Grace::HINT)));
            }
            Judged::Lasts => {
                pending
                    .get_or_insert_with(|| Outcome::pending(format!("{observed}, within {}", grace.words())));
            }
        }
    }
    Ok(pending)
}

#[cfg(test)]
mod tests;
