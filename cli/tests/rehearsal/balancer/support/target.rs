//! What runs behind a load balancer: applications, and servers that behave badly.

use std::fmt::Write as _;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Ends when it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An application that says its name, and at `/echo` what it was sent.
pub(crate) async fn application(name: &'static str) -> Running {
    let says = move || async move { ([("server", "orders"), ("x-task", name)], name) };
    serve(Router::new().route("/echo", get(echo).post(echo)).fallback(says)).await
}

/// An application whose `/health` answers with what the sender says.
pub(crate) async fn application_with_health() -> (Running, watch::Sender<u16>) {
    let (sender, status) = watch::channel(200);
    let health = move || {
        let status = *status.borrow();
        async move { StatusCode::from_u16(status).unwrap() }
    };
    (serve(Router::new().route("/health", get(health))).await, sender)
}

async fn serve(router: Router) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Running { address, task }
}

async fn echo(request: Request) -> impl IntoResponse {
    let mut said = format!("{} {} {:?}\n", request.method(), request.uri(), request.version());
    for (name, value) in request.headers() {
        writeln!(said, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
    said + "\n" + std::str::from_utf8(&body).unwrap()
}

/// A server that does this with every connection, once the first bytes have come.
pub(crate) async fn server<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Running
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(connection));
        }
    });
    Running { address, task }
}

/// A server that reads a request and answers these bytes, whatever they are, then hangs up.
pub(crate) async fn answering(bytes: &'static [u8]) -> Running {
    server(move |mut connection| async move {
        let mut request = [0; 1024];
        let _ = connection.read(&mut request).await;
        let _ = connection.write_all(bytes).await;
    })
    .await
}

/// A server that sends back what it is sent, with its name before it.
pub(crate) async fn echoing(name: &'static str) -> Running {
    server(move |mut connection| async move {
        connection.write_all(name.as_bytes()).await.unwrap();
        let (mut reading, mut writing) = connection.split();
        let _ = tokio::io::copy(&mut reading, &mut writing).await;
    })
    .await
}

/// An address where nothing listens: it was free a moment ago.
pub(crate) async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
