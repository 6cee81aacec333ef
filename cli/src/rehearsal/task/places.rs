//! Where tasks are: on loopback addresses of their own, as on AWS, so that isolation is real.
//!
//! Linux has the whole of 127.0.0.0/8 without being asked; where a system has 127.0.0.1 alone, the tasks
//! share it and differ by their ports.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

use crate::rehearsal::{Colour, identifier};

/// How often a port is looked for that is free at every task.
const ATTEMPTS: usize = 16;
/// Below the ports that systems give to outgoing connections, so that none of those takes it before the
/// process does.
const PROCESS_PORTS: std::ops::Range<u16> = 20_000..32_000;

#[derive(Debug)]
pub(super) struct Places {
    /// One for each task, in order.
    pub(super) listeners: Vec<TcpListener>,
    /// Whether each task has an address that no other has.
    pub(super) own_addresses: bool,
}

impl Places {
    /// Listens for so many tasks: on this port where it is free, and in any case on one for all of them,
    /// or, where they share an address, on one for each.
    pub(super) async fn find(colour: Colour, count: usize, port: Option<u16>) -> io::Result<Self> {
        Self::among(|task| own_address(colour, task), count, port).await
    }

    async fn among(address: impl Fn(usize) -> Ipv4Addr, count: usize, port: Option<u16>) -> io::Result<Self> {
        for port in port.into_iter().chain([0; ATTEMPTS]) {
            match listen(&address, count, port).await {
                Ok(listeners) => return Ok(Self { listeners, own_addresses: true }),
                Err(error) if error.kind() == ErrorKind::AddrNotAvailable => break,
                // Somebody else has the port at one of the addresses.
                Err(_) => {}
            }
        }
        let mut listeners = Vec::new();
        for _ in 0..count {
            listeners.push(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?);
        }
        Ok(Self { listeners, own_addresses: false })
    }
}

async fn listen(
    address: impl Fn(usize) -> Ipv4Addr,
    count: usize,
    mut port: u16,
) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for task in 0..count {
        let listener = TcpListener::bind((address(task), port)).await?;
        // The port of the first, where any would do.
        port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(listeners)
}

/// 127.0.1.1, 127.0.1.2, … for blue and 127.0.2.1, … for green; after 254 tasks 127.1.1.1.
fn own_address(colour: Colour, task: usize) -> Ipv4Addr {
    let network = match colour {
        Colour::Blue => 1,
        Colour::Green => 2,
    };
    // A machine runs out of ports long before this runs out of networks.
    let block = u8::try_from(task / 254).unwrap_or(u8::MAX);
    let host = u8::try_from(task % 254).unwrap_or(u8::MAX) + 1;
    Ipv4Addr::new(127, block, network, host)
}

/// A port that nobody has at any address, held until it is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    socket: TcpSocket,
}

impl Reserved {
    pub(super) fn find() -> io::Result<Self> {
        let count = PROCESS_PORTS.end - PROCESS_PORTS.start;
        // Two rehearsals begin at different ports, so that they do not race for the same.
        let first = u16::try_from(identifier::random() % u64::from(count)).unwrap_or(0);
        let middle = PROCESS_PORTS.start + first;
        let mut failed = None;
        for port in (middle..PROCESS_PORTS.end).chain(PROCESS_PORTS.start..middle) {
            // Bound without listening and without `SO_REUSEADDR`, so that a port in any use is refused.
            let socket = TcpSocket::new_v4()?;
            match socket.bind((IpAddr::from(Ipv4Addr::UNSPECIFIED), port).into()) {
                Ok(()) => return Ok(Self { socket }),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| ErrorKind::AddrInUse.into()))
    }

    pub(super) fn port(&self) -> io::Result<u16> {
        self.socket.local_addr().map(|address: SocketAddr| address.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(places: &Places) -> Vec<SocketAddr> {
        places.listeners.iter().map(|listener| listener.local_addr().unwrap()).collect()
    }

    #[test]
    fn every_task_has_an_address_of_its_own() {
        let cases = [
            (Colour::Blue, 0, "127.0.1.1"),
            (Colour::Green, 2, "127.0.2.3"),
            (Colour::Green, 253, "127.0.2.254"),
            (Colour::Green, 254, "127.1.2.1"),
        ];
        for (colour, task, expected) in cases {
            assert_eq!(own_address(colour, task).to_string(), expected, "{colour:?} {task}");
        }
    }

    #[tokio::test]
    async fn tasks_with_addresses_of_their_own_have_one_port() {
        let loopback = Places::find(Colour::Green, 3, None).await.unwrap();
        let ports: Vec<u16> = addresses(&loopback).iter().map(SocketAddr::port).collect();
        if loopback.own_addresses {
            assert!(ports.iter().all(|port| *port == ports[0]), "{ports:?}");
            // That port is taken now, so another is found for those who would like to have it.
            let others = Places::find(Colour::Green, 3, Some(ports[0])).await.unwrap();
            assert!(others.own_addresses);
            assert_ne!(addresses(&others)[0].port(), ports[0]);
        }
    }

    #[tokio::test]
    async fn tasks_share_an_address_where_the_system_has_no_more() {
        // An address of documentation, which no machine has.
        let places = Places::among(|_| Ipv4Addr::new(192, 0, 2, 1), 3, Some(8080)).await.unwrap();
        assert!(!places.own_addresses);
        let mut addresses = addresses(&places);
        assert!(addresses.iter().all(|address| address.ip() == Ipv4Addr::LOCALHOST));
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), 3);
    }

    #[tokio::test]
    async fn a_reserved_port_is_nobody_elses_until_it_is_let_go() {
        let reserved = Reserved::find().unwrap();
        let port = reserved.port().unwrap();
        assert_ne!(Reserved::find().unwrap().port().unwrap(), port);
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let other = TcpSocket::new_v4().unwrap();
        assert_eq!(other.bind(at).unwrap_err().kind(), ErrorKind::AddrInUse);
        drop(reserved);
        other.bind(at).unwrap();
    }
}
