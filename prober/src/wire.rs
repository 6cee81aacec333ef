//! The bytes of one connection, plain or TLS, and a count of them.
//!
//! hyper reports *that* an exchange failed. Whose fault it was depends on how far it had come, so the stream
//! below hyper counts what goes by and remembers the first bytes of what came, to tell TLS from HTTP in words.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{AlertDescription, Error as TlsError};

use super::tls;

/// A connected stream.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What has gone by since the current request began.
#[derive(Default)]
pub(super) struct Meter {
    written: AtomicU64,
    received: AtomicU64,
    opening: Mutex<Vec<u8>>,
    /// Bytes that came since the reader last rested.
    in_a_row: AtomicU64,
    /// The TLS alert that ended the connection; h2 keeps no more of an I/O error than its kind and words.
    alert: OnceLock<AlertDescription>,
}

impl Meter {
    /// How many of the first bytes are remembered.
    const OPENING: usize = 48;
    /// How many bytes are taken at a time. hyper and h2 read for as long as there is something to read, and what is none of an
    /// answer (interim answers, frames about the connection) they read on and on: nobody would look at the time, nor take
    /// what was read.
    const AT_A_TIME: u64 = 64 * 1024;

    pub(super) fn restart(&self) {
        self.in_a_row.store(0, Ordering::Relaxed);
        self.written.store(0, Ordering::Relaxed);
        if self.received.swap(0, Ordering::Relaxed) > 0 {
            self.opening().clear();
        }
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// The first bytes that came.
    pub(super) fn opening(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn alert(&self) -> Option<AlertDescription> {
        self.alert.get().copied()
    }

    /// Whether it is time to rest; the next ones count anew.
    fn has_enough(&self) -> bool {
        let enough = self.in_a_row.load(Ordering::Relaxed) >= Self::AT_A_TIME;
        if enough {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
        enough
    }

    fn receive(&self, bytes: &[u8]) {
        self.in_a_row.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let before = self.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if before < Self::OPENING as u64 {
            let mut opening = self.opening();
            let wanted = Self::OPENING.saturating_sub(opening.len()).min(bytes.len());
            opening.extend_from_slice(&bytes[..wanted]);
        }
    }
}

/// A stream that counts.
///
/// A write that fails says no more than that the other side is gone. What it said before that is still to be read
/// and tells why it went, so a failed write is kept until there is nothing left to read, and told then. From then on
/// nothing is written, flushed or shut down any more: TLS holds back what could not go out and would fail with it
/// each time, and hyper and h2 stop reading at the first error.
pub(super) struct Wire {
    stream: Stream,
    meter: Arc<Meter>,
    write_error: Option<io::Error>,
}

impl Wire {
    pub(super) fn new(stream: Stream, meter: Arc<Meter>) -> Self {
        Self { stream, meter, write_error: None }
    }

    /// Writes unless the other side is gone, and counts what was written. What cannot be written any more counts as
    /// nothing, and is taken nevertheless.
    fn write(
        &mut self,
        offered: usize,
        write: impl FnOnce(&mut Stream) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.unless_gone(offered, write))?;
        if self.write_error.is_none() {
            self.meter.written.fetch_add(written as u64, Ordering::Relaxed);
        }
        Poll::Ready(Ok(written))
    }

    /// Does it unless the other side is gone, and says `gone` where it is.
    fn unless_gone<T>(
        &mut self,
        gone: T,
        act: impl FnOnce(&mut Stream) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.write_error.is_some() {
            return Poll::Ready(Ok(gone));
        }
        match ready!(act(&mut self.stream)) {
            Err(error) if is_hang_up(&error) => {
                self.write_error = Some(error);
                Poll::Ready(Ok(gone))
            }
            done => Poll::Ready(done),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.meter.has_enough() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buf.filled().len();
        let read = match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        };
        if buf.filled().len() > before {
            self.meter.receive(&buf.filled()[before..]);
        }
        if let Poll::Ready(Err(error)) = &read
            && let Some(TlsError::AlertReceived(alert)) = tls::tls_error(error)
        {
            let _ = self.meter.alert.set(*alert);
            return read;
        }
        match (read, buf.filled().len() == before) {
            (Poll::Ready(_), true) if self.write_error.is_some() => {
                Poll::Ready(self.write_error.take().map_or(Ok(()), Err))
            }
            (read, _) => read,
        }
    }
}

/// Whether the other side is gone, which is all that writing can tell.
fn is_hang_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    )
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write(buf.len(), |stream| match stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        })
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(bufs.iter().map(|buf| buf.len()).sum(), |stream| match stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Stream::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, bufs),
        })
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(tcp) => tcp.is_write_vectored(),
            Stream::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unless_gone((), |stream| match stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unless_gone((), |stream| match stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        })
    }
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::{PrivateKeyDer, ServerName};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::ring};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    const SAID: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (tcp, listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn the_reader_rests_though_there_is_more_to_read() {
        let (tcp, mut other) = pair().await;
        let sent = 300 * 1024;
        let sending = tokio::spawn(async move { other.write_all(&vec![b'.'; sent]).await });
        let mut wire = Wire::new(Stream::Plain(tcp), Arc::default());
        let (mut buffer, mut received) = (vec![0; 16 * 1024], 0);
        while received < sent {
            let at_a_time = std::future::poll_fn(|cx| {
                let (mut buffer, mut at_a_time) = (ReadBuf::new(&mut buffer), 0);
                while Pin::new(&mut wire).poll_read(cx, &mut buffer).is_ready() && !buffer.filled().is_empty()
                {
                    at_a_time += buffer.filled().len();
                    buffer.clear();
                }
                // Nothing to read yet is no rest.
                if at_a_time == 0 { Poll::Pending } else { Poll::Ready(at_a_time) }
            });
            let at_a_time = at_a_time.await;
            assert!(at_a_time < 80 * 1024, "{at_a_time} bytes without a rest");
            received += at_a_time;
        }
        assert_eq!(received, sent);
        sending.await.unwrap().unwrap();
    }

    /// A stream on which the other side said something and reset the connection.
    async fn reset() -> Stream {
        let (tcp, mut other) = pair().await;
        other.write_all(SAID).await.unwrap();
        other.set_zero_linger().unwrap();
        Stream::Plain(tcp)
    }

    /// The same over TLS.
    async fn reset_over_tls() -> Stream {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["green.test".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&key).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let (tcp, other) = pair().await;
        let name = ServerName::try_from("green.test").unwrap();
        let (tls, other) = tokio::join!(
            TlsConnector::from(Arc::new(client)).connect(name, tcp),
            TlsAcceptor::from(Arc::new(server)).accept(other)
        );
        let mut other = other.unwrap();
        // What waits for an acknowledgement would be lost with the reset.
        other.get_ref().0.set_nodelay(true).unwrap();
        other.write_all(SAID).await.unwrap();
        other.flush().await.unwrap();
        other.get_ref().0.set_zero_linger().unwrap();
        Stream::Tls(Box::new(tls.unwrap()))
    }

    #[tokio::test]
    async fn what_was_said_before_a_reset_is_read_although_writing_fails() {
        for (name, stream) in [("plain", reset().await), ("TLS", reset_over_tls().await)] {
            let meter = Arc::new(Meter::default());
            let mut wire = Wire::new(stream, Arc::clone(&meter));
            for _ in 0..2 {
                wire.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
                wire.flush().await.unwrap();
            }
            wire.shutdown().await.unwrap();
            assert_eq!(meter.written(), 0, "{name}: nothing of it went out");
            let mut said = Vec::new();
            let end = wire.read_to_end(&mut said).await.unwrap_err();
            assert_eq!(said, SAID, "{name}");
            assert!(is_hang_up(&end), "{name}: {end:?}");
            assert!(meter.opening().starts_with(b"HTTP/1.1 400"), "{name}");
        }
    }

    #[tokio::test]
    async fn a_shutdown_that_fails_keeps_nothing_from_being_read() {
        for (name, stream) in [("plain", reset().await), ("TLS", reset_over_tls().await)] {
            let mut wire = Wire::new(stream, Arc::default());
            wire.shutdown().await.unwrap();
            let mut said = Vec::new();
            let end = wire.read_to_end(&mut said).await.unwrap_err();
            assert_eq!(said, SAID, "{name}");
            assert!(is_hang_up(&end), "{name}: {end:?}");
        }
    }
}
