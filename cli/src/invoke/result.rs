//! What came of the event: answer, report, evidence, and what AWS makes of it.

use greenlight::Protocol;
use serde_json::{Value, json};

use super::{process::Prepared, reported};
use crate::rehearsal::{
    aws::Aws,
    lambda::{Invocation, Outcome},
};

/// A report that the local service received.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) subject: String,
    pub(crate) answer: String,
    pub(crate) attempt: usize,
}

/// Everything that there is to show.
pub(crate) struct Result {
    pub(crate) protocol: Protocol,
    /// What the function returned, where it is JSON.
    pub(crate) answer: Option<Value>,
    pub(crate) report: Option<Report>,
    pub(crate) evidence: Option<Value>,
    /// Lines of the log that are no evidence.
    pub(crate) log: Vec<String>,
    /// How each invocation ended, where not with an answer.
    pub(crate) failures: Vec<String>,
    pub(crate) invocations: usize,
    pub(crate) duration_ms: u64,
    pub(crate) initialization_ms: Option<f64>,
}

impl Result {
    pub(crate) fn new(protocol: Protocol, invocations: &[Invocation], aws: &Aws) -> Self {
        let last = invocations.last();
        let answer = last.and_then(|last| match &last.outcome {
            Outcome::Answered(bytes) => serde_json::from_slice(bytes).ok(),
            _ => None,
        });
        let mut evidence = None;
        let mut log = Vec::new();
        for line in invocations.iter().flat_map(|invocation| &invocation.log) {
            match serde_json::from_str::<Value>(line) {
                Ok(document) if document.get("greenlight").is_some() => evidence = Some(document),
                _ => log.push(line.clone()),
            }
        }
        let failures = invocations.iter().filter_map(Invocation::failure);
        let failures =
            failures.map(|failure| format!("{}: {}", failure.error_type, failure.message)).collect();
        let millis = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self {
            protocol,
            answer,
            report: reported(aws, protocol),
            evidence,
            log,
            failures,
            invocations: invocations.len(),
            duration_ms: invocations.iter().map(|invocation| millis(invocation.duration)).sum(),
            initialization_ms: invocations
                .iter()
                .find_map(|invocation| invocation.initialization)
                .map(|took| (took.as_secs_f64() * 10_000.0).round() / 10.0),
        }
    }

    /// Whether AWS lets the deployment go on.
    pub(crate) fn proceeds(&self) -> bool {
        match self.protocol {
            Protocol::Ecs => self.hook_status() == Some("SUCCEEDED"),
            Protocol::CodeDeploy => self.report.as_ref().is_some_and(|report| report.answer == "Succeeded"),
            Protocol::Pause => self.report.as_ref().is_some_and(|report| report.answer == "CONTINUE"),
        }
    }

    pub(crate) fn hook_status(&self) -> Option<&str> {
        self.answer.as_ref()?.get("hookStatus")?.as_str()
    }

    /// The verdict in one word.
    pub(crate) fn word(&self) -> &'static str {
        match self.hook_status() {
            _ if self.proceeds() => "PROCEED",
            Some("IN_PROGRESS") => "WAIT",
            Some("FAILED") => "STOP",
            _ if self.acknowledged().is_some() => "LEFT ALONE",
            _ => "NO VERDICT",
        }
    }

    pub(crate) fn acknowledged(&self) -> Option<&str> {
        self.answer.as_ref()?.get("acknowledged")?.as_str()
    }

    /// The reason that the hook gave, else what went wrong.
    pub(crate) fn reason(&self) -> String {
        let reason = self.answer.as_ref().and_then(|answer| answer.get("reason")).and_then(Value::as_str);
        reason
            .or(self.acknowledged())
            .map(ToOwned::to_owned)
            .or_else(|| self.failures.last().cloned())
            .unwrap_or_else(|| "the function answered with something that is no verdict".to_owned())
    }

    /// What AWS makes of it.
    pub(crate) fn consequence(&self) -> String {
        match (self.protocol, &self.report) {
            (Protocol::Ecs, _) => match self.hook_status() {
                Some("SUCCEEDED") => "ECS goes on to the next stage".to_owned(),
                Some("FAILED") => "ECS rolls the deployment back".to_owned(),
                Some("IN_PROGRESS") => {
                    let delay = self.answer.as_ref().and_then(|answer| answer["callBackDelay"].as_u64()).unwrap_or(30);
                    format!("ECS asks again in {delay} s (`--follow` plays that here)")
                }
                _ => "ECS rolls the deployment back: it was unable to parse the response due to HookStatus must not be null".to_owned(),
            },
            (Protocol::CodeDeploy, Some(report)) if report.answer == "Succeeded" => "CodeDeploy goes on".to_owned(),
            (Protocol::CodeDeploy, Some(_)) => "CodeDeploy stops the deployment".to_owned(),
            (Protocol::CodeDeploy, None) => "CodeDeploy waits for a status callback until its hour is over, then fails".to_owned(),
            (Protocol::Pause, Some(report)) if report.answer == "CONTINUE" => "ECS goes on to the next stage".to_owned(),
            (Protocol::Pause, Some(_)) => "ECS rolls the deployment back".to_owned(),
            (Protocol::Pause, None) => "ECS keeps waiting until the PAUSE hook expires".to_owned(),
        }
    }

    pub(crate) fn to_json(&self, prepared: &Prepared) -> Value {
        let verdict = match self.word() {
            "PROCEED" => "proceed",
            "WAIT" => "wait",
            "STOP" => "stop",
            _ => "none",
        };
        json!({
            "world": prepared.world.word(),
            "hook": prepared.function.name,
            "verdict": verdict,
            "reason": self.reason(),
            "consequence": self.consequence(),
            "answer": self.answer,
            "report": self.report.as_ref().map(|report| json!({
                "service": report.service, "operation": report.operation, "subject": report.subject,
                "answer": report.answer, "attempt": report.attempt,
            })),
            "evidence": self.evidence,
            "failures": self.failures,
            "log": self.log,
            "settings": prepared.settings,
            "notes": prepared.notes,
            "invocations": self.invocations,
            "duration_ms": self.duration_ms,
            "initialization_ms": self.initialization_ms,
        })
    }
}
