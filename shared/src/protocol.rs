//! How a verdict is asked for and given: one file per protocol, each only parses and reports.
//!
//! An event tells its protocol by its shape. Events tolerate unknown fields, stages and missing
//! extras, because AWS adds some; what is odd becomes a warning in the evidence.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    aws::{Aws, Failure},
    settings::Settings,
    stage::Stage,
    state::{self, Place, State},
    verdict::{Answer, Verdict},
};

pub(crate) mod codedeploy;
pub(crate) mod ecs;
pub(crate) mod pause;

/// How a wait goes on where nobody asks again.
pub(crate) const INVOKE_ITSELF: &str = "lambda:InvokeFunction";

/// The three protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// ECS calls the function and reads `hookStatus` from what it returns.
    Ecs,
    /// CodeDeploy calls the function and waits for `PutLifecycleEventHookExecutionStatus`.
    CodeDeploy,
    /// ECS emits an event and waits for `ContinueServiceDeployment`.
    Pause,
}

impl Protocol {
    /// The actions of the calls that giving a verdict takes: the report, and where nobody asks again a
    /// self-invocation.
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Ecs => &[],
            Self::CodeDeploy => &[codedeploy::ACTION, INVOKE_ITSELF],
            Self::Pause => &[pause::ACTION, INVOKE_ITSELF],
        }
    }

    /// The protocol that an event has the shape of, if it has one.
    pub fn of(event: &Value) -> Option<Self> {
        let fields = event.as_object()?;
        if codedeploy::is_event(fields) {
            Some(Self::CodeDeploy)
        } else if pause::is_event(fields) {
            Some(Self::Pause)
        } else {
            ecs::is_event(fields).then_some(Self::Ecs)
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ecs => "ecs",
            Self::CodeDeploy => "codedeploy",
            Self::Pause => "pause",
        })
    }
}

/// What kind of deployment this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Situation {
    /// The service's first deployment: there is no blue.
    Create,
    /// A new revision in the place of an old one.
    Update,
    /// The deployment is on its way back to blue.
    Rollback,
}

/// As it stands in a sentence: `a create`, `an update`, `a rollback`.
impl fmt::Display for Situation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create => "a create",
            Self::Update => "an update",
            Self::Rollback => "a rollback",
        })
    }
}

/// An event that asks for a verdict.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) protocol: Protocol,
    pub(crate) stage: Stage,
    /// Green's weight at a traffic shift, e.g. `10`.
    pub(crate) step: Option<String>,
    /// The service deployment's ARN, or CodeDeploy's deployment id.
    pub(crate) deployment: String,
    /// The ECS service, where the event names one.
    pub(crate) service: Option<Service>,
    /// The ARN of green's revision, where the event names it.
    pub(crate) green: Option<String>,
    /// Whether the event names a revision beside green: then there is a blue.
    pub(crate) names_blue: bool,
    pub(crate) situation: Situation,
    /// How the situation was recognised.
    pub(crate) situation_because: String,
    /// The event's `hookDetails`, null where there are none.
    pub(crate) hook_details: Value,
    /// The state that a self-invocation brings, where a verdict is a call.
    pub(crate) carried: Option<Value>,
    /// When the one who waits gives up, where the event says.
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) warnings: Vec<String>,
    pub(crate) reply: Reply,
}

/// A service by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) cluster: String,
    pub(crate) name: String,
}

impl Service {
    /// From `arn:aws:ecs:R:A:service/CLUSTER/SERVICE`, or the old form without the cluster.
    pub(crate) fn from_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':').nth(5)?.split('/');
        let (kind, first, second) = (parts.next()?, parts.next()?, parts.next());
        let (cluster, name) = second.map_or(("default", first), |name| (first, name));
        (kind == "service").then(|| Self { cluster: cluster.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.cluster, self.name)
    }
}

impl Invocation {
    /// What state of this wait belongs to.
    pub(crate) fn place(&self) -> Place {
        Place {
            deployment: self.deployment.clone(),
            stage: self.stage.ecs_name().to_owned(),
            step: self.step.clone(),
            hook: match &self.reply {
                Reply::Return => None,
                Reply::CodeDeploy(ids) => Some(ids.execution.clone()),
                Reply::Pause(ids) => Some(ids.hook.clone()),
            },
        }
        .fitting()
    }

    /// The state that came with the event, whatever it is.
    pub(crate) fn state(&self) -> Option<Value> {
        match self.reply {
            Reply::Return => self.echo().remove(state::KEY),
            Reply::CodeDeploy(_) | Reply::Pause(_) => self.carried.clone(),
        }
    }

    /// What the function returns; a wait carries everything that the event carried, and the state.
    pub(crate) fn answer(&self, verdict: &Verdict, state: &State) -> Value {
        let mut echo = self.echo();
        echo.insert(state::KEY.to_owned(), state.to_value());
        document(verdict, Some(echo))
    }

    /// `hookDetails` as an object: what a wait sends back, with the state added.
    pub(crate) fn echo(&self) -> Map<String, Value> {
        match &self.hook_details {
            Value::Object(fields) => fields.clone(),
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Map::new(),
        }
    }
}

/// Where a verdict goes.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// It is what the function returns.
    Return,
    /// CodeDeploy's API.
    CodeDeploy(codedeploy::Ids),
    /// ECS's API.
    Pause(pause::Ids),
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reported {
    /// The return value is the report.
    ByReturn,
    /// The call was accepted.
    Accepted,
    /// It was answered before: what counted may have been another verdict.
    AlreadyAnswered(String),
    /// Nothing was reported yet: the function has invoked itself, by this hop.
    HandedOver(u32),
}

/// Sends the verdict where the event wants it. An error here is for good: retries are over.
pub(crate) async fn report(
    invocation: &Invocation,
    answer: Answer,
    aws: &Aws,
    within: Duration,
) -> Result<Reported, Failure> {
    match &invocation.reply {
        Reply::Return => Ok(Reported::ByReturn),
        Reply::CodeDeploy(ids) => codedeploy::report(ids, answer, aws, within).await,
        Reply::Pause(ids) => pause::report(ids, answer, aws, within).await,
    }
}

/// The document that the function returns, in every protocol.
pub(crate) fn document(verdict: &Verdict, hook_details: Option<Map<String, Value>>) -> Value {
    let status = match verdict.answer {
        Answer::Proceed => "SUCCEEDED",
        Answer::Stop => "FAILED",
        Answer::Wait(_) => "IN_PROGRESS",
    };
    let mut document = json!({ "hookStatus": status, "reason": verdict.reason });
    if let Answer::Wait(delay) = verdict.answer {
        document["callBackDelay"] = delay.as_secs().max(1).into();
        document["hookDetails"] = Value::Object(hook_details.unwrap_or_default());
    }
    document
}

/// What an event wants.
#[derive(Debug)]
pub(crate) enum Asked {
    /// A verdict.
    Verdict(Box<Invocation>),
    /// Nothing from us; why is for the log, at this level.
    Nothing { why: String, level: &'static str },
}

/// Reads an event. The error is the reason of a stop: what was expected and what came.
pub(crate) fn parse(body: &[u8], settings: &Settings) -> Result<Asked, String> {
    let event: Value = serde_json::from_slice(body).map_err(|error| {
        let size = body.len();
        match std::str::from_utf8(body) {
            Err(bad) => format!("the event is not UTF-8 at byte {} of {size}; {EXPECTED}", bad.valid_up_to()),
            Ok(_) => format!("the event is not JSON ({size} bytes): {error}; {EXPECTED}"),
        }
    })?;
    let protocol = Protocol::of(&event);
    let Value::Object(fields) = event else {
        return Err(format!("the event is no JSON object; {EXPECTED}"));
    };
    let verdict = |invocation| Asked::Verdict(Box::new(invocation));
    match protocol {
        Some(Protocol::CodeDeploy) => return codedeploy::parse(&fields, settings).map(verdict),
        Some(Protocol::Pause) => return pause::parse(&fields, settings),
        Some(Protocol::Ecs) => return Ok(verdict(ecs::parse(&fields))),
        None => {}
    }
    let mut keys: Vec<_> = fields.keys().map(|key| key.chars().take(40).collect::<String>()).collect();
    keys.truncate(8);
    Err(format!(
        "the event has none of the three known shapes; {EXPECTED}; got an object with the keys {keys:?}"
    ))
}

/// Whether what the function returns is the verdict, as far as the event tells.
pub(crate) fn answers_by_return(body: &[u8]) -> bool {
    let event = serde_json::from_slice(body).unwrap_or(Value::Null);
    matches!(Protocol::of(&event), Some(Protocol::Ecs) | None)
}

const EXPECTED: &str = "expected an ECS hook event (executionDetails, lifecycleStage, resourceArn), \
     a CodeDeploy hook event (DeploymentId, LifecycleEventHookExecutionId) \
     or an EventBridge event `ECS Hook State Change`";

/// A text field of an event: absent and of another type are the same, the latter with a warning.
fn text(fields: &Map<String, Value>, key: &str, warnings: &mut Vec<String>) -> Option<String> {
    let value = fields.get(key)?;
    if value.as_str().is_none() {
        warnings.push(format!("the event's `{key}` is no string; taken as absent"));
    }
    value.as_str().map(ToOwned::to_owned)
}

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;
