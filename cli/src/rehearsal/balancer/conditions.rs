//! Whether a request meets the conditions of a rule, as Elastic Load Balancing documents them.
//!
//! Written from the documentation alone: the hook has a reading of rules of its own, and a test in which
//! both agree would prove nothing if they shared a line.

use std::net::IpAddr;

use http::HeaderMap;
use regex_lite::RegexBuilder;

use super::cidr;
use super::wildcard::{self, Case};
use crate::rehearsal::aws::elb::Condition;

/// What the conditions are held against.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    /// Who is at the other end of the connection, whatever headers say.
    pub(super) peer: IpAddr,
    /// The request; none at a network listener, which sees connections alone.
    pub(super) request: Option<Request<'a>>,
}

#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Without a port.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
}

/// All of the conditions must hold; of the values of one, any.
pub(super) fn hold(conditions: &[Condition], subject: &Subject<'_>) -> bool {
    conditions.iter().all(|condition| match (condition, &subject.request) {
        (Condition::SourceIp(blocks), _) => blocks.iter().any(|block| cidr::contains(block, subject.peer)),
        (_, None) => false,
        (condition, Some(request)) => holds(condition, request),
    })
}

fn holds(condition: &Condition, request: &Request<'_>) -> bool {
    match condition {
        Condition::HostHeader(patterns) => any_wildcard(patterns, request.host, Case::Ignored),
        Condition::HostHeaderRegex(patterns) => any_regex(patterns, request.host, Case::Ignored),
        Condition::PathPattern(patterns) => any_wildcard(patterns, request.path, Case::Matters),
        Condition::PathPatternRegex(patterns) => any_regex(patterns, request.path, Case::Matters),
        Condition::HttpHeader(name, patterns) => {
            any_header(request.headers, name, |value| any_wildcard(patterns, value, Case::Ignored))
        }
        Condition::HttpHeaderRegex(name, patterns) => {
            any_header(request.headers, name, |value| any_regex(patterns, value, Case::Matters))
        }
        Condition::HttpRequestMethod(methods) => methods.iter().any(|method| method == request.method),
        Condition::QueryString(wanted) => parameters(request.query).any(|(key, value)| {
            let is = |pattern: &str, text: &str| wildcard::matches(pattern, text, Case::Ignored, true);
            wanted.iter().any(|(wanted_key, wanted_value)| {
                wanted_key.as_ref().is_none_or(|pattern| is(pattern, key)) && is(wanted_value, value)
            })
        }),
        // Held against the connection, above.
        Condition::SourceIp(_) => false,
    }
}

fn any_wildcard(patterns: &[String], text: &str, case: Case) -> bool {
    patterns.iter().any(|pattern| wildcard::matches(pattern, text, case, false))
}

/// An expression that cannot be read matches nothing: AWS would not have taken it into the rule.
fn any_regex(patterns: &[String], text: &str, case: Case) -> bool {
    patterns.iter().any(|pattern| {
        RegexBuilder::new(pattern)
            .case_insensitive(case == Case::Ignored)
            .build()
            .is_ok_and(|regex| regex.is_match(text))
    })
}

/// Names are compared without regard to case: a header map does so.
fn any_header(headers: &HeaderMap, name: &str, holds: impl Fn(&str) -> bool) -> bool {
    headers.get_all(name).iter().any(|value| holds(&String::from_utf8_lossy(value.as_bytes())))
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
}
