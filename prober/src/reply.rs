//! What one request came to: an answer, no answer, or no way to ask.
//!
//! The three are kept apart by type because they mean different things for a release: an [`Answer`] is judged,
//! [`NoAnswer`] is green's fault, and [`Unreachable`] is ours until shown otherwise. A fourth case,
//! [`OutOfTime`], is no result at all: the caller's deadline came before green's time was up.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode, Version};
use url::Url;

use super::redirect::{RedirectRefused, shown};
use super::unreachable::Unreachable;

/// What one request came to.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A whole HTTP answer, whatever its status.
    Answer(Answer),
    /// The request was written, and no whole answer came: green's fault.
    NoAnswer(NoAnswer),
    /// The request could not be written: ours until shown otherwise.
    Unreachable(Unreachable),
}

/// A whole HTTP answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// HTTP/1.1 or HTTP/2.
    pub version: Version,
    /// The headers.
    pub headers: HeaderMap,
    /// What came after the body, if anything did: gRPC's status, above all.
    pub trailers: Option<Box<HeaderMap>>,
    /// The body.
    pub body: Bytes,
    /// From the request being written to the end of the body, redirects included, connecting excluded.
    pub latency: Duration,
    /// Who answered.
    pub remote: SocketAddr,
    /// The TLS version, e.g. `TLS 1.3`; none for plain HTTP.
    pub tls: Option<&'static str>,
    /// Until when the certificate is valid that the connection was verified by; none for plain HTTP.
    pub certificate_expires: Option<SystemTime>,
    /// The URLs of the redirects that were followed, in order.
    pub redirects: Vec<String>,
    /// Why this answer's redirect was not followed, where redirects are followed at all.
    pub redirect_refused: Option<RedirectRefused>,
}

impl Answer {
    /// Where a redirect leads, without query, fragment, user name and password; none where there is no `location`.
    pub fn location(&self) -> Option<String> {
        let location = self.headers.get(LOCATION).filter(|_| self.status.is_redirection())?.to_str().ok()?;
        Some(match Url::parse(location) {
            Ok(url) => shown(&url),
            // Relative to what was asked.
            Err(_) => location.split(['?', '#']).next().unwrap_or_default().to_owned(),
        })
    }
}

/// No whole answer to a request that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// What happened instead.
    pub fault: Fault,
    /// The status, where the answer's head had come.
    pub status: Option<StatusCode>,
    /// The time waited, from the request being written.
    pub waited: Duration,
    /// Who did not answer.
    pub remote: SocketAddr,
    /// Whether the connection had carried an answer before.
    pub reused: bool,
}

/// What happened instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The time was up.
    TimedOut {
        /// Bytes of the answer that had come; of the body, where the head had come.
        received: u64,
    },
    /// The connection was closed.
    Closed {
        /// As for [`Fault::TimedOut`].
        received: u64,
    },
    /// The connection was reset.
    Reset {
        /// As for [`Fault::TimedOut`].
        received: u64,
    },
    /// What came is not HTTP/1.1 as we accept it.
    NotHttp {
        /// What is wrong with it.
        problem: String,
    },
    /// What came is not HTTP/2 as we accept it.
    NotHttp2 {
        /// What is wrong with it.
        problem: String,
    },
    /// The other side ended the request alone (HTTP/2's `RST_STREAM`), the connection stayed.
    StreamReset {
        /// Its reason, in HTTP/2's words.
        reason: String,
        /// As for [`Fault::TimedOut`].
        received: u64,
    },
    /// The other side ended the connection with a reason (HTTP/2's GOAWAY).
    GoneAway {
        /// Its reason, in HTTP/2's words.
        reason: String,
        /// As for [`Fault::TimedOut`].
        received: u64,
    },
    /// The other side said twice, on connections of their own, that it did not process the request (HTTP/2's
    /// GOAWAY, or `RST_STREAM` with `REFUSED_STREAM`).
    NotProcessed {
        /// Its reason, in HTTP/2's words.
        reason: String,
    },
    /// The body is larger than we read.
    BodyTooLarge {
        /// What is read at most.
        limit: u64,
        /// What the answer announced, if it did.
        announced: Option<u64>,
    },
    /// The connection broke in another way.
    Broken {
        /// In which way.
        problem: String,
    },
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waited = rounded(self.waited);
        let remote = self.remote;
        match (&self.fault, self.status) {
            (Fault::TimedOut { received: 0 }, None) => {
                write!(f, "{remote} sent nothing within {waited} of the request")?;
            }
            (Fault::TimedOut { received }, None) => {
                write!(f, "{remote} sent {received} bytes and no whole head of an answer within {waited}")?;
            }
            (Fault::TimedOut { received }, Some(status)) => {
                write!(
                    f,
                    "{remote} answered {status} and did not end the body within {waited}, \
                     after {received} bytes"
                )?;
            }
            (Fault::Closed { received }, status) => {
                write!(f, "{remote} closed the connection {}", Point(*received, status))?;
            }
            (Fault::Reset { received }, status) => {
                write!(f, "{remote} reset the connection {}", Point(*received, status))?;
            }
            (Fault::NotHttp { problem }, _) => {
                write!(f, "what {remote} answered is not HTTP/1.1: {problem}")?;
            }
            (Fault::NotHttp2 { problem }, _) => {
                write!(f, "what {remote} answered is not HTTP/2: {problem}")?;
            }
            (Fault::StreamReset { reason, received }, status) => {
                write!(f, "{remote} reset the request's stream ({reason}) {}", Point(*received, status))?;
            }
            (Fault::GoneAway { reason, received }, status) => {
                write!(f, "{remote} ended the connection ({reason}) {}", Point(*received, status))?;
            }
            (Fault::NotProcessed { reason }, _) => {
                write!(f, "{remote} did not process the request ({reason}), on a fresh connection neither")?;
            }
            (Fault::BodyTooLarge { limit, announced: None }, _) => {
                write!(f, "{remote} sent a body of more than {limit} bytes, reading stopped there")?;
            }
            (Fault::BodyTooLarge { limit, announced: Some(announced) }, _) => {
                write!(f, "{remote} announced a body of {announced} bytes, at most {limit} are read")?;
            }
            (Fault::Broken { problem }, status) => {
                write!(f, "the connection to {remote} broke {}: {problem}", Point(0, status))?;
            }
        }
        if self.reused && matches!(self.fault, Fault::Closed { received: 0 } | Fault::Reset { received: 0 }) {
            f.write_str(" (a kept-alive connection)")?;
        }
        Ok(())
    }
}

/// How far an answer had come.
struct Point(u64, Option<StatusCode>);

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (0, None) => f.write_str("without an answer"),
            (received, None) => write!(f, "in the middle of the answer's head, after {received} bytes"),
            (received, Some(status)) => {
                write!(f, "in the middle of the answer ({status}), after {received} bytes of its body")
            }
        }
    }
}

/// The caller's deadline came before the request's own time was up: nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the deadline came before an answer, and before the time for an answer was up")]
pub struct OutOfTime;

/// A duration as people write it, in milliseconds at the finest.
pub(super) fn rounded(duration: Duration) -> String {
    if duration < Duration::from_millis(1) {
        return "less than 1ms".to_owned();
    }
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    format!("{:?}", Duration::from_millis(millis))
}
