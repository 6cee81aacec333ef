//! What TLS listeners show, and how they choose it.
//!
//! The world knows certificates by their ARNs alone, as ACM's callers do; chains and keys come with the
//! options. Which of its certificates a listener shows is read from the world at every handshake.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::{Acceptor, ParsedCertificate};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::rehearsal::aws::elb;

/// A certificate with its key.
#[derive(Debug)]
pub struct Certificate {
    /// The certificate, then those that lead to its root.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the first.
    pub key: PrivateKeyDer<'static>,
}

#[derive(Debug)]
pub(super) struct Certificates(HashMap<String, Shown>);

#[derive(Debug)]
struct Shown {
    certificate: CertificateDer<'static>,
    /// For application listeners, which speak HTTP/2, too.
    http: Arc<ServerConfig>,
    /// For network listeners, which do not care what is spoken.
    bytes: Arc<ServerConfig>,
}

/// What is spoken inside of TLS.
#[derive(Clone, Copy, Debug)]
pub(super) enum Inside {
    Http,
    Bytes,
}

impl Certificates {
    pub(super) fn new(certificates: HashMap<String, Certificate>) -> io::Result<Self> {
        let shown = certificates.into_iter().map(|(arn, certificate)| {
            let shown = Shown::new(certificate).map_err(|error| {
                io::Error::new(
                    ErrorKind::InvalidInput,
                    format!("the certificate `{arn}` cannot be shown: {error}"),
                )
            })?;
            Ok((arn, shown))
        });
        Ok(Self(shown.collect::<io::Result<_>>()?))
    }

    /// Whether all that a TLS listener names are here.
    pub(super) fn suffice(&self, listener: &elb::Listener) -> io::Result<()> {
        let missing = match listener.certificates.as_slice() {
            [] => Some("has no certificate in the world".to_owned()),
            names => names
                .iter()
                .find(|arn| !self.0.contains_key(*arn))
                .map(|arn| format!("names the certificate `{arn}`, which the options lack")),
        };
        match missing {
            None => Ok(()),
            Some(missing) => Err(io::Error::new(
                ErrorKind::InvalidInput,
                format!("the {} listener `{}` {missing}", listener.protocol, listener.arn),
            )),
        }
    }

    /// Shakes hands. `names` are the listener's certificates, the default one first.
    pub(super) async fn accept<S>(
        &self,
        connection: S,
        names: &[String],
        inside: Inside,
    ) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), connection).await?;
        let shown = self.choose(names, hello.client_hello().server_name()).ok_or(ErrorKind::NotFound)?;
        let config = match inside {
            Inside::Http => &shown.http,
            Inside::Bytes => &shown.bytes,
        };
        hello.into_stream(config.clone()).await
    }

    /// The first certificate that is good for the name that the client wants, else the default one.
    fn choose(&self, names: &[String], wanted: Option<&str>) -> Option<&Shown> {
        let mut known = names.iter().filter_map(|arn| self.0.get(arn));
        let default = known.clone().next();
        let wanted = wanted.and_then(|name| ServerName::try_from(name).ok());
        wanted.and_then(|name| known.find(|shown| shown.is_good_for(&name))).or(default)
    }
}

impl Shown {
    fn new(Certificate { chain, key }: Certificate) -> Result<Self, rustls::Error> {
        let certificate = chain.first().cloned().ok_or(rustls::Error::NoCertificatesPresented)?;
        let bytes = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let mut http = bytes.clone();
        http.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { certificate, http: Arc::new(http), bytes: Arc::new(bytes) })
    }

    fn is_good_for(&self, name: &ServerName<'_>) -> bool {
        ParsedCertificate::try_from(&self.certificate)
            .is_ok_and(|certificate| verify_server_name(&certificate, name).is_ok())
    }
}
