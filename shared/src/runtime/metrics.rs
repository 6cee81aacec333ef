//! What CloudWatch counts: one line of the log in its embedded metric format for each invocation.
//!
//! Dimensions are `[Hook]` and `[Hook, Service]` only, since each combination is a metric that is paid for; stage and
//! reason are properties, which a query of the log finds.
//!
//! Source: CloudWatch user guide, *Specification: Embedded metric format*.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::evidence::Evidence;

/// The namespace of the metrics.
const NAMESPACE: &str = "greenlight";

/// The line for an invocation, before its evidence is written.
pub(super) fn line(evidence: &Evidence, is_unreported: bool, now: Timestamp) -> String {
    // A verdict that nobody heard is none yet: Lambda tries again, and counts it then.
    let count = |verdict: &str| u8::from(evidence.verdict == verdict && !is_unreported);
    let of_verdict = |name: &str| json!({ "Name": name, "Unit": "Count" });
    let mut dimensions = vec![vec!["Hook"]];
    if evidence.service.is_some() {
        dimensions.push(vec!["Hook", "Service"]);
    }
    let mut line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": dimensions,
                "Metrics": [
                    of_verdict("Proceed"), of_verdict("Stop"), of_verdict("Wait"), of_verdict("Unreported"),
                    { "Name": "Duration", "Unit": "Milliseconds" },
                ],
            }],
        },
        "Hook": evidence.hook,
        "Proceed": count("proceed"),
        "Stop": count("stop"),
        "Wait": count("wait"),
        "Unreported": u8::from(is_unreported),
        "Duration": evidence.duration_ms,
        "deployment": evidence.deployment,
        "stage": evidence.stage,
        "mode": evidence.mode,
        "reason": evidence.reason,
    });
    if let (Some(service), Value::Object(fields)) = (&evidence.service, &mut line) {
        fields.insert("Service".to_owned(), service.as_str().into());
    }
    line.to_string()
}
