//! What is true of green: what a check would find at any time, if nothing were in its way, and what is in its way.

use std::time::Duration;

use crate::drawn::Chance;

/// What a check finds at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Green is right.
    Good,
    /// Green is wrong.
    Bad,
    /// Green is not ready to be judged.
    NotReady,
    /// Not enough to judge; once patience is over what there is has to do, and it is right.
    Few,
    /// The check cannot reach green.
    Unreachable,
    /// The check cannot tell, and waiting changes nothing.
    CannotTell,
    /// The check's own code returns an error.
    Errs,
    /// It panics.
    Panics,
    /// It never returns.
    Hangs,
    /// There is no blue to compare with.
    Create,
    /// Nothing to judge before the first step.
    FirstStep,
    /// What it looks at does not exist in this service.
    NotConfigured,
}

/// The kinds of outcome that the fold tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pass,
    Fail,
    Pending,
    Inconclusive,
    Skip,
}

impl State {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Good => Kind::Pass,
            Self::Bad => Kind::Fail,
            Self::NotReady | Self::Few => Kind::Pending,
            Self::Unreachable | Self::CannotTell | Self::Errs | Self::Panics | Self::Hangs => {
                Kind::Inconclusive
            }
            Self::Create | Self::FirstStep | Self::NotConfigured => Kind::Skip,
        }
    }

    /// What the outcome says, which no other outcome says.
    pub(super) fn words(self, check: &str) -> String {
        let is = match self {
            Self::Good => "is right",
            Self::Bad => "is wrong",
            Self::NotReady => "is not ready",
            Self::Few => "has few requests",
            Self::Unreachable => "is out of reach",
            Self::CannotTell => "cannot be told",
            Self::Errs => "errs",
            Self::Panics => "panics",
            Self::Hangs => "hangs",
            Self::Create => "has no blue",
            Self::FirstStep => "has no step before it",
            Self::NotConfigured => "is not there",
        };
        format!("{check} {is}")
    }
}

/// What is true at one execution of a hook, by the time since it was first called.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    /// From when on which state holds, in order; the first from the beginning.
    segments: Vec<(Duration, State)>,
    /// How often it flaps to another state.
    flaps: Option<(Duration, State)>,
    /// How long the check takes.
    pub(super) takes: Duration,
    /// How long the check says that waiting is worth while.
    pub(super) at_most: Option<Duration>,
    /// In how long it wants to be asked again.
    pub(super) again_in: Option<Duration>,
    /// How many bytes it wants to remember.
    pub(super) reading: usize,
    /// Whether it says something that a reader of a pass has to know first.
    pub(super) caveat: bool,
}

impl Truth {
    pub(super) fn draw(chance: &mut Chance, is_bad: bool) -> Self {
        let mut segments = Vec::new();
        let mut from = Duration::ZERO;
        for _ in 0..chance.number(0..=2) {
            segments.push((from, before(chance, is_bad)));
            from += chance.seconds(1..=900);
        }
        segments.push((from, last(chance, is_bad)));
        let flaps = (is_bad && chance.one_in(10)).then(|| {
            (
                chance.seconds(1..=60),
                chance.one_of([State::Bad, State::NotReady, State::Unreachable, State::Hangs]),
            )
        });
        let takes = match chance.number(0..=19) {
            0 => chance.seconds(5..=120),
            1..=4 => chance.millis(500..=5_000),
            _ => chance.millis(1..=300),
        };
        Self {
            segments,
            flaps,
            takes,
            at_most: chance.one_in(12).then(|| chance.seconds(1..=120)),
            again_in: chance.one_in(8).then(|| chance.seconds(0..=200)),
            reading: if chance.one_in(6) { usize::try_from(chance.number(1..=3000)).unwrap_or(1) } else { 0 },
            caveat: chance.one_in(10),
        }
    }

    /// The state so long after the first call.
    pub(super) fn at(&self, since: Duration) -> State {
        let state = self.segments.iter().rev().find(|(from, _)| *from <= since).map(|(_, state)| *state);
        let state = state.unwrap_or(State::Good);
        match self.flaps {
            Some((period, other)) if (since.as_millis() / period.as_millis()) % 2 == 1 => other,
            _ => state,
        }
    }
}

/// A state that passes by.
fn before(chance: &mut Chance, is_bad: bool) -> State {
    if is_bad && chance.one_in(4) {
        return chance.one_of([
            State::Errs,
            State::Panics,
            State::Hangs,
            State::Bad,
            State::Good,
            State::Good,
        ]);
    }
    chance.one_of([State::NotReady, State::NotReady, State::Unreachable, State::Few])
}

/// A state that stays.
fn last(chance: &mut Chance, is_bad: bool) -> State {
    if is_bad && chance.one_in(3) {
        return chance.one_of([
            State::Bad,
            State::Bad,
            State::NotReady,
            State::Few,
            State::Unreachable,
            State::CannotTell,
            State::Errs,
            State::Panics,
            State::Hangs,
            State::NotConfigured,
        ]);
    }
    if chance.one_in(12) {
        chance.one_of([State::FirstStep, State::Create, State::NotConfigured])
    } else {
        State::Good
    }
}
