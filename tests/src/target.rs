//! Applications for a hook to probe: one that works, and the ways in which one can fail to.
//!
//! Each is a real server on 127.0.0.1 that records what it receives and ends when it is dropped.
//! They speak HTTP/1.1 by hand over raw sockets, because no server library can be talked into a reset
//! in the middle of an answer or a handshake that never comes.

mod answer;
mod certificate;
mod connection;
mod kind;
mod received;
mod unreachable;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{AbortHandle, JoinSet};

pub use answer::Answer;
pub use certificate::SERVER_NAME;
pub use kind::Kind;
pub use received::{Received, Request};

use connection::Application;
use unreachable::FullBacklog;

/// An application that runs until this value is dropped.
#[derive(Debug)]
pub struct Target {
    address: SocketAddr,
    scheme: &'static str,
    authority_pem: Option<String>,
    received: Received,
    _life: Life,
}

/// What must stay alive for the target to go on behaving as it does.
#[derive(Debug)]
enum Life {
    Serving(#[expect(dead_code, reason = "held for its drop")] Aborting),
    Bound(#[expect(dead_code, reason = "held so that nobody else can take the port")] TcpSocket),
    Full(#[expect(dead_code, reason = "held so that the backlog stays full")] FullBacklog),
}

/// Ends the server's task, and with it every connection that the task owns.
#[derive(Debug)]
struct Aborting(AbortHandle);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Target {
    /// Starts the application of this kind on the current runtime.
    pub async fn start(kind: Kind) -> io::Result<Self> {
        match kind {
            Kind::Refused => {
                let socket = unreachable::bound_without_listening()?;
                Ok(Self::unreachable(socket.local_addr()?, Life::Bound(socket)))
            }
            Kind::BacklogFull => {
                let backlog = FullBacklog::fill().await?;
                Ok(Self::unreachable(backlog.address()?, Life::Full(backlog)))
            }
            _ => Self::serve(kind, Answer::of(kind), None).await,
        }
    }

    /// Starts an application that gives every request this answer.
    pub async fn answering(answer: Answer) -> io::Result<Self> {
        Self::serve(Kind::Good, answer, None).await
    }

    /// Starts one like [`Kind::Tls`], with a certificate that ends with the day before this one (year, month, day).
    pub async fn tls_until(year: i32, month: u8, day: u8) -> io::Result<Self> {
        Self::serve(Kind::Tls, Answer::of(Kind::Tls), Some((year, month, day))).await
    }

    /// Where it listens, or would if it did.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL without a path, `https` for the kinds that speak TLS.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The certificate of the private authority that a client must trust, where TLS is spoken.
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority_pem.as_deref()
    }

    /// What has reached the application so far.
    pub fn received(&self) -> &Received {
        &self.received
    }

    fn unreachable(address: SocketAddr, life: Life) -> Self {
        Self { address, scheme: "http", authority_pem: None, received: Received::default(), _life: life }
    }

    async fn serve(kind: Kind, answer: Answer, until: Option<(i32, u8, u8)>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let identity = if kind.speaks_tls() { Some(certificate::Identity::new(until)?) } else { None };
        let (acceptor, authority_pem) = match identity {
            Some(identity) => (Some(identity.acceptor), Some(identity.authority_pem)),
            None => (None, None),
        };
        let received = Received::default();
        let application = Arc::new(Application { kind, answer, acceptor, received: received.clone() });
        let task = tokio::spawn(accept(listener, application));
        Ok(Self {
            address,
            scheme: if kind.speaks_tls() { "https" } else { "http" },
            authority_pem,
            received,
            _life: Life::Serving(Aborting(task.abort_handle())),
        })
    }
}

/// Accepts until it is aborted. The connections are tasks in a set of its own, so they end with it.
async fn accept(listener: TcpListener, application: Arc<Application>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let place = application.received.connected();
        let application = Arc::clone(&application);
        // How a connection ended is the client's story to tell: a client that hung up is no error here.
        connections.spawn(async move { application.converse(stream, place).await });
        while connections.try_join_next().is_some() {}
    }
}
