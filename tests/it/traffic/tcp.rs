//! The check `tcp`.

use greenlight_cli::rehearsal::aws::worlds::Front;
use serde_json::{Value, json};

use super::servers::Serves::{Greeting, Nobody, Silence};
use super::{Ecs, Expected, at_post_scale_up, more, row, starting, too_soon};
use crate::table::{Table, ensure};
use crate::verdict::Verdict::{Proceed, Stop, Wait};

fn check(settings: Value) -> impl FnOnce(&mut Ecs) + Send + 'static {
    move |scene| scene.check_of("tcp", &settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_network_load_balancer() {
    let mut table = Table::default();
    more(
        &mut table,
        "a greeting",
        &[Greeting("220 ready\r\n"), Greeting("220 ready\r\n")],
        Front::network(),
        check(json!({"expect": "220 "})),
        Expected(Proceed, "pass", &["check `tcp` passed: localhost:", "answered \"220 ready\\r\\n\""]),
        |seen| {
            ensure!(
                seen.evidence()?["checks"][0]["measured"]["isolation"]["is"] == "proven",
                "isolation is not"
            );
            Ok(())
        },
    );
    row(
        &mut table,
        "another greeting",
        &[Greeting("554 no\r\n"), Greeting("554 no\r\n")],
        Front::network(),
        check(json!({"expect": "220 ", "timeout": "200ms"})),
        Expected(
            Stop,
            "fail",
            &["said \"554 no\\r\\n\" and no more within", "expected an answer that contains \"220 \""],
        ),
    );
    row(
        &mut table,
        "a connection alone",
        &[Silence, Silence],
        Front::network(),
        check(json!({})),
        Expected(Proceed, "pass", &["accepted a connection"]),
    );
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_tasks() {
    let mut table = Table::default();
    more(
        &mut table,
        "behind a load balancer that accepts connections itself",
        &[Silence, Silence],
        Front::default(),
        check(json!({})),
        Expected(Proceed, "pass", &["all 2 tasks of green, the first: task ", "accepted a connection"]),
        |seen| {
            let why = &seen.evidence()?["checks"][0]["measured"]["asked_at_tasks"];
            ensure!(
                why == "an Application Load Balancer accepts connections itself",
                "the evidence says {why}"
            );
            Ok(())
        },
    );
    row(
        &mut table,
        "one of two refuses, and may not be ready",
        &[Silence, Nobody],
        Front::network(),
        check(json!({"via": "tasks"})),
        Expected(
            Wait,
            "pending",
            &[
                "1 of 2 tasks of green are not ready yet: task ",
                "refuses connections: nothing listens there yet",
            ],
        ),
    );
    row(
        &mut table,
        "one of two refuses for good",
        &[Silence, Nobody],
        Front::network(),
        |scene: &mut Ecs| {
            scene.check_of("tcp", &json!({"via": "tasks"}));
            scene.without_patience();
        },
        Expected(
            Stop,
            "pending",
            &[
                "1 of 2 tasks of green are not ready yet: task ",
                "is it the port that the container listens on",
            ],
        ),
    );
    row(
        &mut table,
        "before any traffic, one of two says something else",
        &[Greeting("220 a"), Greeting("554 b")],
        Front::network(),
        |scene: &mut Ecs| {
            at_post_scale_up(scene);
            scene.check_of("tcp", &json!({"expect": "220", "timeout": "200ms"}));
        },
        Expected(Stop, "fail", &["1 of 2 tasks of green failed: task ", "said \"554 b\" and no more within"]),
    );
    row(
        &mut table,
        "tasks that are starting",
        &[Silence],
        Front::network(),
        |scene: &mut Ecs| {
            at_post_scale_up(scene);
            starting(scene);
            scene.check_of("tcp", &json!({}));
        },
        Expected(Wait, "pending", &["no task of green revision 9313423515462893900 runs yet"]),
    );
    row(
        &mut table,
        "a target URL that nobody listens at",
        &[Nobody],
        Front::network(),
        |scene: &mut Ecs| {
            let address = scene.deployment.green.tasks[0];
            scene.check_of("tcp", &json!({}));
            scene.plan_key("target", json!({ "url": format!("tcp://{address}") }));
        },
        Expected(Wait, "inconclusive", &["cannot reach 127.", "the connection was refused"]),
    );
    too_soon(&mut table, "tcp");
    table.play().await;
}
