//! What must hold of any answer of a function.

use std::time::Duration;

use serde_json::Value;

use super::answer::{Answer, Asked};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:hook";

/// Only the very word goes on, waits are as long as AWS allows, and everything else stops with the function's name.
///
/// # Panics
/// Where that does not hold.
pub fn answer(data: &[u8]) {
    let document = serde_json::from_slice::<Value>(data).ok();
    let status = document.as_ref().and_then(|document| document.get("hookStatus")?.as_str());
    let answer = Answer::Returned(document.clone());
    let _ = answer.reason();
    match answer.read(FUNCTION) {
        Asked::Proceed => assert_eq!(status, Some("SUCCEEDED")),
        Asked::Wait { delay, details, remark } => {
            assert_eq!(status, Some("IN_PROGRESS"));
            assert!((Duration::from_secs(1)..=Duration::from_hours(24)).contains(&delay), "{delay:?}");
            let whole = document.as_ref().and_then(|document| document.get("callBackDelay")?.as_u64());
            let exact = whole.is_some_and(|seconds| Duration::from_secs(seconds) == delay);
            let given = document.as_ref().and_then(|document| document.get("callBackDelay"));
            assert!(
                exact || remark.is_some() || given.is_none_or(Value::is_null),
                "a delay of {given:?} is played as {delay:?} without a word"
            );
            let sent = document.as_ref().and_then(|document| document.get("hookDetails"));
            assert_eq!(details.as_ref(), sent.filter(|details| !details.is_null()));
        }
        Asked::Stop { message } => {
            assert!(!matches!(status, Some("SUCCEEDED" | "IN_PROGRESS")));
            assert!(message.contains(FUNCTION), "{message}");
            let nothing = document.as_ref().and_then(|document| document.get("hookStatus"));
            let nothing = nothing.is_none_or(Value::is_null);
            assert_eq!(nothing, message.contains("HookStatus must not be null"), "{message}");
            assert_eq!(status == Some("FAILED"), message.contains("returned FAILED"), "{message}");
        }
    }
}
