//! The load balancer's page for what is no request.
//!
//! The HTTP server answers bytes that it cannot read with a bare status and never asks us. So its
//! connection is wrapped: what it writes before it has handed us any request is its own, and the page
//! goes out in its place. On a connection that has had a request before, the bare status stands.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use http::StatusCode;
use hyper::rt::{Read, ReadBufCursor, Write};

use super::answers;

pub(super) struct WithPage<C, F> {
    connection: C,
    /// Whether there was a request on this connection.
    asked: Arc<AtomicBool>,
    /// Told the status of the page, once.
    notice: Option<F>,
    /// What is still to be written of the page.
    page: Vec<u8>,
}

impl<C, F> WithPage<C, F> {
    pub(super) fn new(connection: C, asked: Arc<AtomicBool>, notice: F) -> Self {
        Self { connection, asked, notice: Some(notice), page: Vec::new() }
    }
}

impl<C: Read + Unpin, F: Unpin> Read for WithPage<C, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, buffer)
    }
}

impl<C: Write + Unpin, F: FnOnce(StatusCode) + Unpin> Write for WithPage<C, F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.asked.load(Ordering::Acquire) {
            return Pin::new(&mut this.connection).poll_write(context, buffer);
        }
        if let Some(notice) = this.notice.take() {
            let status = if buffer.starts_with(b"HTTP/1.1 414") {
                StatusCode::URI_TOO_LONG
            } else {
                StatusCode::BAD_REQUEST
            };
            this.page = answers::bytes(status);
            notice(status);
        }
        while !this.page.is_empty() {
            let written = ready!(Pin::new(&mut this.connection).poll_write(context, &this.page))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.page.drain(..written);
        }
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}
