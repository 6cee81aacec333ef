//! Scenes that are driven by hand, as a play drives them.

mod drive;
mod of_codedeploy;
mod of_contradictions;
mod of_ecs;

use std::time::Duration;

use super::{circuit_breaker_patience, weights};

#[test]
fn weights_are_whole_percents_or_tenths() {
    let cases = [
        (0.0, (100, 0)),
        (100.0, (0, 100)),
        (10.0, (90, 10)),
        (12.5, (875, 125)),
        (0.1, (999, 1)),
        (99.9, (1, 999)),
        (33.3, (667, 333)),
    ];
    for (share, expected) in cases {
        assert_eq!(weights(share), expected, "{share}");
    }
}

#[test]
fn the_circuit_breaker_needs_three_failures_at_least() {
    let each = Duration::from_mins(1);
    for (desired, seconds) in [(1, 180), (2, 120), (3, 60), (25, 60), (1000, 60)] {
        assert_eq!(circuit_breaker_patience(desired, each).as_secs(), seconds, "{desired}");
    }
}
