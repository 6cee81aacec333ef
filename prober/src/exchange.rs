//! One request and its answer on one connection.
//!
//! The connection is driven by whoever awaits the answer: there is no task beside it, so a dropped exchange
//! leaves nothing behind and no wake-up crosses tasks. Surprising: between requests nobody watches the
//! connection; whether the other side closed it meanwhile is looked at just before the next request is written.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body_util::Full;
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, Sleep, sleep_until};

use super::blame::{self, Break};
use super::connect::{Connected, Peer};
use super::driver::Driver;
use super::reply::{Fault, OutOfTime};
use super::tls;
use super::unreachable::Obstacle;
use super::wire::{Meter, Wire};

/// A head of an answer that is larger is no answer; load balancers stop at 64 KiB or less.
const MAX_HEAD: usize = 64 * 1024;

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
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
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
    /// The other side refused the TLS handshake after it had ended for us.
    Rejected(Obstacle),
}

/// A connection that carries one exchange after another.
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
    meter: Arc<Meter>,
    answers: u64,
    pub(super) peer: Arc<Peer>,
    pub(super) remote: SocketAddr,
    pub(super) tls: Option<&'static str>,
}

impl Connection {
    pub(super) async fn new(peer: Arc<Peer>, connected: Connected) -> hyper::Result<Self> {
        let Connected { stream, remote, tls, .. } = connected;
        let meter = Arc::new(Meter::default());
        let wire = TokioIo::new(Wire::new(stream, Arc::clone(&meter)));
        let (sender, connection) = http1::Builder::new().max_header_size(MAX_HEAD).handshake(wire).await?;
        let driver = Driver::new(connection);
        Ok(Self { sender, driver, meter, answers: 0, peer, remote, tls })
    }

    /// Whether it has carried an answer before.
    pub(super) fn reused(&self) -> bool {
        self.answers > 0
    }

    /// Whether it may carry another exchange; the other side may close it at any time all the same.
    pub(super) fn reusable(&self) -> bool {
        self.driver.alive() && !self.sender.is_closed()
    }

    /// Writes a request and reads its answer; says how long that took.
    pub(super) async fn exchange(
        &mut self,
        request: http::Request<Full<Bytes>>,
        allowance: &Allowance,
    ) -> Result<(Outcome, Duration), OutOfTime> {
        self.meter.restart();
        self.driver.look().await;
        if self.reused() && !self.sender.is_ready() {
            return Ok((Outcome::NotWritten, Duration::ZERO));
        }
        let began = Instant::now();
        let until = began.checked_add(allowance.timeout).filter(|until| *until <= allowance.deadline);
        let mut timer = pin!(sleep_until(until.unwrap_or(allowance.deadline)));
        let mut read = Read::default();
        let outcome = match self.converse(request, allowance, timer.as_mut(), &mut read).await {
            Ok(received) => Outcome::Answered(received),
            Err(Stop::TimeUp) if until.is_none() => return Err(OutOfTime),
            Err(Stop::TimeUp) => {
                Outcome::Failed(Fault::TimedOut { received: self.received(&read) }, read.status)
            }
            Err(Stop::TooLarge { announced }) => {
                Outcome::Failed(Fault::BodyTooLarge { limit: allowance.max_body, announced }, read.status)
            }
            Err(Stop::Broken(error)) => self.blame(&read, &error, allowance.quote),
        };
        if let Outcome::Answered(_) = outcome {
            self.answers += 1;
        } else {
            self.driver.close();
        }
        Ok((outcome, began.elapsed()))
    }

    async fn converse(
        &mut self,
        request: http::Request<Full<Bytes>>,
        allowance: &Allowance,
        mut timer: Pin<&mut Sleep>,
        read: &mut Read,
    ) -> Result<Received, Stop> {
        let mut response = pin!(self.sender.try_send_request(request));
        let response = self.driver.run(timer.as_mut(), |cx| response.as_mut().poll(cx)).await;
        let response = response.ok_or(Stop::TimeUp)?.map_err(|error| Stop::Broken(error.into_error()))?;
        let (head, mut body) = response.into_parts();
        read.status = Some(head.status);
        // The announced length is worth a look, never an allocation. To hyper, an answer to HEAD has no body.
        let announced = body.size_hint().exact();
        if announced.is_some_and(|announced| announced > allowance.max_body) {
            return Err(Stop::TooLarge { announced });
        }
        let mut collected = Collected::default();
        for frames in 1_u64.. {
            let frame = self.driver.run(timer.as_mut(), |cx| Pin::new(&mut body).poll_frame(cx)).await;
            let frame = frame.ok_or(Stop::TimeUp)?.transpose().map_err(Stop::Broken)?;
            let Some(frame) = frame else { break };
            let Ok(data) = frame.into_data() else { continue };
            read.body += data.len() as u64;
            if read.body > allowance.max_body {
                return Err(Stop::TooLarge { announced: None });
            }
            collected.push(data);
            // A body that is always ready never lets the timer be asked.
            if frames % 64 == 0 && Instant::now() >= timer.deadline() {
                return Err(Stop::TimeUp);
            }
        }
        Ok(Received { status: head.status, headers: head.headers, body: collected.whole() })
    }

    /// Bytes of the answer: of the body once the head is there.
    fn received(&self, read: &Read) -> u64 {
        if read.status.is_some() { read.body } else { self.meter.received() }
    }

    fn blame(&self, read: &Read, error: &hyper::Error, quote: bool) -> Outcome {
        let untouched = self.meter.received() == 0;
        let received = self.received(read);
        let not_http = |problem: &str| {
            let opening = self.meter.opening();
            // After a head that was one, its first line explains nothing.
            let quoted = (quote && read.status.is_none()).then_some(opening.as_slice());
            Outcome::Failed(Fault::NotHttp { problem: blame::not_http(problem, quoted) }, read.status)
        };
        if self.meter.written() == 0 {
            if self.reused() {
                return Outcome::NotWritten;
            }
            if !untouched {
                return not_http("it came before the request was written");
            }
        }
        let fault = match blame::cause(error, self.driver.error()) {
            Break::Closed => Fault::Closed { received },
            Break::Reset => Fault::Reset { received },
            Break::NotHttp(problem) => return not_http(&problem),
            // Under TLS 1.3 the other side may refuse after the handshake is over for us.
            Break::Alert(alert) if untouched && !self.reused() => {
                return Outcome::Rejected(tls::alert_obstacle(alert));
            }
            Break::Alert(alert) => Fault::Broken { problem: format!("TLS alert `{alert:?}`") },
            Break::Other(problem) => Fault::Broken { problem },
        };
        match fault {
            Fault::Closed { .. } | Fault::Reset { .. } if untouched => Outcome::Lost(fault),
            fault => Outcome::Failed(fault, read.status),
        }
    }
}

/// How much of an answer has been read.
#[derive(Debug, Default)]
struct Read {
    status: Option<StatusCode>,
    body: u64,
}

/// Why an exchange ended before the answer did.
enum Stop {
    TimeUp,
    TooLarge { announced: Option<u64> },
    Broken(hyper::Error),
}

/// A body's chunks; a body of one chunk, the usual case, is never copied.
#[derive(Default)]
struct Collected {
    first: Bytes,
    all: BytesMut,
}

impl Collected {
    fn push(&mut self, chunk: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = chunk;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&chunk);
    }

    fn whole(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_together_in_order() {
        for chunks in [&[][..], &["a"], &["a", "b"], &["a", "bc", "d"]] {
            let mut collected = Collected::default();
            for chunk in chunks {
                collected.push(Bytes::copy_from_slice(chunk.as_bytes()));
            }
            assert_eq!(collected.whole(), chunks.concat());
        }
    }
}
