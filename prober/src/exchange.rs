//! One request and its answer on one connection.
//!
//! The connection is driven by whoever awaits the answer: there is no task beside it, so a dropped exchange
//! leaves nothing behind and no wake-up crosses tasks. Surprising: between requests nobody watches the
//! connection; whether the other side closed it meanwhile is looked at just before the next request is written.
//!
//! | step | module |
//! |---|---|
//! | a request over HTTP/1.1, and whose fault it was | `one` |
//! | a request over HTTP/2, and whose fault it was | `two` |
//! | how much of an answer is read | `intake` |

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use tokio::time::{Instant, sleep_until};

use super::connect::Connected;
use super::hop::Hop;
use super::jar::Jar;
use super::reply::{Fault, OutOfTime};
use super::unreachable::Obstacle;
use super::wire::{Meter, Wire};

use self::intake::Intake;
use self::one::One;
use self::two::Two;

mod intake;
mod one;
mod two;

/// A head of an answer that is larger is no answer; load balancers stop at 64 KiB or less.
const MAX_HEAD: u32 = 64 * 1024;

/// How long and how much one exchange may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    pub(super) timeout: Duration,
    pub(super) deadline: Instant,
    pub(super) max_body: u64,
    /// Whether what came may be quoted in words.
    pub(super) quote: bool,
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: Option<Box<HeaderMap>>,
}

/// What became of one request on one connection.
pub(super) enum Outcome {
    Answered(Received),
    /// Green's fault.
    Failed(Fault, Option<StatusCode>),
    /// The connection was gone before a byte of the request was written.
    NotWritten,
    /// The connection was gone before a byte of the answer came.
    Lost(Fault),
    /// The other side says that it did not process the request.
    NotProcessed(Fault),
    /// The other side refused the TLS handshake after it had ended for us.
    Rejected(Obstacle),
}

/// A connection that carries one exchange after another.
pub(super) struct Connection {
    speaker: Speaker,
    meter: Arc<Meter>,
    answers: u64,
    pub(super) remote: SocketAddr,
    pub(super) tls: Option<&'static str>,
    pub(super) certificate_expires: Option<SystemTime>,
}

/// What is spoken over it.
enum Speaker {
    One(One),
    Two(Box<Two>),
}

/// What is known of an exchange beside the error that ended it.
struct Circumstances<'a> {
    meter: &'a Meter,
    /// Whether the connection had carried an answer before.
    reused: bool,
    /// Whether what came may be quoted in words.
    quote: bool,
}

/// Why an exchange ended before the answer did.
enum Stop<E> {
    TimeUp,
    TooLarge { announced: Option<u64> },
    Broken(E),
}

impl Connection {
    /// Begins to speak; the error is in the words of the library.
    pub(super) async fn new(connected: Connected) -> Result<Self, String> {
        let Connected { stream, remote, tls, certificate_expires, http2, .. } = connected;
        let meter = Arc::new(Meter::default());
        let wire = Wire::new(stream, Arc::clone(&meter));
        let speaker = if http2 {
            Speaker::Two(Box::new(Two::new(wire).await.map_err(|error| error.to_string())?))
        } else {
            Speaker::One(One::new(wire).await.map_err(|error| error.to_string())?)
        };
        Ok(Self { speaker, meter, answers: 0, remote, tls, certificate_expires })
    }

    /// Whether it has carried an answer before.
    pub(super) fn reused(&self) -> bool {
        self.answers > 0
    }

    /// Whether it may carry another exchange; the other side may close it at any time all the same.
    pub(super) fn reusable(&self) -> bool {
        match &self.speaker {
            Speaker::One(one) => one.reusable(),
            Speaker::Two(two) => two.reusable(),
        }
    }

    /// Writes a request, with those of the cookies that belong to it, and reads its answer; says how long that took.
    pub(super) async fn exchange(
        &mut self,
        hop: &Hop,
        cookies: Option<&Jar>,
        allowance: &Allowance,
    ) -> Result<(Outcome, Duration), OutOfTime> {
        self.meter.restart();
        let ready = match &mut self.speaker {
            Speaker::One(one) => one.look().await,
            Speaker::Two(two) => two.look().await,
        };
        if self.reused() && !ready {
            return Ok((Outcome::NotWritten, Duration::ZERO));
        }
        let began = Instant::now();
        let until = began.checked_add(allowance.timeout).filter(|until| *until <= allowance.deadline);
        let timer = pin!(sleep_until(until.unwrap_or(allowance.deadline)));
        let mut intake = Intake::new(allowance.max_body);
        let circumstances =
            Circumstances { meter: &self.meter, reused: self.answers > 0, quote: allowance.quote };
        let ended = match &mut self.speaker {
            Speaker::One(one) => one
                .converse(hop, cookies, timer, &mut intake)
                .await
                .map_err(|stop| stop.map(|error| one.blame(&intake, &error, &circumstances))),
            Speaker::Two(two) => two
                .converse(hop, cookies, timer, &mut intake)
                .await
                .map_err(|stop| stop.map(|error| two.blame(&intake, &error, &circumstances))),
        };
        let outcome = match ended {
            Ok(received) => Outcome::Answered(received),
            Err(Stop::TimeUp) if until.is_none() => return Err(OutOfTime),
            Err(Stop::TimeUp) => {
                let received = self.received(&intake);
                Outcome::Failed(Fault::TimedOut { received }, intake.status())
            }
            Err(Stop::TooLarge { announced }) => {
                Outcome::Failed(Fault::BodyTooLarge { limit: allowance.max_body, announced }, intake.status())
            }
            Err(Stop::Broken(outcome)) => outcome,
        };
        if let Outcome::Answered(_) = outcome {
            self.answers += 1;
        } else {
            match &mut self.speaker {
                Speaker::One(one) => one.close(),
                Speaker::Two(two) => two.close(),
            }
        }
        Ok((outcome, began.elapsed()))
    }

    /// Bytes of the answer: of the body once the head is there. What comes of HTTP/2 without one is no part of
    /// an answer, but talk about the connection.
    fn received(&self, intake: &Intake) -> u64 {
        match (&self.speaker, intake.status()) {
            (Speaker::One(_), None) => self.meter.received(),
            _ => intake.body(),
        }
    }
}

impl<E> Stop<E> {
    fn map<T>(self, map: impl FnOnce(E) -> T) -> Stop<T> {
        match self {
            Self::TimeUp => Stop::TimeUp,
            Self::TooLarge { announced } => Stop::TooLarge { announced },
            Self::Broken(error) => Stop::Broken(map(error)),
        }
    }
}
