//! What the service told in the time of a deployment, as far as it says something.

use greenlight_preflight::explain;
use jiff::Timestamp;
use serde_json::Value;

use super::story::{Event, Times};

/// Words of events that tell of a failure, whether the catalogue knows them or not.
const TELLING: [&str; 4] = ["unhealthy", "unable to", "failed", "insufficient"];

/// The telling events of that time, the newest first.
pub(super) fn telling(service: &Value, times: Times) -> Vec<Event> {
    let events = service["events"].as_array().into_iter().flatten();
    events
        .filter_map(|event| {
            let at = seconds(&event["createdAt"])?;
            let message = event["message"].as_str()?.to_owned();
            let is_in_time =
                times.began.is_none_or(|began| at >= began) && times.ended.is_none_or(|ended| at <= ended);
            let rule = explain(&message).first().map(|explained| explained.rule.id);
            let tells = rule.is_some() || TELLING.iter().any(|word| message.contains(word));
            (is_in_time && tells).then_some(Event { at, message, rule })
        })
        .collect()
}

/// A time as awsJson writes it.
pub(super) fn seconds(time: &Value) -> Option<Timestamp> {
    let millis = time.as_f64()? * 1000.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since 1970 have 13 digits; more saturates"
    )]
    Timestamp::from_millisecond(millis.round() as i64).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_of_other_times_and_of_daily_life_are_left_out() {
        let event = |at: u32, message: &str| json!({ "createdAt": at, "message": message });
        let service = json!({ "events": [
            event(30, "(service a) was unable to place a task"),
            event(20, "(service a) (port 80) is unhealthy in (target-group x) due to (reason y)"),
            event(20, "(service a) has started 1 tasks"),
            event(10, "(service a) was unable to place a task"),
            json!({ "message": "failed" }),
        ]});
        let second = |second| Some(Timestamp::from_second(second).unwrap());
        let found = telling(&service, Times { began: second(15), ended: second(25) });
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("unhealthy"));
        assert_eq!(telling(&json!({}), Times::default()), []);
    }
}
