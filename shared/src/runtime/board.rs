//! What is known of an invocation so far, and the verdict that follows from it at any moment.
//!
//! Checks write what they found as they finish; the guard may ask for a verdict at any time. A check
//! that has not finished by then "could not be told", and its words say so.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::guard::Lost;
use crate::{
    clock,
    evidence::Record,
    outcome::Outcome,
    plan::{DEFAULT_PATIENCE, Layer, Mode, Plan, Problem, sentence, units::Span},
    verdict::{Judged, OnInconclusive, Verdict, fold},
};

/// What a board needs to know of its invocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    /// When this wait began, over all invocations.
    pub(crate) since: Timestamp,
    /// When the one who waits for us gives up, less what we keep back; patience never lasts longer.
    pub(crate) outer: Option<Timestamp>,
    /// Whether the caller asks again (ECS) or the function itself must wait (the others).
    pub(crate) caller_asks_again: bool,
}

impl Wait {
    /// How long it has lasted.
    fn lasted(self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.since)).unwrap_or(Duration::ZERO)
    }

    fn may_go_on(self, patience: Duration, now: Timestamp) -> bool {
        self.lasted(now) < patience && self.outer.is_none_or(|outer| now < outer)
    }

    /// The pause before the next try: short at first, 30 s (ECS's own default) at most, and not past
    /// the end of the outer deadline.
    pub(crate) fn delay(self, now: Timestamp) -> Duration {
        let delay = (self.lasted(now) / 4).clamp(Duration::from_secs(5), Duration::from_secs(30));
        let left =
            self.outer.map(|outer| Duration::try_from(outer.duration_since(now)).unwrap_or(Duration::ZERO));
        left.map_or(delay, |left| delay.min(left)).max(Duration::from_secs(1))
    }
}

/// What became of one check in the present pass.
#[derive(Debug, Clone)]
struct Found {
    outcome: Outcome,
    duration: Duration,
}

#[derive(Default)]
struct Known {
    mode: Mode,
    plan: Option<Plan>,
    /// Why there is no plan, once that is known for good.
    broken: Option<Vec<Problem>>,
    /// Why the plan could not be read: it may be readable later.
    unread: Option<String>,
    /// Why a create goes on without any check, where the plan says so.
    waved_through: Option<String>,
    /// What the checks found, by their place in the plan.
    found: BTreeMap<usize, Found>,
    warnings: Vec<String>,
}

/// What is known so far.
#[derive(Default)]
pub(crate) struct Board(Mutex<Known>);

impl Board {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shadow from any layer wins: once set, it stays.
    pub(crate) fn shadow(&self) {
        self.known().mode = Mode::Shadow;
    }

    pub(crate) fn mode(&self) -> Mode {
        self.known().mode
    }

    pub(crate) fn plan(&self, plan: &Plan) {
        let mut known = self.known();
        known.plan = Some(plan.clone());
        known.unread = None;
        if plan.mode == Mode::Shadow {
            known.mode = Mode::Shadow;
        }
    }

    pub(crate) fn broken(&self, problems: Vec<Problem>) {
        self.known().broken = Some(problems);
    }

    pub(crate) fn unread(&self, why: String) {
        self.known().unread = Some(why);
    }

    pub(crate) fn waved_through(&self, because: &str) {
        self.known().waved_through = Some(because.to_owned());
    }

    pub(crate) fn warn(&self, warning: String) {
        self.known().warnings.push(warning);
    }

    /// A pass begins: every check is judged anew.
    pub(crate) fn begin_pass(&self) {
        self.known().found.clear();
    }

    pub(crate) fn found(&self, index: usize, outcome: Outcome, duration: Duration) {
        self.known().found.insert(index, Found { outcome, duration });
    }

    /// The verdict that follows from what is known now, shadow mode included.
    ///
    /// With `last`, nobody will ask again: whoever still waits has run out of time.
    pub(crate) fn conclude(&self, wait: Wait, last: Option<&str>, lost: Option<&Lost>) -> Verdict {
        let known = self.known();
        let verdict = known.conclude(wait, last, lost, clock::now());
        if known.mode == Mode::Shadow { verdict.in_shadow() } else { verdict }
    }

    /// The records for the evidence.
    pub(crate) fn records(&self, lost: Option<&Lost>) -> Vec<Record> {
        let known = self.known();
        let Some(plan) = &known.plan else {
            return Vec::new();
        };
        let layer = plan.origin("checks");
        let record = |(index, planned): (usize, &crate::plan::Planned)| {
            let found = known.found.get(&index).cloned();
            let Found { outcome, duration } =
                found.unwrap_or_else(|| Found { outcome: unfinished(lost), duration: Duration::ZERO });
            let (word, cause) = Record::words(&outcome);
            Record {
                name: planned.name.clone(),
                kind: planned.kind,
                outcome: word,
                cause,
                observed: outcome.observed,
                expected: outcome.expected,
                hint: outcome.hint,
                advisory: planned.advisory,
                measured: outcome.measured,
                settings: planned.check.settings(),
                layer,
                duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            }
        };
        plan.checks.iter().enumerate().map(record).collect()
    }

    pub(crate) fn layers(&self) -> BTreeMap<String, Layer> {
        self.known().plan.as_ref().map(|plan| plan.layered.origins.clone()).unwrap_or_default()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.known().warnings.clone()
    }
}

impl Known {
    fn conclude(&self, wait: Wait, last: Option<&str>, lost: Option<&Lost>, now: Timestamp) -> Verdict {
        if let Some(problems) = &self.broken {
            return Verdict::stop(format!("the plan cannot be used: {}", sentence(problems)));
        }
        if let Some(because) = &self.waved_through {
            return Verdict::proceed(format!(
                "create: nothing was validated, as `on_create` asks: {because}"
            ));
        }
        let may_wait = |patience: Duration| last.is_none() && wait.may_go_on(patience, now);
        let over = self.over(wait, last, now);
        let Some(plan) = &self.plan else {
            let outcome = Outcome::inconclusive(self.unread.clone().unwrap_or_else(|| match lost {
                Some(Lost::Panicked(message)) => format!("the validation panicked: {message}"),
                Some(Lost::NotStarted(error)) => format!("the validation could not be started: {error}"),
                Some(Lost::Late) | None => {
                    "the plan could not be read in the time that the function had".to_owned()
                }
            }));
            let judged = Judged {
                name: "plan",
                outcome: &outcome,
                advisory: false,
                on_inconclusive: OnInconclusive::Fail,
                may_wait: may_wait(DEFAULT_PATIENCE),
            };
            return fold(&[judged], wait.delay(now), &over);
        };
        let missing = unfinished(lost);
        let judged: Vec<_> = plan
            .checks
            .iter()
            .enumerate()
            .map(|(index, planned)| {
                let outcome = self.found.get(&index).map_or(&missing, |found| &found.outcome);
                Judged {
                    name: &planned.name,
                    outcome,
                    advisory: planned.advisory,
                    on_inconclusive: planned.on_inconclusive,
                    may_wait: may_wait(planned.patience) && !outcome.for_good,
                }
            })
            .collect();
        fold(&judged, wait.delay(now), &over)
    }

    /// What a reason says of the patience that is over.
    fn over(&self, wait: Wait, last: Option<&str>, now: Timestamp) -> String {
        let lasted = wait.lasted(now);
        let lasted = if lasted < Duration::from_secs(1) {
            String::new()
        } else {
            format!("after waiting {}", Span(Duration::from_secs(lasted.as_secs())))
        };
        match (last, self.mode) {
            (Some(last), Mode::Enforce) if lasted.is_empty() => last.to_owned(),
            (Some(last), Mode::Enforce) => format!("{lasted} {last}"),
            _ => lasted,
        }
    }
}

/// The outcome of a check that has none yet.
pub(super) fn unfinished(lost: Option<&Lost>) -> Outcome {
    match lost {
        Some(Lost::Panicked(message)) => Outcome::inconclusive(format!("the validation panicked: {message}")),
        Some(Lost::NotStarted(error)) => {
            Outcome::inconclusive(format!("the validation could not be started: {error}"))
        }
        Some(Lost::Late) | None => {
            Outcome::inconclusive("it did not finish in the time that the function had")
                .hint("raise the function's timeout, or ask for less in one invocation")
        }
    }
}
