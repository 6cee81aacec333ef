//! What must hold of whatever comes back as a state.

use jiff::Timestamp;
use serde_json::Value;

use super::{Clocks, MAX_BYTES, Place, State};

/// What cannot be read is started afresh; no state stretches patience; and what is written is small enough and reads
/// back as what it was.
///
/// # Panics
/// Where that does not hold.
pub fn state(came: &[u8]) {
    let Ok(came) = serde_json::from_slice::<Value>(came) else { return };
    let now = Timestamp::UNIX_EPOCH;
    // Its own place where it names one: else most states would be another's, and no more than that be looked at.
    let place = came.get("place").and_then(|place| serde_json::from_value::<Place>(place.clone()).ok());
    let place = place.unwrap_or_else(|| Place {
        deployment: "deployment".to_owned(),
        stage: "POST_SCALE_UP".to_owned(),
        step: None,
        hook: None,
    });
    // No event's place is longer, and so no state's that was written.
    let place = place.fitting();
    let restored = State::restore(Some(&came), place.clone(), now);
    let state = restored.state;
    assert_eq!(state.place, place);
    assert!(state.since <= now, "no clock is from the future");
    if let Some(warning) = restored.warning {
        assert!(!warning.is_empty());
        assert_eq!(state, State::new(place.clone(), now), "what is started afresh has nothing of what came");
    }
    assert_eq!(Clocks::default().since(&state), state.since);

    // What checks remember is kept, though they may have fewer names than the state had lines.
    let state = state.remembering(&state.memory());
    assert_eq!(state.remembering(&state.memory()), state);

    let written = state.to_value();
    let text = written.to_string();
    assert!(text.len() <= MAX_BYTES, "a state of {} bytes is written", text.len());
    let read = serde_json::from_str::<Value>(&text).unwrap_or_default();
    let back = State::restore(Some(&read), place, now);
    assert_eq!((back.warning, back.unreadable), (None, false), "{text}");
    assert_eq!((back.state.since, back.state.hops), (state.since, state.hops));
    assert!(back.state.readings.len() <= state.readings.len());
    // The last digit of a fraction may be lost on the way, which no check minds.
    let exact = serde_json::from_str::<Value>(&read.to_string()).is_ok_and(|same| same == read);
    assert!(!exact || back.state.to_value() == read, "what was read is written otherwise: {text}");
}
