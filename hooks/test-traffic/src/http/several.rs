//! One outcome of several, for a service behind several load balancers.

use greenlight::{Kind, Outcome};
use serde_json::{Map, Value};

/// The worst outcome decides; where all passed, all are named. What was measured is kept by name.
pub(super) fn worst(mut outcomes: Vec<(&str, Outcome)>) -> Outcome {
    if outcomes.len() == 1 {
        return outcomes.remove(0).1;
    }
    let rank = |kind: Kind| match kind {
        Kind::Fail => 0,
        Kind::Pending => 1,
        Kind::Inconclusive => 2,
        Kind::Skip(_) => 3,
        Kind::Pass => 4,
    };
    let measured: Map<String, Value> = outcomes
        .iter()
        .map(|(name, outcome)| ((*name).to_owned(), Value::Object(outcome.measured.clone())))
        .collect();
    let caveat = outcomes.iter().find_map(|(_, outcome)| outcome.caveat.clone());
    outcomes.sort_by_key(|(_, outcome)| rank(outcome.kind));
    let all: Vec<_> =
        outcomes.iter().map(|(name, outcome)| format!("{name}: {}", outcome.observed)).collect();
    let Some((name, worst)) = outcomes.into_iter().next() else {
        return Outcome::cannot_tell("there is no way to green");
    };
    let observed =
        if worst.kind == Kind::Pass { all.join("; ") } else { format!("{name}: {}", worst.observed) };
    Outcome { observed, caveat, measured, ..worst }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_says_where() {
        let outcome = worst(vec![
            ("public", Outcome::pass("10 answers").caveat("not proven to be green")),
            ("internal", Outcome::fail("status 500", "status 200")),
            ("third", Outcome::pending("soon")),
        ]);
        assert_eq!(
            (outcome.kind, outcome.words().as_str()),
            (Kind::Fail, "internal: status 500; expected status 200")
        );
        let outcome = worst(vec![
            ("a", Outcome::pass("1 answer").measured("requests", 1)),
            ("b", Outcome::pass("2 answers")),
        ]);
        assert_eq!((outcome.kind, outcome.observed.as_str()), (Kind::Pass, "a: 1 answer; b: 2 answers"));
        assert_eq!(outcome.measured["a"]["requests"], 1);
        assert_eq!(worst(Vec::new()).kind, Kind::Inconclusive);
    }
}
