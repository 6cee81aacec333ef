//! One request after its end.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::rehearsal::Colour;
use crate::rehearsal::balancer::AnsweredBy;

/// Whose a request was.
///
/// It is a side's if it was forwarded to it, even where the load balancer had to answer because the side
/// could not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The revision that serves.
    Blue,
    /// The revision that is being deployed.
    Green,
    /// The load balancer answered by itself, or nobody did.
    Neither,
}

impl Side {
    /// `blue`, `green` or `neither`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blue => Colour::Blue.as_str(),
            Self::Green => Colour::Green.as_str(),
            Self::Neither => "neither",
        }
    }
}

impl From<Option<Colour>> for Side {
    fn from(colour: Option<Colour>) -> Self {
        match colour {
            Some(Colour::Blue) => Self::Blue,
            Some(Colour::Green) => Self::Green,
            None => Self::Neither,
        }
    }
}

/// Why a user got no whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAnswer {
    /// Nobody took the connection.
    Refused,
    /// There was no TLS where there should be, or none that could be trusted.
    Tls,
    /// The connection was reset or closed before the end of the answer.
    CutOff,
    /// The answer was not HTTP.
    NotHttp,
    /// The answer was not there in time.
    TimedOut,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Refused => "refused",
            Self::Tls => "TLS failed",
            Self::CutOff => "cut off",
            Self::NotHttp => "not HTTP",
            Self::TimedOut => "timed out",
        })
    }
}

/// What became of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finished {
    pub(super) side: Side,
    pub(super) answered_by: AnsweredBy,
    pub(super) answer: Result<u16, NoAnswer>,
    /// Until the answer had come whole, or was given up.
    pub(super) latency: Duration,
}

impl Finished {
    /// What a user takes for a failure of the service.
    pub(super) fn is_error(&self) -> bool {
        self.answer.is_ok_and(|status| status >= 500) || self.answer.is_err()
    }

    pub(super) fn is_rejected(&self) -> bool {
        self.answer.is_ok_and(|status| (400..500).contains(&status))
    }
}
