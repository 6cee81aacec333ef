//! Many requests at once: workers that share one count, one deadline and one tally.
//!
//! Each worker has a session, and so a connection of its own, and sends its next request as soon as the last one
//! is settled: a slow target is asked less often, never by more workers. Surprising: a target that is out of reach
//! is not hammered; once as many requests in a row as there are workers found it unreachable, the rest are not
//! tried.
//!
//! What counts is a run of the script. A run of one request is that request; a run of several ends with the first
//! that is not good.

use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Shared;
use super::connect::Peer;
use super::hop::Hop;
use super::jar::Jar;
use super::reply::{OutOfTime, Reply};
use super::request::Request;
use super::script::{Answered, Script};
use super::session::Session;
use super::tally::{Settled, Stopped, Tally};

/// Unreachable requests in a row after which a load with few workers gives up.
const ENOUGH: u64 = 3;

/// How many requests, how many at once, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many requests, of a sequence how many runs; exactly so many are made, unless the tally says why not.
    pub requests: u64,
    /// How many at once, at least one.
    pub concurrency: usize,
    /// When to end at the latest, whatever is still under way.
    pub deadline: Instant,
}

/// What all workers see.
struct Run<S> {
    script: S,
    home: Arc<Peer>,
    /// The steps whose requests do not depend on earlier answers, put together once.
    fixed: Vec<Option<Message>>,
    load: Load,
    claimed: AtomicU64,
    unreachable_in_a_row: AtomicU64,
    /// Whether as many runs in a row were good as the script asks for.
    enough: AtomicBool,
    tally: Mutex<Tally>,
}

/// A request that is ready to be written.
struct Message {
    hop: Hop,
    carries_secrets: bool,
}

impl Message {
    fn new(home: &Arc<Peer>, request: &Request) -> Self {
        Self { hop: Hop::first(Arc::clone(home), request), carries_secrets: request.carries_secrets }
    }
}

pub(super) async fn run<S: Script>(shared: &Arc<Shared>, script: S, load: Load) -> Tally {
    let began = Instant::now();
    let home = Arc::clone(&shared.home);
    let message = |request: Option<Request>| request.map(|request| Message::new(&home, &request));
    let fixed: Vec<_> = script.requests().into_iter().map(message).collect();
    let tally = Tally::of(load.requests, if script.is_sequence() { fixed.len() } else { 0 });
    let run = Arc::new(Run {
        script,
        home,
        fixed,
        load,
        claimed: AtomicU64::new(0),
        unreachable_in_a_row: AtomicU64::new(0),
        enough: AtomicBool::new(false),
        tally: Mutex::new(tally),
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
    let mut tally = std::mem::replace(&mut *run.tally(), Tally::of(0, 0));
    tally.elapsed = began.elapsed();
    tally
}

impl<S: Script> Run<S> {
    async fn work(self: Arc<Self>, mut session: Session) {
        while self.claim() {
            self.play(&mut session).await;
        }
        let mut tally = self.tally();
        tally.connects.add(&session.connects);
        tally.reconnects += session.reconnects;
    }

    /// Takes one run from what is left to do.
    fn claim(&self) -> bool {
        if self.claimed.load(Ordering::Relaxed) >= self.load.requests || self.enough.load(Ordering::Relaxed) {
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

    /// One run, up to the first step that is not good.
    async fn play(&self, session: &mut Session) {
        let mut memory = S::Memory::default();
        session.jar = self.script.is_sequence().then(Jar::default);
        let mut spent = Duration::ZERO;
        for step in 0..self.fixed.len() {
            let settled = self.step(step, session, &mut memory).await;
            let (good, latency) = (settled.is_good(), settled.latency());
            self.settle(step, settled, spent);
            if !good {
                break;
            }
            spent += latency;
        }
    }

    /// Sends the request of one step, and has its answer judged.
    async fn step(&self, step: usize, session: &mut Session, memory: &mut S::Memory) -> Settled {
        // A judge may take its time. On a connection that is there the request would still be written.
        if Instant::now() >= self.load.deadline {
            return Settled::OutOfTime;
        }
        let made;
        let message = match self.fixed.get(step).and_then(Option::as_ref) {
            Some(fixed) => fixed,
            None => match self.script.request(step, memory) {
                Ok(request) => {
                    made = Message::new(&self.home, &request);
                    &made
                }
                Err(mismatch) => return Settled::NotMade(mismatch),
            },
        };
        match session.send(&message.hop, message.carries_secrets, self.load.deadline).await {
            Ok(Reply::Answer(answer)) => {
                // Before the tally is locked: the judge may take its time, and may panic.
                let answered = Answered { step, answer: &answer, jar: session.jar.as_ref() };
                let judgement = self.script.judge(&answered, memory);
                Settled::judged(&answer, judgement)
            }
            Ok(Reply::NoAnswer(no_answer)) => Settled::NoAnswer(no_answer),
            Ok(Reply::Unreachable(unreachable)) => Settled::Unreachable(unreachable),
            Err(OutOfTime) => Settled::OutOfTime,
        }
    }

    /// Counts what a step came to, after steps that took `spent`.
    fn settle(&self, step: usize, settled: Settled, spent: Duration) {
        if let Settled::Unreachable(_) = settled {
            self.unreachable_in_a_row.fetch_add(1, Ordering::Relaxed);
        } else if settled.was_written() {
            self.unreachable_in_a_row.store(0, Ordering::Relaxed);
        }
        let is_end = !settled.is_good() || step + 1 == self.fixed.len();
        let mut tally = self.tally();
        if let Some(tally) = tally.steps.get_mut(step) {
            tally.record(settled.clone());
        }
        if is_end {
            tally.end_run(settled.after(spent), self.script.in_a_row().is_some());
            if self.script.in_a_row().is_some_and(|wanted| tally.streak.longest >= wanted) {
                self.enough.store(true, Ordering::Relaxed);
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
