//! How a process ended.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a process ended: with a status, or by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit status, if it exited.
    pub status: Option<i32>,
    /// The signal, if one ended it.
    pub signal: Option<i32>,
}

impl Exit {
    /// An end that the operating system could not tell.
    pub(super) fn unknown(_: io::Error) -> Self {
        Self { status: None, signal: None }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        Self { status: status.code(), signal: status.signal() }
    }
}

impl fmt::Display for Exit {
    /// `exit status 1`, `signal: killed`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status, self.signal) {
            (Some(status), _) => write!(formatter, "exit status {status}"),
            (None, Some(signal)) => match signal_name(signal) {
                Some(name) => write!(formatter, "signal: {name}"),
                None => write!(formatter, "signal {signal}"),
            },
            (None, None) => formatter.write_str("an end that the operating system did not tell"),
        }
    }
}

/// The names that Lambda (a Go program) gives to the signals that end a process; their numbers are
/// the same wherever this is built.
fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        15 => "terminated",
        _ => return None,
    })
}
