//! The certificates of the applications that speak TLS: a private authority each, and one leaf.

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

/// A name in the certificate beside `localhost` and 127.0.0.1, for tests that set a server name.
pub const SERVER_NAME: &str = "green.greenlight.test";

/// A server's certificate in use, and the authority that vouches for it.
pub(super) struct Identity {
    pub(super) acceptor: TlsAcceptor,
    pub(super) authority_pem: String,
}

impl Identity {
    /// Valid to the end of the day before this one (year, month, day); without one for ages.
    pub(super) fn new(until: Option<(i32, u8, u8)>) -> io::Result<Self> {
        Self::issue(until).map_err(io::Error::other)
    }

    fn issue(until: Option<(i32, u8, u8)>) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.distinguished_name.push(DnType::CommonName, "greenlight tests");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages.push(KeyUsagePurpose::KeyCertSign);
        let authority_key = KeyPair::generate()?;
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let names = ["localhost", "127.0.0.1", SERVER_NAME].map(str::to_owned);
        let leaf_key = KeyPair::generate()?;
        let mut leaf = CertificateParams::new(names)?;
        if let Some((year, month, day)) = until {
            leaf.not_after = rcgen::date_time_ymd(year, month, day);
        }
        let leaf = leaf.signed_by(&leaf_key, &issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority_pem })
    }
}
