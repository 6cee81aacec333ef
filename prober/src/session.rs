//! One request after another: connections kept alive, and redirects.
//!
//! A session is what one worker of a load has. It decides which connection carries a request, and it holds the
//! one exception to "whatever happens to a written request is green's fault": a *kept-alive* connection may be
//! closed by the other side just as the next request is on its way (RFC 9110, 9.2.2 and RFC 9112, 9.3.1). If
//! not one byte of an answer came, a request that is safe to repeat is written once more, on a fresh connection,
//! and that attempt decides. Over HTTP/2 the other side may say that it did not process a request: then any may be
//! written once more.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Shared;
use super::connect::{Connects, Peer};
use super::exchange::{Allowance, Connection, Outcome, Received};
use super::hop::Hop;
use super::jar::Jar;
use super::redirect::{Next, Trail};
use super::reply::{Answer, NoAnswer, OutOfTime, Reply};
use super::unreachable::{Obstacle, Unreachable};

/// Sends one request at a time.
pub(super) struct Session {
    shared: Arc<Shared>,
    kept: Option<Connection>,
    /// The cookies of the run that is under way, where they are kept.
    pub(super) jar: Option<Jar>,
    pub(super) connects: Connects,
    /// Requests written once more: a kept-alive connection was closed under them, or they were not processed.
    pub(super) reconnects: u64,
}

/// What an exchange came to when it came to an end.
enum End {
    Received(Received, Connection, Duration),
    NoAnswer(NoAnswer),
    Unreachable(Unreachable),
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, kept: None, jar: None, connects: Connects::default(), reconnects: 0 }
    }

    /// Sends a request and follows its redirects, as far as allowed.
    pub(super) async fn send(
        &mut self,
        first: &Hop,
        carries_secrets: bool,
        deadline: Instant,
    ) -> Result<Reply, OutOfTime> {
        let mut trail = Trail::new(self.shared.limits.redirects);
        let mut spent = Duration::ZERO;
        let mut redirected: Option<Box<Hop>> = None;
        if let Some(jar) = &mut self.jar {
            jar.begin();
        }
        loop {
            let hop = redirected.as_deref().unwrap_or(first);
            if let Some(jar) = &mut self.jar {
                jar.withhold(hop);
            }
            let allowance = Allowance {
                timeout: self.shared.limits.timeout.saturating_sub(spent),
                deadline,
                max_body: self.shared.limits.max_body,
                quote: !carries_secrets && self.jar.is_none(),
            };
            let (received, remote, tls, certificate_expires) = match self.exchange(hop, &allowance).await? {
                End::Received(received, connection, latency) => {
                    spent += latency;
                    if let Some(jar) = &mut self.jar {
                        jar.keep(hop, &received.headers);
                    }
                    let seen = (received, connection.remote, connection.tls, connection.certificate_expires);
                    self.keep(connection);
                    seen
                }
                End::NoAnswer(mut no_answer) => {
                    no_answer.waited += spent;
                    return Ok(Reply::NoAnswer(no_answer));
                }
                End::Unreachable(unreachable) => return Ok(Reply::Unreachable(unreachable)),
            };
            let redirect_refused = match trail.next(hop, received.status, &received.headers) {
                Next::Follow(next) => {
                    redirected = Some(next);
                    continue;
                }
                Next::Stay => None,
                Next::Refused(refused) => Some(refused),
            };
            return Ok(Reply::Answer(Answer {
                status: received.status,
                version: received.version,
                headers: received.headers,
                trailers: received.trailers,
                body: received.body,
                latency: spent,
                remote,
                tls,
                certificate_expires,
                redirects: trail.followed,
                redirect_refused,
            }));
        }
    }

    /// One hop, on a connection that takes it.
    async fn exchange(&mut self, hop: &Hop, allowance: &Allowance) -> Result<End, OutOfTime> {
        let (mut fresh, mut refused) = (false, false);
        loop {
            let mut connection = match self.kept.take().filter(|_| !fresh) {
                Some(connection) => connection,
                None => match self.connect(&hop.peer, allowance.deadline).await? {
                    Ok(connection) => connection,
                    Err(unreachable) => return Ok(End::Unreachable(unreachable)),
                },
            };
            let reused = connection.reused();
            let (outcome, waited) = connection.exchange(hop, self.jar.as_ref(), allowance).await?;
            let (fault, status) = match outcome {
                Outcome::Answered(received) => return Ok(End::Received(received, connection, waited)),
                Outcome::NotWritten => {
                    fresh = true;
                    continue;
                }
                Outcome::Lost(_) if reused && hop.safe() => {
                    self.reconnects += 1;
                    fresh = true;
                    continue;
                }
                Outcome::NotProcessed(_) if !refused => {
                    self.reconnects += 1;
                    (fresh, refused) = (true, true);
                    continue;
                }
                Outcome::Rejected(obstacle) => {
                    let tried = vec![connection.remote];
                    return Ok(End::Unreachable(Unreachable::new(&hop.peer.endpoint, tried, obstacle, 1)));
                }
                Outcome::Lost(fault) | Outcome::NotProcessed(fault) => (fault, None),
                Outcome::Failed(fault, status) => (fault, status),
            };
            let remote = connection.remote;
            return Ok(End::NoAnswer(NoAnswer { fault, status, waited, remote, reused }));
        }
    }

    async fn connect(
        &mut self,
        peer: &Peer,
        deadline: Instant,
    ) -> Result<Result<Connection, Unreachable>, OutOfTime> {
        if Instant::now() >= deadline {
            return Err(OutOfTime);
        }
        let connected = match self.shared.connector.connect(peer, deadline).await {
            Ok(connected) => connected,
            Err(unreachable) => return Ok(Err(unreachable)),
        };
        self.connects.add(&Connects {
            count: 1,
            failed_attempts: u64::from(connected.failed_attempts),
            slowest: connected.times,
        });
        let remote = connected.remote;
        let connection = Connection::new(connected).await;
        Ok(connection.map_err(|error| {
            let obstacle = Obstacle::ConnectFailed { problem: error };
            Unreachable::new(&peer.endpoint, vec![remote], obstacle, 1)
        }))
    }

    fn keep(&mut self, connection: Connection) {
        self.kept = Some(connection).filter(Connection::reusable);
    }
}
