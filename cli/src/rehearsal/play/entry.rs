//! The timeline of a rehearsal: what the controller came to, and what happened around it.

use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::rehearsal::Colour;
use crate::rehearsal::controller::Happening;
use crate::rehearsal::lambda::{Invocation, Outcome};

/// The largest answer that Lambda hands on.
pub(super) const MOST_BYTES: usize = 6 * 1024 * 1024;
/// So much of an answer that cannot be read is shown.
const SHOWN: usize = 200;

/// An entry of the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Simulated seconds since the deployment began.
    #[serde(rename = "at", serialize_with = "seconds")]
    pub at: Duration,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum What {
    /// To the deployment.
    Deployment(Happening),
    /// Around it.
    Around(Around),
}

/// What happened around the controller.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Around {
    /// Tasks run and are healthy.
    Running {
        /// Whose.
        colour: Colour,
        /// How many.
        tasks: usize,
        /// What runs.
        program: String,
    },
    /// A task ended by itself.
    TaskEnded {
        /// Whose.
        colour: Colour,
        /// Its number, from 1.
        task: usize,
        /// How, and what it said last.
        reason: String,
    },
    /// A task of green did not become ready, which ends the deployment as it would on AWS.
    NeverReady {
        /// Why, with what may be done about it.
        reason: String,
        /// The last lines that it wrote.
        last_lines: Vec<String>,
    },
    /// A function was invoked, and this came of it.
    Invoked(Box<Invoked>),
    /// Something that people should know.
    Note {
        /// What.
        text: String,
    },
}

/// Who wrote the program that a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It is a hook of this command.
    Ours,
    /// It is somebody else's, or a built artefact.
    Others,
}

/// An invocation of a function.
#[derive(Clone, Debug, Serialize)]
pub struct Invoked {
    /// The execution that it belongs to.
    pub execution: usize,
    /// The function, as its owner's file names it.
    pub function: String,
    /// Whether it was a second delivery of the same event.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub twice: bool,
    /// Whether nobody waited for what it answered.
    #[serde(skip)]
    pub(crate) asynchronous: bool,
    /// Who wrote the program that it runs.
    #[serde(skip)]
    pub(crate) whose: Whose,
    /// Whether its process ever asked for an event.
    #[serde(skip)]
    pub(super) was_ready: bool,
    /// Real milliseconds.
    pub duration_ms: u64,
    /// What it answered, where that is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// How it failed, in Lambda's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The evidence that it logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Value>,
    /// The other lines of its log.
    pub log: Vec<String>,
}

impl Invoked {
    pub(super) fn new(
        execution: usize,
        function: &str,
        (asynchronous, twice): (bool, bool),
        whose: Whose,
        invocation: &Invocation,
    ) -> Self {
        let answer = match &invocation.outcome {
            Outcome::Answered(bytes) => serde_json::from_slice(bytes).ok(),
            _ => None,
        };
        let answer_is_read = answer.is_some();
        let mut evidence = None;
        let mut log = Vec::new();
        for line in &invocation.log {
            match serde_json::from_str::<Value>(line) {
                Ok(document) if document.get("greenlight").is_some() => evidence = Some(document),
                _ => log.push(line.clone()),
            }
        }
        Self {
            execution,
            function: function.to_owned(),
            asynchronous,
            twice,
            whose,
            // A warm process, or one that asked, or one that was killed while it had its event.
            was_ready: !matches!(invocation.outcome, Outcome::CouldNotStart { .. } | Outcome::Exited(_))
                || invocation.initialization.is_some(),
            duration_ms: u64::try_from(invocation.duration.as_millis()).unwrap_or(u64::MAX),
            answer,
            failure: failure(invocation, answer_is_read),
            evidence,
            log,
        }
    }

    /// The reason that the function gave for its verdict.
    pub(super) fn reason(&self) -> Option<String> {
        self.answer.as_ref()?.get("reason")?.as_str().map(ToOwned::to_owned)
    }
}

/// Why there is no answer that AWS could read.
fn failure(invocation: &Invocation, answer_is_read: bool) -> Option<String> {
    match &invocation.outcome {
        Outcome::Answered(bytes) if bytes.len() > MOST_BYTES => Some(format!(
            "Function.ResponseSizeTooLarge: Response payload size ({} bytes) exceeded maximum allowed payload size ({MOST_BYTES} bytes).",
            bytes.len()
        )),
        Outcome::Answered(bytes) if !answer_is_read => {
            let text = String::from_utf8_lossy(bytes);
            let shown: String = text.chars().take(SHOWN).collect();
            Some(format!("its answer is not JSON: {shown:?}"))
        }
        _ => invocation.failure().map(|failure| format!("{}: {}", failure.error_type, failure.message)),
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    // Milliseconds are enough for a timeline.
    let millis = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
    serializer.serialize_f64(f64::from(millis) / 1000.0)
}
