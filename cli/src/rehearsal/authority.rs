//! A certificate authority for one rehearsal: it issues what the load balancers show.
//!
//! Hooks trust it through `SSL_CERT_FILE`, which greenlight's own and most other TLS libraries read in the
//! place of the system's roots. Its key is made anew with it and never leaves the process; what it issues
//! is good for a month. The certificates are strict enough for verifiers that are (Python 3.13, macOS).

use std::io::{self, ErrorKind};

use jiff::tz::TimeZone;
use jiff::{Span, Zoned};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::balancer::Certificate;

/// The authority, with its key.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// A new authority, which nobody trusts yet.
    pub fn new() -> io::Result<Self> {
        Self::make()
            .map_err(|error| io::Error::other(format!("no certificate authority could be made: {error}")))
    }

    fn make() -> Result<Self, rcgen::Error> {
        let mut params = parameters(&[], "greenlight rehearsal, not to be trusted")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// A certificate for these names, be they DNS names (with `*` as the first label), or IP addresses.
    ///
    /// Fails on a name that no certificate can hold.
    pub fn issue(&self, names: &[String]) -> io::Result<Certificate> {
        self.sign(names).map_err(|error| {
            let names = names.join("`, `");
            io::Error::new(
                ErrorKind::InvalidInput,
                format!("no certificate can be issued for `{names}`: {error}"),
            )
        })
    }

    fn sign(&self, names: &[String]) -> Result<Certificate, rcgen::Error> {
        let mut params = parameters(names, "greenlight rehearsal")?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Certificate {
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        })
    }

    /// The authority's own certificate in PEM, for a file that `SSL_CERT_FILE` names.
    pub fn pem(&self) -> String {
        self.pem.clone()
    }
}

/// What all certificates have: from yesterday, since clocks differ, for a month.
fn parameters(names: &[String], common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    let today = greenlight::clock::now().to_zoned(TimeZone::UTC);
    let day = |days: i64| {
        let day: Zoned = today.saturating_add(Span::new().days(days));
        rcgen::date_time_ymd(day.year().into(), day.month().cast_unsigned(), day.day().cast_unsigned())
    };
    (params.not_before, params.not_after) = (day(-1), day(30));
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_certificate_can_hold_is_named() {
        let error = Authority::new().unwrap().issue(&["münchen".to_owned()]).unwrap_err();
        assert!(error.to_string().starts_with("no certificate can be issued for `münchen`: "), "{error}");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
