//! What follows from the board at the moments that matter.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::{check::Kind as CheckKind, plan::Layered, verdict::Answer};

fn board(checks: &Value) -> Board {
    board_with(checks, Fetched::default())
}

fn board_with(checks: &Value, secrets: Fetched) -> Board {
    let kind = CheckKind::function("c", async |_| Ok::<_, String>(Outcome::pass("x")));
    let Value::Object(keys) = json!({ "checks": checks }) else { unreachable!() };
    let mut layered = Layered::default();
    layered.put(Layer::Event, keys);
    let board = Board::new(
        Settled {
            stage: Stage::PostTestTrafficShift,
            situation: Situation::Update,
            situation_because: String::new(),
            wait: Wait { since: clock::now(), outer: None },
            patience: Duration::from_mins(10),
            doubt: None,
            seen: None,
            service: None,
            over: None,
        },
        Memory::default(),
    );
    board.plan(&Plan::decode(layered, &[kind]).ok().unwrap(), secrets);
    board
}

/// Green may answer one check with what another one has sent it, before that one's secret was fetched here.
#[test]
fn what_a_check_said_is_without_the_secrets_that_others_fetched_later() {
    let secrets = Fetched::default();
    let board = board_with(&json!([{"c": {"name": "a"}}, {"c": {"name": "b"}}]), secrets.clone());
    let mut outcome = Outcome::fail("the body \"hunter2\"", "fine");
    outcome.reading = Some(json!({"body": "hunter2"}));
    board.found(0, outcome, Duration::ZERO);
    secrets.add("hunter2");
    let conclusion = board.conclude(Asking { last: Some("why"), lost: None });
    assert!(conclusion.verdict.reason.contains("the body \"***\""), "{}", conclusion.verdict.reason);
    let rest = format!("{:?} {:?}", conclusion.checks, conclusion.memory);
    assert!(!rest.contains("hunter2"), "{rest}");
}

#[test]
fn what_was_pending_stays_pending_where_the_last_pass_is_cut_off() {
    let board = board(&json!([{"c": {"name": "a"}}, {"c": {"name": "b", "on_inconclusive": "pass"}}]));
    board.found(0, Outcome::pass("well"), Duration::ZERO);
    board.found(1, Outcome::pending("2 of 3 tasks"), Duration::ZERO);
    board.begin_pass();
    board.found(0, Outcome::pass("well"), Duration::ZERO);
    board.cut(1, Duration::ZERO);
    let conclusion = board.conclude(Asking { last: Some("why"), lost: None });
    assert_eq!(conclusion.verdict.answer, Answer::Stop, "{}", conclusion.verdict.reason);
    assert!(
        conclusion.verdict.reason.contains("was still pending, when")
            || conclusion.verdict.reason.contains("was still pending when"),
        "{}",
        conclusion.verdict.reason
    );
    assert!(conclusion.cut && conclusion.checks[1].outcome == "pending");
}

#[test]
fn a_pass_of_an_earlier_pass_does_not_count() {
    let board = board(&json!([{"c": {}}]));
    board.found(0, Outcome::pass("well"), Duration::ZERO);
    board.begin_pass();
    let conclusion = board.conclude(Asking { last: Some("why"), lost: Some(&Lost::Late) });
    assert_eq!(conclusion.verdict.answer, Answer::Stop);
}

#[test]
fn a_verdict_and_its_records_are_of_one_moment() {
    let board = Arc::new(board(&json!([{"c": {}}])));
    let conclusion = board.conclude(Asking { last: Some("why"), lost: Some(&Lost::Late) });
    board.found(0, Outcome::pass("late"), Duration::ZERO);
    assert_eq!(conclusion.checks[0].outcome, "inconclusive");
}

#[test]
fn what_an_outcome_is_after_patience_holds_after_patience_in_verdict_and_record() {
    let few =
        || Outcome::pending("12 of 100 requests").otherwise(Outcome::pass("no error").caveat("12 requests"));
    let board = board(&json!([{"c": {}}]));
    board.found(0, few(), Duration::ZERO);
    let before = board.conclude(Asking::default());
    assert!(matches!(before.verdict.answer, Answer::Wait(_)), "{}", before.verdict.reason);
    assert_eq!(before.checks[0].outcome, "pending");
    let after = board.conclude(Asking { last: Some("why"), lost: None });
    assert_eq!(after.verdict.reason, "12 requests: check `c` passed: no error");
    assert_eq!(after.checks[0].outcome, "pass");
    // A pass that was cut off knows nothing of what an earlier one would have let pass.
    board.begin_pass();
    board.cut(0, Duration::ZERO);
    let cut = board.conclude(Asking { last: Some("why"), lost: None });
    assert_eq!((cut.verdict.answer, cut.checks[0].outcome), (Answer::Stop, "pending"));
}
