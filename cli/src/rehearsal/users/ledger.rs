//! What users saw, joined with what the load balancer's log says of it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use tokio::sync::futures::OwnedNotified;

use super::finished::{Finished, NoAnswer, Side};
use super::seen::Seen;
use super::settings::Colours;
use super::tally::Tally;
use super::trace::Traces;
use super::window::Windows;
use crate::rehearsal::balancer::{AnsweredBy, Entry, LogReader};
use crate::rehearsal::clock::Clock;

/// The log knows of every answer before it is out, but of a client that left only when the load balancer
/// has noticed.
const GRACE: Duration = Duration::from_secs(2);

/// Entries that nobody claims are others' connections to a network listener, of which the youngest are
/// enough: those under way are fewer.
const UNCLAIMED: usize = 4096;

/// How an entry of the log is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// By the number in its trace.
    Trace(u64),
    /// By the client's address, in entries from this number on: ports are used again.
    Client(SocketAddr, u64),
}

/// What an entry says.
#[derive(Clone, Copy, Debug)]
struct Route {
    side: Side,
    answered_by: AnsweredBy,
}

#[derive(Debug)]
pub(super) struct Ledger {
    clock: Clock,
    traces: Traces,
    colours: Colours,
    network: bool,
    windows: Windows,
    book: Mutex<Book>,
}

#[derive(Debug)]
struct Book {
    log: LogReader,
    by_trace: HashMap<u64, Route>,
    by_client: HashMap<SocketAddr, (u64, Route)>,
    tally: Tally,
}

impl Ledger {
    pub(super) fn new(clock: Clock, log: LogReader, colours: Colours, network: bool) -> Self {
        let windows = Windows::new(clock.now());
        let book = Book { log, by_trace: HashMap::new(), by_client: HashMap::new(), tally: Tally::default() };
        Self { clock, traces: Traces::new(), colours, network, windows, book: Mutex::new(book) }
    }

    pub(super) fn windows(&self) -> Windows {
        self.windows.clone()
    }

    pub(super) fn traces(&self) -> Traces {
        self.traces.clone()
    }

    pub(super) fn seen(&self) -> Seen {
        self.book().tally.seen()
    }

    /// Requests that have become due, and how many of them are sent.
    pub(super) fn asked(&self, asked: u64, sent: u64) {
        self.book().tally.asked(asked, sent);
        self.windows.change(|history| history.asked(self.clock.now(), asked, sent));
    }

    /// One that was to be sent could not be, for lack of a port.
    pub(super) fn unsent(&self) {
        self.book().tally.unsent();
        self.windows.change(|history| history.unsent(self.clock.now()));
    }

    /// How the next request is recognised, and the trace that it is sent with.
    pub(super) fn begin(&self) -> (Key, HeaderValue) {
        let (number, trace) = self.traces.begin(greenlight::clock::now());
        (Key::Trace(number), trace)
    }

    /// Where the log ends, before a connection is made.
    pub(super) fn end_of_log(&self) -> u64 {
        self.book().log.end()
    }

    /// Counts a request that has ended, under the side that the log names for this key.
    pub(super) async fn finish(&self, key: Option<Key>, answer: Result<u16, NoAnswer>, latency: Duration) {
        let route = match key {
            Some(key) => {
                // What never got as far as a request or a connection to a target is in no log.
                let late = answer.is_err_and(|why| !matches!(why, NoAnswer::Refused | NoAnswer::Tls));
                self.route(key, late).await
            }
            None => None,
        };
        let route = route.unwrap_or(Route { side: Side::Neither, answered_by: AnsweredBy::LoadBalancer });
        let finished = Finished { side: route.side, answered_by: route.answered_by, answer, latency };
        let mut book = self.book();
        // The time is read where it is written, so that nothing is ever added to a minute that has ended.
        self.windows.change(|history| {
            let now = self.clock.now();
            book.tally.record(now, &finished);
            history.record(now, &finished);
        });
    }

    /// What the log says, which is waited for where the entry may come late.
    async fn route(&self, key: Key, late: bool) -> Option<Route> {
        let mut grace = std::pin::pin!(tokio::time::sleep(GRACE));
        loop {
            let (found, added) = self.look(key);
            if found.is_some() || !late {
                return found;
            }
            tokio::select! {
                () = added => {}
                () = &mut grace => return self.look(key).0,
            }
        }
    }

    fn look(&self, key: Key) -> (Option<Route>, OwnedNotified) {
        let mut book = self.book();
        // First of all, so that no entry comes unnoticed between the look and the wait.
        let added = book.log.added();
        for (number, entry) in book.log.read() {
            let route = self.read(&entry);
            if self.network {
                book.by_client.insert(entry.client, (number, route));
            } else if let Some(trace) = entry.trace.and_then(|trace| self.traces.number(&trace)) {
                book.by_trace.insert(trace, route);
            }
        }
        let found = match key {
            Key::Trace(number) => book.by_trace.remove(&number),
            Key::Client(client, since) => {
                book.by_client.remove(&client).filter(|(number, _)| *number >= since).map(|(_, route)| route)
            }
        };
        if book.by_client.len() > UNCLAIMED {
            let youngest = book.log.end().saturating_sub(UNCLAIMED as u64 / 2);
            book.by_client.retain(|_, (number, _)| *number >= youngest);
        }
        (found, added)
    }

    fn read(&self, entry: &Entry) -> Route {
        Route { side: self.colours.of(entry).into(), answered_by: entry.answered_by }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
