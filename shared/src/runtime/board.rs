//! What is known of an invocation so far, and the verdict that follows from it at any moment.
//!
//! Checks write what they found as they finish; the guard may ask for a conclusion at any time. A check
//! that has not finished by then "could not be told", and its words say so. The board holds names,
//! policies and texts, never a check: nothing that a hook's author wrote runs or is dropped on the side
//! of the deadline and the report.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    guard::Lost,
    wait::{Wait, lasted},
};
use crate::{
    clock,
    evidence::Record,
    outcome::{Kind, Outcome, edit_value},
    overrides::Override,
    plan::{Layer, Mode, Plan, Problem, sentence, units::Span},
    protocol::Situation,
    secrets::Fetched,
    stage::Stage,
    state::{Memory, Reading},
    verdict::{Judged, OnInconclusive, Verdict, fold},
};

/// A verdict, and what stood on the board when it was taken.
#[derive(Debug, Clone)]
pub(crate) struct Conclusion {
    pub(crate) verdict: Verdict,
    pub(crate) mode: Mode,
    /// Who has declared an emergency, if somebody has.
    pub(crate) overridden: Option<Override>,
    pub(crate) checks: Vec<Record>,
    /// The effective plan without its checks.
    pub(crate) plan: Value,
    pub(crate) layers: BTreeMap<String, Layer>,
    pub(crate) warnings: Vec<String>,
    pub(crate) settled: Settled,
    /// What checks remember for the next invocation.
    pub(crate) memory: Memory,
    /// Whether a check was cut off: what it started may live on in the validation's runtime.
    pub(crate) cut: bool,
}

/// What the event leaves open, as far as it is known: first as the event tells it, then as the deployment
/// does.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) stage: Stage,
    pub(crate) situation: Situation,
    pub(crate) situation_because: String,
    pub(crate) wait: Wait,
    /// How long waiting may last where the plan does not say.
    pub(crate) patience: Duration,
    /// What event and deployment do not agree on, or not yet: worth waiting for, for a moment.
    pub(crate) doubt: Option<String>,
    /// What the deployment said to be waiting for our report.
    pub(crate) seen: Option<String>,
    /// The service, where the event does not name it and CodeDeploy does.
    pub(crate) service: Option<String>,
    /// Why nobody waits for it any more: then there is nothing to judge, and nothing to report.
    pub(crate) over: Option<String>,
}

/// How long a doubt is worth waiting for.
const DOUBT: Duration = Duration::from_mins(1);
/// The name that a doubt's beginning is kept under; no check can have it.
const OF_DOUBT: &str = "*";

/// What a conclusion is asked for with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asking<'a> {
    /// Why nobody will ask again, where that is so: whoever still waits has run out of time.
    pub(crate) last: Option<&'a str>,
    /// Why the validation has none of its own.
    pub(crate) lost: Option<&'a Lost>,
}

/// What the fold and the evidence need of a planned check.
struct Planned {
    name: String,
    kind: &'static str,
    advisory: bool,
    patience: Option<Duration>,
    on_inconclusive: OnInconclusive,
    settings: Value,
}

/// What became of one check.
struct Found {
    outcome: Outcome,
    duration: Duration,
}

struct Known {
    settled: Settled,
    /// What checks remember, from one pass to the next.
    memory: Memory,
    mode: Mode,
    overridden: Option<Override>,
    checks: Option<Vec<Planned>>,
    plan: Value,
    layers: BTreeMap<String, Layer>,
    /// Why there is no plan, once that is known for good.
    broken: Option<Vec<Problem>>,
    /// Why the plan could not be read: it may be readable later.
    unread: Option<String>,
    /// Why a create goes on without any check, where the plan says so.
    waved_through: Option<String>,
    /// What the checks found, by their place in the plan.
    found: BTreeMap<usize, Found>,
    cut: bool,
    warnings: Vec<String>,
    /// What must stand in no words of theirs.
    secrets: Fetched,
}

/// What is known so far.
pub(crate) struct Board(Mutex<Known>);

impl Board {
    /// A board that knows what the event tells.
    pub(crate) fn new(settled: Settled, memory: Memory) -> Self {
        Self(Mutex::new(Known {
            settled,
            memory,
            mode: Mode::default(),
            overridden: None,
            checks: None,
            plan: Value::Null,
            layers: BTreeMap::new(),
            broken: None,
            unread: None,
            waved_through: None,
            found: BTreeMap::new(),
            cut: false,
            warnings: Vec::new(),
            secrets: Fetched::default(),
        }))
    }

    /// Writes down what the deployment tells.
    pub(crate) fn settle(&self, settle: impl FnOnce(&mut Settled)) {
        settle(&mut self.known().settled);
    }

    /// The doubt, while it is worth waiting for.
    pub(crate) fn doubt(&self) -> Option<String> {
        let mut known = self.known();
        let Some(doubt) = known.settled.doubt.clone() else {
            known.memory.first_seen.remove(OF_DOUBT);
            return None;
        };
        let now = clock::now();
        let since = *known.memory.first_seen.entry(OF_DOUBT.to_owned()).or_insert(now);
        (lasted(since, now) < DOUBT).then_some(doubt)
    }

    pub(crate) fn settled(&self) -> Settled {
        self.known().settled.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shadow from any layer wins: once set, it stays.
    pub(crate) fn shadow(&self) {
        self.known().mode = Mode::Shadow;
    }

    /// Somebody has declared an emergency: nothing is enforced.
    pub(crate) fn overridden(&self, by: Override) {
        let mut known = self.known();
        known.mode = Mode::Shadow;
        known.overridden = Some(by);
    }

    pub(crate) fn mode(&self) -> Mode {
        self.known().mode
    }

    /// Writes the plan down, and the secrets that its checks are about to fetch. The checks' own code runs here, before the
    /// lock is taken.
    pub(crate) fn plan(&self, plan: &Plan, secrets: Fetched) {
        let planned = |planned: &crate::plan::Planned| Planned {
            name: planned.name.clone(),
            kind: planned.kind,
            advisory: planned.advisory,
            patience: planned.patience,
            on_inconclusive: planned.on_inconclusive,
            settings: planned.check.settings(),
        };
        let checks = plan.checks.iter().map(planned).collect();
        let (settings, layers) = (plan.effective_settings(), plan.layered.origins.clone());
        let mut known = self.known();
        known.checks = Some(checks);
        known.plan = settings;
        known.layers = layers;
        known.unread = None;
        known.secrets = secrets;
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
        let warnings = &mut self.known().warnings;
        // A function that waits asks again, and would say the same again.
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// A pass begins: every check is judged anew. What was pending or could not be told stays so until
    /// the new pass knows better, so that a pass that is cut off cannot soften it.
    pub(crate) fn begin_pass(&self) {
        let stays = |kind| matches!(kind, Kind::Pending | Kind::Inconclusive);
        let found = &mut self.known().found;
        found.retain(|_, found| stays(found.outcome.kind));
        // And so that what an earlier pass would have let pass at last is none.
        for found in found.values_mut() {
            found.outcome.after_patience.take_if(|decided| decided.kind == Kind::Pass);
        }
    }

    pub(crate) fn found(&self, index: usize, outcome: Outcome, duration: Duration) {
        let mut known = self.known();
        let name = known.checks.as_ref().and_then(|checks| checks.get(index)).map(|check| check.name.clone());
        if let Some(name) = name {
            if let Some(value) = &outcome.reading {
                let reading = Reading { at: clock::now(), value: value.clone() };
                known.memory.readings.insert(name.clone(), reading);
            }
            if outcome.at_most.is_some() {
                known.memory.first_seen.entry(name).or_insert_with(clock::now);
            } else {
                known.memory.first_seen.remove(&name);
            }
        }
        known.found.insert(index, Found { outcome, duration });
    }

    /// What a check of this name read last.
    pub(crate) fn reading(&self, check: &str) -> Option<Reading> {
        self.known().memory.readings.get(check).cloned()
    }

    /// Every check of the plan comes to the same, without being run.
    pub(crate) fn found_for_all(&self, outcome: &Outcome) {
        let count = self.known().checks.as_ref().map_or(0, Vec::len);
        (0..count).for_each(|index| self.found(index, outcome.clone(), Duration::ZERO));
    }

    /// A check was cut off at the deadline.
    pub(crate) fn cut(&self, index: usize, duration: Duration) {
        let mut known = self.known();
        known.cut = true;
        known.found.entry(index).or_insert_with(|| Found { outcome: unfinished(None), duration });
    }

    /// What follows from what is known now, shadow mode included.
    pub(crate) fn conclude(&self, asking: Asking<'_>) -> Conclusion {
        let mut known = self.known();
        known.redact();
        let now = clock::now();
        let verdict = known.verdict(asking, now);
        Conclusion {
            verdict,
            settled: known.settled.clone(),
            memory: known.memory.clone(),
            mode: known.mode,
            overridden: known.overridden.clone(),
            checks: known.records(asking, now),
            plan: known.plan.clone(),
            layers: known.layers.clone(),
            warnings: known.warnings.clone(),
            cut: known.cut,
        }
    }
}

impl Known {
    /// A check that ended early may quote what another one's secret is known to be only now.
    fn redact(&mut self) {
        let edit = |text: &str| self.secrets.redact(text);
        self.found.values_mut().for_each(|found| found.outcome.edit_texts(edit));
        self.memory.readings.values_mut().for_each(|reading| edit_value(&mut reading.value, &edit));
    }

    fn verdict(&self, asking: Asking<'_>, now: Timestamp) -> Verdict {
        if self.settled.situation == Situation::Rollback {
            let because = &self.settled.situation_because;
            return Verdict::proceed(format!("rollback: nothing was validated: {because}"));
        }
        let verdict = self.judged(asking, now);
        if self.mode == Mode::Shadow { verdict.in_shadow() } else { verdict }
    }

    fn judged(&self, asking: Asking<'_>, now: Timestamp) -> Verdict {
        let wait = self.settled.wait;
        if let Some(problems) = &self.broken {
            return Verdict::stop(format!("the plan cannot be used: {}", sentence(problems)));
        }
        if let Some(because) = &self.waved_through {
            return Verdict::proceed(format!(
                "create: nothing was validated, as `on_create` asks: {because}"
            ));
        }
        let may_wait = |patience: Duration| asking.last.is_none() && wait.may_go_on(patience, now);
        let over = self.over(wait, asking, now);
        let Some(checks) = &self.checks else {
            let outcome = self.without_plan(asking.lost);
            let judged = Judged {
                name: "plan",
                outcome: &outcome,
                advisory: false,
                on_inconclusive: OnInconclusive::Fail,
                may_wait: may_wait(self.settled.patience),
            };
            return fold(&[judged], wait.delay(now, self.settled.patience, None), &over);
        };
        let missing = unfinished(asking.lost);
        let judged: Vec<_> = checks
            .iter()
            .enumerate()
            .map(|(index, planned)| {
                let outcome = self.found.get(&index).map_or(&missing, |found| &found.outcome);
                let may_wait = self.may_wait(planned, outcome, asking, now);
                Judged {
                    name: &planned.name,
                    outcome: if may_wait { outcome } else { outcome.decided() },
                    advisory: planned.advisory,
                    on_inconclusive: planned.on_inconclusive,
                    may_wait,
                }
            })
            .collect();
        let waiting = judged.iter().zip(checks).filter(|(one, _)| one.waits() && !one.advisory);
        let delays = waiting.map(|(one, planned)| {
            wait.delay(now, planned.patience.unwrap_or(self.settled.patience), one.outcome.again_in)
        });
        // The first that has something new to say; nobody waits where there is none.
        fold(&judged, delays.min().unwrap_or_default(), &over)
    }

    /// Whether a check may go on waiting with what it found.
    fn may_wait(&self, planned: &Planned, outcome: &Outcome, asking: Asking<'_>, now: Timestamp) -> bool {
        let patience = planned.patience.unwrap_or(self.settled.patience);
        asking.last.is_none()
            && self.settled.wait.may_go_on(patience, now)
            && !outcome.for_good
            && self.is_worth_while(planned, outcome, now)
    }

    /// Whether waiting can still change an outcome that says how long it can.
    fn is_worth_while(&self, planned: &Planned, outcome: &Outcome, now: Timestamp) -> bool {
        let since = self.memory.first_seen.get(&planned.name);
        outcome.at_most.is_none_or(|most| since.is_none_or(|since| lasted(*since, now) < most))
    }

    /// The outcome of an invocation that has no plan yet.
    fn without_plan(&self, lost: Option<&Lost>) -> Outcome {
        match (&self.unread, lost) {
            (Some(why), _) => Outcome::inconclusive(why.clone()),
            (None, Some(lost @ (Lost::Panicked(_) | Lost::NotStarted(_)))) => unfinished(Some(lost)),
            (None, _) => {
                Outcome::inconclusive("the plan could not be read in the time that the function had")
            }
        }
    }

    /// What a reason says of the patience that is over.
    fn over(&self, wait: Wait, asking: Asking<'_>, now: Timestamp) -> String {
        let lasted = wait.lasted(now);
        let mut words = Vec::new();
        if lasted >= Duration::from_secs(1) {
            words.push(format!("after waiting {}", Span(Duration::from_secs(lasted.as_secs()))));
        }
        // A validation that is lost has not run out of time.
        let is_lost = matches!(asking.lost, Some(Lost::Panicked(_) | Lost::NotStarted(_)));
        if let (Some(why), Mode::Enforce, false) = (asking.last, self.mode, is_lost) {
            words.push(format!("when the function's own time was over and {why}"));
        }
        words.join(", ")
    }

    fn records(&self, asking: Asking<'_>, now: Timestamp) -> Vec<Record> {
        let Some(checks) = self.checks.as_ref().filter(|_| self.waved_through.is_none()) else {
            return Vec::new();
        };
        let layer = self.layers.get("checks").copied().unwrap_or(Layer::Defaults);
        let record = |(index, planned): (usize, &Planned)| {
            let (outcome, duration) = match self.found.get(&index) {
                Some(Found { outcome, duration }) if self.may_wait(planned, outcome, asking, now) => {
                    (outcome.clone(), *duration)
                }
                Some(found) => (found.outcome.decided().clone(), found.duration),
                None => (unfinished(asking.lost), Duration::ZERO),
            };
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
                settings: planned.settings.clone(),
                layer,
                duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            }
        };
        checks.iter().enumerate().map(record).collect()
    }
}

/// The outcome of a check that has none yet.
fn unfinished(lost: Option<&Lost>) -> Outcome {
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

#[cfg(test)]
mod tests;
