//! The verdict, and the fold that finds it.
//!
//! [`fold`] is pure: outcomes and their policies in, a verdict out. It knows no protocol, no clock and
//! no AWS. The rules, in order:
//!
//! 1. a `fail` in a check that decides stops;
//! 2. a check whose patience is over stops, unless it is `inconclusive` and its policy lets it pass;
//! 3. a check that is still within its patience waits;
//! 4. at least one `pass` proceeds;
//! 5. if everything was skipped because there is nothing to judge yet (a create, a first step), that
//!    proceeds and says so; anything else stops. Nothing at all is never a pass.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::{Kind, Outcome, SkipCause};

/// What the hook answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Proceed, stop or wait.
    pub answer: Answer,
    /// One sentence: the deciding check, what was observed, what was expected.
    pub reason: String,
    /// The name of the check that decided, where one did.
    pub deciding_check: Option<String>,
}

/// The three answers of a [`Verdict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The deployment may go on.
    Proceed,
    /// The deployment must stop.
    Stop,
    /// Not decided: ask again after this delay.
    Wait(Duration),
}

impl Answer {
    /// The word that evidence uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proceed => "proceed",
            Self::Stop => "stop",
            Self::Wait(_) => "wait",
        }
    }
}

impl Verdict {
    /// A verdict to go on.
    pub fn proceed(reason: impl Into<String>) -> Self {
        Self { answer: Answer::Proceed, reason: reason.into(), deciding_check: None }
    }

    /// A verdict to stop.
    pub fn stop(reason: impl Into<String>) -> Self {
        Self { answer: Answer::Stop, reason: reason.into(), deciding_check: None }
    }

    fn decided_by(mut self, check: &str) -> Self {
        self.deciding_check = Some(check.to_owned());
        self
    }

    /// What shadow mode answers in this verdict's place: always go on, saying what would have been.
    #[must_use]
    pub fn in_shadow(self) -> Self {
        let would = match self.answer {
            Answer::Proceed => "proceeded",
            Answer::Stop => "stopped",
            Answer::Wait(_) => "waited",
        };
        Self {
            answer: Answer::Proceed,
            reason: format!("shadow: would have {would}: {}", self.reason),
            deciding_check: self.deciding_check,
        }
    }
}

/// What becomes of a check that stays `inconclusive` after its patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnInconclusive {
    /// It stops the deployment.
    #[default]
    Fail,
    /// It is left out of the fold; another check must still pass.
    Pass,
}

/// One outcome as the fold sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged<'a> {
    /// The check's name in the plan.
    pub name: &'a str,
    /// What it found.
    pub outcome: &'a Outcome,
    /// Recorded, never decides.
    pub advisory: bool,
    /// The policy after patience.
    pub on_inconclusive: OnInconclusive,
    /// Whether patience lasts: `pending` and `inconclusive` may still wait.
    pub may_wait: bool,
}

impl Judged<'_> {
    /// Whether it is not decided, and need not be yet.
    pub(crate) fn waits(&self) -> bool {
        self.may_wait && matches!(self.outcome.kind, Kind::Pending | Kind::Inconclusive)
    }
}

/// Folds what the checks found into one verdict.
///
/// `delay` is the wait's delay when the answer is to wait; `over` is what the reason says where
/// patience is over, e.g. `after waiting 10m`.
pub fn fold(judged: &[Judged<'_>], delay: Duration, over: &str) -> Verdict {
    let deciding: Vec<_> = judged.iter().filter(|one| !one.advisory).collect();
    let find = |wanted: &dyn Fn(&Judged<'_>) -> bool| deciding.iter().copied().find(|one| wanted(one));

    if let Some(one) = find(&|one| one.outcome.kind == Kind::Fail) {
        return stop_by(one, "failed", "");
    }
    if let Some(one) = find(&|one| one.outcome.kind == Kind::Pending && !one.may_wait) {
        return stop_by(one, "was still pending", over);
    }
    if let Some(one) = find(&|one| {
        one.outcome.kind == Kind::Inconclusive && !one.may_wait && one.on_inconclusive == OnInconclusive::Fail
    }) {
        return stop_by(one, "could not be told", over);
    }
    if let Some(one) = find(&|one| one.waits()) {
        let state = if one.outcome.kind == Kind::Pending { "is pending" } else { "could not be told yet" };
        let reason = format!("waiting: check `{}` {state}: {}", one.name, one.outcome.words());
        return Verdict { answer: Answer::Wait(delay), reason, deciding_check: None }.decided_by(one.name);
    }
    if let Some(verdict) = passed(&deciding) {
        return verdict;
    }
    nothing_passed(&deciding)
}

fn stop_by(one: &Judged<'_>, verb: &str, over: &str) -> Verdict {
    let over = if over.is_empty() { String::new() } else { format!(" {over}") };
    Verdict::stop(format!("check `{}` {verb}{over}: {}", one.name, one.outcome.words())).decided_by(one.name)
}

fn passed(deciding: &[&Judged<'_>]) -> Option<Verdict> {
    let passes: Vec<_> = deciding.iter().filter(|one| one.outcome.kind == Kind::Pass).collect();
    let (first, rest) = passes.split_first()?;
    let caveat = passes.iter().find_map(|one| one.outcome.caveat.as_deref());
    let caveat = caveat.map(|caveat| format!("{caveat}: ")).unwrap_or_default();
    let others: Vec<_> = rest.iter().map(|one| format!("`{}`", one.name)).collect();
    let others = if others.is_empty() { String::new() } else { format!("; so did {}", others.join(", ")) };
    let left_out: Vec<_> = deciding
        .iter()
        .filter(|one| matches!(one.outcome.kind, Kind::Inconclusive | Kind::Skip(SkipCause::FewRequests)))
        .map(|one| format!("`{}` ({})", one.name, one.outcome.words()))
        .collect();
    let left_out = match left_out.as_slice() {
        [] => String::new(),
        names => format!("; left out because it could not be told: {}", names.join(", ")),
    };
    let reason =
        format!("{caveat}check `{}` passed: {}{others}{left_out}", first.name, first.outcome.words());
    Some(Verdict::proceed(reason).decided_by(first.name))
}

/// No check passed, none failed, none waits: only skips and inconclusive checks that were let go.
fn nothing_passed(deciding: &[&Judged<'_>]) -> Verdict {
    let Some(first) = deciding.first() else {
        return Verdict::stop("nothing was validated: the plan has no check that decides");
    };
    if let Some(one) = deciding.iter().find(|one| one.outcome.kind == Kind::Inconclusive) {
        return Verdict::stop(format!(
            "nothing was validated: check `{}` could not be told and no other check passed: {}",
            one.name,
            one.outcome.words()
        ))
        .decided_by(one.name);
    }
    let nothing_to_judge =
        |one: &&Judged<'_>| matches!(one.outcome.kind, Kind::Skip(SkipCause::Create | SkipCause::FirstStep));
    // What was looked at says more than what is not there.
    let few = deciding.iter().find(|one| one.outcome.kind == Kind::Skip(SkipCause::FewRequests));
    if let Some(one) = few.or_else(|| deciding.iter().find(|one| !nothing_to_judge(one))) {
        return Verdict::stop(format!(
            "nothing was validated: check `{}` was skipped: {}",
            one.name,
            one.outcome.words()
        ))
        .decided_by(one.name);
    }
    let first_step = deciding.iter().any(|one| one.outcome.kind == Kind::Skip(SkipCause::FirstStep));
    let case = if first_step { "first step" } else { "create" };
    Verdict::proceed(format!(
        "{case}: nothing was validated, because there is nothing to judge yet: {}",
        first.outcome.words()
    ))
    .decided_by(first.name)
}

#[cfg(test)]
mod tests;
