//! The check `http` at every task, and over HTTP/2.

use greenlight_cli::rehearsal::aws::elb::Condition;
use greenlight_cli::rehearsal::aws::worlds::{Front, Route};
use serde_json::{Value, json};

use super::servers::Serves::{Http1, Http2};
use super::{Ecs, Expected, at_post_scale_up, more, protocol_version, row};
use crate::scene::Scene;
use crate::table::{Table, ensure};
use crate::verdict::Verdict::{Proceed, Stop};

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const BAD: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

fn check(settings: Value) -> impl FnOnce(&mut Ecs) + Send + 'static {
    move |scene| scene.check(&settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_task_gets_all_requests() {
    let mut scene = Ecs::with_tasks(1, 2).await;
    scene.check(&json!({"path": "/orders/7", "requests": 3, "via": "tasks"}));
    let seen = scene.play().await;
    seen.found(
        Proceed,
        "pass",
        &[
            "all 2 tasks of green, the first: task ",
            "3 answers from http://127.",
            "as expected (status 200-299",
        ],
    )
    .unwrap();
    seen.only_green_was_asked(6).unwrap();
    assert!(seen.balanced.is_empty(), "{:?}", seen.balanced);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_task_names_it() {
    let mut table = Table::default();
    more(
        &mut table,
        "one of three fails",
        &[Http1(GOOD), Http1(GOOD), Http1(BAD)],
        Front::default(),
        check(json!({"path": "/orders/7", "via": "tasks"})),
        Expected(
            Stop,
            "fail",
            &[
                "1 of 3 tasks of green failed: task ",
                ".3:",
                "): status 500 from http://127.",
                "expected status 200-299",
            ],
        ),
        |seen| {
            let tasks = &seen.evidence()?["checks"][0]["measured"]["tasks"];
            let outcomes: Vec<_> =
                tasks.as_object().into_iter().flatten().map(|(_, task)| task["outcome"].clone()).collect();
            ensure!(
                outcomes.iter().filter(|outcome| **outcome == "pass").count() == 2,
                "the tasks are {tasks}"
            );
            Ok(())
        },
    );
    row(
        &mut table,
        "one of two has no address",
        &[Http1(GOOD), Http1(GOOD)],
        Front::default(),
        |scene: &mut Ecs| {
            scene.check(&json!({"path": "/orders/7", "via": "tasks"}));
            scene.without_patience();
            scene.alter(|world, deployment| {
                let green = deployment.green.started_by();
                let task =
                    world.ecs.tasks.iter_mut().filter(|task| task.started_by.as_ref() == Some(&green)).last();
                let task = task.unwrap();
                task.attachments.clear();
                task.containers.iter_mut().for_each(|container| container.network_interfaces.clear());
            });
        },
        Expected(
            Stop,
            "inconclusive",
            &["1 of 2 tasks of green could not be asked: task ", ": it has no address of its own"],
        ),
    );
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_url_and_every_task_contradict_each_other() {
    let mut scene = Scene::new().await;
    let _: &Ecs = &scene;
    scene.check(&json!({"via": "tasks"}));
    scene.variables.push(("GREENLIGHT_TARGET_URL", "http://127.0.0.1:9".to_owned()));
    let seen = scene.play().await;
    seen.decided(Stop, &["`checks[0].http.via` of GREENLIGHT_PLAN: is `tasks`, and `target.url` (http://127.0.0.1:9/) names one place"])
        .unwrap();
    seen.nothing_was_sent().unwrap();
}

/// An Application Load Balancer with TLS at one listener.
pub(super) fn secure() -> Front {
    let front = Front::default();
    let route = |host: &str, priority, weights| Route {
        protocol: "HTTPS".to_owned(),
        port: 443,
        certificate: vec!["orders.example.com".to_owned(), "*.orders.example.com".to_owned()],
        conditions: vec![Condition::HostHeader(vec![host.to_owned()])],
        priority,
        weights,
    };
    let production = route("orders.example.com", 10, (100, 0));
    Front { production, test: Some(route("green.orders.example.com", 20, (0, 100))), ..front }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_2() {
    let mut table = Table::default();
    for (name, version) in
        [("as agreed on", "auto"), ("and nothing else", "2"), ("HTTP/1.1 all the same", "1.1")]
    {
        row(
            &mut table,
            name,
            &[Http1(GOOD), Http1(GOOD)],
            secure(),
            move |scene: &mut Ecs| {
                scene.check(&json!({"path": "/orders/7", "requests": 4, "version": version}));
                scene.trust();
            },
            Expected(Proceed, "pass", &["4 answers from https://green.orders.example.com/orders/7"]),
        );
    }
    row(
        &mut table,
        "a plain listener speaks none",
        &[Http1(GOOD)],
        Front::default(),
        check(json!({"path": "/orders/7", "version": "2"})),
        Expected(
            Stop,
            "inconclusive",
            &["`version` is `2`, and an Application Load Balancer speaks HTTP/2 at HTTPS listeners only"],
        ),
    );
    row(
        &mut table,
        "tasks that speak nothing else, as their target group says",
        &[Http2(200), Http2(200)],
        Front::default(),
        |scene: &mut Ecs| {
            at_post_scale_up(scene);
            protocol_version(scene, "HTTP2");
        },
        Expected(Proceed, "pass", &["2 of 2 tasks of green answered 5 times each at `/`"]),
    );
    row(
        &mut table,
        "tasks that fail over HTTP/2",
        &[Http2(200), Http2(503)],
        Front::network(),
        check(json!({"path": "/", "via": "tasks", "version": "2"})),
        Expected(Stop, "fail", &["1 of 2 tasks of green failed", "status 503"]),
    );
    table.play().await;
}
