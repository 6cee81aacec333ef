//! `steps`, `consecutive` and `warm_up` of the check `http` at every task, and `steps` over HTTP/2.
//!
//! Every task keeps sessions of its own: what the login of one gave is of no use at another.

use greenlight_cli::rehearsal::aws::worlds::Front;
use serde_json::{Value, json};

use super::http::secure;
use super::servers::Serves::{self, Cold, Shop};
use super::servers::{SESSION, TOKEN};
use super::{Ecs, Expected, at_post_scale_up, more, row};
use crate::scene::Seen;
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict::{Proceed, Stop};

const GOOD: Serves = Shop { http2: false, page: 200 };
const BAD: Serves = Shop { http2: false, page: 500 };
const GOOD2: Serves = Shop { http2: true, page: 200 };
const BAD2: Serves = Shop { http2: true, page: 500 };

/// A login and a page, with these keys.
fn login(keys: &Value) -> Value {
    let mut check = json!({"steps": [
        {"path": "/login", "capture": {"token": {"jsonpath": "$.token"}}},
        {"path": "/page", "headers": {"authorization": "Bearer ${token}"}},
    ]});
    check.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    check
}

/// Nothing of what the logins gave is in the log or in the answer.
fn hidden(seen: &Seen) -> Outcome {
    let lines = seen.attempts.iter().flat_map(|attempt| attempt.log.clone());
    for text in lines.chain([seen.answer()?.to_string()]) {
        ensure!(!text.contains(TOKEN) && !text.contains(SESSION), "what a login gave is in {text}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_task_keeps_its_own_session() {
    let mut table = Table::default();
    let tasks = |keys: Value| {
        move |scene: &mut Ecs| {
            let mut check = login(&keys);
            check["via"] = "tasks".into();
            scene.check(&check);
        }
    };
    let all = &["all 3 tasks of green, the first: task ", "4 sequences of 2 steps from http://127."];
    let one_failed = &[
        "1 of 3 tasks of green failed: task ",
        ".2:",
        "): 4 of 4 sequences",
        "step 2 (GET /page): status 500",
    ];
    more(
        &mut table,
        "over HTTP/1.1",
        &[GOOD, GOOD, GOOD],
        Front::default(),
        tasks(json!({"requests": 4, "concurrency": 2})),
        Expected(Proceed, "pass", all),
        hidden,
    );
    more(
        &mut table,
        "over HTTP/1.1, and one fails at its second step",
        &[GOOD, BAD, GOOD],
        Front::default(),
        tasks(json!({"requests": 4, "concurrency": 2})),
        Expected(Stop, "fail", one_failed),
        hidden,
    );
    more(
        &mut table,
        "over HTTP/2",
        &[GOOD2, GOOD2, GOOD2],
        Front::default(),
        tasks(json!({"requests": 4, "concurrency": 2, "version": "2"})),
        Expected(Proceed, "pass", all),
        hidden,
    );
    more(
        &mut table,
        "over HTTP/2, and one fails at its second step",
        &[GOOD2, BAD2, GOOD2],
        Front::default(),
        tasks(json!({"requests": 4, "concurrency": 2, "version": "2"})),
        Expected(Stop, "fail", one_failed),
        hidden,
    );
    more(
        &mut table,
        "where the stage has no other way",
        &[GOOD, GOOD],
        Front::default(),
        |scene: &mut Ecs| {
            at_post_scale_up(scene);
            scene.check(&login(&json!({"requests": 4})));
        },
        Expected(
            Proceed,
            "pass",
            &["2 of 2 tasks of green answered 2 sequences of 2 steps each as expected"],
        ),
        hidden,
    );
    more(
        &mut table,
        "where the stage has no other way, and one fails",
        &[GOOD, BAD],
        Front::default(),
        |scene: &mut Ecs| {
            at_post_scale_up(scene);
            scene.check(&login(&json!({"requests": 4})));
        },
        Expected(
            Stop,
            "fail",
            &["task ", ": 2 of 2 sequences of 2 steps to http://127.", "step 2 (GET /page)"],
        ),
        hidden,
    );
    more(
        &mut table,
        "through a load balancer, over HTTP/2",
        &[GOOD],
        secure(),
        |scene: &mut Ecs| {
            scene.check(&login(&json!({"requests": 3, "version": "2"})));
            scene.trust();
        },
        Expected(Proceed, "pass", &["3 sequences of 2 steps from https://green.orders.example.com"]),
        hidden,
    );
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_task_warms_up_and_has_a_row_of_its_own() {
    let mut table = Table::default();
    let tasks = |check: Value| {
        move |scene: &mut Ecs| {
            let mut check = check;
            (check["via"], check["path"]) = ("tasks".into(), "/".into());
            scene.check(&check);
        }
    };
    let in_a_row = json!({"requests": 6, "consecutive": 3});
    row(
        &mut table,
        "a row at each",
        &[Cold(0), Cold(3)],
        Front::default(),
        tasks(in_a_row.clone()),
        Expected(Proceed, "pass", &["all 2 tasks of green", "3 answers in a row from http://127."]),
    );
    row(
        &mut table,
        "no row at one",
        &[Cold(0), Cold(4), Cold(2)],
        Front::default(),
        tasks(in_a_row),
        Expected(
            Stop,
            "fail",
            &[
                "1 of 3 tasks of green failed: task ",
                ".2:",
                "no 3 in a row of 6 requests to http://127.",
                "at most 2: status 503",
            ],
        ),
    );
    let warmed_up = json!({"requests": 2, "warm_up": 2});
    row(
        &mut table,
        "a row at each, where the stage has no other way",
        &[Cold(0), Cold(3)],
        Front::default(),
        |scene: &mut Ecs| {
            at_post_scale_up(scene);
            scene.check(&json!({"path": "/", "requests": 6, "consecutive": 3}));
        },
        Expected(
            Proceed,
            "pass",
            &["2 of 2 tasks of green answered 3 times each in a row at `/` as expected"],
        ),
    );
    row(
        &mut table,
        "warm after that",
        &[Cold(2), Cold(1)],
        Front::default(),
        tasks(warmed_up.clone()),
        Expected(Proceed, "pass", &["all 2 tasks of green", "2 answers from http://127."]),
    );
    row(
        &mut table,
        "one is cold still",
        &[Cold(2), Cold(3)],
        Front::default(),
        tasks(warmed_up),
        Expected(
            Stop,
            "fail",
            &["1 of 2 tasks of green failed: task ", ".2:", "1 of 2 requests", "status 503"],
        ),
    );
    table.play().await;
}
