//! The users of a rehearsed deployment: steady traffic through the production listener.
//!
//! [`Users`] ask by the simulated clock and in an open loop: what is due is asked whether earlier requests
//! were answered or not. Where the machine cannot send it all, what was asked and what was sent are both
//! counted. Latencies are real ones: a request takes as long as it takes, whatever the clock's speed.
//!
//! Which side answered is told by the load balancer's log, never by the answer: users send a
//! `X-Amzn-Trace-Id` of their own, whose root the load balancer keeps; on a network listener, which reads
//! no requests, the connection's port tells. What they see is a [`Seen`]; the same requests by the minute
//! are in [`Windows`], which [`Alarms`] watch.
//!
//! A connection per request, as network listeners get, leaves one port waiting for a minute: at the 300
//! requests per second that are sent at most, 18,000 of the 28,000 that Linux has for one address.

mod alarm;
mod connection;
mod finished;
mod latencies;
mod ledger;
mod schedule;
mod seen;
mod sender;
mod settings;
mod tally;
mod trace;
mod watch;
mod window;

pub use self::alarm::{Alarm, Comparison, Condition, Measure, State};
pub use self::finished::{NoAnswer, Side};
pub use self::latencies::Latencies;
pub use self::seen::{Of, Seen};
pub use self::settings::{Colours, PATIENCE, Settings};
pub(super) use self::trace::Traces;
pub(super) use self::watch::LITTLE;
pub use self::watch::{Alarms, Fired};
pub use self::window::{Counts, History, Window, Windows};
pub(super) use self::window::{PERIOD, after, floor};

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use self::ledger::Ledger;
use self::sender::Sender;

/// Users while they send. Dropping them ends every request that is under way.
#[derive(Debug)]
pub struct Users {
    ledger: Arc<Ledger>,
    /// Nothing is ever sent: that it is dropped is the signal.
    stop: oneshot::Sender<()>,
    /// One task, which a set aborts when it is dropped.
    sending: JoinSet<()>,
}

impl Users {
    /// Begins to send.
    pub fn start(settings: Settings) -> Self {
        let (sender, ledger) = Sender::new(settings);
        let (stop, stopped) = oneshot::channel();
        let mut sending = JoinSet::new();
        sending.spawn(sender.run(stopped));
        Self { ledger, stop, sending }
    }

    /// What they have seen so far. Requests under way are sent and not yet in it.
    pub fn seen(&self) -> Seen {
        self.ledger.seen()
    }

    /// What they have seen by the minute, as it grows.
    pub fn windows(&self) -> Windows {
        self.ledger.windows()
    }

    /// How their requests are told from those of others.
    pub(super) fn traces(&self) -> Traces {
        self.ledger.traces()
    }

    /// How many requests each one that was sent stands for.
    pub fn scale(&self) -> f64 {
        self.seen().scale()
    }

    /// Stops sending, waits for what is under way, which is no longer than a user's patience and a little,
    /// and tells what was seen.
    pub async fn stop(self) -> Seen {
        let Self { ledger, stop, mut sending } = self;
        drop(stop);
        while sending.join_next().await.is_some() {}
        ledger.seen()
    }
}
