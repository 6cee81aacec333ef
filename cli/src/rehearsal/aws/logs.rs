//! CloudWatch Logs: what functions and tasks have written.

mod pattern;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use self::pattern::Pattern;
use super::error::AwsError;
use super::operation::{Operation, Service, decode, text};
use super::page::Page;
use super::protocol::Protocol;
use super::world::World;

pub(super) static SERVICE: Service = Service {
    name: "logs",
    protocol: Protocol::Json { target: "Logs_20140328", message: "message" },
    operations: &[&FILTER_LOG_EVENTS],
};

/// `FilterLogEvents`.
pub static FILTER_LOG_EVENTS: Operation = Operation {
    service: &SERVICE,
    name: "FilterLogEvents",
    action: "FilterLogEvents",
    resource: |world, input| {
        let name = name_of(text(input, "logGroupName"), text(input, "logGroupIdentifier"));
        world.identity.arn("logs", &format!("log-group:{name}:log-stream:"))
    },
    run: filter_log_events,
};

/// What CloudWatch Logs holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// The groups by name, each with its events in any order.
    pub log_groups: BTreeMap<String, Vec<Event>>,
}

/// A line that was written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Event {
    /// When.
    pub timestamp: Timestamp,
    /// What.
    pub message: String,
    /// Its stream.
    #[serde(default = "default_stream")]
    pub log_stream_name: String,
}

/// What is kept of a group; the oldest goes first.
const KEPT: usize = 5_000;

impl State {
    /// Adds lines to a group, which is made with its first line.
    pub fn write(&mut self, group: &str, at: Timestamp, lines: impl IntoIterator<Item = String>) {
        let events = self.log_groups.entry(group.to_owned()).or_default();
        let event = |message| Event { timestamp: at, message, log_stream_name: default_stream() };
        events.extend(lines.into_iter().map(event));
        let surplus = events.len().saturating_sub(KEPT);
        events.drain(..surplus);
    }
}

fn default_stream() -> String {
    "2026/11/21/[$LATEST]12345678123442348234123456789012".to_owned()
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FilterLogEvents {
    log_group_name: String,
    log_group_identifier: String,
    log_stream_names: Vec<String>,
    log_stream_name_prefix: Option<String>,
    start_time: i64,
    end_time: i64,
    filter_pattern: String,
    next_token: Option<String>,
    limit: usize,
}

impl Default for FilterLogEvents {
    fn default() -> Self {
        Self {
            log_group_name: String::new(),
            log_group_identifier: String::new(),
            log_stream_names: Vec::new(),
            log_stream_name_prefix: None,
            start_time: 0,
            end_time: i64::MAX,
            filter_pattern: String::new(),
            next_token: None,
            limit: LIMIT,
        }
    }
}

/// The largest page, and the usual one.
const LIMIT: usize = 10_000;

fn filter_log_events(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: FilterLogEvents = decode(input)?;
    let refused = |message: &str| AwsError::client("InvalidParameterException", message.to_owned());
    match (&*asked.log_group_name, &*asked.log_group_identifier) {
        ("", "") => return Err(refused("Either logGroupName or logGroupIdentifier must be specified.")),
        ("", _) | (_, "") => {}
        _ => return Err(refused("logGroupName and logGroupIdentifier cannot both be specified.")),
    }
    if !asked.log_stream_names.is_empty() && asked.log_stream_name_prefix.is_some() {
        return Err(refused("logStreamNames and logStreamNamePrefix cannot both be specified."));
    }
    if !(1..=LIMIT).contains(&asked.limit) {
        let message = format!(
            "1 validation error detected: Value '{}' at 'limit' failed to satisfy constraint: Member must have value \
             between 1 and {LIMIT}",
            asked.limit
        );
        return Err(refused(&message));
    }
    let pattern = Pattern::read(&asked.filter_pattern).map_err(|message| refused(&message))?;
    let page = Page::of(world, FILTER_LOG_EVENTS.name, asked.next_token.as_deref(), asked.limit)
        .ok_or_else(|| refused("The specified nextToken is invalid."))?;
    let missing = |what: &str| {
        AwsError::client("ResourceNotFoundException", format!("The specified log {what} does not exist."))
    };
    let name = name_of(&asked.log_group_name, &asked.log_group_identifier);
    let events = world.logs.log_groups.get(name).ok_or_else(|| missing("group"))?;
    if asked.log_stream_names.iter().any(|name| events.iter().all(|event| event.log_stream_name != *name)) {
        return Err(missing("stream"));
    }
    let wanted = |(_, event): &(usize, &Event)| {
        let at = event.timestamp.as_millisecond();
        let stream = &event.log_stream_name;
        (asked.start_time..=asked.end_time).contains(&at)
            && (asked.log_stream_names.is_empty() || asked.log_stream_names.contains(stream))
            && asked.log_stream_name_prefix.as_ref().is_none_or(|prefix| stream.starts_with(prefix))
            && pattern.takes(&event.message)
    };
    let mut found: Vec<_> = events.iter().enumerate().filter(wanted).collect();
    found.sort_by_key(|(_, event)| event.timestamp);
    let (found, next) = page.take(found);
    let rendered = found.into_iter().map(|(place, event)| {
        let at = event.timestamp.as_millisecond();
        json!({
            "logStreamName": event.log_stream_name,
            "timestamp": at,
            "message": event.message,
            "ingestionTime": at,
            "eventId": format!("{at:0>26}{place:0>30}"),
        })
    });
    let mut answer = json!({"events": rendered.collect::<Vec<_>>(), "searchedLogStreams": []});
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}

/// The name of a group that is named, or identified by its name or its ARN.
fn name_of<'input>(name: &'input str, identifier: &'input str) -> &'input str {
    let asked = if name.is_empty() { identifier } else { name };
    let named = asked.split_once(":log-group:").map_or(asked, |(_, name)| name);
    named.strip_suffix(":*").unwrap_or(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_first() {
        let mut state = State::default();
        state.write("/aws/lambda/hook", Timestamp::UNIX_EPOCH, (0..KEPT + 2).map(|line| line.to_string()));
        let kept = &state.log_groups["/aws/lambda/hook"];
        assert_eq!((kept.len(), &*kept[0].message), (KEPT, "2"));
    }
}
