//! The health service's one call, from its bytes and back.
//!
//! Sources: grpc/grpc, `doc/health-checking.md`, `doc/PROTOCOL-HTTP2.md` and `doc/statuscodes.md`; grpc/grpc-proto,
//! `grpc/health/v1/health.proto`. Surprising: the two messages are written and read by hand. Each is one field,
//! while a gRPC library brings a transport of its own, which hides whether a call was written when it failed.

use std::time::Duration;

use bytes::Bytes;
use greenlight_prober::{Answer, Endpoint, Request, RequestError, Speaks};
use http::{HeaderMap, Method};

use crate::reach::Place;

/// The call's path.
pub(super) const PATH: &str = "/grpc.health.v1.Health/Check";

/// The same place, spoken to as gRPC is: over HTTP/2.
pub(super) fn spoken(place: Place) -> Place {
    Place { speaks: Speaks::Http2, ..place }
}

/// A service for people.
pub(super) fn named(service: &str) -> String {
    if service.is_empty() { "the server".to_owned() } else { format!("`{service}`") }
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// A `ServingStatus` of the health service, by its number.
    Serving(u64),
    /// Another status of gRPC: its code and its message.
    Status(u32, String),
    /// No gRPC at all.
    NotGrpc(String),
    /// gRPC that is broken.
    Broken(String),
}

/// The call that asks for a service.
pub(super) fn request(
    endpoint: &Endpoint,
    service: &str,
    timeout: Duration,
) -> Result<Request, RequestError> {
    let request = endpoint
        .request(Method::POST, PATH)?
        .with_trailers()
        .with_header("content-type", "application/grpc")?
        .with_header("grpc-timeout", &deadline(timeout))?;
    Ok(request.with_body(question(service)))
}

/// A deadline as it stands in `grpc-timeout`: at most eight digits, and a unit.
fn deadline(timeout: Duration) -> String {
    match timeout.as_millis() {
        millis @ ..=99_999_999 => format!("{}m", millis.max(1)),
        _ => format!("{}S", timeout.as_secs().min(99_999_999)),
    }
}

/// A `HealthCheckRequest { service = 1: string }`, framed: not compressed, its length, itself.
fn question(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a);
        varint(service.len(), &mut message);
        message.extend(service.as_bytes());
    }
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = vec![0];
    framed.extend(length.to_be_bytes());
    framed.extend(message);
    framed
}

fn varint(mut value: usize, into: &mut Vec<u8>) {
    while value > 0x7f {
        into.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    into.push(u8::try_from(value).unwrap_or_default());
}

/// What an answer says.
pub(super) fn read(answer: &Answer) -> Said {
    let text = |headers: &HeaderMap, name: &str| {
        headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let content_type = text(&answer.headers, "content-type").unwrap_or_default();
    if answer.status != 200 {
        return Said::NotGrpc(format!("HTTP status {}", answer.status.as_u16()));
    }
    if !content_type.starts_with("application/grpc") {
        return Said::NotGrpc(format!("HTTP status 200 with the content type {content_type:?}"));
    }
    // An answer that is an error alone has its status in the head (PROTOCOL-HTTP2, *Trailers-Only*).
    let ends = answer.trailers.as_deref().unwrap_or(&answer.headers);
    let Some(status) = text(ends, "grpc-status") else {
        return Said::Broken("the answer ended without a `grpc-status`".to_owned());
    };
    match status.parse() {
        Ok(0) => message(&answer.body),
        Ok(code) => Said::Status(code, decoded(&text(ends, "grpc-message").unwrap_or_default())),
        Err(_) => Said::Broken(format!("its `grpc-status` is {status:?}; expected a number")),
    }
}

/// A `HealthCheckResponse { status = 1: enum }` in its frame.
fn message(body: &Bytes) -> Said {
    let broken = |why: &str| Said::Broken(why.to_owned());
    let [compressed, length @ ..] = body.get(..5).unwrap_or_default() else {
        return broken("its status is OK, and no message came with it");
    };
    let Ok(length) = <[u8; 4]>::try_from(length) else {
        return broken("its status is OK, and no message came with it");
    };
    let message = &body[5..];
    if *compressed != 0 {
        return broken("its message is compressed, which was not asked for");
    }
    if usize::try_from(u32::from_be_bytes(length)).ok() != Some(message.len()) {
        return broken("its message is not as long as it says");
    }
    match status(message) {
        Some(status) => Said::Serving(status),
        None => broken("its message is no HealthCheckResponse"),
    }
}

/// Field 1 of a message, as a varint; the last one counts, none is 0, and unknown fields are passed over.
fn status(mut message: &[u8]) -> Option<u64> {
    let mut status = 0;
    while !message.is_empty() {
        let key = read_varint(&mut message)?;
        match (key >> 3, key & 7) {
            (1, 0) => status = read_varint(&mut message)?,
            (_, 0) => drop(read_varint(&mut message)?),
            (_, 1) => message = message.get(8..)?,
            (_, 2) => {
                let length = usize::try_from(read_varint(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            (_, 5) => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(status)
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A `grpc-message`, percent-decoded; what is no escape stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%');
        let byte = escaped.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A status code by its name.
pub(super) fn code(code: u32) -> String {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    name.map_or_else(|| format!("status {code}"), |name| format!("{name} ({code})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions() {
        assert_eq!(question(""), [0, 0, 0, 0, 0]);
        assert_eq!(question("a.B"), [0, 0, 0, 0, 5, 0x0a, 3, b'a', b'.', b'B']);
        let long = "x".repeat(200);
        assert_eq!(question(&long)[..8], [0, 0, 0, 0, 203, 0x0a, 0xc8, 1]);
    }

    #[test]
    fn messages() {
        let framed = |message: &[u8]| {
            let mut framed = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
            framed.extend(message);
            Bytes::from(framed)
        };
        for (name, body, said) in [
            ("SERVING", framed(&[8, 1]), Ok(1)),
            ("NOT_SERVING", framed(&[8, 2]), Ok(2)),
            ("nothing is UNKNOWN", framed(&[]), Ok(0)),
            ("a field of tomorrow", framed(&[0x12, 2, b'h', b'i', 8, 1]), Ok(1)),
            ("no frame", Bytes::new(), Err("no message came with it")),
            ("half a frame", Bytes::from_static(&[0, 0, 0]), Err("no message came with it")),
            ("too short", Bytes::from_static(&[0, 0, 0, 0, 2, 8]), Err("not as long as it says")),
            ("compressed", Bytes::from_static(&[1, 0, 0, 0, 2, 8, 1]), Err("compressed")),
            ("no message", framed(&[8]), Err("no HealthCheckResponse")),
            ("a number without an end", framed(&[8, 0xff, 0xff]), Err("no HealthCheckResponse")),
        ] {
            match (message(&body), said) {
                (Said::Serving(found), Ok(status)) => assert_eq!(found, status, "{name}"),
                (Said::Broken(found), Err(words)) => assert!(found.contains(words), "{name}: {found}"),
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
    }

    #[test]
    fn words() {
        assert_eq!(decoded("a%20b%C3%A9 100% %zz"), "a bé 100% %zz");
        assert_eq!((code(5), code(99)), ("NOT_FOUND (5)".to_owned(), "status 99".to_owned()));
        assert_eq!(deadline(Duration::from_millis(1500)), "1500m");
        assert_eq!(deadline(Duration::from_hours(100)), "360000S");
    }
}
