//! Tasks that end with their balancer.

use std::future::Future;

use tokio::sync::watch;

/// While it is kept, the tasks run.
#[derive(Debug)]
pub(super) struct Alive {
    /// Nothing is ever sent: that it is dropped is the signal.
    _alive: watch::Sender<()>,
}

/// Starts tasks that are dropped when [`Alive`] is.
#[derive(Clone, Debug)]
pub(super) struct Tasks(watch::Receiver<()>);

impl Tasks {
    pub(super) fn new() -> (Alive, Self) {
        let (alive, ended) = watch::channel(());
        (Alive { _alive: alive }, Self(ended))
    }

    pub(super) fn spawn(&self, task: impl Future<Output: Send> + Send + 'static) {
        let mut ended = self.0.clone();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = ended.changed() => {}
                _ = task => {}
            }
        });
    }
}

/// For the streams of HTTP/2 connections.
impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}
