//! Whole invocations: every kind of validation, deadline and plan, on the real guard.

use serde_json::from_slice;

use super::*;
use crate::{Outcome, Scope, hook::validating};

/// What the validation of a test does; its settings say.
async fn validate(green: Scope) -> Result<Outcome, String> {
    let what: std::collections::BTreeMap<String, String> = green.settings().unwrap_or_default();
    match what.get("do").map_or("pass", String::as_str) {
        "pass" => Ok(Outcome::pass("all is well")),
        "fail" => Ok(Outcome::fail("status 500", "200-299")),
        "pending" => Ok(Outcome::pending("2 of 3 tasks run")),
        "err" => Err("no route".to_owned()),
        "panic" => panic!("index out of range"),
        "hang" => std::future::pending().await,
        "block" => {
            let others: Vec<_> = (0..8).map(|_| tokio::spawn(async { block() })).collect();
            block();
            drop(others);
            Ok(Outcome::pass("never"))
        }
        other => Err(format!("unknown: {other}")),
    }
}

/// Blocks the thread for good, as code does that never returns.
fn block() {
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv();
}

fn function() -> Function {
    Function::new(validating(validate)).with_settings(|| Settings::read(|_| None))
}

fn event(hook_details: &Value, millis: i64) -> Event {
    let body = json!({
        "executionId": "e", "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT", "resourceArn": "arn:d",
        "executionDetails": {"serviceArn": "arn:aws:ecs:r:1:service/c/s", "targetServiceRevisionArn": "green"},
        "hookDetails": hook_details,
    });
    let deadline = clock::now().as_millisecond() + millis;
    Event {
        request_id: "r".to_owned(),
        deadline: Some(deadline.to_string()),
        function: None,
        trace: None,
        body: Bytes::from(body.to_string()),
    }
}

fn plan(what: &str, patience: &str) -> Value {
    json!({"patience": patience, "checks": [{"validate": {"do": what}}]})
}

/// The answer, and the line for the log.
async fn handle(function: &mut Function, event: &Event) -> (Value, Value) {
    let Answered { document, lines, .. } = function.answer(event).await;
    (from_slice(&document.unwrap()).unwrap(), serde_json::from_str(&lines[0]).unwrap())
}

async fn answer(function: &mut Function, event: &Event) -> Value {
    handle(function, event).await.0
}

#[tokio::test]
async fn every_validation_gives_one_truthful_verdict_before_the_deadline() {
    let mut function = function();
    for (what, patience, status, reason) in [
        ("pass", "10m", "SUCCEEDED", "check `validate` passed: all is well"),
        ("fail", "10m", "FAILED", "check `validate` failed: status 500; expected 200-299"),
        ("pending", "10m", "IN_PROGRESS", "waiting: check `validate` is pending: 2 of 3 tasks run"),
        // On a busy machine a second may pass, and the reason says so in its middle.
        ("pending", "0s", "FAILED", "was still pending…: 2 of 3 tasks run"),
        ("err", "10m", "IN_PROGRESS", "could not be told yet: the validation returned an error: no route"),
        ("err", "0s", "FAILED", "could not be told…: the validation returned an error: no route"),
        ("panic", "0s", "FAILED", "could not be told…: it panicked: index out of range"),
        ("panic", "10m", "IN_PROGRESS", "it panicked: index out of range"),
        ("hang", "0s", "FAILED", "did not finish in the time that the function had"),
        ("hang", "10m", "IN_PROGRESS", "did not finish in the time that the function had"),
        ("block", "0s", "FAILED", "did not finish in the time that the function had"),
        ("pass", "10m", "SUCCEEDED", "all is well"),
    ] {
        let millis = if matches!(what, "hang" | "block") { 1_800 } else { 60_000 };
        let event = event(&plan(what, patience), millis);
        let began = Instant::now();
        let (answer, evidence) = handle(&mut function, &event).await;
        let limit = Duration::from_millis(u64::try_from(millis).unwrap());
        assert!(began.elapsed() < limit, "{what}: took {:?}", began.elapsed());
        assert_eq!(answer["hookStatus"], status, "{what} {patience}: {answer}");
        let said = answer["reason"].as_str().unwrap();
        assert!(reason.split('…').all(|part| said.contains(part)), "{what} {patience}: {answer}");
        assert_eq!(evidence["reason"], answer["reason"], "{what}");
        assert_eq!(evidence["checks"][0]["name"], "validate", "{what}");
        assert_eq!(answer["callBackDelay"].is_u64(), status == "IN_PROGRESS", "{what}");
    }
    assert!(function.guard.leaked_threads() > 0, "the blocked validation is counted");
}

#[tokio::test]
async fn a_wait_echoes_everything_and_the_state_comes_back() {
    let mut function = function();
    let details = json!({"plan": plan("pending", "10m"), "S3_BUCKET_NAME": "b"});
    let first = answer(&mut function, &event(&details, 60_000)).await;
    assert_eq!(first["hookDetails"]["S3_BUCKET_NAME"], "b");
    assert_eq!(first["hookDetails"]["plan"], details["plan"]);
    let since: Timestamp = first["hookDetails"]["greenlight"]["since"].as_str().unwrap().parse().unwrap();
    let second = answer(&mut function, &event(&first["hookDetails"], 60_000)).await;
    assert_eq!(second["hookDetails"]["greenlight"]["since"], first["hookDetails"]["greenlight"]["since"]);
    // Eleven minutes later, as the state tells.
    let mut old = first["hookDetails"].clone();
    old["greenlight"]["since"] = since.checked_sub(Duration::from_mins(11)).unwrap().to_string().into();
    let third = answer(&mut function, &event(&old, 60_000)).await;
    assert_eq!(third["hookStatus"], "FAILED", "{third}");
    assert!(third["reason"].as_str().unwrap().contains("was still pending after waiting 11m"), "{third}");
    // That wait is over; a later one at the same place begins anew.
    let fourth = answer(&mut function, &event(&details, 60_000)).await;
    assert_eq!(fourth["hookStatus"], "IN_PROGRESS", "{fourth}");
    // The state is lost on the way: the process still knows when this wait began.
    let fifth = answer(&mut function, &event(&details, 60_000)).await;
    let since = |answer: &Value| answer["hookDetails"]["greenlight"]["since"].clone();
    assert_eq!(since(&fifth), since(&fourth), "{fifth}");
}

#[tokio::test]
async fn an_unchanged_wait_is_one_short_line() {
    let mut function = function();
    let (first, line) = handle(&mut function, &event(&plan("pending", "10m"), 60_000)).await;
    assert_eq!(line["verdict"], "wait");
    let (_, line) = handle(&mut function, &event(&first["hookDetails"], 60_000)).await;
    assert_eq!(line["message"], "still waiting");
}

#[tokio::test]
async fn broken_plans_stop_with_every_problem() {
    let mut function = function();
    for (details, words) in [
        (json!(5), "`hookDetails`: is a number; expected a plan"),
        (json!({"checks": []}), "`checks` of hookDetails: is empty"),
        (json!({"cheks": [], "patience": 5}), "unknown key `cheks` (did you mean `checks`?)"),
        (json!({"S3_BUCKET_NAME": "b"}), "unknown key `S3_BUCKET_NAME`"),
        (json!({"plan": "{"}), "`hookDetails.plan`: not JSON"),
        (
            json!({"plan": "ssm:/x/{application}"}),
            "no such parameter: `/x/{application}` (`{application}` is not known from this event)",
        ),
    ] {
        let answer = answer(&mut function, &event(&details, 60_000)).await;
        assert_eq!(answer["hookStatus"], "FAILED", "{details}");
        let reason = answer["reason"].as_str().unwrap();
        assert!(
            reason.starts_with("the plan cannot be used: ") && reason.contains(words),
            "{details}: {reason}"
        );
    }
}

#[tokio::test]
async fn shadow_proceeds_whatever_happens() {
    let mut function = function();
    for what in ["fail", "panic", "pending", "hang"] {
        let mut details = plan(what, "10m");
        details["mode"] = "shadow".into();
        let answer = answer(&mut function, &event(&details, 600)).await;
        assert_eq!(answer["hookStatus"], "SUCCEEDED", "{what}: {answer}");
        assert!(answer["reason"].as_str().unwrap().starts_with("shadow: would have "), "{answer}");
    }
    let broken = json!({"mode": "shadow", "cheks": 5});
    let answer = answer(&mut function, &event(&broken, 60_000)).await;
    assert!(
        answer["reason"].as_str().unwrap().starts_with("shadow: would have stopped: the plan cannot be used"),
        "{answer}"
    );
}

#[tokio::test]
async fn broken_settings_are_an_answer_with_a_reason() {
    let mut function = function().with_settings(|| {
        Settings::read(|name| match name {
            "GREENLIGHT_PLAN" => Some("{\"checks\": 5}".to_owned()),
            "GREENLIGHT_RESERVE_MS" => Some("soon".to_owned()),
            _ => None,
        })
    });
    let (answer, line) = handle(&mut function, &event(&json!(null), 60_000)).await;
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("GREENLIGHT_RESERVE_MS") && reason.contains("`checks` of GREENLIGHT_PLAN"),
        "{reason}"
    );
    assert_eq!(line["verdict"], "stop");
}

#[tokio::test]
async fn a_rollback_proceeds_before_anything_runs() {
    let mut function = function();
    let mut rollback = event(&json!({"checks": "broken"}), 60_000);
    rollback.body =
        Bytes::from_static(include_bytes!("../../../../events/ecs/production-traffic-shift-rollback.json"));
    let (answer, line) = handle(&mut function, &rollback).await;
    assert_eq!(answer["hookStatus"], "SUCCEEDED");
    assert!(answer["reason"].as_str().unwrap().starts_with("rollback: nothing was validated"), "{answer}");
    assert_eq!(line["situation"], "rollback");
}

#[tokio::test]
async fn a_create_is_waved_through_where_the_plan_says_so() {
    let mut function = function();
    for (on_create, status, words) in [
        ("pass", "SUCCEEDED", "create: nothing was validated, as `on_create` asks"),
        ("run", "FAILED", "check `validate` failed"),
    ] {
        let mut details = plan("fail", "10m");
        details["on_create"] = on_create.into();
        let bytes = include_bytes!("../../../../events/ecs/production-traffic-shift-create.inferred.json");
        let mut body: Value = from_slice(bytes).unwrap();
        body["hookDetails"] = details;
        let create = Event { body: Bytes::from(body.to_string()), ..event(&json!(null), 60_000) };
        let answer = answer(&mut function, &create).await;
        assert_eq!(answer["hookStatus"], status, "{answer}");
        assert!(answer["reason"].as_str().unwrap().starts_with(words), "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_event_is_failed_with_a_reason() {
    let mut function = function();
    for body in [&b"{"[..], b"\xff", b"{\"a\": 1}"] {
        let unreadable = Event { body: Bytes::copy_from_slice(body), ..event(&json!(null), 60_000) };
        let (answer, line) = handle(&mut function, &unreadable).await;
        assert_eq!(answer["hookStatus"], "FAILED");
        assert!(answer["reason"].as_str().unwrap().contains("expected an ECS hook event"), "{answer}");
        assert_eq!(line["verdict"], "stop");
    }
}

#[tokio::test]
async fn deadlines_that_lie_and_little_time() {
    let mut function = function();
    for deadline in [Some("600000"), Some("x"), None] {
        let lying = Event { deadline: deadline.map(ToOwned::to_owned), ..event(&plan("pass", "10m"), 0) };
        let (answer, line) = handle(&mut function, &lying).await;
        assert_eq!(answer["hookStatus"], "SUCCEEDED", "{deadline:?}");
        assert!(line["warnings"][0].as_str().unwrap().contains("taking 60s"));
    }
    // Over already: the verdict is given at once, and it is no proceed.
    // (Whether the plan was read by then, and so its patience known, is a matter of microseconds.)
    for millis in [-5_000, 150] {
        let little = answer(&mut function, &event(&plan("hang", "0s"), millis)).await;
        assert_ne!(little["hookStatus"], "SUCCEEDED", "{little}");
    }
}
