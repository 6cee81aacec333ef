//! Validations that do not end as they should: the guard's part of the table.

use greenlight_cli::rehearsal::lambda::Outcome as Invoked;

use super::cell::{Cell, Protocol};
use super::expect::Verdict::{self, Proceed, Stop};
use super::expect::outcomes;
use crate::table::{Table, ensure};

const LATE: &[&str] =
    &["check `validate` could not be told", "did not finish in the time that the function had"];

/// What the validation does, and the verdict with its words.
#[rustfmt::skip]
const TABLE: [(&str, Verdict, &[&str]); 9] = [
    ("pass",        Proceed, &["check `validate` passed: seen to be right"]),
    ("fail",        Stop, &["check `validate` failed: seen to be wrong; expected right"]),
    ("pending",     Stop, &["check `validate` was still pending", "still warming up"]),
    ("error",       Stop, &["check `validate` could not be told", "returned an error: the database does not answer"]),
    ("panic",       Stop, &["check `validate` could not be told", "panicked: lost its head"]),
    ("hang",        Stop, LATE),
    ("block",       Stop, LATE),
    ("hold_output", Stop, LATE),
    ("spin",        Stop, LATE),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_validation_does_in_every_protocol() {
    let mut table = Table::default();
    for (act, verdict, words) in TABLE {
        for protocol in Protocol::ALL {
            table.add(format!("{} × {act}", protocol.name()), async move {
                Cell::doing(protocol, act).within(6).play().await.decided(verdict, words)
            });
        }
    }
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_proceeds_when_the_process_ends() {
    let mut table = Table::default();
    for act in ["exit", "abort"] {
        for protocol in Protocol::ALL {
            table.add(format!("{} × {act}", protocol.name()), async move {
                let played = Cell::doing(protocol, act).play().await;
                played.nothing_proceeds()?;
                let attempts = &played.deliveries[0];
                let expected = if protocol == Protocol::Ecs { 1 } else { 3 };
                ensure!(
                    attempts.len() == expected
                        && attempts.iter().all(|attempt| matches!(attempt.outcome, Invoked::Exited(_))),
                    "expected {expected} attempts that exit: {:?}",
                    outcomes(attempts)
                );
                Ok(())
            });
        }
    }
    table.play().await;
}
