//! What must hold of any event, be it one or not.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Asked, Invocation, Protocol, Reply, answers_by_return, parse};
use crate::{
    runtime::link,
    settings::{PAUSE, Settings},
    state::{KEY, State},
    verdict::{Answer, Verdict},
};

/// Events are read or refused with a reason; what was read is answered in the words of its protocol; and the state
/// that an answer sends away comes back with the next event of the same wait.
///
/// # Panics
/// Where that does not hold.
pub fn event(body: &[u8]) {
    let settings = Settings::read(|name| (name == PAUSE).then(|| "*/*".to_owned()));
    match parse(body, &settings) {
        Err(reason) => assert!(!reason.trim().is_empty(), "a refusal says why"),
        Ok(Asked::Nothing { why, .. }) => assert!(!why.is_empty() && !answers_by_return(body)),
        Ok(Asked::Verdict(invocation)) => {
            assert_eq!(matches!(invocation.reply, Reply::Return), answers_by_return(body));
            assert_eq!(invocation.protocol == Protocol::Ecs, answers_by_return(body));
            assert!(!invocation.deployment.is_empty() || invocation.protocol == Protocol::Ecs);
            answered(&invocation);
            comes_back(body, &invocation, &settings);
        }
    }
}

/// The three answers, as ECS reads them.
fn answered(invocation: &Invocation) {
    let state = State::new(invocation.place(), Timestamp::UNIX_EPOCH);
    for (answer, status) in [
        (Answer::Proceed, "SUCCEEDED"),
        (Answer::Stop, "FAILED"),
        (Answer::Wait(Duration::from_millis(1)), "IN_PROGRESS"),
    ] {
        let verdict = Verdict { answer, reason: "fuzzed".to_owned(), deciding_check: None };
        let document = invocation.answer(&verdict, &state);
        assert_eq!(document["hookStatus"], status);
        assert_eq!(document["reason"], "fuzzed");
        let waits = status == "IN_PROGRESS";
        assert_eq!(document.get("callBackDelay").and_then(Value::as_u64), waits.then_some(1));
        let details = document.get("hookDetails").and_then(Value::as_object);
        assert_eq!(details.is_some(), waits);
        // Nothing that the event carried is lost on the way, whatever it is.
        for (key, value) in details.into_iter().flat_map(|_| invocation.echo()).filter(|(key, _)| key != KEY)
        {
            assert_eq!(details.and_then(|details| details.get(&key)), Some(&value));
        }
    }
}

/// The next event of the same wait: ECS sends `hookDetails` back, elsewhere the function invokes itself.
fn comes_back(body: &[u8], invocation: &Invocation, settings: &Settings) {
    let now = Timestamp::UNIX_EPOCH;
    let state = State::new(invocation.place(), now);
    let next = if matches!(invocation.reply, Reply::Return) {
        let verdict = Verdict {
            answer: Answer::Wait(Duration::from_secs(30)),
            reason: String::new(),
            deciding_check: None,
        };
        let mut answer = invocation.answer(&verdict, &state);
        let mut event: Value = serde_json::from_slice(body).unwrap_or_default();
        if serde_json::from_str(&event.to_string()).is_ok_and(|same: Value| same != event) {
            // A weight with more digits than survive being written here: ECS sends its own text again.
            return;
        }
        event["hookDetails"] = answer["hookDetails"].take();
        Some(event.to_string())
    } else {
        link(body, &state)
    };
    let read = next.as_deref().map(|next| parse(next.as_bytes(), settings));
    assert!(matches!(read, Some(Ok(Asked::Verdict(_)))), "{next:?} is read like the event before it");
    let Some(Ok(Asked::Verdict(again))) = read else { return };
    assert_eq!(again.place(), invocation.place());
    assert_eq!((&again.stage, again.situation), (&invocation.stage, invocation.situation));
    let restored = State::restore(again.state().as_ref(), again.place(), now);
    assert_eq!((restored.warning, restored.state), (None, state));
}
