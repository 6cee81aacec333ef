//! A server that plays a script on each connection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, Notify};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// What to do next on a connection. A script that ends closes it.
#[derive(Clone)]
pub(crate) enum Step {
    /// Reads one request, with its body.
    Read,
    Send(Vec<u8>),
    /// Reads a request and sends these bytes, again and again.
    Serve(Vec<u8>),
    /// Reads what opens HTTP/2, where it comes, and one request after it.
    ReadHttp2,
    /// Sends one byte, waits, sends the next.
    Drip(Vec<u8>, Duration),
    /// Sends these bytes for as long as somebody takes them.
    SendForever(Vec<u8>),
    /// Waits for other connections to come as far.
    Meet(Arc<Barrier>),
    /// Does nothing until the other side closes.
    Hold,
    /// Resets the connection instead of closing it.
    Reset,
}

/// What one connection is in for.
pub(crate) struct Script {
    tls: Option<TlsAcceptor>,
    steps: Vec<Step>,
}

impl Script {
    pub(crate) fn plain(steps: impl Into<Vec<Step>>) -> Self {
        Self { tls: None, steps: steps.into() }
    }

    pub(crate) fn tls(acceptor: &TlsAcceptor, steps: impl Into<Vec<Step>>) -> Self {
        Self { tls: Some(acceptor.clone()), steps: steps.into() }
    }
}

/// Ends with its last owner.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicU64,
    requests: Mutex<Vec<String>>,
    closed: Notify,
}

impl Server {
    /// Plays what `script` says for the first connection (0), the second (1), and so on.
    pub(crate) async fn start(script: impl Fn(u64) -> Script + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let task = tokio::spawn(accept(listener, Arc::clone(&seen), script));
        Self { address, seen, task }
    }

    /// Plays the same on every connection.
    pub(crate) async fn always(steps: impl Into<Vec<Step>>) -> Self {
        let steps = steps.into();
        Self::start(move |_| Script::plain(steps.clone())).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The requests that were read, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// Waits until the other side has closed a connection that is on [`Step::Hold`].
    pub(crate) async fn held_connection_closed(&self) {
        self.seen.closed.notified().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, seen: Arc<Seen>, script: impl Fn(u64) -> Script) {
    let mut connections = JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        let script = script(seen.connections.fetch_add(1, Ordering::SeqCst));
        connections.spawn(connection(tcp, script, Arc::clone(&seen)));
    }
}

async fn connection(tcp: TcpStream, script: Script, seen: Arc<Seen>) {
    tcp.set_nodelay(true).unwrap();
    if script.steps.iter().any(|step| matches!(step, Step::Reset)) {
        tcp.set_zero_linger().unwrap();
    }
    match script.tls {
        None => play(tcp, script.steps, &seen).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(tcp).await {
                play(stream, script.steps, &seen).await;
            }
        }
    }
}

async fn play(mut stream: impl AsyncRead + AsyncWrite + Unpin, steps: Vec<Step>, seen: &Seen) {
    for step in steps {
        // A side that is gone ends the script, as it should.
        let done = match step {
            Step::Read => read_request(&mut stream, seen).await,
            Step::ReadHttp2 => read_http2_request(&mut stream).await,
            Step::Send(bytes) => write(&mut stream, &bytes).await,
            Step::Serve(bytes) => {
                while read_request(&mut stream, seen).await.is_some() {
                    if write(&mut stream, &bytes).await.is_none() {
                        return;
                    }
                }
                None
            }
            Step::Drip(bytes, pause) => drip(&mut stream, &bytes, pause).await,
            Step::SendForever(bytes) => {
                while write(&mut stream, &bytes).await.is_some() {}
                None
            }
            Step::Hold => {
                while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {}
                seen.closed.notify_one();
                None
            }
            Step::Meet(others) => {
                others.wait().await;
                Some(())
            }
            Step::Reset => None,
        };
        if done.is_none() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Option<()> {
    stream.write_all(bytes).await.ok()?;
    stream.flush().await.ok()
}

async fn drip(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8], pause: Duration) -> Option<()> {
    for byte in bytes {
        write(stream, &[*byte]).await?;
        tokio::time::sleep(pause).await;
    }
    Some(())
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin), seen: &Seen) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(request.clone()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    request.extend(body);
    seen.requests.lock().unwrap().push(String::from_utf8(request).unwrap());
    Some(())
}

/// Reads frames until one ends a stream (RFC 9113, 4.1): HEADERS or DATA with `END_STREAM`.
async fn read_http2_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<()> {
    let mut head = [0; 9];
    loop {
        stream.read_exact(&mut head).await.ok()?;
        // The client's preface begins like a frame that there is none of: `PRI * HTT`.
        if head.starts_with(b"PRI") {
            stream.read_exact(&mut [0; 24 - 9]).await.ok()?;
            continue;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream.read_exact(&mut vec![0; length as usize]).await.ok()?;
        if matches!(head[3], 0 | 1) && head[4] & 1 == 1 {
            return Some(());
        }
    }
}
