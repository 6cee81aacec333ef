//! An execution environment: one process, and the Runtime API that it talks to.
//!
//! Each environment has a Runtime API of its own, so that nothing that a killed process left on the
//! wire reaches a later invocation. One whose process has ended takes no more orders; the service
//! starts another. What happens in it is decided by its actor.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::actor::Actor;
use super::function::Function;
use super::invocation::{Invocation, Post};
use super::runtime_api;
use super::under_way::UnderWay;
use crate::rehearsal::process::{Group, Process};
use crate::rehearsal::server::Server;

/// Every post that any environment of a function received, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<Post>>>);

/// An event to be handled, and where the result is wanted.
pub(super) struct Order {
    pub(super) request_id: String,
    pub(super) event: Bytes,
    pub(super) accepted: Instant,
    pub(super) result: oneshot::Sender<Invocation>,
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
    pub(super) async fn start(
        function: Arc<Function>,
        ledger: Ledger,
        under_way: UnderWay,
        order: Order,
    ) -> io::Result<Self> {
        let (asking, requests) = mpsc::channel(16);
        let runtime_api = Server::start(|_| runtime_api::router(asking)).await?;
        let started = Instant::now();
        let process = Process::start(function.command(runtime_api.address()))?;
        let group = process.group().clone();
        let (giving, orders) = mpsc::channel(1);
        let actor = Actor::new(function, process, started, ledger, under_way, order);
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

    pub(super) fn add(&self, post: Post) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(post);
    }
}
