//! The test rule: what it asks for, what it does, and what a plan may ask of it.

use greenlight_cli::rehearsal::aws::elb::{Action, Condition, Rule};
use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use serde_json::json;

use super::row::{Rows, proceeds, stops, waits};
use crate::scene::Scene;
use crate::table::ensure;

type Ecs = Scene<BlueGreen>;

/// The conditions of the test rule.
fn asks_for(scene: &mut Ecs, conditions: Vec<Condition>) {
    scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().conditions = conditions;
}

fn path(pattern: &str) -> Condition {
    Condition::PathPattern(vec![pattern.to_owned()])
}

fn host(pattern: &str) -> Condition {
    Condition::HostHeader(vec![pattern.to_owned()])
}

/// What the test rule does, in the place of forwarding.
fn does(scene: &mut Ecs, actions: Vec<Action>) {
    asks_for(scene, vec![path("/*")]);
    scene.alter(|world, deployment| {
        let rule = deployment.test_rule_arn().unwrap();
        world.elb.rules.iter_mut().find(|known| known.arn == rule).unwrap().actions = actions;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_asks_for_is_sent() {
    let mut rows = Rows::default();
    rows.more(
        "wildcards in host, path, header and query",
        |scene: &mut Ecs| {
            asks_for(
                scene,
                vec![
                    host("green-*.example.com"),
                    path("/v?/orders/*"),
                    Condition::HttpHeader("x-stage".to_owned(), vec!["green*".to_owned()]),
                    Condition::QueryString(vec![(None, "probe-?".to_owned())]),
                ],
            );
            scene.check(&json!({"path": "/v2/orders/7", "requests": 1}));
        },
        proceeds(&["1 answer"]).asking(1),
        |seen| {
            let got = &seen.green[0];
            let host = got.header("host").unwrap_or_default();
            ensure!(host.starts_with("green-") && host.ends_with(".example.com"), "the host is {host}");
            ensure!(got.path.starts_with("/v2/orders/7?") && got.path.contains("probe-"), "{}", got.path);
            ensure!(
                got.header("x-stage").is_some_and(|value| value.starts_with("green")),
                "{:?}",
                got.headers
            );
            Ok(())
        },
    );
    rows.row(
        "a regular expression that the health check's path fits",
        |scene: &mut Ecs| {
            asks_for(scene, vec![Condition::PathPatternRegex(vec!["^/(ping|health)$".to_owned()])]);
            scene.deployment.front.as_mut().unwrap().health_check.path = Some("/ping".to_owned());
        },
        proceeds(&["10 answers from http://localhost/ping"]).asking(10),
    );
    rows.row(
        "a regular expression that nothing known fits",
        |scene: &mut Ecs| {
            asks_for(scene, vec![Condition::HostHeaderRegex(vec![r"^g[0-9]+\.example\.com$".to_owned()])]);
        },
        stops(
            "inconclusive",
            &[
                "no host is known that matches the test rule's host-header regex",
                "a regular expression cannot be turned around",
                "set `target.host`",
            ],
        )
        .asking(0),
    );
    rows.row(
        "the plan tells what the regular expression does not",
        |scene: &mut Ecs| {
            asks_for(scene, vec![Condition::HostHeaderRegex(vec![r"^g[0-9]+\.example\.com$".to_owned()])]);
            scene.plan_key("target", json!({"host": "g7.example.com"}));
        },
        proceeds(&["10 answers from http://g7.example.com/"]).asking(10),
    );
    rows.row(
        "a source that we are, and cannot know that we are",
        |scene: &mut Ecs| asks_for(scene, vec![Condition::SourceIp(vec!["127.0.0.0/8".to_owned()])]),
        stops(
            "inconclusive",
            &["it cannot be proven that the request reaches green", "takes only clients from `127.0.0.0/8`"],
        )
        .asking(0),
    );
    rows.row(
        "a source that we are not",
        |scene: &mut Ecs| {
            scene.without_patience();
            asks_for(scene, vec![Condition::SourceIp(vec!["10.0.0.0/8".to_owned()])]);
        },
        stops(
            "inconclusive",
            &[
                "it cannot be proven that the request reaches green",
                "the test rule may not take the request: it takes only clients from `10.0.0.0/8`",
            ],
        )
        .asking(0),
    );
    rows.row(
        "a method that changes things",
        |scene: &mut Ecs| asks_for(scene, vec![Condition::HttpRequestMethod(vec!["POST".to_owned()])]),
        stops("inconclusive", &["method", "`GET`", "http-request-method `POST`", "set the check's `method`"])
            .asking(0),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plan_asks_for_must_fit_the_rule() {
    let mut rows = Rows::default();
    rows.row(
        "a path that the rule refuses",
        |scene: &mut Ecs| {
            asks_for(scene, vec![path("/orders/*")]);
            scene.check(&json!({"path": "/cart"}));
        },
        stops(
            "inconclusive",
            &[
                "path `/cart` cannot match the test rule's path-pattern `/orders/*`",
                "listener-rule/app/orders/",
            ],
        )
        .asking(0),
    );
    rows.row(
        "a host that the rule refuses",
        |scene: &mut Ecs| {
            asks_for(scene, vec![host("green.example.com")]);
            scene.plan_key("target", json!({"host": "blue.example.com"}));
        },
        stops(
            "inconclusive",
            &["host `blue.example.com` cannot match the test rule's host-header `green.example.com`"],
        )
        .asking(0),
    );
    rows.row(
        "a header that the rule refuses",
        |scene: &mut Ecs| {
            asks_for(scene, vec![Condition::HttpHeader("x-stage".to_owned(), vec!["green".to_owned()])]);
            scene.plan_key("target", json!({"headers": {"x-stage": "blue"}}));
        },
        stops(
            "inconclusive",
            &["header `x-stage`", "cannot match the test rule's http-header `x-stage` = `green`"],
        )
        .asking(0),
    );
    rows.more(
        "a path that the rule takes",
        |scene: &mut Ecs| {
            asks_for(scene, vec![path("/orders/*")]);
            scene.check(&json!({"path": "/orders/7?deep=1", "requests": 3}));
        },
        proceeds(&["3 answers from http://localhost/orders/7"]).asking(3),
        |seen| {
            ensure!(seen.green[0].path == "/orders/7?deep=1", "the path is {}", seen.green[0].path);
            Ok(())
        },
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_does_instead_is_said() {
    let mut rows = Rows::default();
    rows.row(
        "it asks for a session first",
        |scene: &mut Ecs| {
            asks_for(scene, vec![path("/*")]);
            scene.alter(|world, deployment| {
                let rule = deployment.test_rule_arn().unwrap();
                let rule = world.elb.rules.iter_mut().find(|known| known.arn == rule).unwrap();
                rule.actions.insert(0, Action::Authenticate("authenticate-oidc".to_owned()));
            });
        },
        stops("inconclusive", &["asks for authentication (authenticate-oidc)", "a probe has no session"])
            .asking(0),
    );
    rows.row(
        "it answers by itself",
        |scene: &mut Ecs| does(scene, vec![Action::FixedResponse { status: 200, body: "fine".to_owned() }]),
        stops("fail", &["the test rule, which answers `200` by itself, sends no traffic anywhere"]).asking(0),
    );
    rows.row(
        "it redirects",
        |scene: &mut Ecs| {
            does(
                scene,
                vec![Action::Redirect {
                    status: 301,
                    location: "https://#{host}:443/#{path}?#{query}".to_owned(),
                }],
            );
        },
        stops("fail", &["the test rule, which redirects to `HTTPS://", "sends no traffic anywhere"])
            .asking(0),
    );
    rows.row(
        "it answers by itself, and nobody wants a proof",
        |scene: &mut Ecs| {
            scene.plan_key("isolation", json!("off"));
            does(scene, vec![Action::FixedResponse { status: 200, body: "fine".to_owned() }]);
        },
        stops("inconclusive", &["does not forward to a target group: it answers `200` by itself"]).asking(0),
    );
    for (name, patient) in [("it was deleted", true), ("it was deleted, without patience", false)] {
        let words =
            ["the listener has no rule arn:aws:elasticloadbalancing:", "was it deleted or made anew?"];
        rows.row(
            name,
            move |scene: &mut Ecs| {
                asks_for(scene, vec![path("/*")]);
                scene.alter(|world, _| world.elb.rules.clear());
                if !patient {
                    scene.without_patience();
                }
            },
            if patient { waits("inconclusive", &words) } else { stops("inconclusive", &words) }.asking(0),
        );
    }
    rows.row(
        "another rule may take the request, and answers as green would",
        |scene: &mut Ecs| {
            scene.without_patience();
            asks_for(scene, vec![path("/*")]);
            scene.alter(|world, deployment| {
                let listener = deployment.test_listener_arn().unwrap();
                world.elb.rules.push(Rule {
                    arn: format!("{}/00000000000000ff", listener.replace(":listener/", ":listener-rule/")),
                    priority: 1,
                    conditions: vec![Condition::SourceIp(vec!["127.0.0.1/32".to_owned()])],
                    actions: vec![Action::FixedResponse { status: 200, body: "fine".to_owned() }],
                    transforms: Vec::new(),
                });
            });
        },
        stops(
            "inconclusive",
            &[
                "it cannot be proven that the request reaches green",
                "00000000000000ff` may take the request first",
            ],
        )
        .asking(0),
    );
    rows.play().await;
}
