//! How the command is told to end: Ctrl-C, or what a terminal or a CI system sends.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Listens for the signals that end the command. One that comes while nobody waits is kept.
#[derive(Debug)]
pub(crate) struct Ending {
    signals: Vec<Signal>,
}

impl Ending {
    /// Listens from now on. A signal that cannot be listened for ends the command as it always does.
    pub(crate) fn new() -> Self {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Self { signals: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    /// Waits until the command is told to end.
    pub(crate) async fn told(&mut self) {
        std::future::poll_fn(|context| {
            let told = self.signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if told { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }

    /// Does the work until the command is told to end.
    pub(crate) async fn until<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        // A process of ours has a process group of its own, so no signal to us reaches it: dropping the
        // work ends every process that it started.
        tokio::select! {
            done = work => done,
            () = self.told() => Err(Failure::interrupted()),
        }
    }
}
