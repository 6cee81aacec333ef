//! The built-in application: a small web service that says which version it is.
//!
//! `/` and `/hello/NAME` greet, `/ping` answers `pong`, `/version` names the version.

use std::io;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A task of the application. Dropping it ends it.
#[derive(Debug)]
pub struct Application {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Application {
    /// Starts the application on a free port of an address of this machine.
    pub async fn start(address: IpAddr, version: &'static str) -> io::Result<Self> {
        let listener = TcpListener::bind((address, 0)).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            // The server has no end of its own, and an error of one connection is not ours.
            let _ = axum::serve(listener, router(version)).await;
        });
        Ok(Self { address, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn router(version: &'static str) -> Router {
    let hello = move |name: &str| format!("hello {name}, this is version {version}\n");
    Router::new()
        .route("/", get(async move || hello("world")))
        .route("/hello/{name}", get(async move |Path(name): Path<String>| hello(&name)))
        .route("/ping", get(async || "pong\n"))
        .route("/version", get(async move || format!("{version}\n")))
}
