//! EventBridge: what its buses were told.

use serde_json::{Value, json};

use super::error::AwsError;
use super::operation::{Operation, Service};
use super::protocol::Protocol;
use super::world::World;
use crate::rehearsal::identifier;

pub(super) static SERVICE: Service = Service {
    name: "events",
    protocol: Protocol::Json { target: "AWSEvents", message: "message" },
    operations: &[&PUT_EVENTS],
};

/// `PutEvents`.
pub static PUT_EVENTS: Operation = Operation {
    service: &SERVICE,
    name: "PutEvents",
    action: "PutEvents",
    resource: |world, input| {
        let bus = input["Entries"][0]["EventBusName"].as_str().unwrap_or("default");
        if bus.starts_with("arn:") {
            bus.to_owned()
        } else {
            world.identity.arn("events", &format!("event-bus/{bus}"))
        }
    },
    run: put_events,
};

/// The most entries of one call.
const MOST: usize = 10;

/// What was put on buses.
#[derive(Debug, Default)]
pub struct State {
    /// The entries that were taken, in order, as `PutEvents` has them.
    pub entries: Vec<Value>,
}

fn put_events(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let entries = input["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=MOST).contains(&entries.len()) {
        return Err(AwsError::client(
            "ValidationException",
            format!(
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and {MOST}"
            ),
        ));
    }
    let results: Vec<_> = entries.iter().map(|entry| put(world, entry)).collect();
    let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
    Ok(json!({ "FailedEntryCount": failed, "Entries": results }))
}

/// An entry that lacks something is refused by itself: the call succeeds.
fn put(world: &mut World, entry: &Value) -> Value {
    let refused = |message: &str| json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": message });
    for (member, message) in [
        ("Source", "Parameter Source is not valid. Reason: Source is a required argument."),
        ("DetailType", "Parameter DetailType is not valid. Reason: DetailType is a required argument."),
        ("Detail", "Parameter Detail is not valid. Reason: Detail is a required argument."),
    ] {
        if entry[member].as_str().is_none_or(str::is_empty) {
            return refused(message);
        }
    }
    if entry["Detail"]
        .as_str()
        .is_none_or(|detail| serde_json::from_str::<serde_json::Map<_, Value>>(detail).is_err())
    {
        return json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." });
    }
    world.events.entries.push(entry.clone());
    json!({ "EventId": identifier::uuid() })
}
