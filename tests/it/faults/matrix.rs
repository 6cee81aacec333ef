//! Hook × protocol × what green is × what goes wrong with the calls that ask AWS.
//!
//! What green is, is known, so each cell knows which verdict is right. Where the fault can be overcome, the
//! verdict and its ground are those of a day without it. Where it cannot, a green that is right may be
//! stopped for want of an answer, but never called wrong, and a green that is wrong never goes on.
//!
//! All cells are played where `GREENLIGHT_FAULTS=all` or where the programs are given by `GREENLIGHT_BIN_DIR`, as a
//! release's are; else a third of them, in which each hook still meets each fault.

mod struck;
mod subject;
mod tally;

use std::env;
use std::sync::Arc;

use self::struck::{Met, faults};
use self::subject::{Green, Hook, Subject};
use self::tally::Tally;
use super::cell::Protocol;
use crate::scene::Seen;
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict::{self, Proceed, Stop};

/// The cells that the promise speaks of.
const AT_LEAST: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_makes_a_wrong_green_go_on() {
    let all = env::var("GREENLIGHT_FAULTS").is_ok_and(|which| which == "all")
        || env::var_os("GREENLIGHT_BIN_DIR").is_some();
    let tally = Arc::new(Tally::default());
    let mut table = Table::default();
    let mut cells = 0;
    for (h, hook) in Hook::ALL.into_iter().enumerate() {
        for (p, protocol) in Protocol::ALL.into_iter().enumerate() {
            for (f, fault) in faults().into_iter().enumerate() {
                cells += Green::ALL.len();
                if !all && (h + f) % Protocol::ALL.len() != p {
                    continue;
                }
                for green in Green::ALL {
                    let (tally, fault) = (tally.clone(), fault.clone());
                    let name = format!("{hook:?} × {} × {green:?} × {}", protocol.name(), fault.name);
                    table.add(name, async move {
                        let met = fault.met;
                        let seen = Subject { hook, protocol, green }.play(fault).await;
                        let judged = judge(&seen, green, met);
                        tally.count(met, green, &seen, judged.is_ok());
                        judged.map_err(|why| format!("{why}\n{}", seen.log()))
                    });
                }
            }
        }
    }
    assert!(cells >= AT_LEAST, "{cells} cells");
    table.play().await;
    println!("{tally}");
    assert_eq!(tally.false_proceeds(), 0);
}

/// What must be true of a cell.
fn judge(seen: &Seen, green: Green, met: Met) -> Outcome {
    let verdict = seen.verdict()?;
    let answer = seen.answer()?;
    let reason = answer["reason"].as_str().unwrap_or_default();
    let (right, ground) = green.without_faults();
    let as_without = verdict == right && reason.contains(ground);
    ensure!(green == Green::Right || verdict == Stop, "green is wrong and went on: {reason}");
    match met {
        Met::Overcome => {
            ensure!(as_without, "expected {right:?} because green {ground}; {verdict:?}: {reason}");
        }
        Met::Lasting if green == Green::Right && !as_without => {
            ensure!(verdict == Stop, "{verdict:?} without a check that passed: {reason}");
            ensure!(!reason.contains(Green::Wrong.without_faults().1), "green is called wrong: {reason}");
            ensure!(reason.contains("could not be told"), "no word of what could not be told: {reason}");
        }
        Met::Lasting => {}
        // What AWS says by it may be untrue, and who believes it may stop a green that is right.
        Met::Misled => ensure!(verdict != Verdict::Wait, "a wait without patience: {reason}"),
    }
    Ok(())
}

impl Green {
    /// The verdict that it gets on a day without faults, and a word of its ground.
    fn without_faults(self) -> (Verdict, &'static str) {
        match self {
            Self::Right => (Proceed, "` passed"),
            Self::Wrong => (Stop, "` failed"),
        }
    }
}
