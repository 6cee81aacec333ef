//! Handshakes that never end, on request.
//!
//! Only a client that has begun to shake hands is struck: one that connects and says nothing, as a check of
//! the port does, uses nothing up.

use std::collections::HashMap;

use tokio::io::sink;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How many handshakes are still to hang, by listener.
#[derive(Debug)]
pub(super) struct Handshakes(watch::Sender<HashMap<String, usize>>);

impl Handshakes {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(HashMap::new()))
    }

    pub(super) fn hang_next(&self, listener: String) {
        self.0.send_modify(|to_come| *to_come.entry(listener).or_default() += 1);
    }

    /// Waits until none is to come any more.
    pub(super) async fn until_they_hang(&self) {
        // The one error is that the sender is gone, and `self` holds it.
        let _ = self.0.subscribe().wait_for(HashMap::is_empty).await;
    }

    /// Lets the client wait, if it is this connection's turn, until it gives up. Otherwise returns at once,
    /// with the connection as it was.
    pub(super) async fn hang(&self, listener: &str, connection: &mut TcpStream) -> bool {
        if !self.0.borrow().contains_key(listener) {
            return false;
        }
        let begun = matches!(connection.peek(&mut [0]).await, Ok(1..));
        if !(begun && self.take(listener)) {
            return false;
        }
        // Whatever else it says is read, so that it has no reason to stop saying it.
        let _ = tokio::io::copy(connection, &mut sink()).await;
        true
    }

    /// Whether one was still to come: another connection may have been faster.
    fn take(&self, listener: &str) -> bool {
        self.0.send_if_modified(|to_come| {
            let Some(left) = to_come.get_mut(listener) else { return false };
            *left -= 1;
            if *left == 0 {
                to_come.remove(listener);
            }
            true
        })
    }
}
