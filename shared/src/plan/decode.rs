//! Decoding that reports every problem at once.
//!
//! serde stops at the first error. [`decode`] notes it with its path, takes the offending key out of a
//! copy of the document and tries again, until what is left decodes. A document with any problem is
//! never used; the mended copy only serves to find the next problem.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::problem::Problem;

/// More problems than anyone reads at once, and a bound on the work for a hostile document.
const MAX_PROBLEMS: usize = 50;

/// Decodes `document`, which stands at `at`, adding what is wrong to `problems`.
///
/// `also` are keys that are valid beside those that `T` knows; they are offered in hints.
pub fn decode<T: DeserializeOwned>(
    document: &Value,
    at: &str,
    also: &[&str],
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let before = problems.len();
    decode_mended(document, at, also, problems).filter(|_| problems.len() == before)
}

/// Decodes what is left of `document` once its problems are taken out: only to find further problems.
pub(crate) fn decode_mended<T: DeserializeOwned>(
    document: &Value,
    at: &str,
    also: &[&str],
    problems: &mut Vec<Problem>,
) -> Option<T> {
    if !document.is_object() {
        // serde would take an array as the fields in order.
        problems.push(Problem::new(at, format!("is {}; expected an object", super::shape(document))));
        return None;
    }
    let mut mended = document.clone();
    loop {
        match serde_path_to_error::deserialize::<_, T>(&mended) {
            Ok(decoded) => return Some(decoded),
            Err(error) => {
                let problem = describe(at, error.path(), &error.inner().to_string(), also);
                // What is missing only because it was wrong and taken out is no further problem.
                let inner = format!("{}.", problem.path);
                let taken_out = problem.message.starts_with("missing field")
                    && problems.iter().any(|earlier| earlier.path.starts_with(&inner));
                if !taken_out {
                    problems.push(problem);
                }
                if problems.len() >= MAX_PROBLEMS || !take_out(&mut mended, error.path()) {
                    return None;
                }
            }
        }
    }
}

fn describe(at: &str, path: &Path, message: &str, also: &[&str]) -> Problem {
    let inner = path.to_string();
    let path = match (at, inner.as_str()) {
        (at, "." | "") => at.to_owned(),
        ("", inner) => inner.to_owned(),
        (at, inner) if inner.starts_with('[') => format!("{at}{inner}"),
        (at, inner) => format!("{at}.{inner}"),
    };
    if message.starts_with("invalid type: boolean") && message.ends_with("expected string or map") {
        return Problem::new(path, "is no word, but true or false")
            .hint("YAML reads on, off, yes and no so: put the word in quotes");
    }
    let Some(unknown) = message.strip_prefix("unknown field ") else {
        return Problem::new(path, in_words(&without_value(message)));
    };
    // serde: unknown field `x`, expected one of `a`, `b` / expected `a` / there are no fields
    let mut names = unknown.split('`').skip(1).step_by(2);
    let key = names.next().unwrap_or_default();
    let mut known: Vec<_> = names.collect();
    known.extend(also);
    Problem::new(path, format!("unknown key `{key}`")).hint(suggest(key, &known))
}

/// serde repeats a text of the wrong type, which may be a secret in the wrong place.
fn without_value(message: &str) -> String {
    match (message.strip_prefix("invalid type: string \""), message.rsplit_once("\", expected ")) {
        (Some(_), Some((_, expected))) => format!("invalid type: a string, expected {expected}"),
        _ => message.to_owned(),
    }
}

/// serde's words for types are Rust's.
fn in_words(message: &str) -> String {
    let Some((observed, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let observed = match observed {
        "invalid type: sequence" => "invalid type: a list",
        "invalid type: map" => "invalid type: an object",
        other => other,
    };
    let expected = match expected {
        "a sequence" => "a list",
        "a map" => "an object",
        "f64" => "a number",
        "i64" => "a whole number",
        "u8" => "a whole number of 0 to 255",
        "u16" => "a whole number of 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number of 0 or more",
        named if named.starts_with("struct ") => "an object",
        other => other,
    };
    format!("{observed}, expected {expected}")
}

/// The nearest of `known` to a misspelt `name`, else all of them.
pub fn suggest(name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return "no keys are known here".to_owned();
    }
    let similarity = |candidate: &str| strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
    let nearest = known.iter().copied().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    match nearest.filter(|candidate| similarity(candidate) > 0.8) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!(
            "known here: {}",
            known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Takes the innermost object key on `path` out of `document`; false if there is none.
fn take_out(document: &mut Value, path: &Path) -> bool {
    let segments: Vec<_> = path.iter().collect();
    let Some(last) = segments.iter().rposition(|segment| matches!(segment, Segment::Map { .. })) else {
        return false;
    };
    let mut parent = document;
    for segment in &segments[..last] {
        let inner = match segment {
            Segment::Map { key } | Segment::Enum { variant: key } => parent.get_mut(key),
            Segment::Seq { index } => parent.get_mut(index),
            Segment::Unknown => None,
        };
        match inner {
            Some(inner) => parent = inner,
            None => return false,
        }
    }
    match (parent, segments[last]) {
        (Value::Object(fields), Segment::Map { key }) => fields.remove(key).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::plan::units::Span;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Document {
        path: String,
        patience: Option<Span>,
        headers: BTreeMap<String, String>,
        inner: Inner,
        list: Vec<String>,
        other: Inner,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Inner {
        statuses: Vec<u16>,
    }

    #[test]
    fn every_problem_at_once_with_its_path() {
        let document = json!({
            "path": 5, "patienc": "1m", "patience": "soon", "headers": {"a": "x", "b": 7},
            "inner": {"statuses": [200, "x"], "status": 1}, "list": {"x": 1}, "other": 7,
        });
        let mut problems = Vec::new();
        assert!(decode::<Document>(&document, "checks[1].http", &["name"], &mut problems).is_none());
        let mut shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
        shown.sort();
        assert_eq!(shown, [
            "`checks[1].http.headers.b`: invalid type: integer `7`, expected a string",
            "`checks[1].http.inner.statuses[1]`: invalid type: a string, expected a whole number of 0 to 65535",
            "`checks[1].http.inner.status`: unknown key `status` (did you mean `statuses`?)",
            "`checks[1].http.list`: invalid type: an object, expected a list",
            "`checks[1].http.other`: invalid type: integer `7`, expected an object",
            "`checks[1].http.path`: invalid type: integer `5`, expected a string",
            "`checks[1].http.patienc`: unknown key `patienc` (did you mean `patience`?)",
            "`checks[1].http.patience`: `soon` is no duration; expected a duration such as `300ms`, `5s`, `10m` or `1h30m`",
        ].map(ToOwned::to_owned).into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_good_document_decodes() {
        let mut problems = Vec::new();
        let decoded: Document = decode(&json!({"path": "/x"}), "", &[], &mut problems).unwrap();
        assert_eq!((decoded.path.as_str(), decoded.patience, decoded.headers.len()), ("/x", None, 0));
        assert!(decoded.inner.statuses.is_empty() && problems.is_empty());
    }

    #[test]
    fn a_document_of_the_wrong_shape_is_one_problem() {
        for document in [json!([1, 2]), json!("text"), json!(null), json!(true)] {
            let mut problems = Vec::new();
            assert!(decode::<Document>(&document, "plan", &[], &mut problems).is_none());
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].path, "plan");
        }
    }

    #[test]
    fn hints_name_the_nearest_key_or_all() {
        assert_eq!(suggest("timout", &["timeout", "path"]), "did you mean `timeout`?");
        assert_eq!(suggest("xyz", &["timeout", "path"]), "known here: `timeout`, `path`");
    }
}
