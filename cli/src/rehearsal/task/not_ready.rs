//! Why tasks do not run.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use greenlight::plan::units::Span;

use super::faults::Unfit;
use crate::rehearsal::Colour;
use crate::rehearsal::process::{Exit, Process};

/// How many lines of a process are shown.
const LINES: usize = 20;

/// A task that did not become ready.
#[derive(Debug)]
pub struct NotReady {
    /// The side.
    pub colour: Colour,
    /// The task's number, from 1.
    pub task: usize,
    /// What happened.
    pub why: Why,
    /// The last lines that it wrote to stdout and stderr.
    pub last_lines: Vec<String>,
}

/// What keeps a task from running.
#[derive(Debug)]
pub enum Why {
    /// It cannot have a fault that it should have.
    Unfit(Unfit),
    /// There is no address for it, or no port.
    NoPlace(io::Error),
    /// It cannot be started, or what the URL names cannot be spoken to.
    CannotStart(io::Error),
    /// Its process ended.
    Ended(Exit),
    /// Its health check did not pass in time.
    TimedOut {
        /// How long it had.
        limit: Duration,
        /// What the last health check found.
        observed: String,
    },
}

impl NotReady {
    /// Whether the program that runs as the task is why, so that the same would happen on AWS.
    pub fn is_its_own(&self) -> bool {
        matches!(self.why, Why::Ended(_) | Why::TimedOut { .. })
    }

    /// What happened, in one sentence.
    pub fn headline(&self) -> String {
        let task = format!("task {} of {}", self.task, self.colour.as_str());
        match &self.why {
            Why::Unfit(unfit) => format!("{}: {unfit}", self.colour.as_str()),
            Why::NoPlace(error) => format!("{task} found no port on this machine: {error}"),
            Why::CannotStart(error) => format!("{task} could not be started: {error}"),
            Why::Ended(exit) => format!("{task} ended before it was ready: {exit}"),
            Why::TimedOut { limit, observed } => {
                let limit = Span::from_millis(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
                format!("{task} was not ready within {limit} of real time: {observed}")
            }
        }
    }

    /// What its owner may do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self.why {
            Why::Unfit(_) | Why::NoPlace(_) | Why::CannotStart(_) => None,
            Why::Ended(_) => Some(
                "the command must stay in the foreground and serve on the port `PORT`, at the address `HOST` or at any",
            ),
            Why::TimedOut { ref observed, .. } if observed.contains("was answered with") => Some(
                "it serves; if its health check is another path, say so with `--health-check PATH`, or with the target group's",
            ),
            Why::TimedOut { .. } => Some(
                "a command must serve on the port `PORT`, at the address `HOST` or at any; `--ready-timeout` gives a task more time",
            ),
        }
    }
}

impl Error for NotReady {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            Why::Unfit(unfit) => Some(unfit),
            Why::NoPlace(error) | Why::CannotStart(error) => Some(error),
            Why::Ended(_) | Why::TimedOut { .. } => None,
        }
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.headline())?;
        if !self.last_lines.is_empty() {
            write!(formatter, "\nits last lines:")?;
            for line in &self.last_lines {
                write!(formatter, "\n  {line}")?;
            }
        }
        Ok(())
    }
}

/// The last lines of what a process wrote since it was last asked.
pub(super) fn last_lines(process: &Process) -> Vec<String> {
    let (mut lines, _) = process.take_log();
    lines.drain(..lines.len().saturating_sub(LINES));
    lines
}
