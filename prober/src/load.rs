//! Many requests at once: workers that share one count, one deadline and one tally.
//!
//! Each worker has a session, and so a connection of its own, and sends its next request as soon as the last one
//! is settled: a slow target is asked less often, never by more workers. Surprising: a target that is out of reach
//! is not hammered; once as many requests in a row as there are workers found it unreachable, the rest are not
//! tried.

use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Shared;
use super::hop::Hop;
use super::reply::{Answer, OutOfTime, Reply};
use super::session::Session;
use super::tally::{Mismatch, Stopped, Tally};

/// Unreachable requests in a row after which a load with few workers gives up.
const ENOUGH: u64 = 3;

/// How many requests, how many at once, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many requests; exactly so many are made, unless the tally says why not.
    pub requests: u64,
    /// How many at once, at least one.
    pub concurrency: usize,
    /// When to end at the latest, whatever is still under way.
    pub deadline: Instant,
}

/// What all workers see.
struct Run<J> {
    hop: Hop,
    carries_secrets: bool,
    load: Load,
    judge: J,
    claimed: AtomicU64,
    unreachable_in_a_row: AtomicU64,
    tally: Mutex<Tally>,
}

pub(super) async fn run<J>(
    shared: &Arc<Shared>,
    hop: Hop,
    carries_secrets: bool,
    load: Load,
    judge: J,
) -> Tally
where
    J: Fn(&Answer) -> Result<(), Mismatch> + Send + Sync + 'static,
{
    let began = Instant::now();
    let run = Arc::new(Run {
        hop,
        carries_secrets,
        load,
        judge,
        claimed: AtomicU64::new(0),
        unreachable_in_a_row: AtomicU64::new(0),
        tally: Mutex::new(Tally::new(load.requests)),
    });
    let mut workers = JoinSet::new();
    for _ in 0..run.workers() {
        workers.spawn(Arc::clone(&run).work(Session::new(Arc::clone(shared))));
    }
    while let Some(end) = workers.join_next().await {
        if let Err(error) = end
            && error.is_panic()
        {
            // The judge's panic is the caller's.
            panic::resume_unwind(error.into_panic());
        }
    }
    let mut tally = std::mem::replace(&mut *run.tally(), Tally::new(0));
    tally.elapsed = began.elapsed();
    tally
}

impl<J> Run<J>
where
    J: Fn(&Answer) -> Result<(), Mismatch> + Send + Sync,
{
    async fn work(self: Arc<Self>, mut session: Session) {
        while self.claim() {
            let reply = session.send(&self.hop, self.carries_secrets, self.load.deadline).await;
            self.settle(reply);
        }
        let mut tally = self.tally();
        tally.connects.add(&session.connects);
        tally.reconnects += session.reconnects;
    }

    /// Takes one request from what is left to do.
    fn claim(&self) -> bool {
        if self.claimed.load(Ordering::Relaxed) >= self.load.requests {
            return false;
        }
        let stopped = if Instant::now() >= self.load.deadline {
            Stopped::Deadline
        } else if self.unreachable_in_a_row.load(Ordering::Relaxed) >= ENOUGH.max(self.workers()) {
            Stopped::Unreachable
        } else {
            return self.claimed.fetch_add(1, Ordering::Relaxed) < self.load.requests;
        };
        self.tally().stopped.get_or_insert(stopped);
        false
    }

    fn settle(&self, reply: Result<Reply, OutOfTime>) {
        let in_a_row = &self.unreachable_in_a_row;
        match reply {
            Ok(Reply::Answer(answer)) => {
                in_a_row.store(0, Ordering::Relaxed);
                // Before the tally is locked: the judge may take its time, and may panic.
                let judgement = (self.judge)(&answer);
                self.tally().record_answer(&answer, judgement);
            }
            Ok(Reply::NoAnswer(no_answer)) => {
                in_a_row.store(0, Ordering::Relaxed);
                self.tally().record_no_answer(no_answer);
            }
            Ok(Reply::Unreachable(unreachable)) => {
                in_a_row.fetch_add(1, Ordering::Relaxed);
                self.tally().record_unreachable(unreachable);
            }
            Err(OutOfTime) => {
                let mut tally = self.tally();
                tally.unfinished += 1;
                tally.stopped.get_or_insert(Stopped::Deadline);
            }
        }
    }

    fn workers(&self) -> u64 {
        u64::try_from(self.load.concurrency.max(1)).unwrap_or(u64::MAX).min(self.load.requests)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
