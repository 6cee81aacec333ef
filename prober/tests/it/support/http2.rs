//! HTTP/2 by hand, for servers that misbehave, and a server that does not.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::Step;

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// What a server says first.
pub(crate) fn settings() -> Step {
    Step::Send(frame(4, 0, 0, &[]))
}

/// The head `200` of an answer to the first request (`0x88` is `:status: 200` in HPACK, RFC 7541).
pub(crate) fn head() -> Step {
    Step::Send(frame(1, 4, 1, &[0x88]))
}

/// A piece of the body of that answer.
pub(crate) fn data(bytes: &[u8], last: bool) -> Step {
    Step::Send(frame(0, u8::from(last), 1, bytes))
}

pub(crate) fn reset_stream(reason: u32) -> Step {
    Step::Send(frame(3, 0, 1, &reason.to_be_bytes()))
}

/// Says which stream was the last one to be processed, and that no more will be.
pub(crate) fn go_away(last: u32, reason: u32) -> Step {
    Step::Send(frame(7, 0, 0, &[last.to_be_bytes(), reason.to_be_bytes()].concat()))
}

/// A request as it arrived.
pub(crate) struct Arrived {
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Answers every request over HTTP/2 with a body as long as its path says (`/1000`), and a trailer.
pub(crate) struct Http2 {
    pub(crate) address: SocketAddr,
    pub(crate) arrived: Arc<Mutex<Vec<Arrived>>>,
    connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Http2 {
    pub(crate) async fn start(acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let arrived: Arc<Mutex<Vec<Arrived>>> = Arc::default();
        let connections: Arc<AtomicU64> = Arc::default();
        let (heard, count) = (Arc::clone(&arrived), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                match acceptor.clone() {
                    None => serving.spawn(serve(tcp, Arc::clone(&heard))),
                    Some(acceptor) => {
                        let heard = Arc::clone(&heard);
                        serving.spawn(async move { serve(acceptor.accept(tcp).await.unwrap(), heard).await })
                    }
                };
            }
        });
        Self { address, arrived, connections, task }
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    arrived: Arc<Mutex<Vec<Arrived>>>,
) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let mut answers = JoinSet::new();
    // The side that asks may be gone; that ends it.
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let arrived = Arc::clone(&arrived);
        answers.spawn(async move {
            let (head, mut incoming) = request.into_parts();
            let mut body = Vec::new();
            while let Some(Ok(piece)) = incoming.data().await {
                incoming.flow_control().release_capacity(piece.len()).unwrap();
                body.extend(piece);
            }
            let length = head.uri.path().trim_start_matches('/').parse().unwrap_or(0);
            arrived.lock().unwrap().push(Arrived { uri: head.uri.to_string(), headers: head.headers, body });
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            stream.send_data(Bytes::from(vec![b'x'; length]), false).unwrap();
            let trailers = HeaderMap::from_iter([("x-end".parse().unwrap(), HeaderValue::from_static("1"))]);
            stream.send_trailers(trailers).unwrap();
        });
    }
}
