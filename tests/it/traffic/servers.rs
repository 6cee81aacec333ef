//! Servers in the place of green's tasks: each at its own address, all on one port.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

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
    while let Ok((tcp, _)) = listener.accept().await {
        connections.spawn(serve(tcp, serves));
    }
}

async fn serve(mut tcp: TcpStream, serves: Serves) {
    match serves {
        Serves::Health(_) | Serves::NoHealth | Serves::Http2(_) => http2(tcp, serves).await,
        Serves::Http1(answer) => {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = tcp.read_u8().await else { return };
                head.push(byte);
            }
            let _ = tcp.write_all(answer.as_bytes()).await;
        }
        Serves::Greeting(words) => {
            let _ = tcp.write_all(words.as_bytes()).await;
            std::future::pending::<()>().await;
        }
        Serves::Silence | Serves::Nobody => std::future::pending::<()>().await,
    }
}

async fn http2(tcp: TcpStream, serves: Serves) {
    // Whoever asks may be gone; that ends it.
    let Ok(mut connection) = h2::server::handshake(tcp).await else { return };
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let grpc = || Response::builder().header("content-type", "application/grpc");
        let _ = match serves {
            Serves::Health(status) => {
                let Ok(mut stream) = respond.send_response(grpc().body(()).unwrap(), false) else { return };
                let _ = stream.send_data(Bytes::from(vec![0, 0, 0, 0, 2, 8, status]), false);
                let ok = HeaderValue::from_static("0");
                let _ = stream.send_trailers(HeaderMap::from_iter([("grpc-status".parse().unwrap(), ok)]));
                continue;
            }
            Serves::Http2(status) => {
                respond.send_response(Response::builder().status(status).body(()).unwrap(), true)
            }
            _ => respond.send_response(grpc().header("grpc-status", "12").body(()).unwrap(), true),
        };
    }
}
