//! The deployment's alarms as `DescribeAlarms` tells them.

use std::time::Duration;

use jiff::Timestamp;

use crate::rehearsal::aws::{World, cloudwatch};
use crate::rehearsal::users::{Alarm, State, Windows};

/// The state of an alarm at this moment. Without a condition it is OK, without users it has no data.
pub(super) fn state(alarm: Option<&Alarm>, is_red: bool, windows: Option<&Windows>, now: Timestamp) -> State {
    match (alarm, windows) {
        _ if is_red => State::Alarm { observed: "it was in ALARM before the deployment began".to_owned() },
        (None, _) => State::Ok,
        (Some(_), None) => State::InsufficientData,
        (Some(alarm), Some(windows)) => windows.look(|history| alarm.evaluate(history, now)),
    }
}

/// Puts an alarm with this state into the world.
pub(super) fn set(world: &mut World, name: &str, state: &State, now: Timestamp) {
    let (value, reason) = match state {
        State::Ok => ("OK", None),
        State::Alarm { observed } => ("ALARM", Some(observed.clone())),
        State::InsufficientData => ("INSUFFICIENT_DATA", None),
    };
    let arn = world.identity.arn("cloudwatch", &format!("alarm:{name}"));
    let alarms = &mut world.cloudwatch.metric_alarms;
    let Some(alarm) = alarms.iter_mut().find(|alarm| alarm.alarm_name == name) else {
        alarms.push(cloudwatch::Alarm {
            alarm_name: name.to_owned(),
            alarm_arn: arn,
            state_value: value.to_owned(),
            state_reason: reason,
            state_updated_timestamp: Some(now),
            // An alarm is older than the deployment, and was as it is for a while.
            state_transitioned_timestamp: now.checked_sub(Duration::from_hours(1)).ok(),
            ..cloudwatch::Alarm::default()
        });
        return;
    };
    if alarm.state_value != value {
        value.clone_into(&mut alarm.state_value);
        alarm.state_transitioned_timestamp = Some(now);
    }
    alarm.state_reason = reason;
    alarm.state_updated_timestamp = Some(now);
}
