//! Sequences against listener rules: every step reaches green by the one rule that is proven, or it is said why not.
//!
//! Test traffic and production share a listener here, as they do where a cookie tells them apart: a request that the
//! test rule does not take is blue's.

use greenlight_cli::rehearsal::aws::elb::{Action, Condition, Rule};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, Route};
use serde_json::{Value, json};

use crate::scene::{Scene, Seen};
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict::{Proceed, Stop};

type Ecs = Scene<BlueGreen>;

const SHORT_OF: &str = "it cannot be proven that the request reaches green: step 2 (GET /orders/${order})";
const AWAY: &str = "step 2 (GET /orders/${order}): with what was captured, the path leads away";

fn cookie(value: &str) -> Condition {
    Condition::HttpHeader("Cookie".to_owned(), vec![value.to_owned()])
}

fn path(values: &[&str]) -> Condition {
    Condition::PathPattern(values.iter().map(|value| (*value).to_owned()).collect())
}

/// A way in, and an order of what it gives.
fn steps(of: &str) -> Value {
    json!([{"path": "/sign-in", "capture": {"order": {"jsonpath": format!("$.{of}")}}}, {"path": "/orders/${order}"}])
}

/// The rule of green's and its listener's earlier one, which leads to blue.
async fn played(test: Vec<Condition>, earlier: Option<Vec<Condition>>, check: Value) -> Seen {
    let mut scene = Ecs::new().await;
    let front = scene.deployment.front.as_mut().unwrap();
    let production = front.production.clone();
    front.test = Some(Route { conditions: test, priority: 5, weights: (0, 100), ..production });
    if let Some(conditions) = earlier {
        scene.alter(move |world, deployment| {
            let rule = deployment.test_rule_arn().unwrap();
            let (listener, _) = rule.rsplit_once('/').unwrap();
            let blue = deployment.blue_target_group_arn();
            world.elb.rules.push(Rule {
                arn: format!("{listener}/00000000000000bb"),
                priority: 2,
                conditions,
                actions: vec![Action::Forward(vec![(blue, 1)])],
                transforms: Vec::new(),
            });
        });
    }
    scene.without_patience();
    scene.check(&check);
    scene.play().await
}

/// Every second request is the second step's, and has this cookie.
fn second_has(seen: &Seen, path: &str, cookie: &str) -> Outcome {
    let second: Vec<_> = seen.green.iter().filter(|got| got.path.starts_with("/orders/")).collect();
    ensure!(!second.is_empty(), "green got {:?}", seen.green);
    for got in second {
        let sent = got.header("cookie").unwrap_or_default();
        ensure!(got.path == path && sent == cookie, "green got {} with {sent:?}", got.path);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_that_a_rule_asks_for() {
    let mut table = Table::default();
    let check = |of: &str| json!({"requests": 2, "steps": steps(of)});
    let (plain, also) = (check("cheap"), check("cheap"));
    table.add("a part of the cookies: those of answers come after it", async move {
        let seen = played(vec![cookie("*stage=green*")], None, plain).await;
        seen.found(Proceed, "pass", &["2 sequences of 2 steps"])?;
        seen.only_green_was_asked(4)?;
        second_has(&seen, "/orders/7", "stage=green; session=of-green")
    });
    table.add("all of the cookies: those of answers may break it", async move {
        let seen = played(vec![cookie("stage=green")], None, also).await;
        let words = &[SHORT_OF, "the test rule may not take the request: the header `Cookie` holds"];
        seen.found(Stop, "inconclusive", words)?;
        seen.only_green_was_asked(0)
    });
    let own = json!({"steps": [
        {"path": "/sign-in", "cookies": {"stage": "green"}},
        {"path": "/orders/1", "cookies": {"stage": "green"}},
    ]});
    table.add("the plan's own cookie", async move {
        let seen = played(vec![cookie("*stage=green*")], None, own).await;
        seen.found(Proceed, "pass", &["1 sequence of 2 steps"])?;
        seen.only_green_was_asked(2)?;
        second_has(&seen, "/orders/1", "stage=green; session=of-green")
    });
    let captured = json!({"steps": [
        {"path": "/sign-in", "capture": {"session": {"cookie": "session"}}},
        {"path": "/orders/1", "cookies": {"stage": "${session}"}},
    ]});
    table.add("a cookie with a captured value", async move {
        let seen = played(vec![cookie("*stage=green*")], None, captured).await;
        seen.found(
            Stop,
            "inconclusive",
            &["step 2 (GET /orders/1): the test rule may not take the request"],
        )?;
        seen.only_green_was_asked(0)
    });
    let check_of_stage = check("cheap");
    table.add("an earlier rule that asks for a cookie that an answer may set", async move {
        let stage = Condition::HttpHeader("x-stage".to_owned(), vec!["green".to_owned()]);
        let seen = played(vec![stage], Some(vec![cookie("*session=*")]), check_of_stage).await;
        seen.found(
            Stop,
            "inconclusive",
            &[SHORT_OF, "may take the request first (priority 2: http-header `Cookie`"],
        )?;
        seen.only_green_was_asked(0)
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_with_captured_values() {
    let mut table = Table::default();
    for (name, of, verdict, outcome, words, asked) in [
        ("the path of a captured value fits", "cheap", Proceed, "pass", "1 sequence of 2 steps", 2),
        ("the path of a captured value does not fit", "dear", Stop, "inconclusive", AWAY, 1),
    ] {
        let check = json!({ "steps": steps(of) });
        table.add(name, async move {
            let seen = played(vec![path(&["/sign-in", "/orders/7*"])], None, check).await;
            seen.found(verdict, outcome, &[words])?;
            seen.only_green_was_asked(asked)
        });
    }
    let check = json!({ "steps": steps("dear") });
    table.add("no captured value can fit", async move {
        let seen = played(vec![path(&["/sign-in", "/basket/*"])], None, check).await;
        seen.found(Stop, "inconclusive", &["step 2 (GET /orders/${order}): ", "`/orders/captured`"])?;
        seen.only_green_was_asked(0)
    });
    // The cookie is what the first answer set: whether this rule takes the second step cannot be told, and it does.
    let check = json!({ "steps": steps("dear") });
    table.add("an earlier rule for the path of the captured value, with a cookie", async move {
        let stage = Condition::HttpHeader("x-stage".to_owned(), vec!["green".to_owned()]);
        let earlier = vec![path(&["/orders/9"]), cookie("*session=*")];
        let seen = played(vec![stage], Some(earlier), check).await;
        seen.found(Stop, "inconclusive", &[AWAY])?;
        seen.only_green_was_asked(1)
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_asks_for_is_in_every_step() {
    let mut table = Table::default();
    let check = json!({ "steps": [
        {"path": "/sign-in", "capture": {"order": {"jsonpath": "$.cheap"}}},
        {"path": "/orders/${order}?of=${order}"},
        {"path": "/orders/$${order}"},
    ]});
    table.add("in the query", async move {
        let query = Condition::QueryString(vec![(Some("stage".to_owned()), "green".to_owned())]);
        let seen = played(vec![query], None, check).await;
        seen.found(Proceed, "pass", &["1 sequence of 3 steps"])?;
        seen.only_green_was_asked(3)?;
        let paths: Vec<_> = seen.green.iter().map(|got| got.path.as_str()).collect();
        let wanted =
            ["/sign-in?stage=green", "/orders/7?of=7&stage=green", "/orders/$%7Border%7D?stage=green"];
        ensure!(paths == wanted, "green got {paths:?}");
        Ok(())
    });
    let check = json!({"redirects": 1, "steps": [
        {"path": "/sign-in"},
        {"path": "/moved", "headers": {"x-kind": "probe"}},
    ]});
    table.add("a redirect is judged by the step that it answers", async move {
        let stage = Condition::HttpHeader("x-stage".to_owned(), vec!["green".to_owned()]);
        let probe = Condition::HttpHeader("x-kind".to_owned(), vec!["probe".to_owned()]);
        let seen = played(vec![stage], Some(vec![path(&["/elsewhere"]), probe]), check).await;
        let words = &["step 2 (GET /moved): a redirect led away from the route that is proven"];
        seen.found(Stop, "inconclusive", words)
    });
    table.play().await;
}
