//! Whether a request meets the conditions of a rule.
//!
//! Of a rule's conditions all must hold, of a condition's values one. The answer has three values:
//! what depends on the client's address, on a secret, or on what Elastic Load Balancing does not
//! document is said to be unknown rather than guessed.
//!
//! Source: API reference of Elastic Load Balancing v2, *`RuleCondition`* and the types it names; user
//! guide, *Condition types for listener rules*.

use super::{
    super::load_balancing::{Condition, Patterns},
    pattern::{Case, Texts, encoded},
    text::{quoted, without_port},
};
use crate::{VERSION, wildcard::Wildcard};

/// A request as the load balancer sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// The `Host` header.
    pub(super) host: &'a str,
    /// The path, percent-encoded as it is sent.
    pub(super) path: &'a str,
    /// The query without its `?`.
    pub(super) query: &'a str,
    /// Names in any case, values.
    pub(super) headers: &'a [(String, String)],
    /// Names of headers that are sent with values that are not known here. One that stands among `headers`, too,
    /// begins with what stands there, and may go on.
    pub(super) secrets: &'a [String],
}

/// Whether something matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    /// It depends on what is not known here: why, as a clause.
    CannotTell(String),
}

impl Match {
    /// One is enough.
    pub(super) fn any(matches: impl IntoIterator<Item = Self>) -> Self {
        let mut so_far = Self::No;
        for one in matches {
            match one {
                Self::Yes => return Self::Yes,
                Self::CannotTell(_) if so_far == Self::No => so_far = one,
                _ => {}
            }
        }
        so_far
    }

    /// None may fail.
    pub(super) fn all(matches: impl IntoIterator<Item = Self>) -> Self {
        let mut so_far = Self::Yes;
        for one in matches {
            match one {
                Self::No => return Self::No,
                Self::CannotTell(_) if so_far == Self::Yes => so_far = one,
                _ => {}
            }
        }
        so_far
    }
}

/// A rule's conditions, taken apart once: expressions are costly to read.
#[derive(Debug)]
pub(super) struct Conditions(Vec<Test>);

/// One condition, taken apart.
#[derive(Debug)]
pub(super) enum Test {
    Host(Texts),
    Path(Texts),
    Header(String, Texts),
    Query(Vec<(Option<Wildcard>, Wildcard)>),
    Method(Vec<String>),
    SourceIp(Vec<String>),
    Unknown(String),
}

impl Conditions {
    pub(super) fn new(conditions: &[Condition]) -> Self {
        Self(conditions.iter().map(Test::new).collect())
    }

    /// Whether `request` meets all of them.
    pub(super) fn matches(&self, request: &Request<'_>) -> Match {
        Match::all(self.0.iter().map(|test| test.matches(request)))
    }

    /// Whether `request` meets those that `wanted` picks.
    pub(super) fn matches_only(&self, wanted: impl Fn(&Test) -> bool, request: &Request<'_>) -> Match {
        Match::all(self.0.iter().filter(|test| wanted(test)).map(|test| test.matches(request)))
    }

    pub(super) fn tests(&self) -> &[Test] {
        &self.0
    }
}

/// A header condition on `host` is a host condition; the API refuses it, but nothing here depends on that.
pub(super) fn is_host_header(name: &str) -> bool {
    name.eq_ignore_ascii_case("host")
}

impl Test {
    fn new(condition: &Condition) -> Self {
        let texts = |patterns: &Patterns| Texts::new(patterns, Case::Ignored);
        let part = |text: &str| Wildcard::escaped(text).ignoring_case();
        match condition {
            Condition::Host(patterns) => Self::Host(texts(patterns)),
            Condition::Header { name, values } if is_host_header(name) => Self::Host(texts(values)),
            Condition::Path(patterns) => Self::Path(Texts::new(patterns, Case::Minded)),
            Condition::Header { name, values } => Self::Header(name.clone(), texts(values)),
            Condition::Query(pairs) => Self::Query(
                pairs.iter().map(|(key, value)| (key.as_deref().map(part), part(value))).collect(),
            ),
            Condition::Method(methods) => Self::Method(methods.clone()),
            Condition::SourceIp(blocks) => Self::SourceIp(blocks.clone()),
            Condition::Unknown(kind) => Self::Unknown(kind.clone()),
        }
    }

    pub(super) fn matches(&self, request: &Request<'_>) -> Match {
        match self {
            Self::Host(texts) => host(texts, request.host),
            Self::Path(texts) => texts.test_encoded(request.path),
            Self::Header(name, texts) => header(name, texts, request),
            Self::Query(pairs) => query(pairs, request.query),
            Self::Method(methods) if methods.iter().any(|method| method == request.method) => Match::Yes,
            Self::Method(_) => Match::No,
            Self::SourceIp(blocks) => source_ip(blocks),
            Self::Unknown(kind) => Match::CannotTell(format!(
                "conditions of the kind {} are not known to this version",
                quoted(kind)
            )),
        }
    }
}

/// Values of host conditions cannot hold a port, and regular expressions can. Whether the load balancer
/// leaves the port of the request out is not documented: users report both. A request that matches
/// either way is sure to.
fn host(texts: &Texts, host: &str) -> Match {
    let name = without_port(host);
    if name == host {
        return texts.test(host);
    }
    match (texts.test(host), texts.test(name)) {
        (Match::Yes, Match::Yes) => Match::Yes,
        (Match::No, Match::No) => Match::No,
        _ => Match::CannotTell(format!(
            "whether the port of {} counts in host conditions is not documented",
            quoted(host)
        )),
    }
}

fn header(name: &str, texts: &Texts, request: &Request<'_>) -> Match {
    let named = |other: &str| other.eq_ignore_ascii_case(name);
    let mut values =
        request.headers.iter().filter(|(other, _)| named(other)).map(|(_, value)| value).peekable();
    match (values.peek().is_some(), request.secrets.iter().any(|secret| named(secret))) {
        (true, false) => return Match::any(values.map(|value| texts.test(value))),
        (true, true) if values.any(|value| texts.takes_whatever_begins_with(value)) => return Match::Yes,
        (_, true) => {
            return Match::CannotTell(format!(
                "the header {} holds a secret, or what green's answers give, and its value is not compared",
                quoted(name)
            ));
        }
        (false, false) => {}
    }
    // What probes send by themselves, unless the plan drops it.
    if named("user-agent") {
        return texts.test(&format!("greenlight/{VERSION}"));
    }
    if named("x-greenlight-deployment") {
        return Match::CannotTell(format!("the value of {name} is not known here"));
    }
    Match::No
}

/// A condition without a key is met by any key that is set to its value.
fn query(pairs: &[(Option<Wildcard>, Wildcard)], query: &str) -> Match {
    let tests = query.split('&').filter(|parameter| !parameter.is_empty()).flat_map(|parameter| {
        pairs.iter().map(move |(key, value)| match (parameter.split_once('='), key) {
            (Some((sent_key, sent_value)), Some(key)) => {
                Match::all([part(key, sent_key), part(value, sent_value)])
            }
            (Some((_, sent_value)), None) => part(value, sent_value),
            (None, Some(key)) => Match::all([part(key, parameter), part(value, "")]),
            (None, None) if part(value, parameter) == Match::No => Match::No,
            (None, None) => Match::CannotTell(format!(
                "whether {} alone counts as a value of the query is not documented",
                quoted(parameter)
            )),
        })
    });
    Match::any(tests)
}

fn part(wildcard: &Wildcard, text: &str) -> Match {
    encoded(text, |text| if wildcard.matches(text) { Match::Yes } else { Match::No })
}

fn source_ip(blocks: &[String]) -> Match {
    // Clients come by IPv4 unless somebody wanted it otherwise, and a block of IPv6 takes none of those.
    if blocks.iter().any(|block| block.ends_with("/0") && !block.contains(':')) {
        return Match::Yes;
    }
    let blocks: Vec<_> = blocks.iter().map(|block| quoted(block)).collect();
    Match::CannotTell(format!(
        "it takes only clients from {}, and the address that the load balancer sees this one under is not known here",
        blocks.join(" or ")
    ))
}

#[cfg(test)]
mod tests;
