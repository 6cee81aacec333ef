//! The check `grpc`.

use greenlight_cli::rehearsal::aws::worlds::Front;
use serde_json::{Value, json};

use super::servers::Serves::{Health, Http1, NoHealth, Nobody};
use super::{Ecs, Expected, at_post_scale_up, more, protocol_version, row, starting, too_soon};
use crate::table::{Table, ensure};
use crate::verdict::Verdict::{Proceed, Stop, Wait};

const SERVING: u8 = 1;
const NOT_SERVING: u8 = 2;

fn check(settings: Value) -> impl FnOnce(&mut Ecs) + Send + 'static {
    move |scene| scene.check_of("grpc", &settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_network_load_balancer() {
    let mut table = Table::default();
    more(
        &mut table,
        "serving",
        &[Health(SERVING), Health(SERVING)],
        Front::network(),
        check(json!({"service": "orders.v1.Orders"})),
        Expected(
            Proceed,
            "pass",
            &["check `grpc` passed: `orders.v1.Orders` is SERVING at http://localhost"],
        ),
        |seen| {
            let check = &seen.evidence()?["checks"][0];
            let connect = check["measured"]["route"]["connect"].as_str().unwrap_or_default().to_owned();
            ensure!(connect.starts_with("localhost:"), "the route is {check}");
            ensure!(check["measured"]["isolation"]["is"] == "proven", "isolation is {check}");
            Ok(())
        },
    );
    row(
        &mut table,
        "not serving",
        &[Health(NOT_SERVING), Health(NOT_SERVING)],
        Front::network(),
        check(json!({"service": "orders.v1.Orders"})),
        Expected(
            Stop,
            "fail",
            &[
                "`orders.v1.Orders` is NOT_SERVING at http://localhost",
                "expected `orders.v1.Orders` to be SERVING",
            ],
        ),
    );
    row(
        &mut table,
        "no health service",
        &[NoHealth, NoHealth],
        Front::network(),
        check(json!({})),
        Expected(
            Stop,
            "inconclusive",
            &[
                "there is no health service at http://localhost",
                "UNIMPLEMENTED (12)",
                "or use the check `tcp`",
            ],
        ),
    );
    row(
        &mut table,
        "a secret without TLS",
        &[Health(SERVING)],
        Front::network(),
        check(json!({"metadata": {"authorization": {"secret": "ssm:/token"}}})),
        Expected(Stop, "inconclusive", &["a secret would be sent to http://localhost", "in plain text"]),
    );
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_tasks() {
    let mut table = Table::default();
    more(
        &mut table,
        "behind a load balancer that cannot carry gRPC",
        &[Health(SERVING), Health(SERVING)],
        Front::default(),
        check(json!({"service": "orders.v1.Orders"})),
        Expected(
            Proceed,
            "pass",
            &["all 2 tasks of green, the first: task ", "`orders.v1.Orders` is SERVING at http://127."],
        ),
        |seen| {
            let why = &seen.evidence()?["checks"][0]["measured"]["asked_at_tasks"];
            ensure!(
                why == "the load balancer speaks HTTP1 to `orders-2`, which cannot carry gRPC",
                "the evidence says {why}"
            );
            Ok(())
        },
    );
    more(
        &mut table,
        "behind a plain listener",
        &[Health(SERVING)],
        Front::default(),
        |scene: &mut Ecs| {
            protocol_version(scene, "GRPC");
            scene.check_of("grpc", &json!({}));
        },
        Expected(Proceed, "pass", &["the one task of green, task ", "the server is SERVING"]),
        |seen| {
            let why = &seen.evidence()?["checks"][0]["measured"]["asked_at_tasks"];
            ensure!(
                why == "an Application Load Balancer speaks HTTP/2 at HTTPS listeners only",
                "the evidence says {why}"
            );
            Ok(())
        },
    );
    row(
        &mut table,
        "one of three is not serving, and is named",
        &[Health(SERVING), Health(NOT_SERVING), Health(SERVING)],
        Front::network(),
        check(json!({"service": "orders.v1.Orders", "via": "tasks"})),
        Expected(
            Stop,
            "fail",
            &[
                "1 of 3 tasks of green failed: task ",
                ".2:",
                "): `orders.v1.Orders` is NOT_SERVING at http://127.",
            ],
        ),
    );
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_tasks_that_do_not_answer_yet_or_at_all() {
    let mut table = Table::default();
    row(
        &mut table,
        "before any traffic",
        &[Health(SERVING), Health(SERVING)],
        Front::network(),
        |scene: &mut Ecs| {
            at_post_scale_up(scene);
            scene.check_of("grpc", &json!({}));
        },
        Expected(Proceed, "pass", &["all 2 tasks of green, the first: task ", "the server is SERVING"]),
    );
    row(
        &mut table,
        "a server of HTTP/1.1",
        &[Http1("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")],
        Front::network(),
        check(json!({"via": "tasks"})),
        Expected(Stop, "fail", &["1 of 1 tasks of green failed", "the port speaks HTTP/1.1"]),
    );
    row(
        &mut table,
        "nobody listens",
        &[Nobody],
        Front::network(),
        check(json!({"via": "tasks"})),
        Expected(
            Wait,
            "inconclusive",
            &["1 of 1 tasks of green could not be asked", "the connection was refused"],
        ),
    );
    row(
        &mut table,
        "tasks that are starting",
        &[Health(SERVING)],
        Front::network(),
        |scene: &mut Ecs| {
            at_post_scale_up(scene);
            starting(scene);
            scene.check_of("grpc", &json!({}));
        },
        Expected(Wait, "pending", &["no task of green revision 9313423515462893900 runs yet"]),
    );
    too_soon(&mut table, "grpc");
    table.play().await;
}
