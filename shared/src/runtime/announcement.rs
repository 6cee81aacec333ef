//! Tells an EventBridge bus of a verdict that ends a wait, where a user wants that.
//!
//! It is for people and their tools. It is sent once the verdict is answered and reported, so that nothing waits for it and
//! nothing that becomes of it changes a verdict; a verdict that AWS did not take is not told.
//!
//! Source: EventBridge API reference, *`PutEvents`*.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::deadline::Deadline;
use crate::{
    aws::{Api, Aws},
    evidence::Evidence,
};

/// What the event says that it is from, and what it is.
const SOURCE: &str = "greenlight";
const DETAIL_TYPE: &str = "greenlight Verdict";
/// The next event waits for it, so it gets little time.
const LONGEST: Duration = Duration::from_secs(2);

/// An event that is still to be sent.
#[derive(Debug)]
pub(crate) struct Announcement {
    bus: String,
    entry: Value,
    deadline: Deadline,
}

impl Announcement {
    pub(super) fn of(evidence: &Evidence, bus: String, deadline: Deadline) -> Self {
        let entry = json!({
            "EventBusName": bus,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Resources": resources(evidence),
            "Detail": detail(evidence).to_string(),
        });
        Self { bus, entry, deadline }
    }

    /// Sends it; the error says why it could not be sent.
    pub(super) async fn send(&self, aws: &Aws) -> Result<(), String> {
        let within = (self.deadline.left() / 2).min(LONGEST);
        let sent = aws.call(&Api::EVENTS, "PutEvents", json!({ "Entries": [self.entry] }), &self.bus);
        let why = match timeout(within, sent).await {
            Ok(Ok(answer)) => match answer["Entries"][0]["ErrorCode"].as_str() {
                None => return Ok(()),
                // An entry that is refused is no failure of the call.
                Some(code) => {
                    let message = answer["Entries"][0]["ErrorMessage"].as_str();
                    format!("{code}: {}", message.unwrap_or("no message"))
                }
            },
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => format!("no answer within {within:?}"),
        };
        let bus = &self.bus;
        Err(format!(
            "the verdict could not be told to the event bus {bus}, which changes nothing about it: {why}"
        ))
    }
}

/// The ARN of an ECS deployment; CodeDeploy's ids are none.
fn resources(evidence: &Evidence) -> Vec<&str> {
    evidence.deployment.as_deref().filter(|id| id.starts_with("arn:")).into_iter().collect()
}

fn detail(evidence: &Evidence) -> Value {
    json!({
        "greenlight": evidence.greenlight,
        "version": evidence.version,
        "hook": evidence.hook,
        "service": evidence.service,
        "deployment": evidence.deployment,
        "stage": evidence.stage,
        "step": evidence.step,
        "protocol": evidence.protocol,
        "situation": evidence.situation,
        "mode": evidence.mode,
        "override": evidence.overridden,
        "verdict": evidence.verdict,
        "reason": evidence.reason,
        "deciding_check": evidence.deciding_check,
    })
}
