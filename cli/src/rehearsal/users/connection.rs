//! A user's connection to the listener, and one exchange over it.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

use super::finished::NoAnswer;

/// Where the listener is and what it speaks.
pub(super) struct Way {
    address: SocketAddr,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Why there is no connection.
pub(super) enum Unconnected {
    /// It is the listener's doing.
    NoAnswer(NoAnswer),
    /// This machine has no port left, so no user has asked.
    NoPort,
}

/// A connection that takes one request after another.
pub(super) struct Connection {
    sender: http1::SendRequest<Empty<Bytes>>,
    /// One task, which a set aborts when it is dropped.
    _driver: JoinSet<()>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Way {
    pub(super) fn new(address: SocketAddr, tls: Option<(Arc<ClientConfig>, ServerName<'static>)>) -> Self {
        let tls = tls.map(|(config, name)| {
            // Users speak HTTP/1.1 whatever else could be agreed on.
            let mut config = Arc::unwrap_or_clone(config);
            config.alpn_protocols.clear();
            (TlsConnector::from(Arc::new(config)), name)
        });
        Self { address, tls }
    }

    /// Connects, and says from where.
    pub(super) async fn connect(&self) -> Result<(TcpStream, SocketAddr), Unconnected> {
        let connection = TcpStream::connect(self.address).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Unconnected::NoPort,
            _ => Unconnected::NoAnswer(NoAnswer::Refused),
        })?;
        drop(connection.set_nodelay(true));
        let client = connection.local_addr().map_err(|_| Unconnected::NoAnswer(NoAnswer::CutOff))?;
        Ok((connection, client))
    }

    /// Makes a connection ready for requests.
    pub(super) async fn open(&self, connection: TcpStream) -> Result<Connection, NoAnswer> {
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(connection),
            Some((connector, name)) => {
                Box::new(connector.connect(name.clone(), connection).await.map_err(|_| NoAnswer::Tls)?)
            }
        };
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| blame(&error))?;
        let mut task = JoinSet::new();
        // How it ends is told to those who wait for an answer.
        task.spawn(async move { drop(driver.await) });
        Ok(Connection { sender, _driver: task })
    }
}

impl Connection {
    /// Whether it can take another request.
    pub(super) async fn is_ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// The status, once the whole answer has come; or the request, where the connection was gone before it
    /// was written.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Empty<Bytes>>,
    ) -> Result<Result<u16, NoAnswer>, Request<Empty<Bytes>>> {
        let mut response = match self.sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut error) => {
                return match error.take_message() {
                    Some(unsent) => Err(unsent),
                    None => Ok(Err(blame(error.error()))),
                };
            }
        };
        while let Some(frame) = response.body_mut().frame().await {
            if let Err(error) = frame {
                return Ok(Err(blame(&error)));
            }
        }
        Ok(Ok(response.status().as_u16()))
    }
}

fn blame(error: &hyper::Error) -> NoAnswer {
    let mut cause = error.source();
    while let Some(source) = cause {
        // What hyper says of chunks that are none.
        let is_not_http = |kind| matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        if source.downcast_ref::<io::Error>().is_some_and(|error| is_not_http(error.kind())) {
            return NoAnswer::NotHttp;
        }
        cause = source.source();
    }
    if error.is_parse() { NoAnswer::NotHttp } else { NoAnswer::CutOff }
}
