//! An HTTP server on 127.0.0.1 that ends with its owner.
//!
//! Dropping the [`Server`] stops listening, closes idle connections and lets requests under way
//! finish. A handler that waits for something that may never come races it against [`Stopped`], so
//! that none is left behind.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    /// Nothing is ever sent: that it is dropped is the signal.
    _stop: watch::Sender<()>,
}

/// Resolves when the server has been dropped.
#[derive(Clone, Debug)]
pub(super) struct Stopped(watch::Receiver<()>);

impl Server {
    /// Listens on a port that the operating system chooses and serves the router in the background.
    pub(super) async fn start(router: impl FnOnce(Stopped) -> Router) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        // Without it the last segment of a large body waits for the peer's delayed acknowledgement.
        // A connection that refuses the option is served all the same.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let (stop, stopped) = watch::channel(());
        let stopped = Stopped(stopped);
        let serving = axum::serve(listener, router(stopped.clone()))
            .with_graceful_shutdown(async move { stopped.wait().await });
        tokio::spawn(async move { serving.await });
        Ok(Self { address, _stop: stop })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Stopped {
    pub(super) async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}
