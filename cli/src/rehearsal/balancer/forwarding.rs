//! What a request gains and loses between the client and the target, and an answer on its way back.

use std::net::IpAddr;

use http::header::{
    CONNECTION, COOKIE, HOST, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Uri, Version, request, response};
use jiff::Timestamp;

use crate::rehearsal::identifier;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// How the client reached the listener.
pub(super) struct Way<'a> {
    pub(super) peer: IpAddr,
    pub(super) protocol: &'static str,
    pub(super) port: u16,
    /// As the client wrote it, with its port if there was one.
    pub(super) authority: &'a str,
    /// From [`trace`].
    pub(super) trace: &'a str,
}

/// Makes the head of a request that a target takes: HTTP/1.1, the same host, the same path.
pub(super) fn request(head: &mut request::Parts, way: &Way<'_>) {
    remove_hop_by_hop(&mut head.headers);
    join_cookies(&mut head.headers);
    head.version = Version::HTTP_11;
    head.uri =
        head.uri.path_and_query().map_or_else(|| Uri::from_static("/"), |path| Uri::from(path.clone()));
    set(&mut head.headers, HOST, way.authority);

    let peer = way.peer.to_canonical().to_string();
    let before = all(&head.headers, &FORWARDED_FOR, ", ");
    set(
        &mut head.headers,
        FORWARDED_FOR,
        &before.map_or_else(|| peer.clone(), |before| format!("{before}, {peer}")),
    );
    set(&mut head.headers, FORWARDED_PROTO, way.protocol);
    set(&mut head.headers, FORWARDED_PORT, &way.port.to_string());
    set(&mut head.headers, TRACE, way.trace);
}

/// Makes the head of an answer that the client's connection can take.
pub(super) fn response(head: &mut response::Parts) {
    remove_hop_by_hop(&mut head.headers);
    head.version = Version::HTTP_11;
}

/// The `X-Amzn-Trace-Id` that a target gets with a request of these headers.
pub(super) fn trace(headers: &HeaderMap, now: Timestamp) -> String {
    traced(&all(headers, &TRACE, ";").unwrap_or_default(), now)
}

/// A `Root` where there is none, a new `Self` where there is one; other fields stay.
fn traced(before: &str, now: Timestamp) -> String {
    let digits = identifier::hexadecimal();
    let id = format!("1-{:08x}-{}", now.as_second(), digits.get(..24).unwrap_or(&digits));
    let fields: Vec<&str> =
        before.split(';').filter(|field| !field.is_empty() && !field.starts_with("Self=")).collect();
    if fields.iter().any(|field| field.starts_with("Root=")) {
        format!("Self={id};{}", fields.join(";"))
    } else {
        [format!("Root={id}").as_str()].into_iter().chain(fields).collect::<Vec<_>>().join(";")
    }
}

/// Removes what is said to the next one alone.
pub(in crate::rehearsal) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named = all(headers, &CONNECTION, ",").unwrap_or_default();
    for name in named.split(',').filter_map(|name| name.trim().parse::<HeaderName>().ok()) {
        headers.remove(name);
    }
    for name in [CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
}

/// HTTP/2 may cut cookies into several headers, HTTP/1.1 may not.
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_some()
        && let Some(joined) = all(headers, &COOKIE, "; ")
    {
        set(headers, COOKIE, &joined);
    }
}

/// All values of a header in one; none if it is not there or not text.
fn all(headers: &HeaderMap, name: &HeaderName, between: &str) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(between))
}

/// Everything that is set was a header before or is made of letters and digits, so it always fits.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_keeps_its_root_and_gets_a_new_self() {
        let now = Timestamp::from_second(0x6789_1233).unwrap();
        let cases = [
            ("nothing", "", "Root=1-67891233-", ""),
            ("a root", "Root=1-a-b", "Self=1-67891233-", ";Root=1-a-b"),
            ("a root and a self", "Self=1-x-y;Root=1-a-b", "Self=1-67891233-", ";Root=1-a-b"),
            (
                "a field of its own",
                "Root=1-a-b;CalledFrom=app",
                "Self=1-67891233-",
                ";Root=1-a-b;CalledFrom=app",
            ),
            ("no root", "CalledFrom=app", "Root=1-67891233-", ";CalledFrom=app"),
        ];
        for (case, before, start, end) in cases {
            let after = traced(before, now);
            assert!(after.starts_with(start) && after.ends_with(end), "{case}: {after}");
            assert_eq!(after.len(), start.len() + 24 + end.len(), "{case}: {after}");
        }
    }
}
