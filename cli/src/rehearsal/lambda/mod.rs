//! The Lambda service for one function.
//!
//! [`Lambda`] starts the function's process when it is first invoked and keeps it warm: a later
//! invocation gets the same process, one that comes while it is busy gets a second process, and one
//! after a timeout, an exit or an error in initialization gets a new process. That is AWS's rule, one
//! environment for one invocation at a time.
//!
//! Where it differs from AWS: a failed initialization is not tried a second time within the same
//! invocation, processes are not frozen between invocations, and neither payload sizes nor memory are
//! limited.
//!
//! ```no_run
//! # async fn example() {
//! use greenlight_cli::rehearsal::lambda::{Function, Lambda, Outcome};
//!
//! let lambda = Lambda::new(Function::new("test-traffic", "target/debug/test-traffic"));
//! let invocation = lambda.invoke(r#"{"lifecycleStage": "POST_TEST_TRAFFIC_SHIFT"}"#).await;
//! assert!(matches!(invocation.outcome, Outcome::Answered(_)));
//! # }
//! ```

mod actor;
mod chain;
mod environment;
mod function;
mod invocation;
mod runtime_api;
mod under_way;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

pub use self::function::{DeadlineHeader, Function, Retries};
pub use self::invocation::{Failure, Invocation, Outcome, Post, PostKind};
pub use super::process::Exit;

use self::environment::{Environment, Ledger, Order};
use self::under_way::UnderWay;
use super::identifier;
use super::process::Group;

/// The service. Dropping it kills every process of the function.
#[derive(Debug)]
pub struct Lambda {
    function: Arc<Function>,
    ledger: Ledger,
    under_way: UnderWay,
    /// Environments without an invocation under way.
    warm: Mutex<Vec<Environment>>,
}

impl Lambda {
    /// A service for the function. Nothing is started yet.
    pub fn new(function: Function) -> Self {
        Self {
            function: Arc::new(function),
            ledger: Ledger::default(),
            under_way: UnderWay::new(),
            warm: Mutex::default(),
        }
    }

    /// The function that it serves.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// Invokes the function and waits for what comes of it (`RequestResponse`).
    ///
    /// If the returned future is dropped, the process that serves the invocation is killed.
    pub async fn invoke(&self, event: impl Into<Bytes>) -> Invocation {
        self.attempt(identifier::uuid(), event.into()).await
    }

    /// Invokes the function as Lambda does for a caller that does not wait (`Event`): after an error,
    /// a timeout or an exit it is tried again, with the same event and the same request id, as
    /// [`Function::retries`] says. Returns every attempt, the last one last.
    pub async fn invoke_async(&self, event: impl Into<Bytes>) -> Vec<Invocation> {
        let mut attempts = self.attempts(event);
        let mut made = Vec::new();
        loop {
            let attempt = attempts.next().await;
            let again = attempts.again_after(&attempt);
            made.push(attempt);
            match again {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return made,
            }
        }
    }

    /// The same, attempt by attempt: whoever makes them waits between them.
    pub fn attempts(&self, event: impl Into<Bytes>) -> Attempts<'_> {
        let delays = self.function.retries.delays().collect::<Vec<_>>().into_iter();
        Attempts { lambda: self, request_id: identifier::uuid(), event: event.into(), delays }
    }

    /// Every answer and error posted so far, in order, by any process and for any request id: also
    /// those that came after their invocation was settled.
    pub fn posts(&self) -> Vec<Post> {
        self.ledger.posts()
    }

    /// Kills the processes of the invocations under way (SIGKILL, with all that they have started), and says
    /// how many. An invocation whose process has not answered comes to [`Outcome::Exited`]; what has been
    /// answered stays answered. Processes that wait for an event are left alone.
    pub fn kill(&self) -> usize {
        self.under_way.strike(Group::kill)
    }

    /// The same with SIGTERM, which Lambda itself sends to functions with extensions before it takes their environment
    /// away, and which a process may answer or not.
    pub fn terminate(&self) -> usize {
        self.under_way.strike(Group::terminate)
    }

    /// How many events have been handed out to processes so far, those of retries among them.
    pub fn handed_out(&self) -> usize {
        self.under_way.handed_out()
    }

    /// Waits until so many events have been handed out: from then on that many invocations run, or have
    /// run. With [`kill`](Self::kill) it strikes one in its midst.
    pub async fn until_handed_out(&self, events: usize) {
        self.under_way.until_handed_out(events).await;
    }

    async fn attempt(&self, request_id: String, event: Bytes) -> Invocation {
        let (order, invocation) = Order::new(request_id.clone(), event);
        let environment = match self.environment_for(order).await {
            Ok(environment) => environment,
            Err(error) => {
                let program = self.function.program.display();
                return not_started(request_id, format!("cannot start `{program}`: {error}"));
            }
        };
        let Ok(invocation) = invocation.await else {
            return not_started(
                request_id,
                "the async runtime that serves the function was shut down".to_owned(),
            );
        };
        if !environment.has_ended() {
            self.warm().push(environment);
        }
        invocation
    }

    /// A warm environment if there is one, else a new one; either has taken the order.
    async fn environment_for(&self, mut order: Order) -> std::io::Result<Environment> {
        loop {
            let Some(environment) = self.warm().pop() else {
                break;
            };
            match environment.give(order) {
                Ok(()) => return Ok(environment),
                Err(returned) => order = returned,
            }
        }
        let (function, ledger) = (self.function.clone(), self.ledger.clone());
        Environment::start(function, ledger, self.under_way.clone(), order).await
    }

    fn warm(&self) -> MutexGuard<'_, Vec<Environment>> {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The attempts of an asynchronous invocation.
#[derive(Debug)]
pub struct Attempts<'lambda> {
    lambda: &'lambda Lambda,
    request_id: String,
    event: Bytes,
    delays: std::vec::IntoIter<Duration>,
}

impl Attempts<'_> {
    /// Makes the next attempt.
    pub async fn next(&self) -> Invocation {
        self.lambda.attempt(self.request_id.clone(), self.event.clone()).await
    }

    /// How long Lambda waits after this attempt before it makes another; none if it makes none.
    pub fn again_after(&mut self, attempt: &Invocation) -> Option<Duration> {
        if matches!(attempt.outcome, Outcome::Answered(_)) { None } else { self.delays.next() }
    }
}

fn not_started(request_id: String, reason: String) -> Invocation {
    Invocation {
        request_id,
        outcome: Outcome::CouldNotStart { reason },
        duration: Duration::ZERO,
        initialization: None,
        log: Vec::new(),
        log_lines_dropped: 0,
        posts: Vec::new(),
        process_id: None,
    }
}
