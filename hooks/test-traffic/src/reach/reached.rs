//! How far requests came that green did not answer.
//!
//! A port that refuses, or that speaks no TLS, was reached: that says something about green, if only that
//! it is too early. Silence on the way says something about our own network.

use greenlight_prober::{Obstacle, Tally, Unreachable};

/// How far the requests of one place came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
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
    /// How far a load came.
    pub(crate) fn of(tally: &Tally) -> Self {
        let kinds: Vec<_> = tally.unreachable.kinds().map(|(unreachable, _)| &unreachable.obstacle).collect();
        let all = tally.begun() > 0 && tally.unreachable.count() == tally.begun();
        if all { Self::by(&kinds) } else { Self::Asked }
    }

    /// How far something came that was tried once.
    pub(crate) fn before(unreachable: &Unreachable) -> Self {
        Self::by(&[&unreachable.obstacle])
    }

    fn by(obstacles: &[&Obstacle]) -> Self {
        let all = |is: fn(&Obstacle) -> bool| obstacles.iter().all(|obstacle| is(obstacle));
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
        } else {
            Self::Refused
        }
    }
}
