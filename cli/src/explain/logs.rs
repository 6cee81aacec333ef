//! What functions have written of a deployment.

use greenlight::Api;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::arn;
use super::reader::{Call, Reader};
use super::story::{Evidence, Times};

/// A function may still write after the deployment has ended.
const AFTER: SignedDuration = SignedDuration::from_mins(2);
/// What a function has told of exactly this deployment, the newest first.
pub(super) async fn evidence(
    reader: &mut Reader,
    function: &str,
    deployment: &str,
    times: Times,
) -> Vec<Evidence> {
    // The end of an ARN is in each line that has the ARN, and a pattern is a few words.
    let pattern = format!("\"{}\"", arn::last(deployment));
    let mut found: Vec<Evidence> = lines(reader, function, &pattern, times)
        .await
        .iter()
        .filter_map(|line| {
            read(line.at, &line.text, greenlight_preflight::function_name(function), deployment)
        })
        .collect();
    found.reverse();
    found
}

/// A line of a log.
pub(super) struct Line {
    pub(super) at: Timestamp,
    /// The one process whose line it is, which has one invocation at a time.
    pub(super) stream: String,
    pub(super) text: String,
}

/// The lines of that time that fit the pattern, in the order of their times.
pub(super) async fn lines(reader: &mut Reader, function: &str, pattern: &str, times: Times) -> Vec<Line> {
    let group = arn::log_group(function);
    let mut input = json!({ "logGroupName": group, "filterPattern": pattern });
    if let Some(began) = times.began {
        input["startTime"] = began.as_millisecond().into();
    }
    if let Some(end) = times.ended.and_then(|ended| ended.checked_add(AFTER).ok()) {
        input["endTime"] = end.as_millisecond().into();
    }
    let call = Call { api: &Api::LOGS, operation: "FilterLogEvents", input, resource: &group };
    let pages = reader.log(&group, call).await;
    let line = |event: &Value| {
        Some(Line {
            at: Timestamp::from_millisecond(event["timestamp"].as_i64()?).ok()?,
            stream: event["logStreamName"].as_str().unwrap_or_default().to_owned(),
            text: event["message"].as_str()?.trim_end().to_owned(),
        })
    };
    let mut lines: Vec<_> = pages
        .iter()
        .flat_map(|page| page["events"].as_array().into_iter().flatten())
        .filter_map(line)
        .collect();
    lines.sort_by_key(|line| line.at);
    lines
}

/// A line of evidence; none where it is something else, or another deployment's.
pub(super) fn read(at: Timestamp, line: &str, function: &str, deployment: &str) -> Option<Evidence> {
    // A logging configuration of JSON has put a time before it, or nothing.
    let document: Value = serde_json::from_str(line.get(line.find('{')?..)?).ok()?;
    document.get("greenlight")?;
    if document["deployment"].as_str()? != deployment {
        return None;
    }
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let check = text(&document["deciding_check"]);
    let checks = document["checks"].as_array();
    let record =
        checks.into_iter().flatten().find(|record| check.is_some() && text(&record["name"]) == check);
    let of_check = |key: &str| text(record?.get(key)?);
    Some(Evidence {
        at,
        function: function.to_owned(),
        stage: text(&document["stage"]),
        verdict: text(&document["verdict"])?,
        reason: text(&document["reason"]).unwrap_or_default(),
        observed: of_check("observed"),
        expected: of_check("expected"),
        hint: of_check("hint"),
        check,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_evidence_of_the_deployment_is_read() {
        let line = |deployment: &str| {
            json!({
                "greenlight": 1, "deployment": deployment, "verdict": "stop", "reason": "check `http` failed",
                "deciding_check": "http", "stage": "POST_TEST_TRAFFIC_SHIFT",
                "checks": [{"name": "tcp", "observed": "x"}, {"name": "http", "observed": "500", "expected": "200"}],
            })
            .to_string()
        };
        let read = |line: &str| read(Timestamp::UNIX_EPOCH, line, "f", "d-1");
        let evidence = read(&line("d-1")).unwrap();
        assert_eq!((evidence.observed.as_deref(), evidence.expected.as_deref()), (Some("500"), Some("200")));
        assert_eq!(read(&format!("2026-11-22T18:00:00Z {}", line("d-1"))), Some(evidence));
        for other in [&*line("d-2"), "START RequestId: 1", "{", "{\"greenlight\":1}", ""] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
