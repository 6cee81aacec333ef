//! What goes wrong in a world, and how often.

use std::time::Duration;

use crate::drawn::Chance;

/// How an attempt of a call to AWS goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Throttled,
    Denied,
    Broken,
    /// Nobody answers.
    Silent,
    /// The connection breaks off before anything came of it.
    Dropped,
    /// It takes effect, and nobody says so.
    AnswerLost,
    /// It takes effect, and the connection breaks off.
    AnswerDropped,
}

impl Call {
    /// As the table has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Throttled => "call throttled",
            Self::Denied => "call denied",
            Self::Broken => "call answered with an error",
            Self::Silent => "call never answered",
            Self::Dropped => "call broken off",
            Self::AnswerLost => "effect of a call never told",
            Self::AnswerDropped => "effect of a call broken off",
        }
    }

    fn draw(chance: &mut Chance) -> Self {
        chance.one_of([
            Self::Throttled,
            Self::Throttled,
            Self::Denied,
            Self::Broken,
            Self::Silent,
            Self::Dropped,
            Self::AnswerLost,
            Self::AnswerDropped,
        ])
    }
}

/// How an API is ill.
#[derive(Clone, Copy, Debug)]
pub(super) struct Illness {
    pub(super) call: Call,
    /// One attempt in so many.
    pub(super) odds: u64,
    /// For so long after an execution began.
    pub(super) lasts: Duration,
}

/// What goes wrong with an invocation: once in so many; never where it is zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Odds {
    pub(super) killed: u64,
    pub(super) recycled: u64,
    pub(super) answer_lost: u64,
    pub(super) answer_late: u64,
    pub(super) answer_twice: u64,
    pub(super) delivered_twice: u64,
    pub(super) delivered_late: u64,
    pub(super) deadline_lies: u64,
    pub(super) details_changed: u64,
    pub(super) cannot_be_called: u64,
    pub(super) clock_jumps: u64,
    pub(super) scaling_fails: u64,
}

/// The faults of a world.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    pub(super) odds: Odds,
    /// The calls that look at the deployment.
    pub(super) looking: Option<Illness>,
    /// `ssm:GetParameter`.
    pub(super) parameters: Option<Illness>,
    /// The two report calls.
    pub(super) reports: Option<Illness>,
    /// `lambda:InvokeFunction`.
    pub(super) invoking: Option<Illness>,
    /// How long CodeDeploy lags behind its own event.
    pub(super) lag: Duration,
    /// Whether a function that is called asynchronously does not hear by which ARN.
    pub(super) nameless: bool,
}

impl Faults {
    pub(super) fn draw(chance: &mut Chance, is_bad: bool) -> Self {
        if !is_bad {
            return Self::default();
        }
        let odds =
            |chance: &mut Chance, many: u64| if chance.one_in(3) { chance.number(2..=many) } else { 0 };
        let illness = |chance: &mut Chance| {
            chance.one_in(4).then(|| Illness {
                call: Call::draw(chance),
                odds: chance.one_of([1, 1, 2, 3, 5]),
                lasts: chance.one_of([
                    Duration::from_secs(5),
                    Duration::from_mins(1),
                    Duration::from_mins(10),
                    Duration::from_hours(9),
                ]),
            })
        };
        Self {
            odds: Odds {
                killed: odds(chance, 12),
                recycled: odds(chance, 6),
                answer_lost: odds(chance, 40),
                answer_late: odds(chance, 12),
                answer_twice: odds(chance, 12),
                delivered_twice: odds(chance, 8),
                delivered_late: odds(chance, 12),
                deadline_lies: odds(chance, 20),
                details_changed: odds(chance, 6),
                cannot_be_called: odds(chance, 60),
                clock_jumps: if chance.one_in(3) { odds(chance, 10) } else { 0 },
                scaling_fails: odds(chance, 8),
            },
            looking: illness(chance),
            parameters: illness(chance),
            reports: illness(chance),
            invoking: illness(chance),
            lag: if chance.one_in(6) { chance.seconds(1..=90) } else { Duration::ZERO },
            nameless: chance.one_in(25),
        }
    }
}
