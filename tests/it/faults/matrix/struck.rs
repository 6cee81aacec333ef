//! What goes wrong with the calls that look: for each of them alike, or for the first of all.

use std::time::Duration;

use greenlight_cli::rehearsal::aws::{AwsError, Fault, Garbled, Times};

/// A fault of the calls that look.
#[derive(Clone, Debug)]
pub(super) struct Struck {
    pub(super) name: &'static str,
    pub(super) fault: Fault,
    pub(super) times: Times,
    pub(super) met: Met,
}

impl Struck {
    /// What the function has: enough for what can be overcome, and little where all of it would be used.
    pub(super) fn time(&self) -> Duration {
        Duration::from_secs(if self.met == Met::Overcome { 60 } else { 9 })
    }
}

/// What a validation can make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Met {
    /// Asked again, AWS tells.
    Overcome,
    /// AWS never tells.
    Lasting,
    /// AWS seems to tell, and what it tells is that there is nothing.
    Misled,
}

impl Met {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Overcome => "can be overcome",
            Self::Lasting => "lasts",
            Self::Misled => "looks like an answer",
        }
    }
}

pub(super) fn faults() -> Vec<Struck> {
    let missing = AwsError::client("ResourceNotFoundException", "The resource does not exist.");
    let once = Times::Next(1);
    let mut faults: Vec<_> = [
        ("nothing", Fault::Slow(Duration::ZERO), Times::Always, Met::Overcome),
        ("slow", Fault::Slow(Duration::from_millis(150)), Times::Always, Met::Overcome),
        ("throttled twice", Fault::Throttled, Times::Next(2), Met::Overcome),
        ("a server error twice", Fault::ServerError, Times::Next(2), Met::Overcome),
        ("hangs once", Fault::Hangs, once, Met::Overcome),
        ("the answer is lost once", Fault::AnswerLost, once, Met::Overcome),
        ("throttled", Fault::Throttled, Times::Always, Met::Lasting),
        ("a server error", Fault::ServerError, Times::Always, Met::Lasting),
        ("denied", Fault::Denied, Times::Always, Met::Lasting),
        ("hangs", Fault::Hangs, Times::Always, Met::Lasting),
        ("missing", Fault::Error(missing), Times::Always, Met::Misled),
    ]
    .map(|(name, fault, times, met)| Struck { name, fault, times, met })
    .into();
    for garbled in Garbled::ALL {
        let met = if garbled == Garbled::Empty { Met::Misled } else { Met::Lasting };
        let (name, fault) = (garbled.name(), Fault::Garbled(garbled));
        faults.push(Struck { name, fault, times: Times::Always, met });
    }
    faults
}
