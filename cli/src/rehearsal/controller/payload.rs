//! What hooks receive.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::identity::Identity;
use super::phase::Weights;

/// The event of a Lambda hook of ECS.
pub(super) fn ecs(
    identity: &Identity,
    execution_id: &str,
    stage: &str,
    weights: Weights,
    details: Option<&Value>,
) -> Value {
    let mut event = json!({
        "executionDetails": {
            "testTrafficWeights": map(identity, weights.test),
            "productionTrafficWeights": map(identity, weights.production),
            "serviceArn": identity.service,
            "targetServiceRevisionArn": identity.green,
        },
        "executionId": execution_id,
        "lifecycleStage": stage,
        "resourceArn": identity.deployment,
    });
    if let Some(details) = details {
        event["hookDetails"] = details.clone();
    }
    event
}

/// Weights by revision; nothing at stages that do not shift.
fn map(identity: &Identity, green: Option<f64>) -> Value {
    let Some(green) = green else { return json!({}) };
    let blue = identity.blue.as_ref().map(|blue| (blue.clone(), percent(100.0 - green)));
    Value::Object([(identity.green.clone(), percent(green))].into_iter().chain(blue).collect::<Map<_, _>>())
}

/// Whole percents as whole numbers, as in every event that people have published.
#[expect(clippy::cast_possible_truncation, reason = "a whole number of percent")]
fn percent(percent: f64) -> Value {
    // Steps have one decimal; what binary fractions add to it is not meant.
    let percent = (percent * 10.0).round() / 10.0;
    if percent.fract() == 0.0 { json!(percent as i64) } else { json!(percent) }
}

/// The event of a hook of CodeDeploy.
pub(super) fn codedeploy(identity: &Identity, callback_id: &str) -> Value {
    json!({"DeploymentId": identity.deployment, "LifecycleEventHookExecutionId": callback_id})
}

/// The EventBridge event of a PAUSE hook.
pub(super) fn pause(
    identity: &Identity,
    event_id: &str,
    hook_id: &str,
    stage: &str,
    (now, expires_at): (Timestamp, Timestamp),
) -> Value {
    json!({
        "version": "0",
        "id": event_id,
        "detail-type": "ECS Hook State Change",
        "source": "aws.ecs",
        "account": identity.account,
        "time": seconds(now),
        "region": identity.region,
        "resources": [identity.deployment],
        "detail": {
            "eventType": "INFO",
            "eventName": "HOOK_AWAITING_ACTION",
            "hookId": hook_id,
            "hookType": "PAUSE",
            "expiresAt": seconds(expires_at),
            "lifecycleStage": stage,
            "clusterArn": identity.cluster,
            "serviceArn": identity.service,
            "serviceDeploymentArn": identity.deployment,
            "updatedAt": seconds(now),
        },
    })
}

fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
