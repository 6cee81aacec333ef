//! From the types of the world to what AWS answers.
//!
//! The types are named and nested as AWS names and nests them, so that one description serves the
//! world's file and the answers. What differs is here: absent members are left out, and times go out
//! as awsJson writes them.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The value as a member of an answer, without anything that is null.
pub(super) fn render(value: &impl Serialize) -> Value {
    // The types of the world have nothing that JSON lacks: no maps with other keys than strings.
    let mut rendered = serde_json::to_value(value).unwrap_or_default();
    prune(&mut rendered);
    rendered
}

fn prune(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(prune);
        }
        Value::Array(entries) => entries.iter_mut().for_each(prune),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A time in awsJson: seconds since 1970, with a fraction.
#[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
pub(super) fn seconds<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_duration().as_secs_f64()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_absent_is_left_out_and_times_are_seconds() {
        #[derive(Serialize)]
        struct Named {
            absent: Option<u8>,
            inner: Value,
            #[serde(serialize_with = "seconds")]
            at: Option<Timestamp>,
        }
        let named = Named {
            absent: None,
            inner: json!([{"absent": null, "there": []}]),
            at: Some("2026-11-21T10:00:00.25Z".parse().unwrap()),
        };
        assert_eq!(render(&named), json!({"inner": [{"there": []}], "at": 1_795_255_200.25}));
    }
}
