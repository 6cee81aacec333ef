//! The check `alarms`: CloudWatch alarms, those that it names or the deployment's own.
//!
//! # What it checks
//! The states of metric and composite alarms. Without `names` those of the deployment: what the service's
//! deployment configuration names, with CodeDeploy what the deployment group does.
//!
//! Until a whole minute has passed since green got its traffic, alarms that are OK say nothing about it: that is
//! pending.
//!
//! An alarm that has been in ALARM since before the deployment began says nothing about green, and ECS then
//! ignores all alarms of this deployment: it is skipped with that warning, because a hotfix for a red alarm
//! must get through; `"already_red": "fail"` stops it. Where nothing else passes, nothing was validated:
//! have another check beside this one.
//!
//! # Fails when
//! An alarm has gone to ALARM since the deployment began, or is in ALARM and nobody tells since when.
//!
//! # Inconclusive when
//! An alarm does not exist; one is in `INSUFFICIENT_DATA` and `insufficient_data` is `inconclusive` (the
//! default; `pass` passes with a note, `fail` fails); CloudWatch cannot evaluate one; a call was denied or
//! failed.
//!
//! # Skipped when
//! The deployment has no alarms (`not_configured`), or none that says anything of green (`already_red`). At the
//! first step of a shift both are `first_step`: nothing can be judged yet.
//!
//! # IAM it needs
//! On ECS: `ecs:DescribeServiceDeployments`, `cloudwatch:DescribeAlarms`.
//! On CodeDeploy: `codedeploy:GetDeployment`, `codedeploy:ListDeploymentTargets`,
//! `codedeploy:GetDeploymentTarget`, `codedeploy:GetDeploymentGroup`, `cloudwatch:DescribeAlarms`.
//! Composite alarms are told only to a role that may describe all alarms: `"Resource": "*"`.
//!
//! # Example
//! ```json
//! { "alarms": { "names": ["orders-5xx", "orders-latency"], "insufficient_data": "pass" } }
//! ```

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{AlarmType, CompositeAlarm, MetricAlarm},
};
use greenlight::schemars::JsonSchema;
use greenlight::{
    Check, Fact, Kind, Outcome, Scope, clock,
    deployment::Asks,
    plan::{Problem, Target},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    cloudwatch,
    collect::looked,
    window::{Looked, until_more},
};

mod judge;

use self::judge::{Alarm, Found, State, judge};

/// The most names that one call takes.
const AT_A_TIME: usize = 100;

/// Settings of the check `alarms`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub struct Alarms {
    /// The alarms; the deployment's own, where there are none.
    names: Vec<String>,
    /// What an alarm without enough data is: `inconclusive`, `pass` or `fail`.
    insufficient_data: InsufficientData,
    /// What an alarm is that was red before the deployment began: `skip` or `fail`.
    already_red: AlreadyRed,
}

/// What an alarm without enough data is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(rename_all = "snake_case")]
enum InsufficientData {
    /// No obstacle, with a note.
    Pass,
    /// It could not be told.
    #[default]
    Inconclusive,
    /// As good as red.
    Fail,
}

/// What an alarm is that was red before the deployment began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(rename_all = "snake_case")]
enum AlreadyRed {
    /// Nothing about green.
    #[default]
    Skip,
    /// As red as any other.
    Fail,
}

impl Check for Alarms {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            let path = format!("names[{index}]");
            if name.is_empty() {
                problems.push(Problem::new(path, "is empty; expected the name of an alarm"));
            } else if name.starts_with("arn:") {
                let name = name.rsplit(":alarm:").next().unwrap_or_default();
                problems.push(
                    Problem::new(path, "is an ARN; expected the name of an alarm")
                        .hint(format!("did you mean `{name}`?")),
                );
            } else if self.names[..index].contains(name) {
                problems.push(Problem::new(path, format!("names `{name}` again")));
            }
        }
        problems
    }

    fn asks(&self, _: &Target) -> Vec<Asks> {
        let described = Asks::Call("cloudwatch:DescribeAlarms");
        if self.names.is_empty() { vec![Asks::Alarms, described] } else { vec![described] }
    }

    async fn run(&self, scope: &Scope) -> Outcome {
        let found = match self.found(scope).await {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        let outcome = judge(self, &found);
        match outcome.kind {
            Kind::Pending => outcome.again_in(until_more(clock::now())),
            _ => outcome,
        }
    }
}

impl Alarms {
    async fn found(&self, scope: &Scope) -> Fact<Found> {
        let status = scope.deployment().status().await?;
        let (is_first_step, too_early) = match looked(scope).await? {
            Looked::FirstStep(_) => (true, None),
            Looked::TooEarly(why) => (false, Some(why)),
            Looked::At(_) | Looked::Unknown(_) => (false, None),
        };
        let (names, are_own) = if self.names.is_empty() {
            let own = scope.deployment().alarms().await?;
            (own.map(|alarms| alarms.names).unwrap_or_default(), true)
        } else {
            (self.names.clone(), false)
        };
        let alarms = described(scope, &names).await?;
        Ok(Found { names, are_own, alarms, started_at: status.started_at, is_first_step, too_early })
    }
}

/// The alarms of these names, as far as there are such.
async fn described(scope: &Scope, names: &[String]) -> Fact<Vec<Alarm>> {
    let mut found = Vec::new();
    if names.is_empty() {
        return Ok(found);
    }
    let client = cloudwatch(scope).await;
    for names in names.chunks(AT_A_TIME) {
        let mut token = None;
        loop {
            let call = client
                .describe_alarms()
                .set_alarm_names(Some(names.to_vec()))
                // Without this only metric alarms are told.
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm)
                .max_records(100)
                .set_next_token(token);
            let answer = scope.aws().ask("cloudwatch:DescribeAlarms", "*", call.send()).await?;
            found.extend(answer.metric_alarms().iter().filter_map(of_metric));
            found.extend(answer.composite_alarms().iter().filter_map(of_others));
            token = answer.next_token().filter(|token| !token.is_empty()).map(ToOwned::to_owned);
            if token.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

fn of_metric(alarm: &MetricAlarm) -> Option<Alarm> {
    Some(Alarm {
        name: alarm.alarm_name()?.to_owned(),
        state: State::of(alarm.state_value().map(aws_sdk_cloudwatch::types::StateValue::as_str)),
        since: since(alarm.state_transitioned_timestamp(), alarm.state_updated_timestamp()),
        because: alarm.state_reason().map(ToOwned::to_owned),
        trouble: alarm
            .evaluation_state()
            .map(aws_sdk_cloudwatch::types::EvaluationState::as_str)
            // An alarm on many contributors that is judged by a part of them is judged.
            .filter(|state| *state != "PARTIAL_DATA")
            .map(ToOwned::to_owned),
    })
}

fn of_others(alarm: &CompositeAlarm) -> Option<Alarm> {
    Some(Alarm {
        name: alarm.alarm_name()?.to_owned(),
        state: State::of(alarm.state_value().map(aws_sdk_cloudwatch::types::StateValue::as_str)),
        since: since(alarm.state_transitioned_timestamp(), alarm.state_updated_timestamp()),
        because: alarm.state_reason().map(ToOwned::to_owned),
        trouble: None,
    })
}

/// When the state last became another one. The time of its last update moves without that, so that it can
/// only be too late: where it is all there is, an old red alarm may look new.
fn since(transitioned: Option<&DateTime>, updated: Option<&DateTime>) -> Option<Timestamp> {
    transitioned.or(updated).and_then(|at| Timestamp::from_second(at.secs()).ok())
}
