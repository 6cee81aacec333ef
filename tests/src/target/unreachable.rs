//! Addresses that no connection is made to: nobody listens, or nobody accepts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A connect on loopback that has not completed after this long is one that the kernel has dropped.
const CONNECT_PATIENCE: Duration = Duration::from_millis(300);

/// Far above what the smallest backlog holds; reaching it means that the kernel does as it likes.
const MOST_CONNECTIONS: usize = 64;

/// A socket that owns its port without listening on it: connecting there is refused, and the kernel
/// gives the port to nobody else.
pub(super) fn bound_without_listening() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(socket)
}

/// A listener that never accepts, and the connections that fill its backlog. The kernel then drops
/// every further SYN, as a network does whose packets go nowhere.
#[derive(Debug)]
pub(super) struct FullBacklog {
    listener: TcpListener,
    _connections: Vec<TcpStream>,
}

impl FullBacklog {
    pub(super) async fn fill() -> io::Result<Self> {
        let socket = bound_without_listening()?;
        let listener = socket.listen(0)?;
        let address = listener.local_addr()?;
        let mut connections = Vec::new();
        while connections.len() < MOST_CONNECTIONS {
            match tokio::time::timeout(CONNECT_PATIENCE, TcpStream::connect(address)).await {
                Ok(connected) => connections.push(connected?),
                Err(_) => {
                    return Ok(Self { listener, _connections: connections });
                }
            }
        }
        Err(io::Error::other(format!(
            "{MOST_CONNECTIONS} connections did not fill a backlog of 0 on {address}: this kernel has no full backlog"
        )))
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
