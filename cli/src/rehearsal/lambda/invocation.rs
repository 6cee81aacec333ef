//! What came of an invocation.

use std::time::Duration;

use bytes::Bytes;

use crate::rehearsal::process::Exit;

/// One invocation, or one attempt at an asynchronous one.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The request id; the attempts of an asynchronous invocation share it.
    pub request_id: String,
    /// What the caller is told.
    pub outcome: Outcome,
    /// From the moment that the event was handed over to the outcome.
    pub duration: Duration,
    /// How long the new process took to ask for its first event; none if it was warm or never asked.
    pub initialization: Option<Duration>,
    /// What the function wrote to stdout and stderr, line by line.
    pub log: Vec<String>,
    /// How many lines before those were too many to keep.
    pub log_lines_dropped: usize,
    /// Every answer and error that the function posted for this invocation, the refused ones too.
    pub posts: Vec<Post>,
    /// The process that served it; none if it could not be started.
    pub process_id: Option<u32>,
}

/// What a function's invocation comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function's answer, byte for byte.
    Answered(Bytes),
    /// The function, or its initialization, reported an error.
    FunctionError {
        /// `errorType` of the payload, else the header's.
        error_type: String,
        /// `errorMessage` of the payload, else nothing.
        message: String,
        /// What was posted, byte for byte.
        payload: Bytes,
    },
    /// The process was killed at its timeout, that of an invocation or that of the initialization.
    TimedOut {
        /// The timeout that was reached.
        limit: Duration,
    },
    /// The process ended before it answered.
    Exited(Exit),
    /// No process could be started.
    CouldNotStart {
        /// What was tried and why it failed.
        reason: String,
    },
}

/// What a function posted to the Runtime API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The request id that it named; for [`PostKind::InitializationError`] the one that waited.
    pub request_id: String,
    /// Which of the three posts it was.
    pub kind: PostKind,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The header `Lambda-Runtime-Function-Error-Type`.
    pub error_type: Option<String>,
    /// Whether it was taken (202) or refused (400, 403).
    pub accepted: bool,
}

/// The posts of the Runtime API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostKind {
    /// `/runtime/invocation/{id}/response`
    Response,
    /// `/runtime/invocation/{id}/error`
    Error,
    /// `/runtime/init/error`
    InitializationError,
}

/// An error in Lambda's own words, as the caller of the function reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For example `Runtime.ExitError`.
    pub error_type: String,
    /// For example `RequestId: … Error: Runtime exited with error: exit status 1`.
    pub message: String,
}

impl Invocation {
    /// The error, if it is one; what failed outside the function is worded as Lambda words it.
    pub fn failure(&self) -> Option<Failure> {
        let failure = |error_type: &str, text: String| {
            let message = format!("RequestId: {} Error: {text}", self.request_id);
            Some(Failure { error_type: error_type.to_owned(), message })
        };
        match &self.outcome {
            Outcome::Answered(_) => None,
            Outcome::FunctionError { error_type, message, payload: _ } => {
                Some(Failure { error_type: error_type.clone(), message: message.clone() })
            }
            Outcome::TimedOut { limit } => failure(
                "Sandbox.Timedout",
                format!("Task timed out after {:.2} seconds", limit.as_secs_f64()),
            ),
            Outcome::Exited(exit) => failure("Runtime.ExitError", exited(*exit)),
            Outcome::CouldNotStart { reason } => failure("Runtime.InvalidEntrypoint", reason.clone()),
        }
    }
}

impl Outcome {
    /// Reads an error as a function posts it.
    pub(super) fn function_error(error_type: Option<String>, payload: Bytes) -> Self {
        let document: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
        let text = |key: &str| document[key].as_str().map(ToOwned::to_owned);
        Self::FunctionError {
            error_type: text("errorType").or(error_type).unwrap_or_else(|| "Runtime.Unknown".to_owned()),
            message: text("errorMessage").unwrap_or_default(),
            payload,
        }
    }
}

/// Lambda's text.
fn exited(exit: Exit) -> String {
    match exit {
        Exit { status: Some(0), .. } | Exit { status: None, signal: None } => {
            "Runtime exited without providing a reason".to_owned()
        }
        Exit { .. } => format!("Runtime exited with error: {exit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(outcome: Outcome) -> Option<(String, String)> {
        let invocation = Invocation {
            request_id: "id".into(),
            outcome,
            duration: Duration::ZERO,
            initialization: None,
            log: vec![],
            log_lines_dropped: 0,
            posts: vec![],
            process_id: None,
        };
        invocation.failure().map(|failure| (failure.error_type, failure.message))
    }

    #[test]
    fn failures_are_worded_as_lambda_words_them() {
        let exit = |status, signal| Outcome::Exited(Exit { status, signal });
        let exit_error =
            |text: &str| Some(("Runtime.ExitError".into(), format!("RequestId: id Error: {text}")));
        assert_eq!(failure(Outcome::Answered(Bytes::new())), None);
        assert_eq!(failure(exit(Some(1), None)), exit_error("Runtime exited with error: exit status 1"));
        assert_eq!(failure(exit(Some(0), None)), exit_error("Runtime exited without providing a reason"));
        assert_eq!(failure(exit(None, Some(9))), exit_error("Runtime exited with error: signal: killed"));
        assert_eq!(failure(exit(None, Some(64))), exit_error("Runtime exited with error: signal 64"));
        assert_eq!(
            failure(Outcome::TimedOut { limit: Duration::from_millis(1500) }),
            Some((
                "Sandbox.Timedout".into(),
                "RequestId: id Error: Task timed out after 1.50 seconds".into()
            ))
        );
    }

    #[test]
    fn a_function_error_is_read_from_its_payload_then_from_its_header() {
        let read = |header: Option<&str>, payload: &'static str| {
            failure(Outcome::function_error(header.map(Into::into), Bytes::from_static(payload.as_bytes())))
        };
        let expected = |error_type: &str, message: &str| Some((error_type.to_owned(), message.to_owned()));
        let payload = r#"{"errorType":"Denied","errorMessage":"no"}"#;
        assert_eq!(read(Some("unhandled"), payload), expected("Denied", "no"));
        assert_eq!(read(Some("unhandled"), "not JSON"), expected("unhandled", ""));
        assert_eq!(read(None, r#"{"errorType":1}"#), expected("Runtime.Unknown", ""));
    }
}
