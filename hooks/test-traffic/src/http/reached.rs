//! How far requests came that green did not answer.
//!
//! A port that refuses, or that speaks no TLS, was reached: that says something about green, if only that
//! it is too early. Silence on the way says something about our own network.

use greenlight_prober::{Obstacle, Tally};

/// How far the requests of one place came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// Somebody was asked.
    Asked,
    /// Nobody was asked, and something there said so: a port that refuses, a failing handshake.
    Refused,
    /// Nothing leads there from here.
    Nowhere,
    /// Green speaks TLS with a certificate that cannot be verified here. A load balancer would not ask.
    Unverified,
}

impl Reached {
    pub(super) fn of(tally: &Tally) -> Self {
        let all = |is: fn(&Obstacle) -> bool| {
            tally.begun() > 0
                && tally.unreachable.count() == tally.begun()
                && tally.unreachable.kinds().all(|(unreachable, _)| is(&unreachable.obstacle))
        };
        if all(|obstacle| matches!(obstacle, Obstacle::ConnectTimedOut { .. } | Obstacle::NoRoute)) {
            Self::Nowhere
        } else if all(|obstacle| {
            matches!(
                obstacle,
                Obstacle::UnknownIssuer
                    | Obstacle::WrongCertificate { .. }
                    | Obstacle::CertificateNotValidNow { .. }
                    | Obstacle::CertificateUnusable { .. }
            )
        }) {
            Self::Unverified
        } else if all(|_| true) {
            Self::Refused
        } else {
            Self::Asked
        }
    }
}
