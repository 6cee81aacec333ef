//! What the text of a policy that is attached to a thing says of one call.
//!
//! What a condition asks for is known of few keys. Where it is not, nobody says that the policy allows or denies.

use serde_json::Value;

use crate::arn::Arn;

/// A call that a policy may speak of.
pub(crate) struct Call<'a> {
    /// Whether an element `Principal` means the one who calls, if anybody knows.
    pub(crate) is_principal: &'a dyn Fn(&Value) -> Option<bool>,
    /// The action.
    pub(crate) action: &'a str,
    /// The thing that the policy is attached to, where its statements name it.
    pub(crate) resource: Option<&'a str>,
    /// For whom a service of AWS calls: of which service, region and account `aws:SourceArn` is. None where nobody knows, or
    /// where nobody else is called for.
    pub(crate) source: Option<Arn<'a>>,
}

/// What a policy says of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Allows,
    Denies,
    /// Nothing: it is allowed by this policy to nobody like that. With the condition that is not met, where there is one.
    Nothing(Option<Value>),
    /// It depends on what only the call itself has: the condition, or another element.
    Unclear(Value),
}

/// Reads a policy, which some store as a text.
pub(crate) fn says(policy: &Value, call: &Call<'_>) -> Says {
    let read = policy.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let policy = read.as_ref().unwrap_or(policy);
    let statements = list(&policy["Statement"]);
    let applying = |effect: &'static str| {
        let of_effect = statements.iter().filter(move |statement| statement["Effect"] == effect);
        of_effect.map(|statement| (applies(statement, call), *statement))
    };
    let (mut unmet, mut unclear) = (None, None);
    for (applies, statement) in applying("Deny") {
        match applies {
            Some(true) => return Says::Denies,
            None => unclear = Some(statement),
            Some(false) => {}
        }
    }
    if let Some(statement) = unclear {
        return Says::Unclear(reason(statement));
    }
    for (applies, statement) in applying("Allow") {
        match applies {
            Some(true) => return Says::Allows,
            None => unclear = Some(statement),
            Some(false) if concerns(statement, call) == Some(true) => unmet = Some(&statement["Condition"]),
            Some(false) => {}
        }
    }
    unclear.map_or_else(|| Says::Nothing(unmet.cloned()), |statement| Says::Unclear(reason(statement)))
}

/// What a statement rests on that nobody knows.
fn reason(statement: &Value) -> Value {
    let odd = ["NotPrincipal", "NotAction", "NotResource", "Condition"];
    odd.iter().map(|key| &statement[*key]).find(|it| !it.is_null()).unwrap_or(statement).clone()
}

fn applies(statement: &Value, call: &Call<'_>) -> Option<bool> {
    both(concerns(statement, call), conditions(&statement["Condition"], call))
}

/// Whether a statement is about the call, its conditions aside.
fn concerns(statement: &Value, call: &Call<'_>) -> Option<bool> {
    let named = |key: &str, not: &str, is_it: &dyn Fn(&Value) -> Option<bool>| {
        if statement[not].is_null() { is_it(&statement[key]) } else { None }
    };
    let action = |value: &Value| {
        Some(
            texts(value)
                .iter()
                .any(|it| is_like(&it.to_ascii_lowercase(), &call.action.to_ascii_lowercase())),
        )
    };
    let resource = |value: &Value| match call.resource {
        Some(resource) if !value.is_null() => Some(texts(value).iter().any(|it| is_like(it, resource))),
        _ => Some(true),
    };
    let principal = named("Principal", "NotPrincipal", call.is_principal);
    both(principal, both(named("Action", "NotAction", &action), named("Resource", "NotResource", &resource)))
}

/// Whether two things hold, of which nobody may know one.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn conditions(condition: &Value, call: &Call<'_>) -> Option<bool> {
    let tests = condition.as_object().into_iter().flatten();
    let all = tests.flat_map(|(operator, keys)| {
        keys.as_object().into_iter().flatten().map(move |(key, values)| holds(operator, key, values, call))
    });
    all.fold(Some(true), both)
}

/// Whether one line of a condition holds.
fn holds(operator: &str, key: &str, values: &Value, call: &Call<'_>) -> Option<bool> {
    let source = call.source?;
    let operator = operator.strip_suffix("IfExists").unwrap_or(operator);
    let (operator, is_negated) = match operator.split_once("Not") {
        Some((begin, end)) => (format!("{begin}{end}"), true),
        None => (operator.to_owned(), false),
    };
    let has_wildcards = matches!(&*operator, "StringLike" | "ArnLike" | "ArnEquals");
    if !has_wildcards && operator != "StringEquals" {
        return None;
    }
    let is_one =
        |pattern: &str, text: &str| if has_wildcards { is_like(pattern, text) } else { pattern == text };
    let values = texts(values);
    let is_met = match &*key.to_ascii_lowercase() {
        "aws:sourceaccount" => Some(values.iter().any(|value| is_one(value, source.account))),
        "aws:sourcearn" => {
            let all: Vec<_> = values.iter().map(|value| of_source(value, source, &is_one)).collect();
            if all.contains(&Some(true)) {
                Some(true)
            } else {
                all.iter().all(|it| *it == Some(false)).then_some(false)
            }
        }
        _ => None,
    };
    is_met.map(|is_met| is_met != is_negated)
}

/// Whether a pattern is met by a source of which all but the resource is known.
fn of_source(pattern: &str, source: Arn<'_>, is_one: &dyn Fn(&str, &str) -> bool) -> Option<bool> {
    if pattern == "*" {
        return Some(is_one("*", "arn"));
    }
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = parts[..] else { return None };
    let known = [
        (partition, source.partition),
        (service, source.service),
        (region, source.region),
        (account, source.account),
    ];
    if !known.iter().all(|(asked, own)| is_one(asked, own)) {
        return Some(false);
    }
    (resource == "*" && is_one("*", "any")).then_some(true)
}

/// The elements of a list, or what stands in the place of one.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// The texts of a list, or the text in the place of one.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    list(value).into_iter().filter_map(Value::as_str).collect()
}

/// Whether a text is like a pattern with `*` and `?`.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut here) = (0, 0);
    // Where the last `*` stands, and how much of the text it took.
    let mut star: Option<(usize, usize)> = None;
    while here < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, here));
            at += 1;
        } else if pattern.get(at).is_some_and(|letter| *letter == b'?' || *letter == text[here]) {
            at += 1;
            here += 1;
        } else if let Some((was, took)) = star {
            star = Some((was, took + 1));
            (at, here) = (was + 1, took + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_like_patterns() {
        for (pattern, text, is) in [
            ("sts:assumerole", "sts:assumerole", true),
            ("sts:*", "sts:assumerole", true),
            ("*role", "sts:assumerole", true),
            ("s*:a?sume*", "sts:assumerole", true),
            ("*", "", true),
            ("", "x", false),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXcX", false),
            ("?", "", false),
            ("*", "eu-west-1", true),
        ] {
            assert_eq!(is_like(pattern, text), is, "{pattern} {text}");
        }
    }
}
