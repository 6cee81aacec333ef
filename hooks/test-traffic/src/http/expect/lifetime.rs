//! How much longer green's certificate must be valid: `expires_in: ">14d"`.
//!
//! The handshake shows that the certificate is valid now; a release that is not shipped because of one that ends
//! next week is better stopped while there is time.

use std::{
    borrow::Cow,
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use greenlight::clock;
use greenlight::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use greenlight_prober::{Answer, Mismatch, Whose};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// No public authority issues for so long, and private ones rarely.
const MAX: Duration = Duration::from_hours(24 * 3650);

/// A certificate's remaining time, which must be more than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lifetime(Duration);

impl Lifetime {
    /// Holds the certificate of an answer's connection against it, at a given time.
    pub(super) fn judge(self, answer: &Answer, now: SystemTime) -> Result<(), Mismatch> {
        let expected = format!("a certificate that is valid for more than {}", Left(self.0));
        let Some(expires) = answer.certificate_expires else {
            // Redirects lead to TLS only, so there was a certificate; it says nothing about green.
            return Err(Mismatch::new("the end of the certificate's validity cannot be read", expected)
                .of(Whose::Other));
        };
        let left = expires.duration_since(now).unwrap_or_default();
        if left > self.0 {
            return Ok(());
        }
        let until = jiff::Timestamp::try_from(expires).map(|until| until.to_string()).unwrap_or_default();
        Err(Mismatch::new(
            format!("a certificate that is valid until {until}, {} more", Left(left)),
            expected,
        ))
    }

    /// The time now, as certificates go by it.
    pub(super) fn now() -> SystemTime {
        clock::wall().into()
    }
}

/// A remaining time in whole days, or hours.
struct Left(Duration);

impl fmt::Display for Left {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.0.as_secs() / HOUR.as_secs();
        match (hours / 24, hours % 24) {
            (0, hours) => write!(formatter, "{hours}h"),
            (days, 0) => write!(formatter, "{days}d"),
            (days, hours) => write!(formatter, "{days}d{hours}h"),
        }
    }
}

impl FromStr for Lifetime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected more than some days or hours, such as `>14d`";
        let refused = || format!("`{text}` is no remaining time of a certificate; {expected}");
        let rest = text.trim().strip_prefix('>').ok_or_else(refused)?.trim();
        let unit = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(refused)?;
        let number: u32 = rest[..unit].parse().map_err(|_| refused())?;
        let each = match &rest[unit..] {
            "d" => DAY,
            "h" => HOUR,
            _ => return Err(refused()),
        };
        let wanted = each.checked_mul(number).filter(|wanted| *wanted <= MAX);
        wanted.map(Self).ok_or_else(|| format!("`{text}` is too long; expected at most `>3650d`"))
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.0.as_secs() / HOUR.as_secs();
        if hours.is_multiple_of(24) {
            write!(formatter, ">{}d", hours / 24)
        } else {
            write!(formatter, ">{hours}h")
        }
    }
}

impl JsonSchema for Lifetime {
    fn schema_name() -> Cow<'static, str> {
        "Lifetime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "More than so many days or hours, such as \">14d\" or \">36h\".",
            "type": "string",
            "pattern": r"^\s*>\s*[0-9]+[dh]\s*$",
        })
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn remaining_times() {
        for (text, hours, shown) in
            [(">14d", 336, ">14d"), ("> 36h", 36, ">36h"), (">48h", 48, ">2d"), (">0d", 0, ">0d")]
        {
            let lifetime: Lifetime = text.parse().unwrap();
            assert_eq!((lifetime.0, lifetime.to_string().as_str()), (HOUR * hours, shown), "{text}");
        }
        for text in ["14d", ">14", ">d", "<14d", ">1w", ">-1d", ">1.5d", ">4000d", ">99999999999d", ""] {
            assert!(text.parse::<Lifetime>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_certificate_is_judged_by_what_is_left_of_it() {
        let now = SystemTime::UNIX_EPOCH + DAY * 20_000;
        let judged = |expires: Option<SystemTime>| {
            let answer = Answer {
                status: ::http::StatusCode::OK,
                version: ::http::Version::HTTP_11,
                trailers: None,
                headers: ::http::HeaderMap::new(),
                body: bytes::Bytes::new(),
                latency: Duration::ZERO,
                remote: SocketAddr::from(([127, 0, 0, 1], 443)),
                tls: Some("TLS 1.3"),
                certificate_expires: expires,
                redirects: Vec::new(),
                redirect_refused: None,
            };
            Lifetime(DAY * 14).judge(&answer, now).map_err(|mismatch| (mismatch.whose, mismatch.to_string()))
        };
        assert_eq!(judged(Some(now + DAY * 15)), Ok(()));
        for (expires, words) in [
            (
                now + DAY * 14,
                "a certificate that is valid until 2024-10-18T00:00:00Z, 14d more, \
                 expected a certificate that is valid for more than 14d",
            ),
            (
                now + HOUR * 30,
                "a certificate that is valid until 2024-10-05T06:00:00Z, 1d6h more, \
                 expected a certificate that is valid for more than 14d",
            ),
            (
                now - DAY,
                "a certificate that is valid until 2024-10-03T00:00:00Z, 0h more, \
                 expected a certificate that is valid for more than 14d",
            ),
        ] {
            assert_eq!(judged(Some(expires)), Err((Whose::Green, words.to_owned())));
        }
        let unreadable = judged(None).unwrap_err();
        assert_eq!(unreadable.0, Whose::Other);
    }
}
