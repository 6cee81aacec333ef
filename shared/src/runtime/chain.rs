//! A wait that outlasts one invocation where nobody asks again: the function invokes itself.
//!
//! The next link gets the original event and the state of the wait, and judges anew. The call is the last act of
//! an invocation, and made while there is time to report: if it fails, or nobody knows whether it was taken,
//! what is undecided is decided now. That can leave a link beside a verdict, and so can a process that dies
//! after the call, whose event Lambda delivers again. Neither is harmful: each link asks first whether the event
//! still waits, all share one clock, and AWS takes the first report of an event and no other. So a call whose
//! effect is unknown is not tried again: that could only add links.

use std::{error::Error, time::Duration};

use aws_sdk_lambda::{operation::invoke::InvokeError, types::InvocationType};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::retry::RetryConfig;
use hyper_util::client::legacy as client;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{
    aws::{Aws, Failure, timeouts_within},
    protocol::INVOKE_ITSELF,
    state::{self, State},
};

/// The most self-invocations of one wait. Lambda stops a chain after about 16 invocations (developer guide,
/// *Recursive loop detection*), and the first is nobody's hop.
pub(crate) const MAX_HOPS: u32 = 12;
/// A pass is not worth beginning with less time than this.
const MIN_PASS: Duration = Duration::from_secs(1);
/// The call takes this long at most, and at most this part of what is left: the report needs the rest.
const LONGEST: Duration = Duration::from_secs(5);
const PART: u32 = 3;
/// With less time than this it is not worth beginning.
const SHORTEST: Duration = Duration::from_millis(50);
/// The pause before the call is tried again.
const PAUSE: Duration = Duration::from_millis(200);
/// The largest payload of an asynchronous invocation (Lambda developer guide, *Quotas*).
const LARGEST: usize = 1024 * 1024;
/// How Lambda follows a chain, and X-Ray a trace.
const TRACE: &str = "x-amzn-trace-id";

/// How a wait goes on after this invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Onward {
    /// The caller asks again.
    Asked,
    /// The function invokes itself.
    Hop(Hop),
    /// Not at all; why, as the end of "when the function's own time was over and …".
    Nowhere(String),
}

/// A self-invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    /// The ARN that this function was invoked by, with the version or alias that was named.
    pub(crate) function: String,
    /// Its number in this wait, from 1.
    pub(crate) number: u32,
}

impl Onward {
    /// How a wait goes on that took so many hops to come here.
    pub(super) fn of(caller_asks_again: bool, hops: u32, function: Option<&str>) -> Self {
        match function {
            _ if caller_asks_again => Self::Asked,
            _ if hops >= MAX_HOPS => Self::Nowhere(format!(
                "it had invoked itself {hops} times, the most that it does (raise the function's timeout)"
            )),
            None => Self::Nowhere(
                "it could not invoke itself (the invocation does not say by which ARN it was called)"
                    .to_owned(),
            ),
            Some(function) => Self::Hop(Hop { function: function.to_owned(), number: hops + 1 }),
        }
    }

    /// Why nobody will ask again.
    pub(super) fn ends(&self) -> Option<&str> {
        match self {
            Self::Asked | Self::Hop(_) => None,
            Self::Nowhere(why) => Some(why),
        }
    }
}

/// Whether another pass after `delay` can be made with so much time left until the verdict is due.
pub(super) fn has_time(left: Duration, delay: Duration) -> bool {
    delay.saturating_add(MIN_PASS) < left
}

/// How long the call may take with so much time left until Lambda ends the function; none where that is too little.
pub(super) fn time_to_invoke(left: Duration) -> Option<Duration> {
    let within = (left / PART).min(LONGEST);
    (within >= SHORTEST).then_some(within)
}

/// The event of the next link: the original one, and the state.
pub(crate) fn link(event: &[u8], state: &State) -> Option<String> {
    let mut fields: Map<String, Value> = serde_json::from_slice(event).ok()?;
    fields.insert(state::KEY.to_owned(), state.to_value());
    Some(Value::Object(fields).to_string())
}

/// Has the function invoke itself with this event. Why not is the end of "… and …".
pub(super) async fn invoke(
    aws: &Aws,
    hop: &Hop,
    event: String,
    trace: Option<&str>,
    within: Duration,
) -> Result<(), String> {
    if event.len() > LARGEST {
        let size = event.len();
        return Err(format!("it could not invoke itself (the event has {size} bytes of {LARGEST} at most)"));
    }
    let until = Instant::now() + within;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let Err(error) = send(aws, hop, &event, trace, left).await else { return Ok(()) };
        let failure = Failure::explain(&error, INVOKE_ITSELF, &hop.function, &aws.region().await);
        let left = until.saturating_duration_since(Instant::now());
        match effect(&error) {
            Effect::None { for_good: false } if left > PAUSE + SHORTEST => tokio::time::sleep(PAUSE).await,
            Effect::None { .. } => return Err(format!("it could not invoke itself ({failure})")),
            Effect::Unknown => return Err(format!("nobody said whether it had invoked itself ({failure})")),
        }
    }
}

async fn send(
    aws: &Aws,
    hop: &Hop,
    event: &str,
    trace: Option<&str>,
    within: Duration,
) -> Result<(), SdkError<InvokeError, HttpResponse>> {
    let call = aws
        .lambda()
        .await
        .invoke()
        .function_name(&hop.function)
        .invocation_type(InvocationType::Event)
        .payload(event.as_bytes().to_vec().into());
    // Once, and with all the time: what is tried again is decided by what the first try may have done.
    let timeouts = timeouts_within(within).to_builder().operation_attempt_timeout(within).build();
    let settings =
        aws_sdk_lambda::config::Builder::new().timeout_config(timeouts).retry_config(RetryConfig::disabled());
    let trace = trace.map(ToOwned::to_owned);
    let call = call.customize().config_override(settings).mutate_request(move |request| {
        // The SDK takes it from a variable that only Lambda's own runtimes set.
        if let Some(trace) = trace.clone() {
            // One that is no header's value is left out: it is nothing that the call needs.
            let _ = request.headers_mut().try_insert(TRACE, trace);
        }
    });
    // Boxed: the SDK's futures are large.
    Box::pin(call.send()).await.map(drop)
}

/// What a failed call may have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Nothing: Lambda said no, or was never reached.
    None { for_good: bool },
    /// Nobody knows.
    Unknown,
}

fn effect(error: &SdkError<InvokeError, HttpResponse>) -> Effect {
    match error {
        SdkError::ServiceError(answered) => {
            let status = answered.raw().status().as_u16();
            Effect::None { for_good: status != 429 && status < 500 }
        }
        SdkError::ConstructionFailure(_) => Effect::None { for_good: true },
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|error| never_connected(error)) =>
        {
            Effect::None { for_good: false }
        }
        _ => Effect::Unknown,
    }
}

/// Whether there was no connection to send anything over.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<client::Error>().is_some_and(client::Error::is_connect) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_goes_on_by_the_caller_by_a_hop_or_not_at_all() {
        let arn = "arn:aws:lambda:r:1:function:hook:live";
        let hop = |number| Onward::Hop(Hop { function: arn.to_owned(), number });
        let nowhere = |why: &str| Onward::Nowhere(why.to_owned());
        for (name, caller_asks_again, hops, function, expected) in [
            ("ECS asks again", true, 0, Some(arn), Onward::Asked),
            ("ECS asks again, however often", true, 99, None, Onward::Asked),
            ("the first", false, 0, Some(arn), hop(1)),
            ("the last", false, 11, Some(arn), hop(12)),
            (
                "none after it",
                false,
                12,
                Some(arn),
                nowhere(
                    "it had invoked itself 12 times, the most that it does (raise the function's timeout)",
                ),
            ),
            (
                "an invocation that does not say who is invoked",
                false,
                0,
                None,
                nowhere(
                    "it could not invoke itself (the invocation does not say by which ARN it was called)",
                ),
            ),
        ] {
            assert_eq!(Onward::of(caller_asks_again, hops, function), expected, "{name}");
        }
    }

    #[test]
    fn another_pass_is_made_while_there_is_time_for_it() {
        for (name, left, delay, expected) in [
            ("ample", 60_000, 5_000, true),
            ("just enough", 6_001, 5_000, true),
            ("too little", 6_000, 5_000, false),
            ("none", 0, 5_000, false),
            ("a wait in a rehearsal", 1_500, 100, true),
        ] {
            let (left, delay) = (Duration::from_millis(left), Duration::from_millis(delay));
            assert_eq!(has_time(left, delay), expected, "{name}");
        }
    }

    #[test]
    fn the_call_leaves_two_thirds_of_the_time_to_the_report() {
        for (name, left, expected) in [
            ("early", 60_000, Some(5_000)),
            ("the default reserve", 15_000, Some(5_000)),
            ("a short function", 1_000, Some(333)),
            ("hardly any", 150, Some(50)),
            ("too little", 149, None),
            ("none", 0, None),
        ] {
            let within = time_to_invoke(Duration::from_millis(left));
            assert_eq!(within.map(|within| within.as_millis()), expected, "{name}");
        }
    }

    #[test]
    fn a_link_is_the_original_event_and_the_state() {
        let place = state::Place {
            deployment: "d-1".to_owned(),
            stage: "UNKNOWN".to_owned(),
            step: None,
            hook: None,
        };
        let state = State { hops: 3, ..State::new(place, jiff::Timestamp::UNIX_EPOCH) };
        let first = br#"{"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "x", "new": [1.5]}"#;
        let second = link(first, &state).unwrap();
        let expected = r#"{"DeploymentId":"d-1","LifecycleEventHookExecutionId":"x","greenlight":{"hops":3,"place":{"deployment":"d-1","stage":"UNKNOWN"},"since":"1970-01-01T00:00:00Z","v":1},"new":[1.5]}"#;
        assert_eq!(second, expected);
        // A link's own link has the later state.
        let third = link(second.as_bytes(), &State { hops: 4, ..state }).unwrap();
        assert_eq!(third, expected.replace("\"hops\":3", "\"hops\":4"));
        assert_eq!(
            link(
                b"[]",
                &State::new(
                    state::Place { deployment: String::new(), stage: String::new(), step: None, hook: None },
                    jiff::Timestamp::UNIX_EPOCH,
                )
            ),
            None
        );
    }
}
