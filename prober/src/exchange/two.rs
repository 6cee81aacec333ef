//! HTTP/2 over one connection, one request at a time.
//!
//! Surprising: it stands on h2 and not on hyper's client over it. hyper hands the connection to an executor, while
//! here whoever waits drives it; and h2's errors say themselves what the other side said, above all whether it
//! processed the request.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{Reason, SendStream};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method};
use tokio::time::Sleep;

use super::super::blame;
use super::super::driver::Driver;
use super::super::hop::Hop;
use super::super::jar::Jar;
use super::super::reply::Fault;
use super::super::tls;
use super::super::wire::Wire;
use super::{Circumstances, Intake, MAX_HEAD, Outcome, Received, Stop};

/// How much of a body may be on its way: more than most are long, so that no answer waits for our word.
const WINDOW: u32 = 1024 * 1024;

/// A connection that HTTP/2 is spoken over.
pub(super) struct Two {
    sender: SendRequest<Bytes>,
    driver: Driver<h2::client::Connection<Wire, Bytes>, h2::Error>,
}

impl Two {
    pub(super) async fn new(wire: Wire) -> Result<Self, h2::Error> {
        let mut builder = Builder::new();
        builder
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(MAX_HEAD);
        let (sender, connection) = builder.handshake(wire).await?;
        Ok(Self { sender, driver: Driver::new(connection) })
    }

    pub(super) fn reusable(&self) -> bool {
        self.driver.alive()
    }

    pub(super) fn close(&mut self) {
        self.driver.close();
    }

    /// Takes note of what happened meanwhile, and says whether a request can be written.
    pub(super) async fn look(&mut self) -> bool {
        self.driver.look().await;
        let sender = &mut self.sender;
        let ready = poll_fn(|cx| Poll::Ready(!matches!(sender.poll_ready(cx), Poll::Ready(Err(_))))).await;
        ready && self.driver.alive()
    }

    pub(super) async fn converse(
        &mut self,
        hop: &Hop,
        cookies: Option<&Jar>,
        mut timer: Pin<&mut Sleep>,
        intake: &mut Intake,
    ) -> Result<Received, Stop<h2::Error>> {
        let Self { sender, driver } = self;
        let ready = driver.run(timer.as_mut(), |cx| sender.poll_ready(cx)).await;
        ready.ok_or(Stop::TimeUp)?.map_err(Stop::Broken)?;
        let sent = sender.send_request(hop.message_http2(cookies), hop.body().is_empty());
        let (response, stream) = sent.map_err(Stop::Broken)?;
        let mut response = pin!(response);
        let mut upload = Upload { stream, rest: hop.body().clone() };
        let answered = driver.run(timer.as_mut(), |cx| {
            upload.poll(cx);
            response.as_mut().poll(cx)
        });
        let (head, mut body) = answered.await.ok_or(Stop::TimeUp)?.map_err(Stop::Broken)?.into_parts();
        // An answer to HEAD announces a body that does not come.
        let announced = head.headers.get(CONTENT_LENGTH).filter(|_| *hop.method() != Method::HEAD);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
        intake.head(head.status, announced)?;
        loop {
            let data = driver.run(timer.as_mut(), |cx| {
                upload.poll(cx);
                body.poll_data(cx)
            });
            let Some(data) = data.await.ok_or(Stop::TimeUp)? else { break };
            let data = data.map_err(Stop::Broken)?;
            body.flow_control().release_capacity(data.len()).map_err(Stop::Broken)?;
            intake.data(data, timer.as_ref())?;
        }
        let trailers = driver.run(timer.as_mut(), |cx| body.poll_trailers(cx)).await;
        let trailers: Option<HeaderMap> = trailers.ok_or(Stop::TimeUp)?.map_err(Stop::Broken)?;
        Ok(intake.whole(head, trailers.unwrap_or_default()))
    }

    pub(super) fn blame(
        &self,
        intake: &Intake,
        told: &h2::Error,
        circumstances: &Circumstances<'_>,
    ) -> Outcome {
        let (status, received) = (intake.status(), intake.body());
        if told.is_remote() {
            let reason = in_words(told);
            // h2 tells a GOAWAY to those requests alone that it says were not processed.
            let refused = told.is_reset() && told.reason() == Some(Reason::REFUSED_STREAM);
            return if refused || told.is_go_away() {
                Outcome::NotProcessed(Fault::NotProcessed { reason })
            } else {
                Outcome::Failed(Fault::StreamReset { reason, received }, status)
            };
        }
        // A request is told that the connection broke; the connection knows how.
        let error = self.driver.error().filter(|_| told.is_io()).unwrap_or(told);
        if let Some(alert) = circumstances.meter.alert() {
            // Under TLS 1.3 the other side may refuse after the handshake is over for us.
            return if status.is_none() && !circumstances.reused {
                Outcome::Rejected(tls::alert_obstacle(alert))
            } else {
                Outcome::Failed(Fault::Broken { problem: format!("TLS alert `{alert:?}`") }, status)
            };
        }
        let fault = match error.get_io().map(io::Error::kind) {
            None if error.is_remote() => Fault::GoneAway { reason: in_words(error), received },
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted) => {
                Fault::Reset { received }
            }
            Some(
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::WriteZero
                | io::ErrorKind::NotConnected,
            ) => Fault::Closed { received },
            Some(_) => Fault::Broken { problem: error.to_string() },
            None => {
                let opening = circumstances.meter.opening();
                let quoted = (circumstances.quote && status.is_none()).then_some(opening.as_slice());
                let problem = blame::not_http2(&error.to_string(), quoted);
                return Outcome::Failed(Fault::NotHttp2 { problem }, status);
            }
        };
        match fault {
            Fault::Closed { .. } | Fault::Reset { .. } | Fault::GoneAway { .. } if status.is_none() => {
                Outcome::Lost(fault)
            }
            fault => Outcome::Failed(fault, status),
        }
    }
}

/// A reason by its name in RFC 9113, e.g. `HTTP/2 REFUSED_STREAM`.
fn in_words(error: &h2::Error) -> String {
    error.reason().map_or_else(|| error.to_string(), |reason| format!("HTTP/2 {reason:?}"))
}

/// A request's body on its way, as fast as the other side takes it. Why it takes no more is told by the answer.
struct Upload {
    stream: SendStream<Bytes>,
    rest: Bytes,
}

impl Upload {
    fn poll(&mut self, cx: &mut Context<'_>) {
        while !self.rest.is_empty() {
            self.stream.reserve_capacity(self.rest.len());
            let room = self.stream.capacity().min(self.rest.len());
            if room == 0 {
                match self.stream.poll_capacity(cx) {
                    Poll::Ready(Some(Ok(_))) => continue,
                    Poll::Ready(Some(Err(_)) | None) => self.rest.clear(),
                    Poll::Pending => return,
                }
                continue;
            }
            let piece = self.rest.split_to(room);
            if self.stream.send_data(piece, self.rest.is_empty()).is_err() {
                self.rest.clear();
            }
        }
    }
}
