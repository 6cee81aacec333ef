//! A rehearsal that runs, for those who look on.

use std::time::Duration;

use crate::rehearsal::clock::Clock;
use crate::rehearsal::users::{Window, Windows};

/// How far a rehearsal is, while it runs.
#[derive(Clone, Debug)]
pub struct Progress {
    pub(super) clock: Clock,
    pub(super) began: Duration,
    pub(super) windows: Option<Windows>,
}

/// What users saw so far, in short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsersSoFar {
    /// How many requests have ended.
    pub requests: u64,
    /// How many of them in an error.
    pub errors: u64,
}

impl Progress {
    /// How much simulated time has passed since the deployment began.
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.began)
    }

    /// What users saw so far.
    pub fn users(&self) -> UsersSoFar {
        let Some(windows) = &self.windows else { return UsersSoFar::default() };
        windows.look(|history| {
            let total = history.windows().map(Window::total);
            total.fold(UsersSoFar::default(), |sum, counts| UsersSoFar {
                requests: sum.requests + counts.requests,
                errors: sum.errors + counts.errors(),
            })
        })
    }
}
