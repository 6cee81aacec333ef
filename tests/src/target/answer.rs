//! What an application sends back for a request that it has read.

use std::io::{self, Write as _};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::kind::Kind;
use super::received::Request;

/// A whole, well-formed answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Whether the connection can take another request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Then {
    ReadOn,
    Close,
}

impl Answer {
    /// An answer with this status and no body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// What an application of this kind says when it answers like any other.
    pub(super) fn of(kind: Kind) -> Self {
        if kind == Kind::Wrong {
            Self::new(500).header("content-type", "text/plain").body("something broke\n")
        } else {
            Self::new(200).header("content-type", "application/json").body(r#"{"version":"2.0"}"#)
        }
    }

    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin), with_body: bool) -> io::Result<()> {
        let mut bytes = Vec::new();
        write!(bytes, "HTTP/1.1 {} answered\r\ncontent-length: {}\r\n", self.status, self.body.len())?;
        for (name, value) in &self.headers {
            write!(bytes, "{name}: {value}\r\n")?;
        }
        bytes.extend_from_slice(b"\r\n");
        if with_body {
            bytes.extend_from_slice(&self.body);
        }
        send(stream, &bytes).await
    }
}

/// Does what an application of this kind does once it has read a request.
pub(super) async fn give(
    kind: Kind,
    answer: &Answer,
    request: &Request,
    stream: &mut (impl AsyncWrite + Unpin),
) -> io::Result<Then> {
    match kind {
        Kind::NeverAnswers => std::future::pending().await,
        Kind::ResetsMidAnswer => {
            // The socket lingers for no time at all, so closing it is what sends the reset.
            send(stream, b"HTTP/1.1 200 answered\r\ncontent-length: 1000\r\n\r\nthe first half").await?;
            Ok(Then::Close)
        }
        Kind::Drips => {
            send(stream, b"HTTP/1.1 200 answered\r\ncontent-length: 3600\r\n\r\n").await?;
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                send(stream, b".").await?;
            }
        }
        Kind::EndlessBody => {
            send(stream, b"HTTP/1.1 200 answered\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            let mut chunk = b"4000\r\n".to_vec();
            chunk.resize(chunk.len() + 0x4000, b'.');
            chunk.extend_from_slice(b"\r\n");
            loop {
                send(stream, &chunk).await?;
            }
        }
        Kind::InvalidHttp => {
            send(stream, b"SSH-2.0-OpenSSH_9.6\r\n").await?;
            Ok(Then::Close)
        }
        Kind::RedirectLoop => {
            let answer = Answer::new(302).header("location", request.path());
            answer.write(stream, request.method() != "HEAD").await?;
            Ok(Then::ReadOn)
        }
        Kind::Good
        | Kind::Wrong
        | Kind::Refused
        | Kind::BacklogFull
        | Kind::Tls
        | Kind::TlsHangsOnce
        | Kind::TlsHangs => {
            answer.write(stream, request.method() != "HEAD").await?;
            Ok(Then::ReadOn)
        }
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}
