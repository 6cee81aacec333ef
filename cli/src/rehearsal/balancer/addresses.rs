//! Where targets really are.
//!
//! The one place that says what may be dialled, so that nothing of a world, however it was made, ever
//! leaves this machine.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(super) struct Addresses {
    known: Mutex<HashMap<(String, u16), SocketAddr>>,
}

impl Addresses {
    pub(super) fn new(known: HashMap<(String, u16), SocketAddr>) -> Self {
        Self { known: Mutex::new(known) }
    }

    pub(super) fn map(&self, id: String, port: u16, address: SocketAddr) {
        self.known().insert((id, port), address);
    }

    pub(super) fn unmap(&self, id: &str, port: u16) {
        self.known().remove(&(id.to_owned(), port));
    }

    /// The address to dial for a target; none unless it is a loopback address.
    pub(super) fn find(&self, id: &str, port: u16) -> Option<SocketAddr> {
        let mapped = self.known().get(&(id.to_owned(), port)).copied();
        let address = mapped.or_else(|| Some(SocketAddr::new(id.parse::<IpAddr>().ok()?, port)))?;
        address.ip().to_canonical().is_loopback().then_some(address)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(String, u16), SocketAddr>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_ever_found() {
        let addresses = Addresses::new(HashMap::from([
            (("10.0.1.17".to_owned(), 8080), SocketAddr::from(([127, 0, 0, 1], 4000))),
            (("10.0.1.18".to_owned(), 8080), SocketAddr::from(([192, 0, 2, 1], 4000))),
        ]));
        let cases = [
            ("a loopback address", "127.0.0.7", 8080, Some("127.0.0.7:8080")),
            ("IPv6's loopback address", "::1", 8080, Some("[::1]:8080")),
            ("a mapped address", "10.0.1.17", 8080, Some("127.0.0.1:4000")),
            ("another port of a mapped address", "10.0.1.17", 8081, None),
            ("an address that is mapped elsewhere", "10.0.1.18", 8080, None),
            ("an address beyond", "192.0.2.1", 80, None),
            ("any address", "0.0.0.0", 80, None),
            ("the service for instances' metadata", "169.254.169.254", 80, None),
            ("an instance", "i-0123456789abcdef0", 80, None),
            ("a name", "localhost", 80, None),
        ];
        for (case, id, port, expected) in cases {
            let found = addresses.find(id, port).map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{case}");
        }
        addresses.unmap("10.0.1.17", 8080);
        assert_eq!(addresses.find("10.0.1.17", 8080), None);
    }
}
