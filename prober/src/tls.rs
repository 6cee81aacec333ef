//! TLS: whom to trust, and what a failed handshake means in words.
//!
//! Surprising: the system's root certificates are read at the first TLS connection and never before, because
//! parsing them costs milliseconds that a hook without TLS (or with a private CA) must not pay.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{
    self, AlertDescription, CertificateError, ClientConfig, Error as TlsError, ProtocolVersion, RootCertStore,
};

use super::certificate;
use super::speaks::Speaks;
use super::unreachable::Obstacle;

/// Who may have signed the other side's certificate.
#[derive(Clone)]
pub(super) enum Roots {
    /// The system's roots, read once per process when first needed.
    System,
    /// These and no others.
    Private(Arc<RootCertStore>),
}

impl Roots {
    /// Roots from PEM, with every block that is no usable certificate an error.
    pub(super) fn private(pem: &[u8]) -> Result<Self, String> {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            store.add(certificate).map_err(|error| error.to_string())?;
        }
        if store.is_empty() {
            return Err("it holds no certificate".to_owned());
        }
        Ok(Self::Private(Arc::new(store)))
    }

    fn store(&self) -> Result<Arc<RootCertStore>, Obstacle> {
        match self {
            Self::System => system_roots(),
            Self::Private(store) => Ok(Arc::clone(store)),
        }
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::Private(store) => write!(f, "Private({} certificates)", store.len()),
        }
    }
}

fn system_roots() -> Result<Arc<RootCertStore>, Obstacle> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(Arc::clone(roots));
    }
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        // Not kept: a later attempt may find them.
        let problem = found.errors.first().map_or_else(|| "none found".to_owned(), ToString::to_string);
        return Err(Obstacle::NoRoots { problem });
    }
    Ok(Arc::clone(ROOTS.get_or_init(|| Arc::new(store))))
}

/// The client side of TLS 1.2 and 1.3.
pub(super) fn client_config(roots: &Roots, speaks: Speaks) -> Result<Arc<ClientConfig>, Obstacle> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Obstacle::HandshakeFailed { problem: error.to_string() })?
        .with_root_certificates(roots.store()?)
        .with_no_client_auth();
    config.alpn_protocols = speaks.offered();
    Ok(Arc::new(config))
}

/// A negotiated version as people write it.
pub(super) fn version(stream: &TlsStream<TcpStream>) -> &'static str {
    match stream.get_ref().1.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        // Neither is offered.
        _ => "TLS",
    }
}

/// Until when the other side's certificate is valid.
pub(super) fn certificate_expires(stream: &TlsStream<TcpStream>) -> Option<SystemTime> {
    certificate::not_after(stream.get_ref().1.peer_certificates()?.first()?)
}

/// What stood in the way of a handshake.
pub(super) fn handshake_obstacle(error: &io::Error, speaks: Speaks) -> Obstacle {
    let Some(tls) = tls_error(error) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Obstacle::HandshakeClosed,
            _ => Obstacle::HandshakeFailed { problem: error.to_string() },
        };
    };
    match tls {
        TlsError::InvalidCertificate(problem) => certificate_obstacle(problem),
        TlsError::AlertReceived(AlertDescription::NoApplicationProtocol) if speaks == Speaks::Http2 => {
            Obstacle::NoHttp2
        }
        TlsError::AlertReceived(alert) => alert_obstacle(*alert),
        // The first bytes of the answer were no TLS record at all.
        TlsError::InvalidMessage(_) => Obstacle::NotTls,
        other => Obstacle::HandshakeFailed { problem: other.to_string() },
    }
}

/// What the other side's alert means. Under TLS 1.3 it can come after the handshake is over for us.
pub(super) fn alert_obstacle(alert: AlertDescription) -> Obstacle {
    Obstacle::HandshakeRefused { alert: format!("{alert:?}") }
}

/// The TLS error inside of an I/O error, however deep.
pub(super) fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // An I/O error's `source` skips over the error that it was made from.
        cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn certificate_obstacle(problem: &CertificateError) -> Obstacle {
    match problem {
        CertificateError::NotValidForNameContext { presented, .. } => {
            // At most a few, each at most as long as a DNS name: the other side chose them.
            let presented: Vec<String> =
                presented.iter().take(5).map(|name| name.chars().take(253).collect()).collect();
            Obstacle::WrongCertificate { presented: presented.join(", ") }
        }
        CertificateError::NotValidForName => Obstacle::WrongCertificate { presented: String::new() },
        // A bad signature is what a private CA looks like that was made anew under its old name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Obstacle::UnknownIssuer,
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            Obstacle::CertificateNotValidNow { problem: problem.to_string() }
        }
        other => Obstacle::CertificateUnusable { problem: other.to_string() },
    }
}
