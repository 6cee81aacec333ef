//! The first reading of each Envoy, kept over a wait.
//!
//! It is never replaced by a later one of the same process: then a rise shows however slowly it comes, and
//! so does the acceptance that heals an older rejection, though not all tasks heal in the same pass.

use std::{collections::BTreeMap, time::Duration};

use greenlight::{Reading as Remembered, clock};
use serde_json::Value;

use super::{
    places::Place,
    reading::{Counters, Reading},
};

/// All of a hook's state has 4 KiB, and other checks have readings, too.
const MAX_BYTES: usize = 2048;

/// First readings by the names of places.
#[derive(Debug, Default)]
pub(super) struct Kept {
    first: BTreeMap<String, Counters>,
    /// How long ago the last of them was added.
    age: Duration,
}

impl Kept {
    /// What came back of these places; anything that cannot be read is as if nothing had.
    pub(super) fn of(remembered: Option<&Remembered>, places: &[Place]) -> Self {
        let Some(remembered) = remembered else { return Self::default() };
        let age = Duration::try_from(clock::now().duration_since(remembered.at)).unwrap_or_default();
        let mut first: BTreeMap<String, Counters> =
            serde_json::from_value(remembered.value.clone()).unwrap_or_default();
        first.retain(|name, _| places.iter().any(|place| place.name == *name));
        Self { first, age }
    }

    pub(super) fn get(&self, place: &str) -> Option<&Counters> {
        self.first.get(place)
    }

    /// How long ago the last reading was.
    pub(super) fn age(&self) -> Duration {
        self.age
    }

    /// Adds a reading where there is none of this process.
    pub(super) fn add(&mut self, place: &str, reading: &Reading) {
        let same = self.first.get(place).is_some_and(|first| first.are_of(reading));
        if !same {
            self.first.insert(place.to_owned(), reading.counters());
        }
    }

    /// For the next pass; what finds no room is looked at twice then.
    pub(super) fn value(mut self) -> Value {
        loop {
            let value = serde_json::to_value(&self.first).unwrap_or(Value::Null);
            if value.to_string().len() <= MAX_BYTES || self.first.pop_last().is_none() {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::*;

    /// What came back, of all places that it names but `gone`.
    fn kept(value: Value) -> Kept {
        let place = |name: &String| Place { name: name.clone(), url: Url::parse("http://e/").unwrap() };
        let names = value.as_object().into_iter().flat_map(|first| first.keys());
        let places: Vec<_> = names.filter(|name| *name != "gone").map(place).collect();
        Kept::of(Some(&Remembered { at: clock::now(), value }), &places)
    }

    #[test]
    fn a_first_reading_comes_back() {
        let value =
            json!({"a": {"u": 5, "s": 1000, "r": {"listener_manager.lds": [1, 2]}}, "b": {"u": 7, "s": 998}});
        let mut came = value.clone();
        came["gone"] = json!({"u": 9, "s": 996});
        let back = kept(came);
        let updates = BTreeMap::from([("listener_manager.lds".to_owned(), (1, 2))]);
        assert_eq!(back.get("a"), Some(&Counters { uptime: 5, started: 1000, updates }));
        assert_eq!(back.get("c"), None);
        assert_eq!(back.value(), value);
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for value in [
            json!(null),
            json!(5),
            json!({"a": 5}),
            json!({"a": {"u": -1, "s": 1}}),
            json!({"a": {"u": 1}}),
            json!([]),
        ] {
            assert_eq!(kept(value.clone()).value(), json!({}), "{value}");
        }
        assert_eq!(Kept::of(None, &[]).value(), json!({}));
    }

    #[test]
    fn what_finds_no_room_is_dropped() {
        let long = "x".repeat(100);
        let many: BTreeMap<_, _> =
            (0..200).map(|index| (format!("{index:03}{long}"), json!({"u": 1, "s": 1}))).collect();
        let value = kept(json!(many)).value();
        assert!(value.to_string().len() <= MAX_BYTES);
        assert!(value.as_object().unwrap().len() > 15, "{value}");
    }
}
