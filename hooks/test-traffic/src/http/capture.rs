//! What a step takes out of its answer for the steps after it.
//!
//! Green that answers without the value is wrong, so nothing captured is a failure, and so is an empty value:
//! the next request would go out without what it needs, and be blamed in its place.

use greenlight::plan::Problem;
use greenlight::schemars::JsonSchema;
use greenlight_prober::Mismatch;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{pattern::Pattern, query::Query, seen::Seen};

/// More fits into no header that servers take.
const MOST_BYTES: usize = 8 * 1024;

/// Where in an answer a value is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(rename_all = "snake_case")]
pub(super) enum Capture {
    /// The one text, number or boolean at this JSONPath.
    Jsonpath(Query),
    /// The value of this header.
    Header(String),
    /// What the group of this expression matches in the body.
    Regex(Pattern),
    /// The value of this cookie, as an answer of this run set it.
    Cookie(String),
}

impl Capture {
    /// What is wrong with it, whatever is answered.
    pub(super) fn problem(&self, path: &str) -> Option<Problem> {
        match self {
            Self::Header(name) if name.parse::<::http::HeaderName>().is_err() => {
                Some(Problem::new(path, format!("`{}` is no header name", name.escape_debug())))
            }
            Self::Cookie(name) if name.is_empty() => {
                Some(Problem::new(path, "is empty; expected a cookie's name"))
            }
            Self::Regex(pattern) if pattern.groups() != 1 => {
                Some(Problem::new(path, format!("has {} groups; expected one", pattern.groups())).hint(
                    "the value is what the group matches: `csrf=(\\w+)`; write `(?:…)` for other groups",
                ))
            }
            Self::Jsonpath(_) | Self::Header(_) | Self::Cookie(_) | Self::Regex(_) => None,
        }
    }

    /// Takes the value of `name` out of an answer. What is not there is said without quoting the answer.
    pub(super) fn take(&self, name: &str, seen: &Seen<'_>) -> Result<String, Mismatch> {
        if let Self::Regex(pattern) = self {
            pattern.can_search(seen.text().len())?;
        }
        let found = match self {
            Self::Jsonpath(query) => of_json(query, seen),
            Self::Header(header) => match seen.header(header).first() {
                Some(value) => Ok(value.to_string()),
                None => Err(format!("no header `{header}`")),
            },
            Self::Regex(pattern) => match pattern.group(seen.text()) {
                Some(value) => Ok(value.to_owned()),
                None => Err(format!("a body without `{pattern}`")),
            },
            Self::Cookie(cookie) => match seen.jar.and_then(|jar| jar.value(cookie)) {
                Some(value) => Ok(value.to_owned()),
                None => Err(format!("no cookie `{cookie}`")),
            },
        };
        let found = found.and_then(|value| match value.len() {
            0 => Err(format!("an empty value for `{name}`")),
            1..=MOST_BYTES => Ok(value),
            bytes => Err(format!("a value of {bytes} bytes for `{name}`")),
        });
        let expected = || format!("a value to capture as `{name}`, of at most {} KiB", MOST_BYTES / 1024);
        found.map_err(|observed| Mismatch::new(observed, expected()))
    }
}

fn of_json(query: &Query, seen: &Seen<'_>) -> Result<String, String> {
    let body = seen.json().ok_or("a body that is no JSON")?;
    match query.nodes(body).as_slice() {
        [] => Err(format!("nothing at `{query}`")),
        [Value::String(text)] => Ok(text.clone()),
        [value @ (Value::Number(_) | Value::Bool(_))] => Ok(value.to_string()),
        [_] => Err(format!("no text, number or boolean at `{query}`")),
        nodes => Err(format!("{} values at `{query}` where one is wanted", nodes.len())),
    }
}
