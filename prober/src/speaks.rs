//! What is spoken over a connection, and how both sides agree on it.
//!
//! Over TLS the handshake agrees (ALPN, RFC 7301). Over plain TCP nothing does: HTTP/2 is spoken there only by
//! prior knowledge (RFC 9113, 3.3), so it has to be asked for.

use super::unreachable::Obstacle;

/// What is spoken over the connections to an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2: agreed on in the TLS handshake, or by prior knowledge over plain TCP.
    Http2,
    /// HTTP/2 where the TLS handshake agrees on it, else HTTP/1.1.
    Http,
    /// No HTTP, and nothing is agreed on: for [`Prober::talk`](super::Prober::talk).
    Bytes,
}

impl Speaks {
    /// What the client's side of a TLS handshake offers.
    pub(super) fn offered(self) -> Vec<Vec<u8>> {
        let offered: &[&[u8]] = match self {
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
            Self::Http => &[b"h2", b"http/1.1"],
            Self::Bytes => &[],
        };
        offered.iter().map(|protocol| protocol.to_vec()).collect()
    }

    /// Whether it is HTTP/2 that is spoken, after a handshake that agreed on `agreed`.
    pub(super) fn is_http2_over_tls(self, agreed: Option<&[u8]>) -> Result<bool, Obstacle> {
        match (self, agreed) {
            (Self::Http2 | Self::Http, Some(b"h2")) => Ok(true),
            // A server may agree on nothing without refusing; what it speaks then is a guess.
            (Self::Http2, _) => Err(Obstacle::NoHttp2),
            (Self::Http1 | Self::Http | Self::Bytes, _) => Ok(false),
        }
    }

    /// Whether it is HTTP/2 that is spoken without TLS.
    pub(super) fn is_http2_in_plain(self) -> bool {
        self == Self::Http2
    }
}
