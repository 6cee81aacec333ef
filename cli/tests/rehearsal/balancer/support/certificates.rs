//! The rehearsal's certificate authority, and those who trust it.

use std::net::SocketAddr;
use std::sync::Arc;

use greenlight_cli::rehearsal::authority;
use greenlight_cli::rehearsal::balancer::Certificate;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsAcceptor, TlsConnector, rustls};

#[derive(Clone)]
pub(crate) struct Authority(Arc<authority::Authority>);

impl Authority {
    pub(crate) fn new() -> Self {
        Self(Arc::new(authority::Authority::new().unwrap()))
    }

    pub(crate) fn issue(&self, name: &str) -> Certificate {
        self.0.issue(&[name.to_owned()]).unwrap()
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server's side of TLS with a certificate of this authority.
    pub(crate) fn acceptor(&self, name: &str) -> TlsAcceptor {
        let Certificate { chain, key } = self.issue(name);
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// A client's side of TLS that trusts nobody but this authority.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.0.pem().as_bytes()).unwrap()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    /// Connects as one who trusts nobody but this authority.
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        name: &str,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut config = self.client();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let connection = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, connection).await
    }
}
