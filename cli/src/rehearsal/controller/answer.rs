//! What ECS makes of what a function answers.

use std::time::Duration;

use serde_json::Value;

use super::messages;

/// What came of calling a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Its answer; none where what it returned is not JSON.
    Returned(Option<Value>),
    /// It failed: an error, a timeout, an end of its process. ECS reads no status then.
    Errored,
    /// It could not be called: who may not call what.
    Denied {
        /// The role that ECS calls hooks with.
        role: String,
    },
    /// The role that ECS calls hooks with cannot be assumed.
    RoleNotAssumable {
        /// The role.
        role: String,
    },
}

/// Delays that need no interpretation, in seconds.
const KNOWN: std::ops::RangeInclusive<f64> = 1.0..=86_400.0;

/// What the answer asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    Proceed,
    Stop { message: String },
    Wait { delay: Duration, details: Option<Value>, remark: Option<String> },
}

/// How long ECS waits before it asks again, where the answer does not say.
const DELAY: Duration = Duration::from_secs(30);
/// What is played in the place of a delay that AWS says nothing of.
const SHORTEST: Duration = Duration::from_secs(1);

impl Answer {
    /// What the answer of this function asks for, with what is worth a remark.
    pub(super) fn read(&self, function: &str) -> Asked {
        let document = match self {
            Self::Returned(Some(document)) => document,
            Self::Returned(None) | Self::Errored => return null_status(function),
            Self::Denied { role } => return Asked::Stop { message: messages::not_allowed(function, role) },
            Self::RoleNotAssumable { role } => {
                return Asked::Stop { message: messages::role_not_assumable(role) };
            }
        };
        match document.get("hookStatus") {
            None | Some(Value::Null) => null_status(function),
            Some(Value::String(status)) if status == "SUCCEEDED" => Asked::Proceed,
            Some(Value::String(status)) if status == "FAILED" => {
                Asked::Stop { message: messages::returned_failed(function) }
            }
            Some(Value::String(status)) if status == "IN_PROGRESS" => {
                let (delay, remark) = delay(document);
                let details = document.get("hookDetails").filter(|details| !details.is_null()).cloned();
                Asked::Wait { delay, details, remark }
            }
            Some(other) => Asked::Stop { message: messages::unknown_status(function, other) },
        }
    }

    /// The reason that the function gave, in a key that AWS does not read.
    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::Returned(Some(document)) => document.get("reason")?.as_str().map(ToOwned::to_owned),
            _ => None,
        }
    }
}

fn null_status(function: &str) -> Asked {
    Asked::Stop { message: messages::null_status(function) }
}

fn delay(document: &Value) -> (Duration, Option<String>) {
    let unknown = |what: String, played: Duration| {
        let remark = format!("{what}: what ECS makes of it is not known; {} s are played", played.as_secs());
        (played, Some(remark))
    };
    match document.get("callBackDelay") {
        None | Some(Value::Null) if document.get("callBackDelaySeconds").is_some() => {
            unknown("the answer has `callBackDelaySeconds` and no `callBackDelay`".to_owned(), DELAY)
        }
        None | Some(Value::Null) => (DELAY, None),
        Some(given) => match given.as_f64() {
            Some(seconds) if given.is_u64() && KNOWN.contains(&seconds) => {
                (Duration::from_secs_f64(seconds), None)
            }
            Some(seconds) if KNOWN.contains(&seconds) => {
                unknown(format!("callBackDelay is {given}"), Duration::from_secs_f64(seconds.ceil()))
            }
            Some(seconds) if seconds <= 1.0 => unknown(format!("callBackDelay is {given}"), SHORTEST),
            _ => unknown(format!("callBackDelay is {given}"), DELAY),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:hook";

    fn read(answer: Value) -> Asked {
        Answer::Returned(Some(answer)).read(FUNCTION)
    }

    #[test]
    fn only_the_three_statuses_are_statuses() {
        assert_eq!(read(json!({"hookStatus": "SUCCEEDED", "reason": "fine"})), Asked::Proceed);
        let null = format!(
            "ECS was unable to parse the response from {FUNCTION} due to HookStatus must not be null"
        );
        for answer in [
            json!({}),
            json!({"hookStatus": null}),
            json!(null),
            json!("SUCCEEDED"),
            json!([{"hookStatus": "SUCCEEDED"}]),
            json!({"statusCode": 200, "body": "{\"hookStatus\":\"SUCCEEDED\"}"}),
        ] {
            assert_eq!(read(answer.clone()), Asked::Stop { message: null.clone() }, "{answer}");
        }
        for answer in [Answer::Returned(None), Answer::Errored] {
            assert_eq!(answer.read(FUNCTION), Asked::Stop { message: null.clone() });
        }
        for status in [json!("succeeded"), json!(" IN_PROGRESS"), json!("Succeeded"), json!(true), json!(1)] {
            let Asked::Stop { message } = read(json!({"hookStatus": status})) else {
                panic!("{status} is taken for a status");
            };
            assert!(message.starts_with("ECS was unable to parse the response from"), "{message}");
        }
    }

    #[test]
    fn the_delay_is_thirty_seconds_unless_the_answer_says_otherwise() {
        let cases = [
            (json!({}), 30, false),
            (json!({"callBackDelay": null}), 30, false),
            (json!({"callBackDelay": 5}), 5, false),
            (json!({"callBackDelaySeconds": 5}), 30, true),
            (json!({"callBackDelay": 2.5}), 3, true),
            (json!({"callBackDelay": 0}), 1, true),
            (json!({"callBackDelay": -4}), 1, true),
            (json!({"callBackDelay": 1e300}), 30, true),
            (json!({"callBackDelay": "5"}), 30, true),
        ];
        for (mut answer, expected, remarked) in cases {
            answer["hookStatus"] = json!("IN_PROGRESS");
            let Asked::Wait { delay, remark, .. } = read(answer.clone()) else { panic!("{answer}") };
            assert_eq!((delay.as_secs(), remark.is_some()), (expected, remarked), "{answer}");
        }
    }
}
