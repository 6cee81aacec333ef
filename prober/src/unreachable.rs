//! Why no request could be written: name, connect and TLS failures.
//!
//! These are *ours* until shown otherwise (a security group, a missing route, a wrong server name in the plan),
//! so each obstacle comes with what usually causes it inside of a VPC. None of them says anything about green.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::endpoint::Endpoint;
use super::reply::rounded;

/// How far a connection got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Looking up the host name.
    Name,
    /// Opening the TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Connect => "connect",
            Self::Tls => "TLS",
        })
    }
}

/// What stood in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// The name was not looked up in time.
    NameTimedOut {
        /// The time waited.
        after: Duration,
    },
    /// The name could not be looked up.
    NameUnknown {
        /// The resolver's words.
        problem: String,
    },
    /// Every address of the name is link-local, where clouds keep their metadata and credentials.
    LinkLocal,
    /// The TCP connection was not opened in time.
    ConnectTimedOut {
        /// The time waited.
        after: Duration,
    },
    /// The TCP connection was refused.
    Refused,
    /// The system knows no way to the address.
    NoRoute,
    /// The TCP connection failed otherwise.
    ConnectFailed {
        /// The system's words.
        problem: String,
    },
    /// The TLS handshake did not end in time.
    HandshakeTimedOut {
        /// The time waited.
        after: Duration,
    },
    /// The other side closed the connection during the handshake.
    HandshakeClosed,
    /// The other side does not speak TLS.
    NotTls,
    /// The other side refused the handshake.
    HandshakeRefused {
        /// The TLS alert's name.
        alert: String,
    },
    /// The handshake agreed on something other than HTTP/2, which was asked for.
    NoHttp2,
    /// The certificate does not carry the server name.
    WrongCertificate {
        /// The names that it carries.
        presented: String,
    },
    /// Nobody that we trust signed the certificate.
    UnknownIssuer,
    /// The certificate has expired, or is not valid yet.
    CertificateNotValidNow {
        /// Since when.
        problem: String,
    },
    /// The certificate is unusable otherwise.
    CertificateUnusable {
        /// In which way.
        problem: String,
    },
    /// The system has no root certificates.
    NoRoots {
        /// What was found instead.
        problem: String,
    },
    /// The handshake failed otherwise.
    HandshakeFailed {
        /// In which way.
        problem: String,
    },
}

impl Obstacle {
    /// How far the connection got.
    pub fn phase(&self) -> Phase {
        match self {
            Self::NameTimedOut { .. } | Self::NameUnknown { .. } => Phase::Name,
            Self::LinkLocal
            | Self::ConnectTimedOut { .. }
            | Self::Refused
            | Self::NoRoute
            | Self::ConnectFailed { .. } => Phase::Connect,
            Self::HandshakeTimedOut { .. }
            | Self::HandshakeClosed
            | Self::NotTls
            | Self::HandshakeRefused { .. }
            | Self::NoHttp2
            | Self::WrongCertificate { .. }
            | Self::UnknownIssuer
            | Self::CertificateNotValidNow { .. }
            | Self::CertificateUnusable { .. }
            | Self::NoRoots { .. }
            | Self::HandshakeFailed { .. } => Phase::Tls,
        }
    }

    /// What usually causes this inside of a VPC, and what to do.
    pub fn usual_cause(&self) -> &'static str {
        match self {
            Self::NameTimedOut { .. } => {
                "the VPC has DNS resolution switched off, or its DHCP options name a server that does not answer"
            }
            Self::NameUnknown { .. } => {
                "a misspelt name, or a private hosted zone that is not associated with the function's VPC"
            }
            Self::LinkLocal => {
                "a name that resolves to an instance metadata address; targets are never there"
            }
            Self::ConnectTimedOut { .. } => {
                "a security group that does not let the function in, or no route to the address from its subnets"
            }
            Self::Refused => "nothing listens on that port, or green is not registered yet",
            Self::NoRoute => {
                "the function's subnets have no route there, e.g. an IPv6 address without IPv6, or a public \
                 address without a NAT gateway"
            }
            Self::ConnectFailed { .. } => "a network ACL or the function's limit on open connections",
            Self::HandshakeTimedOut { .. } => {
                "a server that is overloaded or still starting; if the port speaks plain HTTP, use `http://`"
            }
            Self::HandshakeClosed => {
                "a listener without a certificate for this server name, or a proxy with nothing behind it; set \
                 `target.tls.server_name`"
            }
            Self::NotTls => "this is a plain HTTP port; use `http://` or the TLS port",
            Self::HandshakeRefused { .. } => {
                "the server does not know this server name (set `target.tls.server_name`), asks for a client \
                 certificate, or speaks HTTP/2 only (use `\"version\": \"2\"`, or the check `grpc`)"
            }
            Self::NoHttp2 => {
                "a server that speaks HTTP/1.1 only over TLS, or a Network Load Balancer's TLS listener without an \
                 ALPN policy (`HTTP2Preferred`)"
            }
            Self::WrongCertificate { .. } => {
                "the target is reached under another name than the certificate's; set `target.tls.server_name` \
                 (or `target.host`) to a name that the certificate carries"
            }
            Self::UnknownIssuer => {
                "a private or self-signed certificate; set `target.tls.ca` to the CA that signed it (as it is now, if \
                 it was renewed), or have the server send its intermediate certificates"
            }
            Self::CertificateNotValidNow { .. } => "a certificate that was not renewed; renew it",
            Self::CertificateUnusable { .. } => {
                "a certificate that was not made for servers; issue a new one"
            }
            Self::NoRoots { .. } => {
                "an image without a CA bundle; install `ca-certificates` or set `target.tls.ca`"
            }
            Self::HandshakeFailed { .. } => "a server that speaks neither TLS 1.2 nor TLS 1.3 as we do",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTimedOut { after } => write!(f, "the name was not resolved within {}", rounded(*after)),
            Self::NameUnknown { problem } => write!(f, "the name could not be resolved: {problem}"),
            Self::LinkLocal => f.write_str("the address is link-local, which is refused"),
            Self::ConnectTimedOut { after } => {
                write!(f, "the connection was not accepted within {}", rounded(*after))
            }
            Self::Refused => f.write_str("the connection was refused"),
            Self::NoRoute => f.write_str("there is no route to the address"),
            Self::ConnectFailed { problem } => write!(f, "the connection failed: {problem}"),
            Self::HandshakeTimedOut { after } => {
                write!(f, "the TLS handshake did not end within {}", rounded(*after))
            }
            Self::HandshakeClosed => f.write_str("the connection was closed during the TLS handshake"),
            Self::NotTls => f.write_str("the other side does not speak TLS"),
            Self::HandshakeRefused { alert } => {
                write!(f, "the other side refused the TLS handshake with the alert `{alert}`")
            }
            Self::NoHttp2 => f.write_str("the TLS handshake did not agree on HTTP/2"),
            Self::WrongCertificate { presented } if presented.is_empty() => {
                f.write_str("the certificate does not carry the server name")
            }
            Self::WrongCertificate { presented } => {
                write!(f, "the certificate does not carry the server name, but {presented}")
            }
            Self::UnknownIssuer => f.write_str("the certificate was signed by nobody that is trusted"),
            Self::CertificateNotValidNow { problem } | Self::CertificateUnusable { problem } => {
                write!(f, "the certificate cannot be accepted: {problem}")
            }
            Self::NoRoots { problem } => write!(f, "the system has no root certificates: {problem}"),
            Self::HandshakeFailed { problem } => write!(f, "the TLS handshake failed: {problem}"),
        }
    }
}

/// No request could be written. This says nothing about green.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// The host and port that were to be connected to.
    pub endpoint: String,
    /// The TLS server name, for TLS.
    pub server_name: Option<String>,
    /// The addresses tried in the last attempt, the one that the obstacle is about last.
    pub tried: Vec<SocketAddr>,
    /// What stood in the way at the last attempt.
    pub obstacle: Obstacle,
    /// Attempts made.
    pub attempts: u32,
    /// Whether the deadline, not the number of attempts, ended the trying.
    pub cut_short: bool,
}

impl Unreachable {
    pub(super) fn new(
        endpoint: &Endpoint,
        tried: Vec<SocketAddr>,
        obstacle: Obstacle,
        attempts: u32,
    ) -> Self {
        let server_name = endpoint.server_name().map(|name| name.to_str().into_owned());
        Self { endpoint: endpoint.to_string(), server_name, tried, obstacle, attempts, cut_short: false }
    }

    /// How far the last attempt got.
    pub fn phase(&self) -> Phase {
        self.obstacle.phase()
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot reach {}", self.endpoint)?;
        if let Some(address) = self.tried.last()
            && address.to_string() != self.endpoint
        {
            write!(f, " at {address}")?;
        }
        if let (Phase::Tls, Some(name)) = (self.phase(), &self.server_name) {
            write!(f, " as `{name}`")?;
        }
        write!(f, " ({} phase, ", self.phase())?;
        match self.attempts {
            1 => f.write_str("1 attempt")?,
            attempts => write!(f, "{attempts} attempts")?,
        }
        if self.cut_short {
            f.write_str(", cut short by the deadline")?;
        }
        write!(f, "): {}; usually {}", self.obstacle, self.obstacle.usual_cause())
    }
}

impl std::error::Error for Unreachable {}
