//! Which requests the conditions of a listener rule take, as far as their texts tell.

use crate::node::Node;

/// Whether a rule takes every request that another takes, for sure: each of its conditions is met by whatever meets one of
/// the other's. All of both have to be known.
pub(crate) fn take_all_of(conditions: &Node<'_>, others: &Node<'_>) -> bool {
    let others = others.items();
    conditions.items().iter().all(|condition| {
        takes_everything(condition)
            || others
                .iter()
                .any(|other| condition.value() == other.value() || covers(condition, other).unwrap_or(false))
    })
}

/// Where a kind of condition has its values, and how they are compared.
struct Kind {
    config: &'static str,
    /// `*` and `?` stand for others.
    has_wildcards: bool,
    ignores_case: bool,
}

fn kind(condition: &Node<'_>) -> Option<Kind> {
    let (config, has_wildcards, ignores_case) = match condition.get("Field").text()? {
        "path-pattern" => ("PathPatternConfig", true, false),
        "host-header" => ("HostHeaderConfig", true, true),
        "http-header" => ("HttpHeaderConfig", true, true),
        "http-request-method" => ("HttpRequestMethodConfig", false, false),
        "source-ip" => ("SourceIpConfig", false, true),
        // The pairs of a query string are compared as a whole.
        _ => return None,
    };
    Some(Kind { config, has_wildcards, ignores_case })
}

/// The values of a condition; some stand beside its configuration. None where it has others, such as regular expressions.
fn values<'a>(condition: &Node<'a>, kind: &Kind) -> Option<Vec<&'a str>> {
    let config = condition.at(kind.config);
    if config.get("RegexValues").is_present() || condition.get("RegexValues").is_present() {
        return None;
    }
    let own = config.get("Values").items();
    let own = if own.is_empty() { condition.get("Values").items() } else { own };
    own.iter().map(Node::text).collect::<Option<Vec<_>>>().filter(|values| !values.is_empty())
}

/// Whether a condition is met by every request.
fn takes_everything(condition: &Node<'_>) -> bool {
    let all: &[&str] = match condition.get("Field").text() {
        Some("path-pattern") => &["*", "/*"],
        Some("host-header") => &["*"],
        _ => return false,
    };
    kind(condition)
        .and_then(|kind| values(condition, &kind))
        .is_some_and(|values| values.iter().any(|value| all.contains(value)))
}

/// Whether a condition is met by whatever meets another of its kind.
fn covers(condition: &Node<'_>, other: &Node<'_>) -> Option<bool> {
    if condition.get("Field").text()? != other.get("Field").text()? {
        return None;
    }
    let kind = kind(condition)?;
    let name = |of: &Node<'_>| of.at("HttpHeaderConfig.HttpHeaderName").text().map(str::to_ascii_lowercase);
    if name(condition) != name(other) {
        return None;
    }
    let (wide, narrow) = (values(condition, &kind)?, values(other, &kind)?);
    let text = |value: &str| if kind.ignores_case { value.to_ascii_lowercase() } else { value.to_owned() };
    let takes = |wide: &str, narrow: &str| {
        let (wide, narrow) = (text(wide), text(narrow));
        if kind.has_wildcards { is_within(narrow.as_bytes(), wide.as_bytes()) } else { wide == narrow }
    };
    Some(narrow.iter().all(|narrow| wide.iter().any(|wide| takes(wide, narrow))))
}

/// Whether whatever matches one pattern matches a wider one.
fn is_within(narrow: &[u8], wide: &[u8]) -> bool {
    // How far in `narrow` each beginning of `wide` may have got.
    let mut reached = vec![false; narrow.len() + 1];
    reached[0] = true;
    for letter in wide {
        let mut next = vec![false; narrow.len() + 1];
        let mut any = false;
        for (at, next) in next.iter_mut().enumerate() {
            *next = match letter {
                b'*' => {
                    any |= reached[at];
                    any
                }
                // One letter, which a `*` may be none or several of.
                b'?' => at > 0 && reached[at - 1] && narrow[at - 1] != b'*',
                letter => at > 0 && reached[at - 1] && narrow[at - 1] == *letter,
            };
        }
        reached = next;
    }
    reached[narrow.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_within_wider_ones() {
        for (narrow, wide, is) in [
            ("/api/*", "/*", true),
            ("/api/*", "/api/*", true),
            ("/api/v1", "/api/*", true),
            ("/api/v?", "/api/v?", true),
            ("/api/v1", "/api/v?", true),
            ("/api/v*", "/api/v?", false),
            ("/*", "/api/*", false),
            ("/api", "/api/*", false),
            ("*.example.com", "*.com", true),
            ("a*b", "*", true),
            ("a*b", "a*c", false),
            ("", "*", true),
            ("", "", true),
            ("a", "", false),
            ("ab*", "a?*", true),
            ("a*", "a?*", false),
        ] {
            assert_eq!(is_within(narrow.as_bytes(), wide.as_bytes()), is, "{narrow} within {wide}");
        }
    }
}
