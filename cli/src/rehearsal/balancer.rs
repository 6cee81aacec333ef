//! The load balancers of the [world](super::aws), served on this machine.
//!
//! [`Balancer`] binds a port of 127.0.0.1 for every listener of the world, writes that port into the
//! world and serves it: application listeners (HTTP, HTTPS) by their rules, network listeners (TCP, TLS)
//! byte by byte. Every request and every connection reads the world anew, so that a change of weights,
//! rules, targets or certificates takes effect with the next one. Nothing is ever dialled but loopback.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use greenlight_cli::rehearsal::aws::Aws;
//! use greenlight_cli::rehearsal::balancer::{AnsweredBy, Balancer, Options};
//!
//! let aws = Aws::start().await?;
//! // … aws.change(|world| world.elb.listeners.push(…)) …
//! let balancer = Balancer::start(&aws, Options::default()).await?;
//! // … requests to 127.0.0.1 and the port that the listener has now …
//! assert_eq!(balancer.log()[0].answered_by, AnsweredBy::Target);
//! # Ok(())
//! # }
//! ```
//!
//! # What it answers by itself
//! Such answers carry `server: awselb/2.0` and the service's own pages: 400 malformed, 401 a token is
//! wanted, 405 TRACE, 502 the target refused, was cut off or answered rubbish, 503 no target, 504 no
//! answer in time; fixed responses and redirects. What a target answers passes unchanged. A client that
//! leaves before it has an answer is in the log with 460, as in access logs.
//!
//! # Where Elastic Load Balancing's documentation is silent
//! - Targets in `initial`: with no healthy target, traffic goes to all that are registered, be they
//!   `unhealthy` or `initial`. The documentation names two causes of a 503 alone: no registered targets,
//!   or all of them `unused`. `draining` targets are no longer registered, so they count as none.
//! - A forward whose weights are all zero is answered with 503, and so is one to a group that is gone. A
//!   group without targets never falls over to the other groups of its action; that is documented.
//! - Regular expressions are searched for, not anchored. They are as case-sensitive as they are written,
//!   but for host names, which have no case.
//! - A query string is compared as it is sent, without decoding. A parameter without `=` has the empty value.
//! - The content type of a fixed response, which the world does not keep, is `text/plain; charset=utf-8`.
//!
//! # What it leaves out
//! Transforms are recorded in the world and not applied: targets see the host and the path that were sent.
//! Nobody is ever signed in, so an authenticate action always answers: 302 to a sign-in page that does not
//! exist, or 401 for `jwt-validation`. The idle timeout is the wait for the head of an answer; a body may
//! take its time. There are no `WebSockets`, no stickiness and no UDP: UDP listeners keep their ports and
//! are not served.

mod addresses;
mod answers;
mod application;
mod certificates;
mod cidr;
mod conditions;
mod exchange;
mod forwarding;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod handshakes;
mod health;
mod listener;
mod log;
mod malformed;
mod network;
mod options;
mod record;
mod redirect;
mod routing;
mod shares;
mod target;
mod tasks;
mod wildcard;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use self::certificates::Certificate;
pub(super) use self::forwarding::remove_hop_by_hop;
pub(super) use self::health::{HEALTH_CHECKER, is_good};
pub use self::log::{AnsweredBy, Asked, Entry, LogReader, TargetAddress};
pub use self::options::{HealthChecks, Options};
pub(super) use self::target::Connection;

use self::addresses::Addresses;
use self::certificates::Certificates;
use self::handshakes::Handshakes;
use self::listener::Listening;
use self::log::Log;
use self::shares::Shares;
use self::tasks::{Alive, Tasks};
use super::aws::{Aws, Shared};

/// The load balancers of a world while they serve. Dropping it ends every listener and every connection.
#[derive(Debug)]
pub struct Balancer {
    site: Arc<Site>,
    listening: HashMap<String, SocketAddr>,
    _alive: Alive,
}

/// What everything that serves needs.
#[derive(Debug)]
struct Site {
    world: Arc<Shared>,
    addresses: Addresses,
    certificates: Certificates,
    handshakes: Handshakes,
    shares: Shares,
    log: Arc<Log>,
    idle_timeout: Duration,
    tasks: Tasks,
}

impl Balancer {
    /// Serves the listeners that the world has now, each on a free port of 127.0.0.1 that becomes the
    /// listener's port in the world.
    ///
    /// Fails when a port cannot be bound, when the options lack a certificate that a listener names, and
    /// when a listener speaks a protocol that is none of Elastic Load Balancing's.
    pub async fn start(aws: &Aws, options: Options) -> io::Result<Self> {
        let (alive, tasks) = Tasks::new();
        let site = Arc::new(Site {
            world: aws.shared(),
            addresses: Addresses::new(options.addresses),
            certificates: Certificates::new(options.certificates)?,
            handshakes: Handshakes::new(),
            shares: Shares::default(),
            log: Arc::default(),
            idle_timeout: options.idle_timeout,
            tasks,
        });
        let mut bound = Vec::new();
        for listener in aws.look(|world| world.elb.listeners.clone()) {
            bound.extend(Listening::bind(&listener, &site.certificates).await?);
        }
        let listening: HashMap<String, SocketAddr> =
            bound.iter().map(|listening| (listening.arn.to_string(), listening.address)).collect();
        aws.change(|world| {
            for listener in &mut world.elb.listeners {
                if let Some(address) = listening.get(&listener.arn) {
                    listener.port = address.port();
                }
            }
        });
        for listening in bound {
            site.tasks.spawn(listening.serve(site.clone()));
        }
        if let Some(health_checks) = options.health_checks {
            site.tasks.spawn(health::check(site.clone(), health_checks));
        }
        Ok(Self { site, listening, _alive: alive })
    }

    /// Where a listener is reached, by its ARN; none if it is not served.
    pub fn address(&self, listener: &str) -> Option<SocketAddr> {
        self.listening.get(listener).copied()
    }

    /// From now on a target of this id and port is at this address. It must be a loopback address to be
    /// dialled.
    pub fn map(&self, id: impl Into<String>, port: u16, address: SocketAddr) {
        self.site.addresses.map(id.into(), port, address);
    }

    /// From now on a target of this id and port is where its id says, which is nowhere unless it is a
    /// loopback address.
    pub fn unmap(&self, id: &str, port: u16) {
        self.site.addresses.unmap(id, port);
    }

    /// Lets the next TLS handshake at a listener hang, in addition to those that are to hang already: the
    /// connection is accepted, what the client says is read, and nothing is ever answered, until the client
    /// gives up or the balancer is dropped. A listener without TLS has no handshakes.
    pub fn hang_next_handshake(&self, listener: impl Into<String>) {
        self.site.handshakes.hang_next(listener.into());
    }

    /// Waits until every handshake that was to hang does.
    pub async fn until_handshakes_hang(&self) {
        self.site.handshakes.until_they_hang().await;
    }

    /// What was asked and who answered, oldest first. A request is in it before its answer is out. The
    /// oldest are dropped once there are a hundred thousand.
    pub fn log(&self) -> Vec<Entry> {
        self.site.log.entries()
    }

    /// The entries of the log from this number on, oldest first, and the number to go on from. The first
    /// entry of all has the number 0.
    pub fn log_since(&self, number: u64) -> (Vec<Entry>, u64) {
        let (entries, next) = self.site.log.since(number, |_| true);
        (entries.into_iter().map(|(_, entry)| entry).collect(), next)
    }

    /// Reads what is asked of this listener from now on.
    pub fn log_reader(&self, listener: impl Into<String>) -> LogReader {
        LogReader::new(self.site.log.clone(), listener.into())
    }
}
