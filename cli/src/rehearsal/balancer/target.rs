//! Connections to targets.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use super::addresses::Addresses;
use super::log::TargetAddress;

/// A load balancer gives up on a connection, and on a handshake, after ten seconds.
const PATIENCE: Duration = Duration::from_secs(10);

pub(in crate::rehearsal) trait Connection:
    AsyncRead + AsyncWrite + Send + Unpin
{
}

impl<C: AsyncRead + AsyncWrite + Send + Unpin> Connection for C {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// Refused, nothing there, or no TLS where there should be.
    Refused,
    /// No connection within ten seconds.
    TimedOut,
}

/// Connects to a target. One that is neither mapped nor on loopback is refused, and never dialled.
pub(super) async fn connect(
    addresses: &Addresses,
    target: &TargetAddress,
    secure: bool,
) -> Result<Box<dyn Connection>, Unreachable> {
    let address = addresses.find(&target.id, target.port).ok_or(Unreachable::Refused)?;
    let connection = timeout(PATIENCE, TcpStream::connect(address))
        .await
        .map_err(|_| Unreachable::TimedOut)?
        .map_err(|_| Unreachable::Refused)?;
    drop(connection.set_nodelay(true));
    if !secure {
        return Ok(Box::new(connection));
    }
    let handshake = async { connector()?.connect(ServerName::from(address.ip()), connection).await };
    match timeout(PATIENCE, handshake).await {
        Ok(Ok(connection)) => Ok(Box::new(connection)),
        Ok(Err(_)) | Err(_) => Err(Unreachable::Refused),
    }
}

fn connector() -> io::Result<TlsConnector> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Load balancers do not verify the certificates of targets: what they reach is in their VPC.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
