//! How users are set up.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::uri::PathAndQuery;
use rustls_pki_types::ServerName;
use tokio_rustls::rustls::ClientConfig;

use crate::rehearsal::Colour;
use crate::rehearsal::balancer::{Entry, LogReader};
use crate::rehearsal::clock::Clock;

/// How long a user waits for a whole answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How [`Users`](super::Users) are set up.
#[derive(Debug)]
pub struct Settings {
    /// Where the production listener is.
    pub address: SocketAddr,
    /// Whom to trust and the name to ask for, where the listener speaks TLS.
    pub tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// Whether it is a network listener: one connection per request, so that each may reach another
    /// target. An application listener gets connections that are kept.
    pub network: bool,
    /// The host that is asked for.
    pub host: HeaderValue,
    /// What is asked for, one after the other; `/` where there is none.
    pub paths: Vec<PathAndQuery>,
    /// Requests per simulated second. What is no positive number is no traffic.
    pub rate: f64,
    /// The clock that they go by.
    pub clock: Clock,
    /// How many requests are really sent in a real second at most.
    pub most_per_second: u32,
    /// How many requests are under way at a time at most.
    pub most_at_once: usize,
    /// How long a user waits for a whole answer, in real time.
    pub patience: Duration,
    /// The load balancer's log of the production listener.
    pub log: LogReader,
    /// Which side a request went to.
    pub colours: Colours,
}

impl Settings {
    /// Ten requests per simulated second for `/`, over kept connections without TLS; at most 300 a real
    /// second and 50 at once, so that the hooks keep the machine; a patience of ten seconds.
    pub fn new(
        address: SocketAddr,
        host: HeaderValue,
        clock: Clock,
        log: LogReader,
        colours: Colours,
    ) -> Self {
        Self {
            address,
            tls: None,
            network: false,
            host,
            paths: Vec::new(),
            rate: 10.0,
            clock,
            most_per_second: 300,
            most_at_once: 50,
            patience: PATIENCE,
            log,
            colours,
        }
    }
}

/// Which side an entry of the load balancer's log belongs to.
#[derive(Clone)]
pub struct Colours(Arc<ColourOf>);

type ColourOf = dyn Fn(&Entry) -> Option<Colour> + Send + Sync;

impl Colours {
    /// What this function says of each entry.
    pub fn new(of: impl Fn(&Entry) -> Option<Colour> + Send + Sync + 'static) -> Self {
        Self(Arc::new(of))
    }

    /// By the ARN of the target group that a request was forwarded to.
    pub fn by_target_group(blue: impl Into<String>, green: impl Into<String>) -> Self {
        let groups = [(blue.into(), Colour::Blue), (green.into(), Colour::Green)];
        Self::new(move |entry| {
            let group = entry.target_group.as_ref()?;
            groups.iter().find(|(arn, _)| arn == group).map(|(_, colour)| *colour)
        })
    }

    pub(super) fn of(&self, entry: &Entry) -> Option<Colour> {
        (self.0)(entry)
    }
}

impl fmt::Debug for Colours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Colours").finish_non_exhaustive()
    }
}
