//! Applications in the place of tasks: each on an address of its own, writing down what it gets.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One request as a task got it.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The applications of one revision.
#[derive(Debug)]
pub(crate) struct Applications {
    pub(crate) addresses: Vec<SocketAddr>,
    got: Arc<Mutex<Vec<Got>>>,
    running: Vec<JoinHandle<()>>,
}

impl Applications {
    /// Starts so many, on one port as the tasks of a service are, each at its own loopback address.
    pub(crate) async fn start(revision: &'static str, count: u8) -> Self {
        let listeners = listen(count).await;
        let mut applications = Self {
            addresses: listeners.iter().map(|listener| listener.local_addr().unwrap()).collect(),
            got: Arc::default(),
            running: Vec::new(),
        };
        for listener in listeners {
            applications.serve(revision, listener);
        }
        applications
    }

    /// Serves on another port of each address, too, and says which.
    pub(crate) async fn also_elsewhere(&mut self, revision: &'static str) -> u16 {
        let mut listeners: Vec<TcpListener> = Vec::new();
        for address in self.addresses.clone() {
            let port = listeners.first().map_or(0, |first| first.local_addr().unwrap().port());
            listeners.push(TcpListener::bind((address.ip(), port)).await.unwrap());
        }
        let port = listeners.first().map_or(0, |first| first.local_addr().unwrap().port());
        for listener in listeners {
            self.serve(revision, listener);
        }
        port
    }

    /// Ends them: from now on their addresses refuse connections.
    pub(crate) async fn stop(&mut self) {
        for running in self.running.drain(..) {
            running.abort();
            // The error is that it was ended.
            let _ = running.await;
        }
    }

    /// What they got, in the order of arrival.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn serve(&mut self, revision: &'static str, listener: TcpListener) {
        let got = self.got.clone();
        let answer = async move |request: Request| {
            got.lock().unwrap().push(Got {
                method: request.method().to_string(),
                path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
                headers: request.headers().clone(),
            });
            answer(revision, request.uri().path()).await
        };
        let router = Router::new().fallback(answer);
        self.running.push(tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }));
    }
}

impl Drop for Applications {
    fn drop(&mut self) {
        for running in &self.running {
            running.abort();
        }
    }
}

/// What the application answers; most paths tell its revision.
async fn answer(revision: &'static str, path: &str) -> Response {
    match path {
        "/fails" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "/moved" => (StatusCode::MOVED_PERMANENTLY, [("location", "/elsewhere")]).into_response(),
        "/to-https" => {
            (StatusCode::MOVED_PERMANENTLY, [("location", "https://orders.example.com/")]).into_response()
        }
        "/sign-in" => {
            let orders = axum::Json(serde_json::json!({"cheap": 7, "dear": 9}));
            ([("set-cookie", format!("session=of-{revision}; Path=/"))], orders).into_response()
        }
        "/silent" => std::future::pending().await,
        _ => format!("{revision}\n").into_response(),
    }
}

/// So many listeners on one port.
async fn listen(count: u8) -> Vec<TcpListener> {
    /// Addresses that no other applications of these tests have.
    static NETWORK: AtomicU16 = AtomicU16::new(0x0100);
    let [second, third] = NETWORK.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let address = |last: u8| Ipv4Addr::new(127, second, third, last);
    loop {
        let first = TcpListener::bind((address(1), 0)).await.unwrap();
        let port = first.local_addr().unwrap().port();
        let mut listeners = vec![first];
        for last in 2..=count {
            // Somebody else's socket has this port at this address: another port will do.
            let Ok(listener) = TcpListener::bind((address(last), port)).await else { break };
            listeners.push(listener);
        }
        listeners.truncate(count.into());
        if listeners.len() == usize::from(count) {
            return listeners;
        }
    }
}
