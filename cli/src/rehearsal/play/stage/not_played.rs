//! Why a rehearsal could not run.

use std::fmt;
use std::io;

use super::super::entry::Invoked;
use crate::rehearsal::task::NotReady;

/// Why a rehearsal could not run.
#[derive(Debug)]
pub enum NotPlayed {
    /// A task did not become ready.
    NotReady(NotReady),
    /// A program that is to run as a function ended before it asked for an event.
    NoFunction(Box<Invoked>),
    /// What was played and what came of it do not agree: a defect of the rehearsal, which must not be taken for a
    /// result.
    Contradiction(String),
    /// Something of this machine's was not to be had.
    Machine {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        error: io::Error,
    },
}

impl fmt::Display for NotPlayed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady(not_ready) => not_ready.fmt(formatter),
            Self::NoFunction(invoked) => {
                write!(formatter, "what runs as {} does not speak the Lambda Runtime API", invoked.function)?;
                write!(formatter, ": {}", invoked.failure.as_deref().unwrap_or("it ended"))?;
                invoked.log.iter().try_for_each(|line| write!(formatter, "\n  {line}"))
            }
            Self::Contradiction(what) => write!(formatter, "the rehearsal contradicts itself: {what}"),
            Self::Machine { what, error } => write!(formatter, "cannot {what}: {error}"),
        }
    }
}

impl std::error::Error for NotPlayed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotReady(not_ready) => Some(not_ready),
            Self::NoFunction(_) | Self::Contradiction(_) => None,
            Self::Machine { error, .. } => Some(error),
        }
    }
}

pub(super) fn machine(what: &'static str) -> impl FnOnce(io::Error) -> NotPlayed {
    move |error| NotPlayed::Machine { what, error }
}
