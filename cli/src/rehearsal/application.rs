//! The built-in application: a small web service that says which version it is.
//!
//! `/` and `/hello/NAME` greet, `/ping` answers `pong`, `/version` names the version. As a task it answers `pong` at the path of its health check, too.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, Uri};
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
    pub async fn start(address: IpAddr, version: &str) -> io::Result<Self> {
        Self::listen(SocketAddr::new(address, 0), version).await
    }

    /// Starts the application on this address and port.
    pub async fn listen(at: SocketAddr, version: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let router = router(version, None);
        let serving = tokio::spawn(async move {
            // The server has no end of its own, and an error of one connection is not ours.
            let _ = axum::serve(listener, router).await;
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

/// What it answers. A health check at another path is answered, too, so that whoever has a template of their own and no application at
/// hand sees a deployment, and not how the built-in application lacks a path.
pub(super) fn router(version: &str, health_check: Option<&str>) -> Router {
    let health_check = health_check.map(ToOwned::to_owned);
    let healthy = async move |uri: Uri| match health_check {
        Some(path) if path == uri.path() => (StatusCode::OK, "pong\n"),
        _ => (StatusCode::NOT_FOUND, ""),
    };
    let version: Arc<str> = version.into();
    let hello = |version: &str, name: &str| format!("hello {name}, this is version {version}\n");
    let (world, named) = (version.clone(), version.clone());
    Router::new()
        .route("/", get(async move || hello(&world, "world")))
        .route("/hello/{name}", get(async move |Path(name): Path<String>| hello(&named, &name)))
        .route("/ping", get(async || "pong\n"))
        .route("/version", get(async move || format!("{version}\n")))
        .fallback(healthy)
}
