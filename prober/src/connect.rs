//! Getting a connection: name, TCP, TLS, each within its own time, again after a pause.
//!
//! Everything that can go wrong here is ours until shown otherwise, so here and only here is retried. Surprising:
//! connecting is measured apart and never becomes part of an answer's latency; one slow handshake must not fail
//! a release.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use tokio::sync::OnceCell;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::attempt::Attempt;
use super::endpoint::Endpoint;
use super::name::Name;
use super::request::Limits;
use super::speaks::Speaks;
use super::tls::{self, Roots};
use super::unreachable::{Obstacle, Unreachable};
use super::wire::Stream;

const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// An endpoint and what is known about its name.
pub(super) struct Peer {
    pub(super) endpoint: Endpoint,
    pub(super) name: Name,
}

impl Peer {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let name = Name::new(endpoint.connect_host());
        Self { endpoint, name }
    }
}

/// How long each phase of one successful attempt took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConnectTimes {
    /// Looking up the name; nothing for a literal address.
    pub name: Duration,
    /// Opening the TCP connection, addresses that failed before included.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
}

impl ConnectTimes {
    /// All phases together.
    pub fn total(&self) -> Duration {
        self.name + self.connect + self.tls
    }
}

/// Connections made, and what they took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connects {
    /// Connections that were established.
    pub count: u64,
    /// Attempts that failed before one of those succeeded.
    pub failed_attempts: u64,
    /// The phases of the slowest one.
    pub slowest: ConnectTimes,
}

impl Connects {
    pub(super) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.failed_attempts += other.failed_attempts;
        if other.slowest.total() > self.slowest.total() {
            self.slowest = other.slowest;
        }
    }
}

/// A connection that a request can be written to.
pub(super) struct Connected {
    pub(super) stream: Stream,
    pub(super) remote: SocketAddr,
    pub(super) tls: Option<&'static str>,
    /// Whether it is HTTP/2 that is spoken.
    pub(super) http2: bool,
    /// Until when the other side's certificate is valid.
    pub(super) certificate_expires: Option<SystemTime>,
    pub(super) times: ConnectTimes,
    pub(super) failed_attempts: u32,
}

/// Makes connections that trust the same roots and speak the same.
pub(super) struct Connector {
    limits: Limits,
    roots: Roots,
    speaks: Speaks,
    tls: OnceCell<TlsConnector>,
}

impl Connector {
    /// A connector for an endpoint.
    pub(super) fn new(limits: &Limits, endpoint: &Endpoint) -> Self {
        let (roots, speaks) = (endpoint.roots().clone(), endpoint.speaks());
        Self { limits: limits.clone(), roots, speaks, tls: OnceCell::new() }
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        self.limits.connect_timeout
    }

    /// Reads the roots when first asked.
    pub(super) async fn tls(&self) -> Result<&TlsConnector, Obstacle> {
        let config = async || tls::client_config(&self.roots, self.speaks).map(TlsConnector::from);
        self.tls.get_or_try_init(config).await
    }

    /// A connection, after at most [`Limits::attempts`] attempts that end with the deadline at the latest.
    pub(super) async fn connect(&self, peer: &Peer, deadline: Instant) -> Result<Connected, Unreachable> {
        let allowed = self.limits.attempts.max(1);
        let mut backoff = self.limits.backoff;
        let mut failed = 0;
        loop {
            let mut attempt = Attempt::new(self, peer, failed, deadline);
            let obstacle = match attempt.run().await {
                Ok(connected) => return Ok(connected),
                Err(obstacle) => obstacle,
            };
            failed += 1;
            let again = Instant::now().checked_add(backoff).filter(|again| *again < deadline);
            let Some(again) = again.filter(|_| failed < allowed) else {
                let unreachable = Unreachable::new(&peer.endpoint, attempt.tried, obstacle, failed);
                return Err(Unreachable { cut_short: failed < allowed, ..unreachable });
            };
            peer.name.forget();
            tokio::time::sleep_until(again).await;
            backoff = backoff.saturating_mul(2).min(MAX_BACKOFF);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_link_local_target_is_refused_without_a_packet() {
        let url = url::Url::parse("http://169.254.169.254/").unwrap();
        let endpoint = Endpoint::new(&url, &crate::Overrides::default()).unwrap();
        let limits = Limits { attempts: 1, ..Limits::default() };
        let connector = Connector::new(&limits, &endpoint);
        let deadline = Instant::now() + Duration::from_mins(1);
        let Err(unreachable) = connector.connect(&Peer::new(endpoint), deadline).await else {
            panic!("connected to a metadata address");
        };
        assert_eq!((unreachable.obstacle, unreachable.tried.len()), (Obstacle::LinkLocal, 0));
    }
}
