//! An execution environment: one process, the Runtime API that it talks to, and what passes between.
//!
//! A single task owns all state and takes one thing at a time: an order, what the process asks or
//! posts, its end, or the deadline. Each environment has a Runtime API of its own, so that nothing
//! that a killed process left on the wire reaches a later invocation. An environment whose process
//! has ended takes no more orders; the service starts another.
//!
//! An invocation is settled when the process asks for the next event, not when it answers: what it
//! does in between, such as answering twice, belongs to it. Its duration counts to the answer.

use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::function::Function;
use super::invocation::{Exit, Invocation, Outcome, Post, PostKind};
use super::process::{Group, Process};
use super::runtime_api::{self, Handout, Posted, Refusal, Request};
use crate::local::identifier;
use crate::local::server::Server;

/// Every post that any environment of a function received, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<Post>>>);

/// An event to be handled, and where the result is wanted.
pub(super) struct Order {
    request_id: String,
    event: Bytes,
    accepted: Instant,
    result: oneshot::Sender<Invocation>,
}

/// The service's end of an environment. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Environment {
    orders: mpsc::Sender<Order>,
    group: Arc<Group>,
    _runtime_api: Server,
}

impl Environment {
    /// Starts a process for its first order.
    pub(super) async fn start(function: Arc<Function>, ledger: Ledger, order: Order) -> io::Result<Self> {
        let (asking, requests) = mpsc::channel(16);
        let runtime_api = Server::start(|_| runtime_api::router(asking)).await?;
        let process = Process::start(&function, runtime_api.address())?;
        let group = process.group().clone();
        let (giving, orders) = mpsc::channel(1);
        let actor = Actor {
            function,
            process,
            ledger,
            phase: Phase::Initializing,
            order: Some(order),
            posts: Vec::new(),
            started: Instant::now(),
            initialization: None,
        };
        tokio::spawn(actor.run(orders, requests));
        Ok(Self { orders: giving, group, _runtime_api: runtime_api })
    }

    /// Gives it one more order, or the order back if the process has ended.
    pub(super) fn give(&self, order: Order) -> Result<(), Order> {
        self.orders.try_send(order).map_err(mpsc::error::TrySendError::into_inner)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.orders.is_closed()
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // At once, not when the task gets to it: the program may be about to end.
        self.group.kill();
    }
}

impl Order {
    pub(super) fn new(request_id: String, event: Bytes) -> (Self, oneshot::Receiver<Invocation>) {
        let (result, receiver) = oneshot::channel();
        (Self { request_id, event, accepted: Instant::now(), result }, receiver)
    }
}

impl Ledger {
    pub(super) fn posts(&self) -> Vec<Post> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, post: Post) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(post);
    }
}

struct Actor {
    function: Arc<Function>,
    process: Process,
    ledger: Ledger,
    phase: Phase,
    /// The invocation to be settled, whether it has been handed over or not.
    order: Option<Order>,
    posts: Vec<Post>,
    started: Instant,
    initialization: Option<Duration>,
}

enum Phase {
    /// The process has not asked for an event yet.
    Initializing,
    /// It has nothing to do. It is waiting for an event, unless its connection has gone.
    Idle { next: Option<oneshot::Sender<Result<Handout, Refusal>>> },
    /// It has the event of the order.
    Running { since: Instant },
    /// It has answered and not yet asked for the next event.
    Answered { since: Instant, after: Duration, outcome: Outcome },
    /// It has reported an error in its initialization and is expected to end.
    Failed { after: Duration, outcome: Outcome },
}

impl Phase {
    /// The names of the Runtime Interface Emulator.
    fn name(&self) -> &'static str {
        match self {
            Self::Initializing => "Started",
            Self::Idle { .. } => "Ready",
            Self::Running { .. } => "Running",
            Self::Answered { .. } => "ResponseSent",
            Self::Failed { .. } => "InitError",
        }
    }
}

impl Actor {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>, mut requests: mpsc::Receiver<Request>) {
        loop {
            let deadline = self.deadline();
            let step = tokio::select! {
                // What the process said before it ended counts.
                biased;
                Some(request) = requests.recv() => self.request(request),
                exit = self.process.wait() => self.exited(exit),
                () = until(deadline) => self.timed_out().await,
                order = orders.recv(), if self.order.is_none() => match order {
                    Some(order) => self.take(order),
                    None => break,
                },
            };
            if step.is_break() {
                break;
            }
        }
        // An order may have come in while the process ended.
        orders.close();
        while let Some(order) = orders.recv().await {
            self.order = Some(order);
            let exit = self.process.wait().await;
            self.settle(Outcome::Exited(exit), Duration::ZERO);
        }
    }

    /// When the process is killed if nothing else happens.
    fn deadline(&self) -> Option<Instant> {
        match (&self.phase, &self.order) {
            (Phase::Initializing | Phase::Failed { .. }, _) => {
                Some(self.started + self.function.initialization_limit)
            }
            (Phase::Idle { .. }, Some(order)) => Some(order.accepted + self.function.timeout),
            (Phase::Idle { .. }, None) => None,
            (Phase::Running { since } | Phase::Answered { since, .. }, _) => {
                Some(*since + self.function.timeout)
            }
        }
    }

    fn take(&mut self, order: Order) -> ControlFlow<()> {
        self.order = Some(order);
        self.hand_over();
        ControlFlow::Continue(())
    }

    fn request(&mut self, request: Request) -> ControlFlow<()> {
        match request {
            Request::Next(next) => self.next(next),
            Request::Post { posted, reply } => {
                // A function that does not wait for the answer is not wrong.
                let _ = reply.send(self.post(posted));
            }
        }
        ControlFlow::Continue(())
    }

    fn next(&mut self, next: oneshot::Sender<Result<Handout, Refusal>>) {
        match std::mem::replace(&mut self.phase, Phase::Idle { next: None }) {
            Phase::Initializing => self.initialization = Some(self.started.elapsed()),
            Phase::Idle { .. } => {}
            Phase::Answered { after, outcome, since: _ } => self.settle(outcome, after),
            phase @ (Phase::Running { .. } | Phase::Failed { .. }) => {
                let refusal = Refusal::InvalidStateTransition { from: phase.name(), to: "Ready" };
                self.phase = phase;
                let _ = next.send(Err(refusal));
                return;
            }
        }
        self.phase = Phase::Idle { next: Some(next) };
        self.hand_over();
    }

    /// Gives the order's event to the process if it waits for one.
    fn hand_over(&mut self) {
        let (Phase::Idle { next }, Some(order)) = (&mut self.phase, &self.order) else {
            return;
        };
        let Some(next) = next.take() else { return };
        let since = Instant::now();
        let handout = Handout {
            request_id: order.request_id.clone(),
            deadline: self.function.deadline_header(),
            function_arn: self.function.arn(),
            trace_id: trace_id(),
            event: order.event.clone(),
        };
        // If the connection has gone meanwhile, the process will ask again.
        if next.send(Ok(handout)).is_ok() {
            self.phase = Phase::Running { since };
        }
    }

    /// Takes or refuses a post, and notes it either way.
    fn post(&mut self, posted: Posted) -> Result<(), Refusal> {
        let current = self.order.as_ref().map(|order| order.request_id.clone());
        let verdict = self.judge(&posted, current.as_deref());
        let post = Post {
            request_id: posted.request_id.or_else(|| current.clone()).unwrap_or_default(),
            kind: posted.kind,
            body: posted.body.clone(),
            error_type: posted.error_type.clone(),
            accepted: verdict.is_ok(),
        };
        self.ledger.add(post.clone());
        if Some(&post.request_id) == current.as_ref() {
            self.posts.push(post);
        }
        verdict?;
        let outcome = match posted.kind {
            PostKind::Response => Outcome::Answered(posted.body),
            PostKind::Error | PostKind::InitializationError => {
                Outcome::function_error(posted.error_type, posted.body)
            }
        };
        self.phase = match self.phase {
            Phase::Running { since } => Phase::Answered { since, after: since.elapsed(), outcome },
            _ => Phase::Failed { after: self.started.elapsed(), outcome },
        };
        Ok(())
    }

    fn judge(&self, posted: &Posted, current: Option<&str>) -> Result<(), Refusal> {
        let to = match posted.kind {
            PostKind::Response => "InvocationResponse",
            PostKind::Error => "InvocationErrorResponse",
            PostKind::InitializationError => "InitError",
        };
        if posted.request_id.is_some() && posted.request_id.as_deref() != current {
            return Err(Refusal::InvalidRequestId);
        }
        match (&self.phase, posted.kind) {
            (Phase::Initializing, PostKind::InitializationError)
            | (Phase::Running { .. }, PostKind::Response | PostKind::Error) => Ok(()),
            (phase, _) => Err(Refusal::InvalidStateTransition { from: phase.name(), to }),
        }
    }

    fn exited(&mut self, exit: Exit) -> ControlFlow<()> {
        self.end(Outcome::Exited(exit))
    }

    async fn timed_out(&mut self) -> ControlFlow<()> {
        self.process.kill().await;
        self.end(Outcome::TimedOut { limit: self.function.timeout })
    }

    /// Settles the order after the end of the process. What the process had said stays said.
    fn end(&mut self, outcome: Outcome) -> ControlFlow<()> {
        match std::mem::replace(&mut self.phase, Phase::Idle { next: None }) {
            Phase::Answered { after, outcome, .. } | Phase::Failed { after, outcome } => {
                self.settle(outcome, after);
            }
            Phase::Running { since } => self.settle(outcome, since.elapsed()),
            Phase::Initializing | Phase::Idle { .. } => {
                let waited = self.order.as_ref().map(|order| order.accepted.elapsed());
                self.settle(outcome, waited.unwrap_or_default());
            }
        }
        ControlFlow::Break(())
    }

    fn settle(&mut self, outcome: Outcome, duration: Duration) {
        let Some(order) = self.order.take() else { return };
        let (log, log_lines_dropped) = self.process.take_log();
        let invocation = Invocation {
            request_id: order.request_id,
            outcome,
            duration,
            initialization: self.initialization.take(),
            log,
            log_lines_dropped,
            posts: std::mem::take(&mut self.posts),
            process_id: Some(self.process.id()),
        };
        // Nobody waits any more where the caller has given up.
        let _ = order.result.send(invocation);
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// An X-Ray trace header that is not sampled.
fn trace_id() -> String {
    let digits = identifier::hexadecimal();
    let epoch = Timestamp::now().as_second();
    format!("Root=1-{epoch:08x}-{};Parent={};Sampled=0", &digits[..24], &identifier::hexadecimal()[..16])
}
