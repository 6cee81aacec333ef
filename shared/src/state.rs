//! What a hook remembers between the invocations of one wait.
//!
//! It travels in `hookDetails.greenlight`, and where the function invokes itself as `greenlight` beside the
//! event's own keys: versioned, at most 4 KiB. It names the deployment, stage and step that it belongs to;
//! another's, or one that cannot be read, is started afresh with a warning. It holds a clock and readings,
//! never verdicts: every invocation judges every check anew.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The key of `hookDetails`, or of the event, that holds the state.
pub(crate) const KEY: &str = "greenlight";

/// The version of the state that this program writes and reads.
const VERSION: u32 = 1;

/// The most bytes that a state may take as JSON.
const MAX_BYTES: usize = 4096;

/// The most that each name of a place may take of that. AWS's names are shorter; events may hold anything.
const MAX_NAME: usize = 800;

/// The reading of when a check's state was first seen.
const FIRST_SEEN: &str = "first seen";

/// What a state belongs to. `executionId` is no part of it: nobody says that it is stable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The service deployment's ARN, or CodeDeploy's deployment id.
    pub(crate) deployment: String,
    /// The stage, by ECS's name.
    pub(crate) stage: String,
    /// The step of a linear or canary deployment: green's weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<String>,
    /// What is reported on, where a verdict is a call: CodeDeploy's event does not name its stage, and a PAUSE
    /// hook comes once a step without naming it, but each has an id that its report needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hook: Option<String>,
}

impl Place {
    /// The same with names that fit a state: the ends of those that do not, since an ARN's end tells it from others.
    pub(crate) fn fitting(self) -> Self {
        let Self { deployment, stage, step, hook } = self;
        Self { deployment: end(deployment), stage: end(stage), step: step.map(end), hook: hook.map(end) }
    }
}

fn end(name: String) -> String {
    let mut bytes = 0;
    let fits = |character: &char| {
        // As JSON writes it.
        bytes += match character {
            '"' | '\\' => 2,
            '\0'..='\u{1f}' => 6,
            other => other.len_utf8(),
        };
        bytes <= MAX_NAME
    };
    let kept = name.chars().rev().take_while(fits).map(char::len_utf8).sum::<usize>();
    if kept == name.len() { name } else { name.get(name.len() - kept..).unwrap_or_default().to_owned() }
}

/// Something a check measured and wants to compare with in a later invocation of the same wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// When.
    pub at: Timestamp,
    /// What, as the check gave it to [`Outcome::reading`](crate::Outcome::reading).
    pub value: Value,
}

/// A reading as it is sent: with the name of its check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) check: String,
    pub(crate) at: Timestamp,
    pub(crate) value: Value,
}

/// What checks remember during a wait, by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Memory {
    /// Since when they are in a state that waiting is worth while for only so long.
    pub(crate) first_seen: BTreeMap<String, Timestamp>,
    /// What they read last.
    pub(crate) readings: BTreeMap<String, Reading>,
}

/// The state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) v: u32,
    pub(crate) place: Place,
    /// When the wait began.
    pub(crate) since: Timestamp,
    /// How many self-invocations led here.
    #[serde(default)]
    pub(crate) hops: u32,
    /// What the deployment said to be waiting for us: CodeDeploy's lifecycle event, or the PAUSE hook's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<String>,
    /// What the last invocation said, so that only a change is logged in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) said: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) readings: Vec<Sent>,
}

/// What became of the state that an event carries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Restored {
    pub(crate) state: State,
    /// Why it was started afresh.
    pub(crate) warning: Option<String>,
    /// Whether state of this very wait may have been lost: something came that cannot be read.
    pub(crate) unreadable: bool,
}

impl State {
    /// A wait that begins now.
    pub(crate) fn new(place: Place, now: Timestamp) -> Self {
        Self { v: VERSION, place, since: now, hops: 0, seen: None, said: None, readings: Vec::new() }
    }

    /// The state that came back, or a new one with the warning why.
    pub(crate) fn restore(came: Option<&Value>, place: Place, now: Timestamp) -> Restored {
        let afresh = |place, unreadable, why: String| Restored {
            state: Self::new(place, now),
            warning: Some(format!("the state that the event carries {why}; started afresh")),
            unreadable,
        };
        let Some(came) = came else {
            return Restored { state: Self::new(place, now), warning: None, unreadable: false };
        };
        match serde_json::from_value::<Self>(came.clone()) {
            Ok(state) if state.v != VERSION => {
                afresh(place, true, format!("has version {}; expected {VERSION}", state.v))
            }
            Ok(state) if state.place != place => {
                let other = format!("{} {}", state.place.deployment, state.place.stage);
                afresh(place, false, format!("belongs to {other}"))
            }
            // A clock from the future would stretch patience.
            Ok(state) => Restored {
                state: Self { since: state.since.min(now), ..state },
                warning: None,
                unreadable: false,
            },
            Err(error) => afresh(place, true, format!("cannot be read: {error}")),
        }
    }

    /// What checks remember.
    pub(crate) fn memory(&self) -> Memory {
        let mut memory = Memory::default();
        for Sent { check, at, value } in self.readings.iter().cloned() {
            if value == FIRST_SEEN {
                memory.first_seen.insert(check, at);
            } else {
                memory.readings.insert(check, Reading { at, value });
            }
        }
        memory
    }

    /// The same state with that.
    pub(crate) fn remembering(&self, memory: &Memory) -> Self {
        let sent = |check: &String, at, value| Sent { check: check.clone(), at, value };
        let seen = memory.first_seen.iter().map(|(check, at)| sent(check, *at, FIRST_SEEN.into()));
        let read = memory.readings.iter().map(|(check, read)| sent(check, read.at, read.value.clone()));
        Self { readings: seen.chain(read).collect(), ..self.clone() }
    }

    /// The state as it is sent: readings are dropped oldest first until it fits, then what was said and seen, never the
    /// clock.
    pub(crate) fn to_value(&self) -> Value {
        let mut state = self.clone();
        state.readings.sort_by_key(|reading| reading.at);
        loop {
            let value = serde_json::to_value(&state).unwrap_or(Value::Null);
            if value.to_string().len() <= MAX_BYTES {
                return value;
            }
            if !state.readings.is_empty() {
                state.readings.remove(0);
            } else if state.said.take().or_else(|| state.seen.take()).is_none() {
                return value;
            }
        }
    }
}

/// The starts of waits that this process saw, for when state that should have come back did not.
#[derive(Debug, Default)]
pub(crate) struct Clocks(HashMap<Place, Timestamp>);

/// More waits than one function has at a time; the oldest is forgotten first.
const MAX_CLOCKS: usize = 256;

impl Clocks {
    /// The earlier of what the state and this process know; a later start never replaces it.
    pub(crate) fn since(&mut self, state: &State) -> Timestamp {
        let since = self.0.get(&state.place).map_or(state.since, |known| state.since.min(*known));
        if self.0.len() >= MAX_CLOCKS && !self.0.contains_key(&state.place) {
            let oldest = self.0.iter().min_by_key(|(_, since)| **since).map(|(place, _)| place.clone());
            oldest.and_then(|place| self.0.remove(&place));
        }
        self.0.insert(state.place.clone(), since);
        since
    }

    /// Whether this process knows when the wait began.
    pub(crate) fn know(&self, state: &State) -> bool {
        self.0.contains_key(&state.place)
    }

    /// The wait is over: a later one at the same place (the next step, say) begins anew.
    pub(crate) fn forget(&mut self, state: &State) {
        self.0.remove(&state.place);
    }
}

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(stage: &str) -> Place {
        Place { deployment: "arn:d".to_owned(), stage: stage.to_owned(), step: None, hook: None }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_state_comes_back_whole() {
        let mut state = State::new(place("POST_SCALE_UP"), at(100));
        state.readings.push(Sent { check: "c".to_owned(), at: at(101), value: json!(5) });
        let back = State::restore(Some(&state.to_value()), place("POST_SCALE_UP"), at(200));
        assert_eq!((back.state, back.warning, back.unreadable), (state, None, false));
    }

    #[test]
    fn what_checks_remember_comes_back() {
        let memory = Memory {
            first_seen: BTreeMap::from([("http".to_owned(), at(100))]),
            readings: BTreeMap::from([
                ("envoy".to_owned(), Reading { at: at(101), value: json!({"rejected": 3}) }),
                // One check may have both.
                ("http".to_owned(), Reading { at: at(102), value: json!(7) }),
            ]),
        };
        let state = State::new(place("POST_SCALE_UP"), at(100)).remembering(&memory);
        let back = State::restore(Some(&state.to_value()), place("POST_SCALE_UP"), at(200)).state;
        assert_eq!(back.memory(), memory);
        assert_eq!(back.remembering(&Memory::default()).memory(), Memory::default());
    }

    #[test]
    fn anything_else_starts_afresh_with_a_warning() {
        let other = State::new(place("PRE_SCALE_UP"), at(1)).to_value();
        let mut version = State::new(place("POST_SCALE_UP"), at(1)).to_value();
        version["v"] = json!(2);
        for (came, word, lost) in [
            (other, "belongs to", false),
            (version, "version 2", true),
            (json!(5), "cannot be read", true),
            (json!({}), "cannot be read", true),
            (json!(null), "cannot be read", true),
        ] {
            let back = State::restore(Some(&came), place("POST_SCALE_UP"), at(200));
            assert_eq!((back.state.since, back.unreadable), (at(200), lost), "{came}");
            assert!(back.warning.unwrap().contains(word), "{came}");
        }
        assert_eq!(State::restore(None, place("x"), at(200)).warning, None);
    }

    #[test]
    fn a_clock_from_the_future_is_now() {
        let came = State::new(place("x"), at(1_000_000)).to_value();
        assert_eq!(State::restore(Some(&came), place("x"), at(200)).state.since, at(200));
    }

    #[test]
    fn readings_are_dropped_oldest_first_never_the_clock() {
        let mut state = State::new(place("x"), at(100));
        for second in (0..40).rev() {
            state.readings.push(Sent {
                check: "c".to_owned(),
                at: at(second),
                value: json!("x".repeat(300)),
            });
        }
        let sent = state.to_value();
        assert!(sent.to_string().len() <= MAX_BYTES);
        let back = State::restore(Some(&sent), place("x"), at(200)).state;
        assert_eq!(back.since, at(100));
        assert_eq!(back.readings.last().unwrap().at, at(39));
        assert!(back.readings.len() > 5);
    }

    #[test]
    fn whatever_an_event_holds_the_state_stays_small() {
        for name in ["x", "é", "\"", "\u{1}", "\u{7f}"] {
            let long = || name.repeat(5_000);
            let place = Place { deployment: long(), stage: long(), step: Some(long()), hook: Some(long()) };
            let place = place.fitting();
            assert_eq!(place.clone().fitting(), place);
            let state =
                State { said: Some(long()), seen: Some(long()), ..State::new(place.clone(), at(100)) };
            let sent = state.to_value();
            assert!(sent.to_string().len() <= MAX_BYTES, "{}", sent.to_string().len());
            let back = State::restore(Some(&sent), place, at(200));
            assert_eq!((back.warning, back.state.since), (None, at(100)));
        }
        let arn = Place { deployment: format!("arn:{}", "d".repeat(500)), ..place("POST_SCALE_UP") };
        assert_eq!(arn.clone().fitting(), arn);
    }

    #[test]
    fn the_process_keeps_the_earlier_start() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.since(&State::new(place("x"), at(100))), at(100));
        assert_eq!(clocks.since(&State::new(place("x"), at(150))), at(100), "state was lost");
        assert_eq!(clocks.since(&State::new(place("x"), at(50))), at(50), "another process knew better");
        assert_eq!(clocks.since(&State::new(place("y"), at(150))), at(150), "another stage");
        clocks.forget(&State::new(place("x"), at(0)));
        assert_eq!(clocks.since(&State::new(place("x"), at(200))), at(200), "the wait was over");
        for index in 0..1000 {
            clocks.since(&State::new(place(&index.to_string()), at(1000)));
        }
        assert_eq!(clocks.0.len(), MAX_CLOCKS);
    }
}
