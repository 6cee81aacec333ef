//! What is yet to happen, in the order of time.

use std::collections::BTreeMap;
use std::time::Duration;

use super::world::Next;

/// What is to happen at a time; of several at once the one that was added first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    next: BTreeMap<(Duration, u64), Next>,
    added: u64,
}

impl Queue {
    pub(super) fn add(&mut self, at: Duration, next: Next) {
        self.added += 1;
        self.next.insert((at, self.added), next);
    }

    /// When the first is to happen.
    pub(super) fn first(&self) -> Option<Duration> {
        self.next.keys().next().map(|(at, _)| *at)
    }

    /// The first, if its time has come.
    pub(super) fn take_until(&mut self, now: Duration) -> Option<Next> {
        let entry = self.next.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}
