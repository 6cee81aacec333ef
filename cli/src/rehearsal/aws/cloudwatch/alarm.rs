//! `DescribeAlarms`: the states of alarms.
//!
//! Names that no alarm has are left out without a word, and without `AlarmTypes` only metric alarms are
//! told: who trusts either is found out here as at AWS.
//!
//! Source: API reference of CloudWatch, `DescribeAlarms`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::SERVICE;
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode};
use crate::rehearsal::aws::page::Page;
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// An alarm, on a metric or on other alarms.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
pub struct Alarm {
    /// The name.
    pub alarm_name: String,
    /// `arn:…:alarm:NAME`.
    pub alarm_arn: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state_value: String,
    /// Why.
    pub state_reason: Option<String>,
    /// When the state was last set, be it to the same.
    #[serde(serialize_with = "seconds")]
    pub state_updated_timestamp: Option<Timestamp>,
    /// When the state last became another one.
    #[serde(serialize_with = "seconds")]
    pub state_transitioned_timestamp: Option<Timestamp>,
    /// `PARTIAL_DATA`, `EVALUATION_ERROR` or `EVALUATION_FAILURE`, where something is wrong.
    pub evaluation_state: Option<String>,
    /// The rule of a composite alarm.
    pub alarm_rule: Option<String>,
    /// What suppresses the actions of a composite alarm.
    pub actions_suppressed_by: Option<String>,
}

impl Default for Alarm {
    fn default() -> Self {
        Self {
            alarm_name: String::new(),
            alarm_arn: String::new(),
            state_value: "OK".to_owned(),
            state_reason: None,
            state_updated_timestamp: None,
            state_transitioned_timestamp: None,
            evaluation_state: None,
            alarm_rule: None,
            actions_suppressed_by: None,
        }
    }
}

/// `DescribeAlarms`.
pub static DESCRIBE_ALARMS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeAlarms",
    action: "DescribeAlarms",
    resource: |world, input| {
        let name = input["AlarmNames"][0].as_str().unwrap_or("*");
        world.identity.arn("cloudwatch", &format!("alarm:{name}"))
    },
    run: describe_alarms,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeAlarms {
    #[serde(default)]
    alarm_names: Vec<String>,
    alarm_name_prefix: Option<String>,
    #[serde(default)]
    alarm_types: Vec<String>,
    state_value: Option<String>,
    max_records: Option<usize>,
    next_token: Option<String>,
}

fn describe_alarms(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: DescribeAlarms = decode(input)?;
    if asked.alarm_names.len() > 100 {
        return Err(AwsError::client(
            "ValidationError",
            "The collection AlarmNames must not have a size greater than 100.",
        ));
    }
    let page = Page::of(
        world,
        DESCRIBE_ALARMS.name,
        asked.next_token.as_deref(),
        asked.max_records.unwrap_or(50).clamp(1, 100),
    )
    .ok_or_else(|| AwsError::client("InvalidNextToken", "The next token specified is invalid."))?;
    let of_type = |name: &str| match asked.alarm_types.as_slice() {
        [] => name == "MetricAlarm",
        types => types.iter().any(|asked| asked == name),
    };
    let wanted = |alarm: &&Alarm| {
        (asked.alarm_names.is_empty() || asked.alarm_names.contains(&alarm.alarm_name))
            && asked.alarm_name_prefix.as_ref().is_none_or(|prefix| alarm.alarm_name.starts_with(prefix))
            && asked.state_value.as_ref().is_none_or(|state| alarm.state_value == *state)
    };
    let state = &world.cloudwatch;
    let mut found = Vec::new();
    for (kind, alarms) in [("MetricAlarm", &state.metric_alarms), ("CompositeAlarm", &state.composite_alarms)]
    {
        if of_type(kind) {
            let mut alarms: Vec<_> = alarms.iter().filter(wanted).collect();
            alarms.sort_by(|one, other| one.alarm_name.cmp(&other.alarm_name));
            found.extend(alarms.into_iter().map(|alarm| (kind, render(alarm))));
        }
    }
    let (found, next) = page.take(found);
    let of = |wanted: &str| -> Vec<Value> {
        found.iter().filter(|(kind, _)| *kind == wanted).map(|(_, alarm)| alarm.clone()).collect()
    };
    let mut answer = json!({
        "MetricAlarms": of("MetricAlarm"), "CompositeAlarms": of("CompositeAlarm"), "LogAlarms": [],
    });
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    Ok(answer)
}
