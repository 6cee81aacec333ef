//! The invocations under way: what a fault strikes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::rehearsal::process::Group;

/// The processes that have an order, and how many events have been handed out.
#[derive(Clone, Debug)]
pub(super) struct UnderWay {
    groups: Arc<Mutex<Vec<Arc<Group>>>>,
    handed_out: watch::Sender<usize>,
}

impl UnderWay {
    pub(super) fn new() -> Self {
        Self { groups: Arc::default(), handed_out: watch::Sender::new(0) }
    }

    /// The process has an order, whether the event has been handed out or not.
    pub(super) fn begin(&self, group: &Arc<Group>) {
        self.groups().push(group.clone());
    }

    /// Its order is settled.
    pub(super) fn end(&self, group: &Arc<Group>) {
        self.groups().retain(|known| !Arc::ptr_eq(known, group));
    }

    /// Does this to all of them, and says how many they were.
    pub(super) fn strike(&self, each: fn(&Group)) -> usize {
        let groups = self.groups();
        groups.iter().for_each(|group| each(group));
        groups.len()
    }

    /// One more event has been handed out.
    pub(super) fn hand_out(&self) {
        self.handed_out.send_modify(|events| *events += 1);
    }

    pub(super) fn handed_out(&self) -> usize {
        *self.handed_out.borrow()
    }

    pub(super) async fn until_handed_out(&self, events: usize) {
        // The one error is that the sender is gone, and `self` holds it.
        let _ = self.handed_out.subscribe().wait_for(|handed_out| *handed_out >= events).await;
    }

    fn groups(&self) -> MutexGuard<'_, Vec<Arc<Group>>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
