//! What a check found out about green.
//!
//! Five outcomes that are never mixed: green is right (`pass`), green is wrong (`fail`), we could not
//! tell (`inconclusive`), not yet (`pending`), and not a question here (`skip`, with a cause). Every
//! outcome carries words; the fold in [`crate::verdict`] only looks at the kind.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

/// The kind of an [`Outcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Green was seen to be right.
    Pass,
    /// Green was seen to be wrong.
    Fail,
    /// We could not tell: our network, our permissions, our time.
    Inconclusive,
    /// Green is not ready to be judged yet.
    Pending,
    /// The question does not arise here.
    Skip(SkipCause),
}

impl Kind {
    /// Where it stands among the outcomes of several of the same: the lowest decides.
    pub fn rank(self) -> u8 {
        match self {
            Self::Fail => 0,
            Self::Pending => 1,
            Self::Inconclusive => 2,
            Self::Skip(_) => 3,
            Self::Pass => 4,
        }
    }

    /// The word that evidence and tables use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Pending => "pending",
            Self::Skip(_) => "skip",
        }
    }
}

/// Why a check was skipped. Only the first two let a deployment go on when nothing else was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipCause {
    /// The check compares with blue, and there is none: the service is being created.
    Create,
    /// Nothing to judge yet: the first step of a linear or canary deployment.
    FirstStep,
    /// What the check looks at does not exist in this service.
    NotConfigured,
    /// The hook was called at a stage where it has nothing to look at.
    WrongStage,
    /// What the check looks at was red before the deployment began, and says nothing about green.
    AlreadyRed,
    /// There were too few requests to judge, and the plan lets that decide nothing.
    FewRequests,
}

impl SkipCause {
    /// The word that evidence uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::FirstStep => "first_step",
            Self::NotConfigured => "not_configured",
            Self::WrongStage => "wrong_stage",
            Self::AlreadyRed => "already_red",
            Self::FewRequests => "few_requests",
        }
    }
}

/// What one check found, with the words for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Which of the five.
    pub kind: Kind,
    /// What was seen; for `inconclusive`, `pending` and `skip` the cause.
    pub observed: String,
    /// What was expected, where there is such a thing.
    pub expected: Option<String>,
    /// What usually causes this, and how to fix it.
    pub hint: Option<String>,
    /// Something that a reader of a pass must know first, e.g. `not proven to be green`.
    pub caveat: Option<String>,
    /// Measurements for the evidence, e.g. latency percentiles.
    pub measured: Map<String, Value>,
    /// Whether waiting cannot change it: a setting that contradicts what was found.
    pub for_good: bool,
    /// How long waiting can be worth while, where that is less than the check's patience.
    pub at_most: Option<Duration>,
    /// In how long the check is best asked again, where it knows.
    pub again_in: Option<Duration>,
    /// What the check wants to compare with when it is asked again in this wait.
    pub reading: Option<Value>,
    /// What this is once patience is over, where it then is something else.
    pub after_patience: Option<Box<Outcome>>,
}

impl Outcome {
    fn new(kind: Kind, observed: String) -> Self {
        Self {
            kind,
            observed,
            expected: None,
            hint: None,
            caveat: None,
            measured: Map::new(),
            for_good: false,
            at_most: None,
            again_in: None,
            reading: None,
            after_patience: None,
        }
    }

    /// Green is right: `observed` says what was seen.
    pub fn pass(observed: impl Into<String>) -> Self {
        Self::new(Kind::Pass, observed.into())
    }

    /// Green is wrong: what was seen, and what should have been.
    pub fn fail(observed: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..Self::new(Kind::Fail, observed.into()) }
    }

    /// We could not tell, because of `cause`.
    pub fn inconclusive(cause: impl Into<String>) -> Self {
        Self::new(Kind::Inconclusive, cause.into())
    }

    /// We cannot tell and never will, because of `cause`: patience is not spent on it.
    ///
    /// For settings that contradict what was found, not for a call that failed: permissions and
    /// networks heal, and spreading a permission takes AWS a while.
    pub fn cannot_tell(cause: impl Into<String>) -> Self {
        Self { for_good: true, ..Self::inconclusive(cause) }
    }

    /// Green cannot be judged yet, because of `cause`.
    pub fn pending(cause: impl Into<String>) -> Self {
        Self::new(Kind::Pending, cause.into())
    }

    /// The question does not arise, and why.
    pub fn skip(cause: SkipCause, words: impl Into<String>) -> Self {
        Self::new(Kind::Skip(cause), words.into())
    }

    /// Adds what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Adds what usually causes this and how to fix it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what a reader of a pass must know first; it begins the reason of a proceed.
    #[must_use]
    pub fn caveat(mut self, caveat: impl Into<String>) -> Self {
        self.caveat = Some(caveat.into());
        self
    }

    /// Adds a measurement to the evidence.
    #[must_use]
    pub fn measured(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.measured.insert(name.to_owned(), value.into());
        self
    }

    /// Says that waiting longer than this is not worth while.
    #[must_use]
    pub fn for_at_most(mut self, span: Duration) -> Self {
        self.at_most = Some(span);
        self
    }

    /// Says in how long asking again can bring anything new, where the check knows better than a wait that
    /// grows from 5 to 30 s: a metric, say, that has a new value once a minute. It is a wish: of several
    /// checks that wait the first counts, and a wait is at most 90 s and never longer than patience.
    #[must_use]
    pub fn again_in(mut self, span: Duration) -> Self {
        self.again_in = Some(span);
        self
    }

    /// Says what this is once patience is over: waiting has brought no more, and this is what can be said
    /// with what there is. Without it a `pending` stops then, whatever the policy.
    #[must_use]
    pub fn otherwise(mut self, decided: Self) -> Self {
        self.after_patience = Some(Box::new(decided));
        self
    }

    /// What this is when nobody waits any longer.
    pub(crate) fn decided(&self) -> &Self {
        self.after_patience.as_deref().unwrap_or(self)
    }

    /// Keeps a value for the next time this check is asked in this wait ([`Scope::reading`]); it takes the
    /// place of the one before. Keep it small: all of a hook's state has 4 KiB. Never put a secret here.
    ///
    /// [`Scope::reading`]: crate::Scope::reading
    #[must_use]
    pub fn reading(mut self, value: impl Into<Value>) -> Self {
        self.reading = Some(value.into());
        self
    }

    /// The outcome in one line: observed, expected, hint.
    pub fn words(&self) -> String {
        let mut words = self.observed.clone();
        if let Some(expected) = &self.expected {
            words.push_str("; expected ");
            words.push_str(expected);
        }
        if let Some(hint) = &self.hint {
            words.push_str(" (");
            words.push_str(hint);
            words.push(')');
        }
        words
    }

    /// Applies `edit` to every text of the outcome, e.g. to take secrets out.
    pub(crate) fn edit_texts(&mut self, edit: impl Fn(&str) -> String) {
        self.observed = edit(&self.observed);
        for text in [&mut self.expected, &mut self.hint, &mut self.caveat].into_iter().flatten() {
            *text = edit(text);
        }
        for value in self.measured.values_mut().chain(&mut self.reading) {
            edit_value(value, &edit);
        }
        if let Some(decided) = &mut self.after_patience {
            decided.edit_texts(&edit as &dyn Fn(&str) -> String);
        }
    }
}

/// One outcome of several, each with the name of what it is about: the worst decides and says where; where
/// all passed, all are named. What was measured is kept by name.
pub fn worst(mut outcomes: Vec<(String, Outcome)>) -> Outcome {
    if outcomes.len() == 1 {
        return outcomes.remove(0).1;
    }
    let measured: Map<String, Value> = outcomes
        .iter()
        .map(|(name, outcome)| (name.clone(), Value::Object(outcome.measured.clone())))
        .collect();
    let caveat = outcomes.iter().find_map(|(_, outcome)| outcome.caveat.clone());
    // When patience is over another one may be the worst.
    let changes = outcomes.iter().any(|(_, outcome)| outcome.after_patience.is_some());
    let after_patience = changes.then(|| {
        let decided = outcomes.iter().map(|(name, outcome)| (name.clone(), outcome.decided().clone()));
        Box::new(worst(decided.collect()))
    });
    outcomes.sort_by_key(|(_, outcome)| outcome.kind.rank());
    let all: Vec<_> =
        outcomes.iter().map(|(name, outcome)| format!("{name}: {}", outcome.observed)).collect();
    let Some((name, worst)) = outcomes.into_iter().next() else {
        return Outcome::cannot_tell("there is no way to green");
    };
    let observed =
        if worst.kind == Kind::Pass { all.join("; ") } else { format!("{name}: {}", worst.observed) };
    Outcome { observed, caveat, measured, after_patience, ..worst }
}

pub(crate) fn edit_value(value: &mut Value, edit: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = edit(text),
        Value::Array(items) => items.iter_mut().for_each(|item| edit_value(item, edit)),
        Value::Object(fields) => fields.values_mut().for_each(|field| edit_value(field, edit)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_give_observed_expected_and_hint() {
        let outcome = Outcome::fail("status 503", "200-299").hint("still warming up?");
        assert_eq!(outcome.words(), "status 503; expected 200-299 (still warming up?)");
        assert_eq!(Outcome::pass("50 of 50 answers").words(), "50 of 50 answers");
    }

    #[test]
    fn every_text_can_be_edited() {
        let mut outcome = Outcome::fail("tok", "tok")
            .hint("tok")
            .caveat("tok")
            .measured("body", "a tok b")
            .reading("tok")
            .otherwise(Outcome::inconclusive("tok"));
        outcome.edit_texts(|text| text.replace("tok", "***"));
        assert_eq!(outcome.words(), "***; expected *** (***)");
        assert_eq!(outcome.caveat.as_deref(), Some("***"));
        assert_eq!(outcome.measured["body"], "a *** b");
        assert_eq!(outcome.reading, Some("***".into()));
        assert_eq!(outcome.decided().words(), "***");
    }

    #[test]
    fn the_worst_decides_and_says_where() {
        let outcome = worst(vec![
            ("public".to_owned(), Outcome::pass("10 answers").caveat("not proven to be green")),
            ("internal".to_owned(), Outcome::fail("status 500", "status 200")),
            ("third".to_owned(), Outcome::pending("soon")),
        ]);
        assert_eq!(
            (outcome.kind, outcome.words().as_str()),
            (Kind::Fail, "internal: status 500; expected status 200")
        );
        let outcome = worst(vec![
            ("a".to_owned(), Outcome::pass("1 answer").measured("requests", 1)),
            ("b".to_owned(), Outcome::pass("2 answers")),
        ]);
        assert_eq!((outcome.kind, outcome.observed.as_str()), (Kind::Pass, "a: 1 answer; b: 2 answers"));
        assert_eq!(outcome.measured["a"]["requests"], 1);
        assert_eq!(worst(Vec::new()).kind, Kind::Inconclusive);
    }

    #[test]
    fn what_is_worst_when_patience_is_over_is_told_anew() {
        let few = |decided| Outcome::pending("12 of 100 requests").otherwise(decided);
        let outcome = worst(vec![
            ("a".to_owned(), few(Outcome::pass("12 requests"))),
            ("b".to_owned(), few(Outcome::inconclusive("no requests"))),
            ("c".to_owned(), Outcome::pass("100 requests")),
        ]);
        assert_eq!(outcome.words(), "a: 12 of 100 requests");
        assert_eq!(outcome.decided().words(), "b: no requests");
        assert_eq!(Outcome::pending("soon").decided().words(), "soon");
    }
}
