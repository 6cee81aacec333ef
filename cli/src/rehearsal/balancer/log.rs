//! What was asked and who answered.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// The rehearsal of a long deployment must not fill the memory.
const KEPT: usize = 100_000;

/// One request to an application listener, or one connection to a network listener.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The ARN of the listener.
    pub listener: String,
    /// What was asked; none for a connection, and for a request that could not be read.
    pub asked: Option<Asked>,
    /// The ARN of the rule that took it; none if it was left to the listener's default actions.
    pub rule: Option<String>,
    /// The ARN of the target group that it was forwarded to.
    pub target_group: Option<String>,
    /// The target that it was forwarded to, as it is registered, whether it could be reached or not.
    pub target: Option<TargetAddress>,
    /// The status of the answer; none for a connection.
    pub status: Option<u16>,
    /// Who answered.
    pub answered_by: AnsweredBy,
    /// When it was asked.
    pub at: Timestamp,
    /// From then to the head of the answer, or until the target was connected.
    pub duration: Duration,
}

/// A request's first line and its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The host without a port.
    pub host: String,
    /// The path with the query string.
    pub path: String,
}

/// A target as it is registered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TargetAddress {
    /// An IP address, or an instance's id.
    pub id: String,
    /// Its port.
    pub port: u16,
}

/// Who made an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    /// The load balancer itself: an error, a redirect, a fixed response, a page to sign in; or it had no
    /// target for a connection.
    LoadBalancer,
    /// A target.
    Target,
}

#[derive(Debug, Default)]
pub(super) struct Log(Mutex<VecDeque<Entry>>);

impl Log {
    pub(super) fn add(&self, entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
