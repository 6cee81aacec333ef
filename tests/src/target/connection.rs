//! One connection to an application: handshake, requests, answers.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::answer::{self, Answer, Then};
use super::kind::Kind;
use super::received::{Received, Request};

/// Longer than any head that a probe sends; past it the connection is given up.
const HEAD_LIMIT: usize = 64 * 1024;

/// What every connection of one application shares.
pub(super) struct Application {
    pub(super) kind: Kind,
    pub(super) answer: Answer,
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) received: Received,
}

impl Application {
    /// Serves the connection that came as the `place`th, from 0.
    pub(super) async fn converse(&self, stream: TcpStream, place: usize) -> io::Result<()> {
        // Servers do this; without it an answer over TLS waits for a delayed acknowledgement.
        stream.set_nodelay(true)?;
        if self.kind == Kind::ResetsMidAnswer {
            stream.set_zero_linger()?;
        }
        let Some(acceptor) = &self.acceptor else {
            return self.serve(stream).await;
        };
        let hangs = self.kind == Kind::TlsHangs || (self.kind == Kind::TlsHangsOnce && place == 0);
        if hangs {
            return read_for_ever(stream).await;
        }
        self.serve(acceptor.accept(stream).await?).await
    }

    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read_request(&mut stream).await? {
            self.received.requested(request.clone());
            let then = answer::give(self.kind, &self.answer, &request, stream.get_mut()).await?;
            if then == Then::Close {
                break;
            }
        }
        Ok(())
    }
}

/// Takes what the client sends, so that its writes succeed, and says nothing. Ends when the client does.
async fn read_for_ever(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// Reads one request; `None` where the client closed the connection between two.
async fn read_request(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Request>> {
    let mut head = Vec::new();
    loop {
        let start = head.len();
        let read = stream.read_until(b'\n', &mut head).await?;
        if read == 0 {
            return if start == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        if head.len() > HEAD_LIMIT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the request's head is over 64 KiB"));
        }
        if matches!(&head[start..], b"\r\n" | b"\n") {
            head.truncate(start);
            break;
        }
    }
    let head = String::from_utf8_lossy(&head).trim_end().to_owned();
    let mut request = Request { head, body: Vec::new() };
    let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).await?;
    Ok(Some(request))
}
