//! The life of an environment: who may say what, and when an invocation is settled.
//!
//! A single task owns all state and takes one thing at a time: what the process asks or posts, its
//! end, the deadline, or a new order.
//!
//! An invocation is settled when the process asks for the next event, not when it answers: what it
//! does in between, such as answering twice, belongs to it. Its duration counts to the answer.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::environment::{Ledger, Order};
use super::function::Function;
use super::invocation::{Invocation, Outcome, Post, PostKind};
use super::runtime_api::{Handout, Posted, Refusal, Request};
use super::under_way::UnderWay;
use crate::rehearsal::identifier;
use crate::rehearsal::process::Process;

pub(super) struct Actor {
    function: Arc<Function>,
    process: Process,
    ledger: Ledger,
    under_way: UnderWay,
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
    pub(super) fn new(
        function: Arc<Function>,
        process: Process,
        started: Instant,
        ledger: Ledger,
        under_way: UnderWay,
        order: Order,
    ) -> Self {
        under_way.begin(process.group());
        Self {
            function,
            process,
            ledger,
            under_way,
            phase: Phase::Initializing,
            order: Some(order),
            posts: Vec::new(),
            started,
            initialization: None,
        }
    }

    pub(super) async fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        mut requests: mpsc::Receiver<Request>,
    ) {
        let end = loop {
            let deadline = self.deadline();
            tokio::select! {
                // What the process said before it ended counts.
                biased;
                Some(request) = requests.recv() => self.request(request),
                exit = self.process.wait() => break Outcome::Exited(exit),
                () = until(deadline) => {
                    self.process.kill().await;
                    break Outcome::TimedOut { limit: self.limit() };
                }
                order = orders.recv(), if self.order.is_none() => match order {
                    Some(order) => self.take(order),
                    None => return,
                },
            }
        };
        // Before anything is settled, so that who learns of the end cannot give another order.
        orders.close();
        self.end(&end);
        // One may have come in while the process ended.
        while let Some(order) = orders.recv().await {
            self.order = Some(order);
            self.end(&end);
        }
    }

    /// When the process is killed if nothing else happens.
    fn deadline(&self) -> Option<Instant> {
        let start = match &self.phase {
            Phase::Initializing | Phase::Failed { .. } => self.started,
            Phase::Idle { .. } => self.order.as_ref()?.accepted,
            Phase::Running { since } | Phase::Answered { since, .. } => *since,
        };
        Some(start + self.limit())
    }

    fn limit(&self) -> Duration {
        match self.phase {
            Phase::Initializing | Phase::Failed { .. } => self.function.initialization_limit,
            Phase::Idle { .. } | Phase::Running { .. } | Phase::Answered { .. } => self.function.timeout,
        }
    }

    fn take(&mut self, order: Order) {
        self.under_way.begin(self.process.group());
        self.order = Some(order);
        self.hand_over();
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Next(next) => self.next(next),
            Request::Post { posted, reply } => {
                // A function that does not wait for the answer is not wrong.
                let _ = reply.send(self.post(posted));
            }
        }
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
            self.under_way.hand_out();
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

    /// Settles the order after the end of the process. What the process had said stays said.
    fn end(&mut self, end: &Outcome) {
        match std::mem::replace(&mut self.phase, Phase::Idle { next: None }) {
            Phase::Answered { after, outcome, .. } | Phase::Failed { after, outcome } => {
                self.settle(outcome, after);
            }
            Phase::Running { since } => self.settle(end.clone(), since.elapsed()),
            Phase::Initializing | Phase::Idle { .. } => {
                let waited = self.order.as_ref().map(|order| order.accepted.elapsed());
                self.settle(end.clone(), waited.unwrap_or_default());
            }
        }
    }

    fn settle(&mut self, outcome: Outcome, duration: Duration) {
        let Some(order) = self.order.take() else { return };
        self.under_way.end(self.process.group());
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
