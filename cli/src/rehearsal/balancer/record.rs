//! The entry of a request that is under way.
//!
//! It goes into the log whatever becomes of the request: a client that leaves takes everything along that
//! works for it, and all that is left to say so is that the record is dropped.

use http::StatusCode;
use tokio::time::Instant;

use super::log::{Entry, Log};

/// What access logs say of a client that left before there was an answer.
const CLIENT_LEFT: u16 = 460;

/// An entry that is added to the log when it is dropped.
pub(super) struct Record<'a> {
    /// What is known by now.
    pub(super) entry: Entry,
    log: &'a Log,
    started: Instant,
}

impl<'a> Record<'a> {
    pub(super) fn new(log: &'a Log, started: Instant, entry: Entry) -> Self {
        Self { entry: Entry { status: Some(CLIENT_LEFT), ..entry }, log, started }
    }

    /// Ends it with the answer's status.
    pub(super) fn answered(mut self, status: StatusCode) {
        self.entry.status = Some(status.as_u16());
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        self.entry.duration = self.started.elapsed();
        self.log.add(self.entry.clone());
    }
}
