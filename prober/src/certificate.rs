//! Until when a certificate is valid.
//!
//! The handshake verified the certificate; this reads the one date of it that TLS libraries keep to themselves.
//! Nothing else is decoded, so a certificate with extensions that nobody knows does not matter.

use std::time::SystemTime;

use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Decode, SliceReader, Tag, TagNumber, Tagged};

/// The end of the validity of a certificate (DER); none if it cannot be read.
///
/// RFC 5280, 4.1: `Certificate` holds `TBSCertificate` first, and that holds an optional version, the serial
/// number, the signature's algorithm, the issuer, and then `Validity` with `notBefore` and `notAfter`.
pub(super) fn not_after(certificate: &[u8]) -> Option<SystemTime> {
    let mut outer = SliceReader::new(AnyRef::from_der(certificate).ok()?.value()).ok()?;
    let mut certificate = SliceReader::new(AnyRef::decode(&mut outer).ok()?.value()).ok()?;
    let version = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    if Tag::peek(&certificate).ok()? == version {
        AnyRef::decode(&mut certificate).ok()?;
    }
    for _serial_algorithm_issuer in 0..3 {
        AnyRef::decode(&mut certificate).ok()?;
    }
    let mut validity = SliceReader::new(AnyRef::decode(&mut certificate).ok()?.value()).ok()?;
    AnyRef::decode(&mut validity).ok()?;
    let not_after = AnyRef::decode(&mut validity).ok()?;
    let date = match not_after.tag() {
        Tag::UtcTime => not_after.decode_as::<UtcTime>().ok()?.to_date_time(),
        Tag::GeneralizedTime => not_after.decode_as::<GeneralizedTime>().ok()?.to_date_time(),
        _ => return None,
    };
    Some(SystemTime::UNIX_EPOCH + date.unix_duration())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_end_of_validity_is_read_whatever_its_form() {
        // Up to 2049 a date is a UTCTime, from 2050 on a GeneralizedTime (RFC 5280, 4.1.2.5).
        for year in [2031, 2049, 2050, 2120] {
            let mut params = CertificateParams::new(vec!["orders.example.com".to_owned()]).unwrap();
            params.not_after = date_time_ymd(year, 6, 3);
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let found = not_after(certificate.der()).unwrap();
            let found = found.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let expected = date_time_ymd(year, 6, 3).unix_timestamp();
            assert_eq!(found, Duration::from_secs(u64::try_from(expected).unwrap()), "{year}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let key = KeyPair::generate().unwrap();
        let whole = CertificateParams::new(vec!["a".to_owned()]).unwrap().self_signed(&key).unwrap();
        for length in [0, 1, 2, 10, 40, 60] {
            assert_eq!(not_after(&whole.der()[..length]), None, "{length} bytes");
        }
        assert_eq!(not_after(b"-----BEGIN CERTIFICATE-----"), None);
    }
}
