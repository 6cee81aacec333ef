//! What a call asks for: by ids, by filters, page by page.
//!
//! Filters are joined by *and*, the values of one by *or*; `*` and `?` stand for any characters. A filter
//! that EC2 has and this place lacks is refused as EC2 refuses one that nobody has: rather that than too much.
//! The words of errors are EC2's for ids that do not exist; elsewhere they are near them.

use serde_json::{Value, json};

use super::Resource;
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::text;
use crate::rehearsal::aws::page::Page;
use crate::rehearsal::aws::world::World;

/// How a kind of resource is asked for.
pub(super) struct Kind {
    /// The operation.
    pub(super) list: &'static str,
    /// Where the resources stand in the answer.
    pub(super) set: &'static str,
    /// Where a resource has its id.
    pub(super) id: &'static str,
    /// Where a call has ids.
    pub(super) asked: &'static str,
    /// What every id begins with.
    pub(super) prefix: &'static str,
    /// The error of an id that does not exist, and its words.
    pub(super) missing: (&'static str, &'static str),
    /// The error of what is no id.
    pub(super) malformed: &'static str,
    pub(super) largest_page: usize,
    /// Filters, and where what they look at stands.
    pub(super) filters: &'static [(&'static str, &'static str)],
}

pub(super) fn select(
    world: &World,
    resources: &[Resource],
    kind: &Kind,
    input: &Value,
) -> Result<Value, AwsError> {
    let ids: Vec<&str> = texts(&input[kind.asked]).collect();
    for id in &ids {
        find(resources, kind, id)?;
    }
    let filters = input["Filter"].as_array().into_iter().flatten();
    let filters = filters.map(|filter| Filter::read(kind, filter)).collect::<Result<Vec<_>, _>>()?;
    let page = page(world, kind, input)?;
    if text(input, "DryRun") == "true" {
        let words = "Request would have succeeded, but DryRun flag is set.";
        return Err(AwsError::new(412, "DryRunOperation", words));
    }
    let wanted = |resource: &&Resource| {
        let id = resource.get(kind.id).and_then(Value::as_str).unwrap_or_default();
        (ids.is_empty() || ids.contains(&id)) && filters.iter().all(|filter| filter.takes(resource))
    };
    let (found, next) = page.take(resources.iter().filter(wanted));
    let mut answer = json!({ kind.set: found });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}

fn find(resources: &[Resource], kind: &Kind, id: &str) -> Result<(), AwsError> {
    let is_one = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !id.strip_prefix(kind.prefix).is_some_and(is_one) {
        let message = format!("Invalid id: \"{id}\" (expecting \"{}...\")", kind.prefix);
        return Err(AwsError::client(kind.malformed, message));
    }
    if resources.iter().any(|known| known.get(kind.id).is_some_and(|known| known == id)) {
        return Ok(());
    }
    let (code, words) = kind.missing;
    Err(AwsError::client(code, words.replace("{id}", id)))
}

fn page(world: &World, kind: &Kind, input: &Value) -> Result<Page, AwsError> {
    let size = match text(input, "MaxResults") {
        "" => kind.largest_page,
        asked => asked.parse().ok().filter(|size| (5..=kind.largest_page).contains(size)).ok_or_else(|| {
            let message = format!(
                "Value ( {asked} ) for parameter maxResults is invalid. Expecting a value between 5 and {}.",
                kind.largest_page
            );
            AwsError::client("InvalidParameterValue", message)
        })?,
    };
    let token = text(input, "NextToken");
    Page::of(world, kind.list, Some(token), size).ok_or_else(|| {
        let message = format!("Value ( {token} ) for parameter nextToken is invalid.");
        AwsError::client("InvalidNextToken", message)
    })
}

/// A filter of a call.
struct Filter<'call> {
    place: Place<'call>,
    values: Vec<&'call str>,
}

/// Where a filter looks.
enum Place<'call> {
    At(&'static str),
    /// At the value of this tag.
    Tag(&'call str),
}

impl<'call> Filter<'call> {
    fn read(kind: &Kind, filter: &'call Value) -> Result<Self, AwsError> {
        let name = text(filter, "Name");
        let known =
            || kind.filters.iter().find(|(known, _)| *known == name).map(|(_, place)| Place::At(place));
        let place = match (name, name.strip_prefix("tag:")) {
            (_, Some(tag)) => Some(Place::Tag(tag)),
            ("tag-key", None) => Some(Place::At("tagSet.key")),
            _ => known(),
        };
        let place = place.ok_or_else(|| {
            AwsError::client("InvalidParameterValue", format!("The filter '{name}' is invalid"))
        })?;
        let values: Vec<_> = texts(&filter["Value"]).collect();
        if values.is_empty() {
            let message = "The request must contain the parameter Filter.Value";
            return Err(AwsError::client("MissingParameter", message));
        }
        Ok(Self { place, values })
    }

    fn takes(&self, resource: &Resource) -> bool {
        let takes = |found: &str| self.values.iter().any(|value| is_like(value.as_bytes(), found.as_bytes()));
        match self.place {
            Place::At(path) => {
                let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                resource.get(first).is_some_and(|value| any(value, rest, &takes))
            }
            Place::Tag(name) => resource
                .get("tagSet")
                .and_then(Value::as_array)
                .is_some_and(|tags| tags.iter().any(|tag| tag["key"] == name && takes(text(tag, "value")))),
        }
    }
}

/// Whether one of the values at a path, through whatever lists, is as wanted.
fn any(value: &Value, path: &str, wanted: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::Array(entries) => entries.iter().any(|entry| any(entry, path, wanted)),
        Value::Object(members) => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            members.get(first).is_some_and(|value| any(value, rest, wanted))
        }
        Value::String(text) => wanted(text),
        Value::Bool(_) | Value::Number(_) => wanted(&value.to_string()),
        Value::Null => false,
    }
}

/// Whether a text is as a pattern with `*` and `?`. Linear: only the last `*` is ever tried again.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut here, mut star) = (0, 0, None);
    while here < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(one) if *one == b'?' || *one == text[here] => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((place, from)) = star else { return false };
                star = Some((place, from + 1));
                at = place + 1;
                here = from + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == b'*')
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_have_wildcards() {
        for (pattern, text, expected) in [
            ("vpc-1", "vpc-1", true),
            ("vpc-?", "vpc-1", true),
            ("vpc-?", "vpc-", false),
            ("*", "", true),
            ("com.amazonaws.*.ecs", "com.amazonaws.eu-west-1.ecs", true),
            ("com.amazonaws.*.ecs", "com.amazonaws.eu-west-1.ecs-agent", false),
            ("*ecs*", "x.ecs-agent", true),
            ("a*b*c", "aXbXbc", true),
            ("", "a", false),
        ] {
            assert_eq!(is_like(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
