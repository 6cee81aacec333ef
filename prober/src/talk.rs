//! Bytes over a connection: what a protocol that is no HTTP says when it is spoken to.
//!
//! Whose fault something is, is told as for a request: connecting is ours until shown otherwise, and what happens
//! on a connection that is open is green's. Surprising: an end of the connection is no failure by itself. Whether
//! what came until then was enough is the caller's question, and it is told what came in either case.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::connect::ConnectTimes;
use super::reply::{Fault, NoAnswer, OutOfTime};
use super::unreachable::{Obstacle, Unreachable};
use super::wire::{Meter, Wire};

/// What talking came to.
#[derive(Debug, Clone)]
pub enum Talk {
    /// A connection was opened; what was heard on it.
    Heard(Heard),
    /// No connection was opened: ours until shown otherwise.
    Unreachable(Unreachable),
}

/// What was heard on a connection.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Who it was.
    pub remote: SocketAddr,
    /// The TLS version, e.g. `TLS 1.3`; none for plain TCP.
    pub tls: Option<&'static str>,
    /// What connecting took.
    pub connect: ConnectTimes,
    /// Attempts to connect that failed before.
    pub failed_attempts: u32,
    /// What came, up to the limit for bodies.
    pub bytes: Bytes,
    /// From the connection being open to the end of talking.
    pub latency: Duration,
    /// Why talking ended before there was enough.
    pub ended: Option<NoAnswer>,
}

pub(super) async fn talk(
    shared: &Arc<Shared>,
    send: &[u8],
    mut enough: impl FnMut(&[u8]) -> bool,
    deadline: Instant,
) -> Result<Talk, OutOfTime> {
    if Instant::now() >= deadline {
        return Err(OutOfTime);
    }
    let connected = match shared.connector.connect(&shared.home, deadline).await {
        Ok(connected) => connected,
        Err(unreachable) => return Ok(Talk::Unreachable(unreachable)),
    };
    let (remote, tls) = (connected.remote, connected.tls);
    let (connect, failed_attempts) = (connected.times, connected.failed_attempts);
    let meter = Arc::new(Meter::default());
    let mut wire = Wire::new(connected.stream, Arc::clone(&meter));
    let began = Instant::now();
    let until = began.checked_add(shared.limits.timeout).filter(|until| *until <= deadline);
    let mut bytes = BytesMut::new();
    let exchange = async {
        if !send.is_empty() {
            wire.write_all(send).await?;
            wire.flush().await?;
        }
        while !enough(&bytes) {
            let room = shared.limits.max_body.saturating_sub(bytes.len() as u64);
            if room == 0 {
                return Ok(Some(Fault::BodyTooLarge { limit: shared.limits.max_body, announced: None }));
            }
            if (&mut wire).take(room).read_buf(&mut bytes).await? == 0 {
                return Ok(Some(Fault::Closed { received: bytes.len() as u64 }));
            }
        }
        Ok::<_, io::Error>(None)
    };
    let ended = timeout_at(until.unwrap_or(deadline), exchange).await;
    let waited = began.elapsed();
    let received = bytes.len() as u64;
    let fault = match ended {
        Ok(Ok(fault)) => fault,
        Ok(Err(error)) => match (error.kind(), meter.alert()) {
            // Under TLS 1.3 the other side may refuse after the handshake is over for us.
            (_, Some(alert)) if received == 0 => {
                let obstacle = Obstacle::HandshakeRefused { alert: format!("{alert:?}") };
                let unreachable = Unreachable::new(&shared.home.endpoint, vec![remote], obstacle, 1);
                return Ok(Talk::Unreachable(unreachable));
            }
            (io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted, _) => {
                Some(Fault::Reset { received })
            }
            (io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe, _) => Some(Fault::Closed { received }),
            _ => Some(Fault::Broken { problem: error.to_string() }),
        },
        Err(_) if until.is_none() => return Err(OutOfTime),
        Err(_) => Some(Fault::TimedOut { received }),
    };
    let ended = fault.map(|fault| NoAnswer { fault, status: None, waited, remote, reused: false });
    let bytes = bytes.freeze();
    Ok(Talk::Heard(Heard { remote, tls, connect, failed_attempts, bytes, latency: waited, ended }))
}
