//! Deadlines that lie, that are not there, and that leave almost no time.

use std::time::Duration;

use greenlight_cli::rehearsal::lambda::DeadlineHeader;

use super::cell::{Cell, Protocol};
use super::expect::Verdict::{Proceed, Stop, Wait};
use super::expect::answer;
use crate::table::{Table, ensure};

const HOUR: i64 = 60 * 60 * 1000;
/// The function's real timeout where the header tells another one.
const TIMEOUT: i64 = 30_000;

/// Headers that are no deadline: they are replaced by a minute, with a warning.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_deadline_is_replaced() {
    let mut table = Table::default();
    for (name, header, warning) in [
        ("the constant of cargo-lambda", DeadlineHeader::Constant(600_000), "which is no deadline"),
        ("none", DeadlineHeader::Missing, "the invocation has no deadline"),
        ("a word", DeadlineHeader::Text("soon".into()), "the deadline \"soon\" is no number"),
        ("nothing", DeadlineHeader::Text(String::new()), "is no number"),
        ("not of this world", DeadlineHeader::Text("9".repeat(40)), "is no number"),
        ("long past", DeadlineHeader::Offset(-2 * HOUR), "which is no deadline"),
        ("far ahead", DeadlineHeader::Offset(HOUR), "which is no deadline"),
    ] {
        for protocol in Protocol::ALL {
            let header = header.clone();
            table.add(format!("{} × {name}", protocol.name()), async move {
                let played = Cell { deadline: header, ..Cell::doing(protocol, "pass") }.play().await;
                played.decided(Proceed, &["seen to be right"])?;
                let warnings = played.evidence()[0]["warnings"].to_string().replace('\\', "");
                ensure!(warnings.contains(warning), "no warning says {warning:?}: {warnings}");
                ensure!(warnings.contains("taking 60s"), "no warning says what is taken: {warnings}");
                Ok(())
            });
        }
    }
    table.play().await;
}

/// A deadline that is near, or has just passed, as the header tells it. The function is given more time
/// than that, so that a busy machine cannot fail it; that it does not take it is what is shown.
#[tokio::test(flavor = "multi_thread")]
async fn with_little_time_left_or_none_the_verdict_comes_at_once() {
    let mut table = Table::default();
    for (name, left) in [("150 ms left", 150), ("1 ms left", 1), ("over for 10 s", -10_000)] {
        for act in ["hang", "block"] {
            for protocol in Protocol::ALL {
                table.add(format!("{} × {act} × {name}", protocol.name()), async move {
                    let cell = Cell::doing(protocol, act).within(30);
                    let cell = Cell { deadline: DeadlineHeader::Offset(left - TIMEOUT), ..cell };
                    let played = cell.play().await;
                    // There may not have been the time to read how much patience the plan has.
                    let words = ["time that the function had"];
                    let decided = played.decided(Stop, &words);
                    let waits = decided.is_err() && protocol == Protocol::Ecs;
                    if waits { played.decided(Wait, &words) } else { decided }?;
                    let took = played.deliveries[0][0].duration;
                    ensure!(took < Duration::from_secs(15), "took {took:?}, as if there were time");
                    Ok(())
                });
            }
        }
    }
    table.play().await;
}

/// Every verdict and its report fit into 150 ms. A machine may be too busy for any program to be on time,
/// so one event of many has to be; what is late is a verdict all the same.
#[tokio::test(flavor = "multi_thread")]
async fn verdict_and_report_fit_into_150_ms() {
    const EVENTS: usize = 30;
    let mut table = Table::default();
    for act in ["hang", "block"] {
        for protocol in Protocol::ALL {
            table.add(format!("{} × {act} × 150 ms", protocol.name()), async move {
                let cell = Cell::doing(protocol, act).within(30);
                let deadline = DeadlineHeader::Offset(150 - TIMEOUT);
                let played = Cell { deadline, deliveries: EVENTS, ..cell }.play().await;
                let mut fastest = Duration::MAX;
                for invocation in played.invocations() {
                    let answer = answer(invocation)?;
                    ensure!(answer["hookStatus"] != "SUCCEEDED", "the answer is {answer}");
                    fastest = fastest.min(invocation.duration);
                }
                ensure!(fastest < Duration::from_millis(150), "the fastest of {EVENTS} took {fastest:?}");
                Ok(())
            });
        }
    }
    table.play().await;
}
