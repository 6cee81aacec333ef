//! Looking up a host name.
//!
//! The system's resolver blocks a thread of the runtime's blocking pool and cannot be cancelled. So at most one
//! lookup per name is under way: whoever asks next, be it another worker or a retry, waits for that same lookup,
//! each only as long as it likes. (A runtime that is dropped waits for its blocking threads; one that may have to
//! leave such a lookup behind is shut down in the background.) What was found is kept for a few seconds, since
//! many workers connect at once.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const KEPT_FOR: Duration = Duration::from_secs(10);

type Found = io::Result<Vec<IpAddr>>;
type Lookup = fn(String) -> Pin<Box<dyn Future<Output = Found> + Send>>;

/// A host name, or a literal address, and what is known about it.
pub(super) struct Name {
    host: String,
    lookup: Lookup,
    state: Mutex<State>,
}

enum State {
    Unknown,
    Looking(JoinHandle<Found>),
    Known(Arc<[IpAddr]>, Instant),
}

impl Name {
    pub(super) fn new(host: &str) -> Self {
        Self::with_lookup(host, |host| Box::pin(system_lookup(host)))
    }

    fn with_lookup(host: &str, lookup: Lookup) -> Self {
        Self { host: host.to_owned(), lookup, state: Mutex::new(State::Unknown) }
    }

    /// The name's addresses, at least one. May be given up at any time; the lookup goes on for the next caller.
    pub(super) async fn resolve(&self) -> io::Result<Arc<[IpAddr]>> {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return Ok(Arc::new([address]));
        }
        let mut state = self.state.lock().await;
        loop {
            match &mut *state {
                State::Known(addresses, found) if found.elapsed() < KEPT_FOR => {
                    return Ok(Arc::clone(addresses));
                }
                State::Unknown | State::Known(..) => {
                    *state = State::Looking(tokio::spawn((self.lookup)(self.host.clone())));
                }
                State::Looking(lookup) => {
                    let found = lookup.await;
                    *state = State::Unknown;
                    let addresses = found.map_err(io::Error::other)??;
                    if addresses.is_empty() {
                        return Err(io::Error::other("the name has no address"));
                    }
                    *state = State::Known(addresses.into(), Instant::now());
                }
            }
        }
    }

    /// Forgets what was found: the addresses may have moved.
    pub(super) fn forget(&self) {
        // Whoever holds the lock is looking the name up just now.
        if let Ok(mut state) = self.state.try_lock()
            && let State::Known(..) = *state
        {
            *state = State::Unknown;
        }
    }
}

async fn system_lookup(host: String) -> Found {
    let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address.ip()) {
            addresses.push(address.ip());
        }
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_literal_address_is_not_looked_up() {
        for host in ["127.0.0.1", "::1"] {
            let name = Name::with_lookup(host, |_| Box::pin(async { Err(io::Error::other("looked up")) }));
            assert_eq!(name.resolve().await.unwrap()[0], host.parse::<IpAddr>().unwrap());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_lookup_is_given_up_by_the_caller_and_not_started_again() {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let name = Name::with_lookup("hangs.example.com", |_| {
            Box::pin(async {
                STARTED.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_mins(1)).await;
                Ok(vec![IpAddr::from([10, 0, 0, 1])])
            })
        });
        for _ in 0..3 {
            assert!(tokio::time::timeout(Duration::from_secs(1), name.resolve()).await.is_err());
        }
        assert_eq!(name.resolve().await.unwrap().len(), 1);
        assert_eq!(STARTED.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_found_is_kept_for_a_while_unless_it_is_to_be_forgotten() {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let name = Name::with_lookup("moves.example.com", |_| {
            Box::pin(async {
                let count = STARTED.fetch_add(1, Ordering::Relaxed);
                Ok(vec![IpAddr::from([10, 0, 0, u8::try_from(count).unwrap()])])
            })
        });
        let last = async || {
            let IpAddr::V4(address) = name.resolve().await.unwrap()[0] else { panic!("an IPv4 address") };
            address.octets()[3]
        };
        assert_eq!((last().await, last().await), (0, 0));
        name.forget();
        assert_eq!(last().await, 1);
        tokio::time::advance(KEPT_FOR).await;
        assert_eq!(last().await, 2);
    }

    #[tokio::test]
    async fn a_failed_lookup_is_tried_again() {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let name = Name::with_lookup("flaky.example.com", |_| {
            Box::pin(async {
                match STARTED.fetch_add(1, Ordering::Relaxed) {
                    0 => Err(io::Error::other("try again")),
                    1 => Ok(Vec::new()),
                    _ => Ok(vec![IpAddr::from([10, 0, 0, 1])]),
                }
            })
        });
        assert_eq!(name.resolve().await.unwrap_err().to_string(), "try again");
        assert_eq!(name.resolve().await.unwrap_err().to_string(), "the name has no address");
        assert!(name.resolve().await.is_ok());
    }
}
