//! Moves one connection, within a time.
//!
//! A connection of hyper's or h2's is a future that has to be polled for anything to go out or come in. Others spawn it as a
//! task; here the exchange that waits for an answer polls it, and nobody else does.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::task::coop::unconstrained;
use tokio::time::Sleep;

/// How often the connection is looked at when the time is up. What is there comes in parts (`Wire`), and a whole body may be.
const LATE_LOOKS: usize = 32;

/// The library's side of a connection, which moves only while somebody waits for an answer.
pub(super) struct Driver<C, E> {
    /// None once it has come to an end; the socket is closed then.
    connection: Option<Pin<Box<C>>>,
    error: Option<E>,
}

impl<C: Future<Output = Result<(), E>>, E> Driver<C, E> {
    pub(super) fn new(connection: C) -> Self {
        Self { connection: Some(Box::pin(connection)), error: None }
    }

    /// Whether the connection is still there, as far as was seen when it was last polled.
    pub(super) fn alive(&self) -> bool {
        self.connection.is_some()
    }

    /// Why the connection came to an end, unless that was told to whoever waited for an answer.
    pub(super) fn error(&self) -> Option<&E> {
        self.error.as_ref()
    }

    pub(super) fn close(&mut self) {
        self.connection = None;
    }

    /// Takes note of what happened while nobody waited. hyper ends a connection on which bytes or an end of file
    /// come between two exchanges.
    pub(super) async fn look(&mut self) {
        poll_fn(|cx| {
            self.poll(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Drives the connection until `wanted` is there; none when the time is up.
    pub(super) async fn run<T>(
        &mut self,
        mut timer: Pin<&mut Sleep>,
        mut wanted: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Option<T> {
        poll_fn(|cx| {
            if let Poll::Ready(wanted) = self.turn(cx, &mut wanted) {
                return Poll::Ready(Some(wanted));
            }
            // Unconstrained, because whoever sends without a pause uses up what tokio lets a task do at a time, and no timer is
            // looked at then.
            ready!(pin!(unconstrained(timer.as_mut())).poll(cx));
            // An answer that is there counts even if this process was too busy to see it in time.
            let late = poll_fn(|cx| {
                for _ in 0..LATE_LOOKS {
                    if let Poll::Ready(wanted) = self.turn(cx, &mut wanted) {
                        return Poll::Ready(Some(wanted));
                    }
                }
                Poll::Ready(None)
            });
            pin!(unconstrained(late)).poll(cx)
        })
        .await
    }

    fn turn<T>(
        &mut self,
        cx: &mut Context<'_>,
        wanted: &mut impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if let Poll::Ready(wanted) = wanted(cx) {
            return Poll::Ready(wanted);
        }
        self.poll(cx);
        wanted(cx)
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && let Poll::Ready(end) = connection.as_mut().poll(cx)
        {
            self.error = end.err();
            self.connection = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use tokio::task::coop::consume_budget;
    use tokio::time::{sleep, timeout};

    use super::*;

    /// A connection on which there is always more to read.
    #[tokio::test]
    async fn the_time_is_looked_at_whatever_the_connection_uses_up() {
        let mut driver = Driver::new(poll_fn(|cx| -> Poll<Result<(), ()>> {
            // More than tokio lets a task do at a time.
            let _ = (0..1000).find(|_| pin!(consume_budget()).poll(cx).is_pending());
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        let timer = pin!(sleep(Duration::from_millis(20)));
        let ended = timeout(Duration::from_secs(20), driver.run::<()>(timer, |_| Poll::Pending)).await;
        assert_eq!(ended, Ok(None));
    }
    /// A process that had no time to look, and an answer that comes in parts.
    #[tokio::test]
    async fn an_answer_that_is_there_counts_though_the_time_is_up() {
        let parts = Cell::new(0);
        let mut driver = Driver::new(poll_fn(|cx| -> Poll<Result<(), ()>> {
            parts.set(parts.get() + 1);
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        let wanted = |_: &mut Context<'_>| if parts.get() < 17 { Poll::Pending } else { Poll::Ready("all") };
        let over = pin!(sleep(Duration::ZERO));
        assert_eq!(driver.run(over, wanted).await, Some("all"));
    }
}
