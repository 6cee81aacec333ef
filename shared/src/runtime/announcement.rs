//! Tells an EventBridge bus of a verdict that ends a wait, where a user wants that.
//!
//! It is for people and their tools; nothing waits for it, and failing to send it never changes a verdict.
//!
//! Source: EventBridge API reference, *`PutEvents`*.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    aws::{Api, Aws},
    evidence::Evidence,
};

/// What the event says that it is from, and what it is.
const SOURCE: &str = "greenlight";
const DETAIL_TYPE: &str = "greenlight Verdict";
/// Nobody waits for it, so it gets little time.
const LONGEST: Duration = Duration::from_secs(2);

/// Sends the event; why it could not be sent is a warning.
pub(super) async fn send(bus: &str, evidence: &Evidence, aws: &Aws, left: Duration) -> Result<(), String> {
    let entry = json!({
        "EventBusName": bus,
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Resources": resources(evidence),
        "Detail": detail(evidence).to_string(),
    });
    let within = (left / 4).min(LONGEST);
    let sent = aws.call(&Api::EVENTS, "PutEvents", json!({ "Entries": [entry] }), bus);
    let why = match timeout(within, sent).await {
        Ok(Ok(answer)) => match answer["Entries"][0]["ErrorCode"].as_str() {
            None => return Ok(()),
            // An entry that is refused is no failure of the call.
            Some(code) => {
                format!("{code}: {}", answer["Entries"][0]["ErrorMessage"].as_str().unwrap_or("no message"))
            }
        },
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => format!("no answer within {within:?}"),
    };
    Err(format!(
        "the verdict could not be told to the event bus {bus}, which changes nothing about it: {why}"
    ))
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
