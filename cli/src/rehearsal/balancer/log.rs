//! What was asked and who answered.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// The rehearsal of a long deployment must not fill the memory.
const KEPT: usize = 100_000;

/// One request to an application listener, or one connection to a network listener.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The ARN of the listener.
    pub listener: String,
    /// Who asked.
    pub client: SocketAddr,
    /// The `X-Amzn-Trace-Id` that the target got, or would have got; none for a connection, and for a
    /// request that could not be read.
    pub trace: Option<String>,
    /// What was asked; none for a connection, and for a request that could not be read.
    pub asked: Option<Asked>,
    /// The ARN of the rule that took it; none if it was left to the listener's default actions.
    pub rule: Option<String>,
    /// The ARN of the target group that it was forwarded to.
    pub target_group: Option<String>,
    /// The target that it was forwarded to, as it is registered, whether it could be reached or not.
    pub target: Option<TargetAddress>,
    /// Whether that target took the connection.
    pub connected: bool,
    /// The status of the answer; none for a connection. It is 460 where the client left before there was one.
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
pub(super) struct Log {
    kept: Mutex<Kept>,
    added: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Entry>,
    /// How many were dropped, which is the number of the oldest one here.
    dropped: u64,
}

impl Log {
    pub(super) fn add(&self, entry: Entry) {
        let mut kept = self.kept();
        if kept.entries.len() == KEPT {
            kept.entries.pop_front();
            kept.dropped += 1;
        }
        kept.entries.push_back(entry);
        drop(kept);
        self.added.notify_waiters();
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.kept().entries.iter().cloned().collect()
    }

    /// The entries from this number on that are wanted, each with its number, and the number of the next
    /// one that will come.
    pub(super) fn since(&self, number: u64, wanted: impl Fn(&Entry) -> bool) -> (Vec<(u64, Entry)>, u64) {
        let kept = self.kept();
        let known = number.saturating_sub(kept.dropped).min(kept.entries.len() as u64);
        // By index: a reader comes for every request, and the log is long.
        let unread = kept.entries.range(usize::try_from(known).unwrap_or(kept.entries.len())..);
        let entries = (kept.dropped + known..).zip(unread).filter(|(_, entry)| wanted(entry));
        (entries.map(|(number, entry)| (number, entry.clone())).collect(), kept.next())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn next(&self) -> u64 {
        self.dropped + self.entries.len() as u64
    }
}

/// Reads one listener's entries as they come.
#[derive(Debug)]
pub struct LogReader {
    log: Arc<Log>,
    listener: String,
    next: u64,
}

impl LogReader {
    /// Begins with the next entry that will come.
    pub(super) fn new(log: Arc<Log>, listener: String) -> Self {
        let next = log.kept().next();
        Self { log, listener, next }
    }

    /// Reads this listener's entries, and what adds them.
    #[cfg(test)]
    pub(in crate::rehearsal) fn of(listener: &str) -> (Self, impl Fn(Entry) + use<>) {
        let log = Arc::new(Log::default());
        (Self::new(Arc::clone(&log), listener.to_owned()), move |entry| log.add(entry))
    }

    /// The entries that have come since the last call, oldest first, each with its number in the log.
    pub fn read(&mut self) -> Vec<(u64, Entry)> {
        let (entries, next) = self.log.since(self.next, |entry| entry.listener == self.listener);
        self.next = next;
        entries
    }

    /// The number of the entry that will come next, of whichever listener.
    pub fn end(&self) -> u64 {
        self.log.kept().next()
    }

    /// Resolves when an entry has been added after this call, of whichever listener.
    pub fn added(&self) -> OwnedNotified {
        self.log.added.clone().notified_owned()
    }
}
