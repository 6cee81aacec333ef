//! What is left of an invocation: its lines in the log.

use jiff::Timestamp;
use serde_json::json;

use super::{chain::MAX_HOPS, metrics};
use crate::{aws::Failure, evidence::Evidence, protocol::Reported, verdict::Answer};

/// The record of an invocation.
pub(super) struct Record {
    pub(super) evidence: Evidence,
    /// Whether the verdict was to wait.
    pub(super) waits: bool,
    /// Whether an earlier invocation said the same.
    pub(super) is_repeated: bool,
    pub(super) is_unreported: bool,
}

impl Record {
    /// The lines for the log, the one with the reason first: complete for the first, a changed and the final verdict,
    /// else short.
    pub(super) fn into_lines(self, metrics: bool, now: Timestamp) -> Vec<String> {
        let Self { evidence, is_repeated, is_unreported, .. } = self;
        let metrics = metrics.then(|| metrics::line(&evidence, is_unreported, now));
        let audit = evidence.overridden.is_some().then(|| audit(&evidence));
        let first = if is_repeated {
            json!({
                "level": "INFO", "message": "still waiting", "reason": evidence.reason,
                "deployment": evidence.deployment, "hops": evidence.hops
            })
            .to_string()
        } else {
            evidence.into_line()
        };
        [Some(first), audit, metrics].into_iter().flatten().collect()
    }
}

/// That nothing was enforced, and who wanted that.
fn audit(evidence: &Evidence) -> String {
    json!({
        "level": "WARN", "message": "an override holds: nothing was enforced", "override": evidence.overridden,
        "hook": evidence.hook, "service": evidence.service, "deployment": evidence.deployment,
        "stage": evidence.stage, "verdict": evidence.verdict
    })
    .to_string()
}

/// What became of a report, where one was sent.
pub(super) fn report(reported: &Result<Reported, Failure>, answer: Answer) -> Option<String> {
    match reported {
        Ok(Reported::ByReturn) => None,
        Ok(Reported::Accepted) => Some("accepted".to_owned()),
        Ok(Reported::HandedOver(hop)) => {
            Some(format!("handed over to the next invocation (hop {hop} of {MAX_HOPS})"))
        }
        Ok(Reported::AlreadyAnswered(words)) => Some(format!(
            "already answered: {words}; if that was not an earlier delivery of this event, our verdict ({}) was not the one that counted",
            answer.word()
        )),
        Err(failure) => Some(format!("failed: {failure}")),
    }
}
