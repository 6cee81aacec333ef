//! Servers in the place of green's tasks: each at its own address, all on one port.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What a shop's token and cookie begin with; its address follows.
pub(super) const TOKEN: &str = "tOkEn-Qw7-";
pub(super) const SESSION: &str = "sEsSiOn-Zx4-";

/// What a server does with each connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Serves {
    /// gRPC's health service, with this `ServingStatus` for every service.
    Health(u8),
    /// gRPC without a health service.
    NoHealth,
    /// HTTP/2 by prior knowledge, this status for every request.
    Http2(u16),
    /// One answer of HTTP/1.1 to each connection.
    Http1(&'static str),
    /// A login at `/login`; `/page` has this status for whoever brings the token and the cookie of this very server,
    /// and 403 for everybody else.
    Shop { http2: bool, page: u16 },
    /// HTTP/1.1, where so many requests fail before the others are good.
    Cold(usize),
    /// Says this, and stays.
    Greeting(&'static str),
    /// Accepts, and says nothing.
    Silence,
    /// Nobody listens.
    Nobody,
}

pub(super) struct Servers {
    pub(super) addresses: Vec<SocketAddr>,
    running: Vec<JoinHandle<()>>,
}

impl Servers {
    /// Starts them beside others at these addresses, on a port of their own.
    pub(super) async fn start(beside: &[SocketAddr], tasks: &[Serves]) -> Self {
        let listeners = listen(beside).await;
        let addresses = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        let running = listeners.into_iter().zip(tasks).filter_map(|(listener, serves)| match serves {
            Serves::Nobody => None,
            serves => Some(tokio::spawn(accept(listener, *serves))),
        });
        Self { addresses, running: running.collect() }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for running in &self.running {
            running.abort();
        }
    }
}

/// Listeners at the same addresses, on a port that is free at all of them.
async fn listen(beside: &[SocketAddr]) -> Vec<TcpListener> {
    loop {
        let mut listeners: Vec<TcpListener> = Vec::new();
        for address in beside {
            let port = listeners.first().map_or(0, |first| first.local_addr().unwrap().port());
            let Ok(listener) = TcpListener::bind((address.ip(), port)).await else { break };
            listeners.push(listener);
        }
        if listeners.len() == beside.len() {
            return listeners;
        }
    }
}

async fn accept(listener: TcpListener, serves: Serves) {
    let mut connections = JoinSet::new();
    // Each answer of HTTP/1.1 closes its connection here, so these are requests, too.
    let mut count = 0;
    while let Ok((tcp, _)) = listener.accept().await {
        connections.spawn(serve(tcp, serves, count));
        count += 1;
    }
}

async fn serve(mut tcp: TcpStream, serves: Serves, count: usize) {
    match serves {
        Serves::Health(_) | Serves::NoHealth | Serves::Http2(_) | Serves::Shop { http2: true, .. } => {
            http2(tcp, serves).await;
        }
        Serves::Http1(answer) => {
            if head(&mut tcp).await.is_some() {
                let _ = tcp.write_all(answer.as_bytes()).await;
            }
        }
        Serves::Cold(failing) => {
            if head(&mut tcp).await.is_some() {
                let status = if count < failing { 503 } else { 200 };
                let _ = tcp
                    .write_all(
                        written(&Response::builder().status(status).body(String::new()).unwrap()).as_bytes(),
                    )
                    .await;
            }
        }
        Serves::Shop { http2: false, page } => {
            let Some(request) = head(&mut tcp).await else { return };
            let answer = shop(tcp.local_addr().unwrap(), page, &request);
            let _ = tcp.write_all(written(&answer).as_bytes()).await;
        }
        Serves::Greeting(words) => {
            let _ = tcp.write_all(words.as_bytes()).await;
            std::future::pending::<()>().await;
        }
        Serves::Silence | Serves::Nobody => std::future::pending::<()>().await,
    }
}

/// The head of a request of HTTP/1.1; none where it does not come.
async fn head(tcp: &mut TcpStream) -> Option<Request<()>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let mut request = Request::builder().uri(lines.next()?.split(' ').nth(1)?);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    request.body(()).ok()
}

/// An answer of HTTP/1.1, after which the connection is closed.
fn written(answer: &Response<String>) -> String {
    let (status, body) = (answer.status(), answer.body());
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    let headers = answer.headers().iter();
    let headers = headers.map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap()));
    format!("{head}{}\r\n{body}", headers.collect::<String>())
}

/// What a shop answers whose login gives what is of use at this address only.
fn shop(address: SocketAddr, page: u16, request: &Request<()>) -> Response<String> {
    let own = address.ip().to_string().replace('.', "-");
    let has = |name: &str, value: String| request.headers().get(name).is_some_and(|sent| *sent == value);
    let answer = Response::builder();
    let answer = match request.uri().path() {
        "/login" => {
            let answer = answer.header("set-cookie", format!("session={SESSION}{own}; Path=/; HttpOnly"));
            return answer.body(format!("{{\"token\": \"{TOKEN}{own}\"}}")).unwrap();
        }
        "/page"
            if has("authorization", format!("Bearer {TOKEN}{own}"))
                && has("cookie", format!("session={SESSION}{own}")) =>
        {
            answer.status(page)
        }
        _ => answer.status(403),
    };
    answer.body(String::new()).unwrap()
}

async fn http2(tcp: TcpStream, serves: Serves) {
    let address = tcp.local_addr().unwrap();
    // Whoever asks may be gone; that ends it.
    let Ok(mut connection) = h2::server::handshake(tcp).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let grpc = || Response::builder().header("content-type", "application/grpc");
        let _ = match serves {
            Serves::Health(status) => {
                let Ok(mut stream) = respond.send_response(grpc().body(()).unwrap(), false) else { return };
                let _ = stream.send_data(Bytes::from(vec![0, 0, 0, 0, 2, 8, status]), false);
                let ok = HeaderValue::from_static("0");
                let _ = stream.send_trailers(HeaderMap::from_iter([("grpc-status".parse().unwrap(), ok)]));
                continue;
            }
            Serves::Shop { page, .. } => {
                let (head, body) = shop(address, page, &request.map(|_| ())).into_parts();
                let Ok(mut stream) = respond.send_response(Response::from_parts(head, ()), false) else {
                    return;
                };
                let _ = stream.send_data(Bytes::from(body), true);
                continue;
            }
            Serves::Http2(status) => {
                respond.send_response(Response::builder().status(status).body(()).unwrap(), true)
            }
            _ => respond.send_response(grpc().header("grpc-status", "12").body(()).unwrap(), true),
        };
    }
}
