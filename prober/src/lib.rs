//! The prober: HTTP/1.1 and HTTP/2 requests of which every phase is known.
//!
//! A verdict is only as truthful as the answer to "whose fault was that?". So the prober keeps three things apart
//! for every request, by type: an [`Answer`], which is judged; [`NoAnswer`], which is green's fault because the
//! request was written; and [`Unreachable`], which is ours until shown otherwise, because no request could be
//! written. Only the last is ever tried again. This is why it stands directly on hyper's connection API for
//! HTTP/1.1, and on h2 for HTTP/2: every HTTP client above them hides where the line was crossed, retries behind
//! it, or counts a handshake as latency.
//!
//! The line, exactly: on a fresh connection it is the end of the TCP connect or the TLS handshake. Whether the
//! request's bytes left before the other side closed is a matter of microseconds, so a connection that was
//! established and then closed without an answer is always green's. HTTP/2 can say more: a request that the
//! other side says it did not process (RFC 9113, 8.7) is written once more, on a fresh connection.
//!
//! The way of a request: [`Endpoint`] → name → connect → TLS → exchange → redirect? → [`Reply`], and for many
//! requests → judge → [`Tally`]. Several requests in order, where one needs what another gave, are a [`Script`].
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use greenlight_prober::{Endpoint, Limits, Load, Mismatch, Overrides, Prober};
//! use tokio::time::Instant;
//!
//! # async fn probe() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::new(&"https://orders.example.com:8443".parse()?, &Overrides::default())?;
//! let request = endpoint.request(http::Method::GET, "/ping")?.with_header("accept", "text/plain")?;
//! let prober = Prober::new(endpoint, Limits { timeout: Duration::from_secs(2), ..Limits::default() });
//!
//! let load = Load { requests: 50, concurrency: 5, deadline: Instant::now() + Duration::from_secs(20) };
//! let tally = prober
//!     .run(&request, load, |answer| match answer.status.as_u16() {
//!         200..=299 => Ok(()),
//!         status => Err(Mismatch::new(format!("status {status}"), "status 200-299")),
//!     })
//!     .await;
//!
//! if let Some(unreachable) = tally.unreachable.first() {
//!     println!("could not tell: {unreachable}");
//! } else if tally.failed() > 0 {
//!     println!("green failed {} of {} requests", tally.failed(), tally.judged());
//! } else {
//!     println!("95 % answered within {:?}", tally.latency.percentile(95.0));
//! }
//! # Ok(())
//! # }
//! ```

mod attempt;
mod blame;
mod certificate;
mod connect;
mod driver;
mod endpoint;
mod exchange;
mod hop;
mod jar;
mod load;
mod name;
mod redirect;
mod reply;
mod request;
mod script;
mod session;
mod speaks;
mod talk;
mod tally;
mod tls;
mod unreachable;
mod wire;

use std::sync::Arc;

use tokio::time::Instant;

pub use self::connect::{ConnectTimes, Connects};
pub use self::endpoint::{Endpoint, EndpointError, Overrides, Scheme};
pub use self::jar::Jar;
pub use self::load::Load;
pub use self::redirect::RedirectRefused;
pub use self::reply::{Answer, Fault, NoAnswer, OutOfTime, Reply};
pub use self::request::{Limits, Request, RequestError};
pub use self::script::{Answered, Script};
pub use self::speaks::Speaks;
pub use self::talk::{Heard, Talk};
pub use self::tally::{Distinct, Latencies, Mismatch, Stopped, Streak, Tally, Whose};
pub use self::unreachable::{Obstacle, Phase, Unreachable};

use self::connect::{Connector, Peer};
use self::hop::Hop;
use self::script::Alone;
use self::session::Session;

/// Sends requests to one endpoint. Cheap to clone.
#[derive(Clone)]
pub struct Prober {
    shared: Arc<Shared>,
}

/// What all workers of a prober share.
struct Shared {
    limits: Limits,
    connector: Connector,
    home: Arc<Peer>,
}

impl Prober {
    /// A prober for an endpoint. Nothing is connected, looked up or loaded before the first request.
    pub fn new(endpoint: Endpoint, limits: Limits) -> Self {
        let connector = Connector::new(&limits, &endpoint);
        let home = Arc::new(Peer::new(endpoint));
        Self { shared: Arc::new(Shared { limits, connector, home }) }
    }

    /// Sends one request on a connection of its own.
    pub async fn send(&self, request: &Request, deadline: Instant) -> Result<Reply, OutOfTime> {
        let hop = Hop::first(Arc::clone(&self.shared.home), request);
        Session::new(Arc::clone(&self.shared)).send(&hop, request.carries_secrets, deadline).await
    }

    /// Sends a request many times, several at once, and has each answer judged.
    ///
    /// The workers are tasks on the current runtime; dropping the future ends them. A judge that panics does so
    /// in the caller. The judge sees whole answers, bodies included, so that none needs to be kept.
    pub async fn run<J>(&self, request: &Request, load: Load, judge: J) -> Tally
    where
        J: Fn(&Answer) -> Result<(), Mismatch> + Send + Sync + 'static,
    {
        load::run(&self.shared, Alone { request: request.clone(), judge }, load).await
    }

    /// Plays a script many times, several at once; the same holds as for [`run`](Self::run).
    pub async fn play<S: Script>(&self, script: S, load: Load) -> Tally {
        load::run(&self.shared, script, load).await
    }

    /// Opens a connection, sends some bytes, and reads until `enough` finds that what came is enough. Nothing
    /// to send and `enough` from the start is a question of connecting alone.
    ///
    /// Over TLS, the endpoint has to be one that [speaks](Endpoint::speaking) [`Speaks::Bytes`].
    pub async fn talk(
        &self,
        send: &[u8],
        enough: impl FnMut(&[u8]) -> bool,
        deadline: Instant,
    ) -> Result<Talk, OutOfTime> {
        talk::talk(&self.shared, send, enough, deadline).await
    }
}
