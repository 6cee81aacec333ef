//! HTTP/1.1 over one connection.

use std::future::Future;
use std::pin::{Pin, pin};

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::Full;
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Sleep;

use super::super::blame::{self, Break};
use super::super::driver::Driver;
use super::super::hop::Hop;
use super::super::jar::Jar;
use super::super::reply::Fault;
use super::super::tls;
use super::super::wire::Wire;
use super::{Circumstances, Intake, MAX_HEAD, Outcome, Received, Stop};

type Carried = http1::Connection<TokioIo<Wire>, Full<Bytes>>;

/// A connection that HTTP/1.1 is spoken over.
pub(super) struct One {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver<Carried, hyper::Error>,
}

impl One {
    pub(super) async fn new(wire: Wire) -> hyper::Result<Self> {
        let mut builder = http1::Builder::new();
        builder.max_header_size(MAX_HEAD as usize);
        let (sender, connection) = builder.handshake(TokioIo::new(wire)).await?;
        Ok(Self { sender, driver: Driver::new(connection) })
    }

    pub(super) fn reusable(&self) -> bool {
        self.driver.alive() && !self.sender.is_closed()
    }

    pub(super) fn close(&mut self) {
        self.driver.close();
    }

    /// Takes note of what happened meanwhile, and says whether a request can be written.
    pub(super) async fn look(&mut self) -> bool {
        self.driver.look().await;
        self.sender.is_ready()
    }

    pub(super) async fn converse(
        &mut self,
        hop: &Hop,
        cookies: Option<&Jar>,
        mut timer: Pin<&mut Sleep>,
        intake: &mut Intake,
    ) -> Result<Received, Stop<hyper::Error>> {
        let mut response = pin!(self.sender.try_send_request(hop.message(cookies)));
        let response = self.driver.run(timer.as_mut(), |cx| response.as_mut().poll(cx)).await;
        let response = response.ok_or(Stop::TimeUp)?.map_err(|error| Stop::Broken(error.into_error()))?;
        let (head, mut body) = response.into_parts();
        // To hyper, an answer to HEAD has no body.
        intake.head(head.status, body.size_hint().exact())?;
        let mut trailers = HeaderMap::new();
        loop {
            let frame = self.driver.run(timer.as_mut(), |cx| Pin::new(&mut body).poll_frame(cx)).await;
            let Some(frame) = frame.ok_or(Stop::TimeUp)?.transpose().map_err(Stop::Broken)? else { break };
            match frame.into_data() {
                Ok(data) => intake.data(data, timer.as_ref())?,
                Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
            }
        }
        Ok(intake.whole(head, trailers))
    }

    pub(super) fn blame(
        &self,
        intake: &Intake,
        error: &hyper::Error,
        circumstances: &Circumstances<'_>,
    ) -> Outcome {
        let &Circumstances { meter, reused, quote } = circumstances;
        let untouched = meter.received() == 0;
        let status = intake.status();
        let received = if status.is_some() { intake.body() } else { meter.received() };
        let not_http = |problem: &str| {
            let opening = meter.opening();
            // After a head that was one, its first line explains nothing.
            let quoted = (quote && status.is_none()).then_some(opening.as_slice());
            Outcome::Failed(Fault::NotHttp { problem: blame::not_http(problem, quoted) }, status)
        };
        if meter.written() == 0 {
            if reused {
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
            Break::Alert(alert) if untouched && !reused => {
                return Outcome::Rejected(tls::alert_obstacle(alert));
            }
            Break::Alert(alert) => Fault::Broken { problem: format!("TLS alert `{alert:?}`") },
            Break::Other(problem) => Fault::Broken { problem },
        };
        match fault {
            Fault::Closed { .. } | Fault::Reset { .. } if untouched => Outcome::Lost(fault),
            fault => Outcome::Failed(fault, status),
        }
    }
}
