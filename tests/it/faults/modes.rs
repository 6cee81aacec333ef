//! What settles the verdict whatever green does: shadow mode, a rollback, a broken plan, a person's gate.

use greenlight_tests::target::Kind;
use serde_json::{Value, json};

use super::cell::{Cell, Hook, Protocol};
use super::expect::Verdict::{Proceed, Stop, Wait};
use super::expect::answer;
use super::targets::plan;
use crate::table::{Table, ensure};

const BROKEN: &str = r#"{"checks": [{"http": {"pth": "/ping", "requests": -1}}], "patience": "soon"}"#;
const SHADOW: &str = "shadow: would have stopped: ";

#[tokio::test(flavor = "multi_thread")]
async fn shadow_mode_proceeds_and_says_what_it_would_have_done() {
    let mut table = Table::default();
    for protocol in Protocol::ALL {
        for kind in [Kind::Wrong, Kind::Refused] {
            table.add(format!("{} × {} × GREENLIGHT_MODE", protocol.name(), kind.name()), async move {
                let cell = Cell::probing(protocol, kind, &plan(kind, "20s", "5s", "1h"));
                let cell = cell.with_variable("GREENLIGHT_MODE", "shadow");
                let would = if kind == Kind::Wrong {
                    "shadow: would have stopped: "
                } else {
                    "shadow: would have waited: "
                };
                cell.play().await.decided(Proceed, &[would, "check `http`"])
            });
        }
        table.add(format!("{} × wrong × plan", protocol.name()), async move {
            let mut plan = plan(Kind::Wrong, "20s", "20s", "0s");
            plan["mode"] = "shadow".into();
            Cell::probing(protocol, Kind::Wrong, &plan).play().await.decided(Proceed, &[SHADOW, "status 500"])
        });
        for (mode, plan) in [("shadow", BROKEN), ("", r#"{"mode": "shadow", "checks": []}"#), ("shadow", "{")]
        {
            table.add(format!("{} × broken plan {plan} × {mode:?}", protocol.name()), async move {
                let cell = Cell::new(protocol, Hook::TestTraffic, plan.to_owned());
                let played = cell.with_variable("GREENLIGHT_MODE", mode).play().await;
                played.decided(Proceed, &[SHADOW, "the plan", "GREENLIGHT_PLAN"])
            });
        }
        for act in ["panic", "hang", "block", "error"] {
            table.add(format!("{} × {act}", protocol.name()), async move {
                let cell = Cell::doing(protocol, act).within(4).with_variable("GREENLIGHT_MODE", "shadow");
                cell.play().await.decided(Proceed, &[SHADOW, "check `validate` could not be told"])
            });
        }
    }
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_proceeds_before_anything_is_asked_of_green() {
    let mut table = Table::default();
    for (stage, event) in [
        ("production", include_str!("../../../events/ecs/production-traffic-shift-rollback.json")),
        ("test", include_str!("../../../events/ecs/test-traffic-shift-rollback.inferred.json")),
    ] {
        for (name, plan) in [
            ("dead target", plan(Kind::Refused, "1s", "1s", "1h").to_string()),
            ("broken plan", BROKEN.to_owned()),
        ] {
            table.add(format!("ecs × {stage} × {name}"), async move {
                let cell = Cell::new(Protocol::Ecs, Hook::TestTraffic, plan);
                let event = serde_json::from_str(event).unwrap();
                let played = Cell { event, target: Some(Kind::Refused), ..cell }.play().await;
                played.decided(
                    Proceed,
                    &["rollback: nothing was validated", "gives green 0 and another revision 100"],
                )
            });
        }
    }
    // The trap: the normal event before the first shift has the weights of a rollback.
    table.add("ecs × before the first shift".to_owned(), async {
        let event = include_str!("../../../events/ecs/pre-production-traffic-shift.json");
        let event = serde_json::from_str(event).unwrap();
        let cell = Cell::probing(Protocol::Ecs, Kind::Wrong, &plan(Kind::Wrong, "20s", "20s", "0s"));
        let played = Cell { event, ..cell }.play().await;
        ensure!(played.received.requests().len() == 1, "green was not asked");
        played.decided(Stop, &["status 500"])
    });
    table.play().await;
}

/// Settings that are wrong, and what the reason says of each.
#[rustfmt::skip]
const WRONG: [(&str, &str, &[&str]); 8] = [
    ("GREENLIGHT_PLAN", BROKEN, &["checks[0].http.pth", "did you mean `path`", "checks[0].http.requests", "patience"]),
    ("GREENLIGHT_PLAN", "{", &["GREENLIGHT_PLAN", "not JSON"]),
    ("GREENLIGHT_PLAN", "[1]", &["GREENLIGHT_PLAN"]),
    ("GREENLIGHT_PLAN", r#"{"checks": []}"#, &["checks", "expected at least one check"]),
    ("GREENLIGHT_PLAN", r#"{"checks": [{"htpp": {}}]}"#, &["unknown check `htpp`", "did you mean `http`"]),
    ("GREENLIGHT_TARGET_URL", "green", &["GREENLIGHT_TARGET_URL", "`green` is no URL"]),
    ("GREENLIGHT_RESERVE_MS", "-5", &["GREENLIGHT_RESERVE_MS", "`-5` is no reserve"]),
    ("GREENLIGHT_MODE", "dry-run", &["GREENLIGHT_MODE", "`dry-run` is no mode"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_settings_is_the_reason() {
    let mut table = Table::default();
    for protocol in Protocol::ALL {
        for (variable, value, words) in WRONG {
            table.add(format!("{} × {variable}={value}", protocol.name()), async move {
                let cell =
                    Cell::new(protocol, Hook::TestTraffic, String::new()).with_variable(variable, value);
                cell.play().await.decided(Stop, words)
            });
        }
    }
    for details in [json!("Test string"), json!(5), json!([1]), json!({"plan": 5}), json!({"checks": []})] {
        table.add(format!("ecs × hookDetails {details}"), async move {
            let mut cell = Cell::new(Protocol::Ecs, Hook::TestTraffic, String::new());
            cell.event["hookDetails"] = details;
            cell.play().await.decided(Stop, &["the plan"])
        });
    }
    table.add("ecs × no target".to_owned(), async {
        let played = Cell::new(Protocol::Ecs, Hook::TestTraffic, String::new()).play().await;
        played.decided(Wait, &["could not be told yet: ecs:DescribeServiceDeployments on arn:aws:ecs:"])
    });
    table.play().await;
}

/// Changes one text of the sample event of a PAUSE hook.
fn pause(pointer: &str, text: &str) -> Value {
    let mut event = Protocol::Pause.event();
    *event.pointer_mut(pointer).unwrap() = text.into();
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_asks_nothing_of_us_is_acknowledged() {
    let event = || Protocol::Pause.event();
    let mut table = Table::default();
    for (name, gate, event) in [
        ("no gate", "", event()),
        ("another service", "my-cluster/another", event()),
        ("another stage", "*/*@PRE_SCALE_UP", event()),
        ("not a PAUSE hook", "*/*", pause("/detail/hookType", "AWS_LAMBDA")),
        ("answered already", "*/*", pause("/detail/eventName", "HOOK_SUCCEEDED")),
        ("timed out", "*/*", pause("/detail/eventName", "HOOK_TIMED_OUT")),
        // Whose hook it is cannot be known, and a person's gate is not ours to answer.
        ("a gate that cannot be read", "my-cluster", event()),
    ] {
        table.add(name, async move {
            let cell = Cell { event, ..Cell::doing(Protocol::Pause, "fail") };
            let played = cell.with_variable("GREENLIGHT_PAUSE", gate).play().await;
            let answer = answer(&played.deliveries[0][0])?;
            let why = answer["acknowledged"].as_str().unwrap_or_default();
            ensure!(!why.is_empty() && answer.get("hookStatus").is_none(), "the answer is {answer}");
            ensure!(played.log().contains(why), "the log does not say {why:?}:\n{}", played.log());
            ensure!(played.posts.len() == 1, "the Runtime API received {:?}", played.posts);
            ensure!(played.calls.is_empty(), "called {:?}", played.calls);
            Ok(())
        });
    }
    table.play().await;
}
