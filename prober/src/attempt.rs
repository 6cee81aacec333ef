//! One attempt to connect: the three phases, each within its own time.
//!
//! Surprising: each attempt begins with another of the name's addresses. One of a load balancer's nodes may accept
//! a connection and then fail in the handshake, again and again.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::connect::{ConnectTimes, Connected, Connector, Peer};
use super::tls;
use super::unreachable::Obstacle;
use super::wire::Stream;

/// Addresses of one name that one attempt tries at most.
const MAX_ADDRESSES: usize = 4;

/// One way through the three phases.
pub(super) struct Attempt<'a> {
    connector: &'a Connector,
    peer: &'a Peer,
    number: u32,
    deadline: Instant,
    /// The addresses that a TCP connection was asked of.
    pub(super) tried: Vec<SocketAddr>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(connector: &'a Connector, peer: &'a Peer, number: u32, deadline: Instant) -> Self {
        Self { connector, peer, number, deadline, tried: Vec::new() }
    }

    pub(super) async fn run(&mut self) -> Result<Connected, Obstacle> {
        let mut times = ConnectTimes::default();
        let began = Instant::now();
        let addresses = self.addresses().await?;
        times.name = began.elapsed();

        let began = Instant::now();
        let (tcp, remote) = self.open(&addresses).await?;
        times.connect = began.elapsed();

        let failed_attempts = self.number;
        let Some(name) = self.peer.endpoint.server_name() else {
            let (stream, http2) = (Stream::Plain(tcp), self.peer.endpoint.speaks().is_http2_in_plain());
            let (tls, certificate_expires) = (None, None);
            return Ok(Connected { stream, remote, tls, http2, certificate_expires, times, failed_attempts });
        };
        // Before the clock starts: the first handshake of all waits for the roots to be read.
        let tls = self.connector.tls().await?;
        let began = Instant::now();
        let stream = self.shake_hands(tls, name.clone(), tcp).await?;
        let http2 = self.peer.endpoint.speaks().is_http2_over_tls(stream.get_ref().1.alpn_protocol())?;
        times.tls = began.elapsed();
        let (tls, certificate_expires) = (Some(tls::version(&stream)), tls::certificate_expires(&stream));
        let stream = Stream::Tls(Box::new(stream));
        Ok(Connected { stream, remote, tls, http2, certificate_expires, times, failed_attempts })
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, Obstacle> {
        let found = self
            .within(self.peer.name.resolve())
            .await
            .map_err(|after| Obstacle::NameTimedOut { after })?
            .map_err(|error| Obstacle::NameUnknown { problem: error.to_string() })?;
        let port = self.peer.endpoint.connect_port();
        let mut addresses: Vec<SocketAddr> =
            found.iter().filter(|ip| !link_local(**ip)).map(|ip| SocketAddr::new(*ip, port)).collect();
        if addresses.is_empty() {
            return Err(Obstacle::LinkLocal);
        }
        let first = usize::try_from(self.number).unwrap_or(0) % addresses.len();
        addresses.rotate_left(first);
        addresses.truncate(MAX_ADDRESSES);
        Ok(addresses)
    }

    async fn open(&mut self, addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Obstacle> {
        let mut last = Obstacle::LinkLocal;
        for address in addresses {
            self.tried.push(*address);
            let began = Instant::now();
            let opened = self.within(TcpStream::connect(address)).await;
            last = match opened.map(|opened| opened.and_then(without_delay)) {
                Ok(Ok(tcp)) => return Ok((tcp, *address)),
                Ok(Err(error)) => connect_obstacle(&error, began.elapsed()),
                Err(after) => Obstacle::ConnectTimedOut { after },
            };
        }
        Err(last)
    }

    async fn shake_hands(
        &self,
        tls: &TlsConnector,
        name: ServerName<'static>,
        tcp: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Obstacle> {
        self.within(tls.connect(name, tcp))
            .await
            .map_err(|after| Obstacle::HandshakeTimedOut { after })?
            .map_err(|error| tls::handshake_obstacle(&error, self.peer.endpoint.speaks()))
    }

    /// Gives one phase its time, or what is left of it before the deadline; says how long that was.
    async fn within<T>(&self, phase: impl Future<Output = T>) -> Result<T, Duration> {
        let began = Instant::now();
        let until = began.checked_add(self.connector.connect_timeout());
        let until = until.map_or(self.deadline, |until| until.min(self.deadline));
        tokio::time::timeout_at(until, phase).await.map_err(|_| began.elapsed())
    }
}

/// Requests are written whole, so waiting for more to send only delays them.
fn without_delay(tcp: TcpStream) -> io::Result<TcpStream> {
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

fn connect_obstacle(error: &io::Error, after: Duration) -> Obstacle {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Obstacle::Refused,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Obstacle::NoRoute,
        // The kernel's patience ran out before ours.
        io::ErrorKind::TimedOut => Obstacle::ConnectTimedOut { after },
        _ => Obstacle::ConnectFailed { problem: error.to_string() },
    }
}

/// Link-local addresses are where clouds hand out credentials (169.254.169.254, 169.254.170.2, `fd00:ec2::254`).
/// No target is there, but a plan or a rebound name could point there.
fn link_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local() || v6 == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_addresses_are_link_local() {
        for address in
            ["169.254.169.254", "169.254.170.2", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254"]
        {
            assert!(link_local(address.parse().unwrap()), "{address}");
        }
        for address in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1"] {
            assert!(!link_local(address.parse().unwrap()), "{address}");
        }
    }
}
