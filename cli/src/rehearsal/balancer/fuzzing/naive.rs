//! The conditions of listener rules, as plainly as Elastic Load Balancing's documentation has them.
//!
//! Source: user guide for Application Load Balancers, *Condition types for listener rules*; API reference, *`RuleCondition`*
//! and the types that it names. Slow and without any thought of speed: what it is worth is that it is easy to hold
//! against the page. It shares no line with the two readings that it judges.

use std::net::IpAddr;

use super::drawn::Condition;

/// A request, as a load balancer sees it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) peer: IpAddr,
}

/// What the documentation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Yes,
    No,
    /// It is silent: the readings may differ.
    Nothing,
}

impl From<bool> for Says {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// "All conditions must be met".
pub(super) fn rule(conditions: &[Condition], asked: &Asked) -> Says {
    let says: Vec<Says> = conditions.iter().map(|condition| one(condition, asked)).collect();
    if says.contains(&Says::No) {
        Says::No
    } else if says.contains(&Says::Nothing) {
        Says::Nothing
    } else {
        Says::Yes
    }
}

/// "If one of the values is satisfied, the condition is satisfied".
fn any(says: impl Iterator<Item = Says>) -> Says {
    let says: Vec<Says> = says.collect();
    if says.contains(&Says::Yes) {
        Says::Yes
    } else if says.contains(&Says::Nothing) {
        Says::Nothing
    } else {
        Says::No
    }
}

fn one(condition: &Condition, asked: &Asked) -> Says {
    match condition {
        // "not case-sensitive"
        Condition::Host(patterns) => {
            any(patterns.iter().map(|it| like(&lower(it), &lower(&asked.host)).into()))
        }
        Condition::HostRegex(patterns) => any(patterns.iter().map(|it| expression(it, &asked.host, true))),
        // "case-sensitive", and applied to the path alone
        Condition::Path(patterns) => any(patterns.iter().map(|it| in_url(it, &asked.path, like))),
        Condition::PathRegex(patterns) => any(patterns.iter().map(|it| {
            if asked.path.contains('%') { Says::Nothing } else { expression(it, &asked.path, false) }
        })),
        // "The maximum size of each header name is 40 characters. The header name is not case-sensitive", and so the value
        Condition::Header(name, patterns) => any(sent(name, asked)
            .flat_map(|sent| patterns.iter().map(move |it| like(&lower(it), &lower(sent)).into()))),
        Condition::HeaderRegex(name, patterns) => {
            any(sent(name, asked).flat_map(|sent| patterns.iter().map(move |it| expression(it, sent, true))))
        }
        // "case-sensitive", without wildcards
        Condition::Method(methods) => methods.contains(&asked.method).into(),
        // "not case-sensitive"
        Condition::Query(pairs) => any(parameters(&asked.query).flat_map(|(key, value)| {
            pairs.iter().map(move |(wanted_key, wanted_value)| {
                let key = wanted_key.as_ref().map_or(Says::Yes, |wanted| in_query(wanted, key));
                let value = match (value, wanted_key) {
                    (Some(value), _) => in_query(wanted_value, value),
                    // Whether `a` is a key without a value, or a value without a key.
                    (None, _) => Says::Nothing,
                };
                if key == Says::No || value == Says::No {
                    Says::No
                } else if key == Says::Yes && value == Says::Yes {
                    Says::Yes
                } else {
                    Says::Nothing
                }
            })
        })),
        Condition::SourceIp(blocks) => blocks.iter().any(|block| holds(block, asked.peer)).into(),
    }
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

fn sent<'a>(name: &'a str, asked: &'a Asked) -> impl Iterator<Item = &'a str> {
    asked.headers.iter().filter(move |(other, _)| lower(other) == lower(name)).map(|(_, value)| &**value)
}

/// "`*` matches 0 or more characters, `?` matches exactly 1 character"
fn like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<Piece> = pattern
        .chars()
        .map(|character| match character {
            '*' => Piece::Any,
            '?' => Piece::One,
            character => Piece::Is(character),
        })
        .collect();
    pieces(&pattern, &text.chars().collect::<Vec<_>>())
}

#[derive(Clone, Copy)]
enum Piece {
    Any,
    One,
    Is(char),
}

fn pieces(pattern: &[Piece], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, _) => text.is_empty(),
        (Some((Piece::Any, rest)), _) => (0..=text.len()).any(|taken| pieces(rest, &text[taken..])),
        (Some((Piece::One, rest)), Some((_, after))) => pieces(rest, after),
        (Some((Piece::Is(wanted), rest)), Some((first, after))) => wanted == first && pieces(rest, after),
        (Some(_), None) => false,
    }
}

/// Whether the load balancer undoes percent-encoding before it compares is not documented.
fn in_url(pattern: &str, text: &str, like: fn(&str, &str) -> bool) -> Says {
    match like(pattern, text) {
        false if text.contains('%') => Says::Nothing,
        is => is.into(),
    }
}

/// "To search for a literal '*' or '?' character in a query string, you must escape these characters in Values using a
/// '\' character."
fn in_query(pattern: &str, text: &str) -> Says {
    if pattern.contains("\\\\") {
        // Whether a `\` can be escaped, too.
        return Says::Nothing;
    }
    let mut characters = pattern.chars().peekable();
    let mut parts = Vec::new();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '\\' if matches!(characters.peek(), Some('*' | '?')) => {
                characters.next().map_or(Piece::Is('\\'), Piece::Is)
            }
            '*' => Piece::Any,
            '?' => Piece::One,
            character => Piece::Is(character.to_ascii_lowercase()),
        });
    }
    match pieces(&parts, &lower(text).chars().collect::<Vec<_>>()) {
        false if text.contains('%') => Says::Nothing,
        is => is.into(),
    }
}

/// "separated by '&'"
fn parameters(query: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    parameters.map(|parameter| match parameter.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (parameter, None),
    })
}

/// A regular expression: which engine, whether it is anchored and whether it minds case are not documented. The three
/// readings agree on an expression that says all of that itself.
fn expression(pattern: &str, text: &str, folds: bool) -> Says {
    let build = |folds| regex_lite::RegexBuilder::new(pattern).case_insensitive(folds).build();
    match (build(false), build(true)) {
        (Ok(exact), Ok(folded)) if folds && exact.is_match(text) != folded.is_match(text) => Says::Nothing,
        (Ok(exact), _) => exact.is_match(text).into(),
        _ => Says::Nothing,
    }
}

/// "CIDR format"
fn holds(block: &str, peer: IpAddr) -> bool {
    let Some((address, length)) = block.split_once('/') else { return false };
    let (Ok(address), Ok(length)) = (address.parse::<IpAddr>(), length.parse::<usize>()) else {
        return false;
    };
    let (address, peer) = (bits(address), bits(peer));
    address.len() == peer.len() && length <= address.len() && address[..length] == peer[..length]
}

fn bits(address: IpAddr) -> Vec<bool> {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
}
