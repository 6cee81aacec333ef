//! What green is asked without a plan, who answers, and what that is worth.

use std::time::Duration;

use greenlight_cli::rehearsal::aws::elb::Condition;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy, Front, Side};
use greenlight_cli::rehearsal::aws::{World, elb};
use serde_json::json;

use super::row::{Rows, proceeds, stops, waits};
use crate::scene::{Scene, local};
use crate::table::ensure;

type Ecs = Scene<BlueGreen>;

fn health(scene: &mut Ecs, path: &str, matcher: &str) {
    let health_check = &mut scene.deployment.front.as_mut().unwrap().health_check;
    health_check.path = Some(path.to_owned());
    health_check.matcher = Some(matcher.to_owned());
}

fn set_states(world: &mut World, deployment: &BlueGreen, state: &str) {
    let arn = deployment.green_target_group_arn();
    let group: &mut elb::TargetGroup =
        world.elb.target_groups.iter_mut().find(|group| group.arn == arn).unwrap();
    for target in &mut group.targets {
        state.clone_into(&mut target.state);
        target.reason = (state == "unhealthy").then(|| "Target.FailedHealthChecks".to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_plan_greens_own_health_check_is_asked_for() {
    let mut rows = Rows::default();
    rows.row(
        "its success codes",
        |scene: &mut Ecs| health(scene, "/moved", "200,301"),
        proceeds(&["10 answers from http://localhost/moved as expected (status 200,301"]).asking(10),
    );
    rows.row(
        "a status that is none of them",
        |scene: &mut Ecs| health(scene, "/moved", "200"),
        stops(
            "fail",
            &["10 of 10 requests to http://localhost/moved failed: status 301", "expected status 200"],
        )
        .asking(10),
    );
    for matcher in ["200", "200,301"] {
        rows.row(
            format!("a redirect to https, success codes {matcher}"),
            |scene: &mut Ecs| {
                scene.without_patience();
                health(scene, "/to-https", matcher);
            },
            stops(
                "inconclusive",
                &[
                    "told nothing about green: status 301 sends the request to https://orders.example.com/",
                    "name a `path`",
                ],
            ),
        );
    }
    rows.row(
        "green fails",
        |scene: &mut Ecs| health(scene, "/fails", "200"),
        stops("fail", &["10 of 10 requests", "status 500", "expected status 200"]).asking(10),
    );
    rows.add("another port", async {
        let mut scene = Ecs::new().await;
        let port = scene.green.also_elsewhere("green").await;
        let health_check = &mut scene.deployment.front.as_mut().unwrap().health_check;
        health_check.port = port.to_string();
        health_check.path = Some("/healthz".to_owned());
        let seen = scene.play().await;
        let words = format!("green's health check is at port {port}, where no listener leads");
        proceeds(&["2 of 2 tasks of green answered 5 times each at `/healthz`", &words])
            .asking(10)
            .hold(&seen)?;
        let host = seen.green[0].header("host").unwrap_or_default();
        ensure!(host.ends_with(&format!(":{port}")), "the host is {host}");
        ensure!(seen.balanced.is_empty(), "the load balancer was asked: {:?}", seen.balanced);
        Ok(())
    });
    rows.more(
        "a path that the rule does not let through",
        |scene: &mut Ecs| {
            health(scene, "/healthz", "200");
            scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().conditions =
                vec![Condition::PathPattern(vec!["/orders/*".to_owned()])];
        },
        proceeds(&[
            "2 of 2 tasks of green answered 5 times each at `/healthz`",
            "the rule does not let green's health check `/healthz` through",
        ])
        .asking(10),
        |seen| {
            ensure!(seen.balanced.is_empty(), "the load balancer was asked: {:?}", seen.balanced);
            Ok(())
        },
    );
    rows.row(
        "no test rule",
        |scene: &mut Ecs| scene.deployment.front.as_mut().unwrap().test = None,
        proceeds(&["2 of 2 tasks of green answered 5 times each at `/`", "the service has no test rule"])
            .asking(10),
    );
    rows.row(
        "answers in pages of one",
        |scene: &mut Ecs| scene.alter(|world, _| world.page_size = Some(1)),
        proceeds(&["10 answers from http://localhost/"]).asking(10),
    );
    rows.more(
        "codedeploy × a rule of the test listener leads to green",
        |scene: &mut Scene<CodeDeploy>| {
            scene.deployment.front.test.as_mut().unwrap().conditions =
                vec![Condition::HttpHeader("x-stage".to_owned(), vec!["green".to_owned()])];
        },
        proceeds(&["10 answers from http://localhost/"]).asking(10),
        |seen| {
            let told = seen.green[0].header("x-stage");
            ensure!(told == Some("green"), "`x-stage` was {told:?}");
            Ok(())
        },
    );
    rows.row(
        "codedeploy × no test route",
        |scene: &mut Scene<CodeDeploy>| scene.deployment.front.test = None,
        proceeds(&["2 of 2 tasks of green answered 5 times each at `/`", "the service has no test rule"])
            .asking(10),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_asked_the_targets_health_is_left() {
    let network = |scene: &mut Ecs| scene.deployment.front = Some(local(Front::network()));
    let mut rows = Rows::default();
    rows.row(
        "a TCP health check",
        network,
        proceeds(&[
            "no application request was made: green's health check is no HTTP request: name a `path`",
            "2 of 2 targets of `orders-2` are healthy",
        ])
        .asking(0),
    );
    rows.row(
        "a TCP health check, and the plan names a path",
        move |scene: &mut Ecs| {
            network(scene);
            scene.check(&json!({"path": "/orders/7", "requests": 4}));
        },
        proceeds(&["4 answers from http://localhost/orders/7"]).asking(4),
    );
    for (state, expected) in [
        (
            "unhealthy",
            waits("pending", &["2 of 2 targets of `orders-2` are unhealthy", "(Target.FailedHealthChecks)"]),
        ),
        ("initial", waits("pending", &["0 of 2 targets of `orders-2` are healthy"])),
        (
            "unavailable",
            waits("inconclusive", &["0 of 2 targets of `orders-2` are healthy", "is `unavailable`"]),
        ),
    ] {
        rows.row(
            format!("a TCP health check, targets {state}"),
            move |scene: &mut Ecs| {
                network(scene);
                scene.alter(move |world, deployment| set_states(world, deployment, state));
            },
            expected.asking(0),
        );
    }
    for named in [false, true] {
        rows.add(format!("tasks that refuse, path named: {named}"), async move {
            let mut scene = Ecs::new().await;
            scene.without_patience();
            scene.deployment.front.as_mut().unwrap().test = None;
            scene.green.stop().await;
            if named {
                scene.check(&json!({"path": "/orders/7"}));
            }
            // A port that refuses was reached: that is no inability of ours, and healthy targets are old news.
            let seen = scene.play().await;
            stops("inconclusive", &["cannot reach 127.", "the connection was refused"]).asking(0).hold(&seen)
        });
    }
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_load_balancer_a_plan_must_say_where() {
    let mut rows = Rows::default();
    rows.row(
        "no load balancer",
        |scene: &mut Ecs| scene.deployment.front = None,
        stops(
            "inconclusive",
            &["no application request was made: the service has no load balancer", "`target.url`"],
        )
        .asking(0),
    );
    rows.row(
        "no load balancer, and the plan says where",
        |scene: &mut Ecs| {
            scene.deployment.front = None;
            let url = format!("http://{}", scene.green.addresses[0]);
            scene.plan_key("target", json!({ "url": url }));
        },
        proceeds(&["not proven to be green: check `http` passed"]).asking(10),
    );
    rows.row(
        "Service Connect alone",
        |scene: &mut Ecs| {
            scene.deployment.front = None;
            scene.check(&json!({"path": "/orders/7"}));
            scene.alter(|world, _| {
                for revision in &mut world.ecs.service_revisions {
                    revision.service_connect_configuration =
                        Some(json!({"enabled": true, "namespace": "shop"}));
                }
            });
        },
        proceeds(&[
            "2 of 2 tasks of green answered 1 times each at `/orders/7`",
            "Service Connect alone, whose test header works only inside its namespace",
        ])
        .asking(2),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_load_balancers_are_each_asked() {
    let second = |test: (u32, u32)| {
        let mut front = local(Front::default());
        front.test.as_mut().unwrap().weights = test;
        front
    };
    let mut rows = Rows::default();
    rows.row(
        "two",
        move |scene: &mut Ecs| scene.deployment.more_fronts.push(second((0, 100))),
        proceeds(&["orders: 10 answers", "orders-b: 10 answers"]).asking(20),
    );
    rows.row(
        "two, and one has drifted",
        move |scene: &mut Ecs| scene.deployment.more_fronts.push(second((100, 0))),
        stops("fail", &["orders-b: the test rule sends 100 % to `orders-b-1`", "of blue revision"])
            .asking(10),
    );
    rows.row(
        "two, and one target group of green is empty",
        move |scene: &mut Ecs| {
            scene.deployment.more_fronts.push(second((0, 100)));
            scene.alter(|world, _| {
                let second = world.elb.target_groups.iter_mut().find(|group| group.name == "orders-b-2");
                second.unwrap().targets.clear();
            });
        },
        waits("pending", &["orders-b: no target is registered in `orders-b-2`"]).asking(10),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_load_balancers_own_answers_are_told_apart() {
    let unused = |scene: &mut Ecs| scene.alter(|world, deployment| set_states(world, deployment, "unused"));
    let mut rows = Rows::default();
    let words = [
        "told nothing about green: the load balancer itself answered 503",
        "`orders-2` has no healthy target yet",
    ];
    rows.row("503 at first", unused, waits("pending", &words).asking(0));
    rows.row(
        "503 after half a minute",
        move |scene: &mut Ecs| {
            unused(scene);
            scene.waited(30);
        },
        waits("pending", &words).asking(0),
    );
    rows.row(
        "503 after a minute",
        move |scene: &mut Ecs| {
            unused(scene);
            scene.waited(61);
        },
        stops("pending", &["was still pending after waiting 1m", words[0]]).asking(0),
    );
    rows.row(
        "503 while the weights are still to move",
        |scene: &mut Ecs| {
            scene.plan_key("isolation", json!("off"));
            scene.deployment.blue = Some(Side::new("4980306466373577095", Vec::new()));
            let test = scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap();
            test.weights = (100, 0);
        },
        waits(
            "pending",
            &["the load balancer itself answered 503", "the rule's weights have not moved to green yet"],
        )
        .asking(0),
    );
    rows.add("502", async {
        let mut scene = Ecs::new().await;
        scene.green.stop().await;
        let seen = scene.play().await;
        stops("fail", &["10 of 10 requests to http://localhost/ failed: status 502", "expected status 200"])
            .asking(0)
            .hold(&seen)
    });
    rows.row(
        "504",
        |scene: &mut Ecs| {
            scene.idle_timeout = Duration::from_millis(200);
            scene.check(&json!({"path": "/silent", "timeout": "20s"}));
        },
        stops("fail", &["status 504", "expected status 200-299"]).asking(1),
    );
    rows.play().await;
}
