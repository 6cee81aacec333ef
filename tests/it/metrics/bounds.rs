//! Every outcome of the check `metric`.

use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, Front};
use greenlight_cli::rehearsal::aws::{Fault, Times, cloudwatch};
use serde_json::{Value, json};

use super::{Minute, blue, green, shifted};
use crate::scene::{Scene, local};
use crate::table::{Table, ensure};
use crate::verdict::Verdict::{self, Proceed, Stop, Wait};

fn requests(requests: u64, errors: u64) -> Minute {
    Minute { requests, errors, time: 0.1, ..Minute::default() }
}

type Arrange = fn(&mut Scene<BlueGreen>);

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn outcomes() {
    let rate = json!({"of": "error_rate", "max": "1%"});
    let time = json!({"of": "response_time", "statistic": "p99", "max": "800ms"});
    let mut table = Table::default();
    let mut row = |name: &'static str,
                   plan: &Value,
                   arrange: Arrange,
                   (verdict, outcome): (Verdict, &'static str),
                   words: &'static [&'static str]| {
        let plan = plan.clone();
        table.add(name, async move {
            let mut scene = shifted().await;
            scene.check_of("metric", &plan);
            arrange(&mut scene);
            scene.play().await.found(verdict, outcome, words)
        });
    };
    row(
        "a good green",
        &rate,
        |scene| green(scene, 5, requests(1000, 1)),
        (Proceed, "pass"),
        &["check `metric` passed: error rate 0.1% (1 of 1000 requests) from "],
    );
    row(
        "errors",
        &rate,
        |scene| green(scene, 5, requests(1000, 32)),
        (Stop, "fail"),
        &["check `metric` failed", "error rate 3.2% (32 of 1000 requests)", "expected at most 1%"],
    );
    row(
        "connections that are not taken",
        &rate,
        |scene| green(scene, 5, Minute { refused: 50, ..requests(1000, 0) }),
        (Stop, "fail"),
        &["error rate 5% (50 of 1000 requests)"],
    );
    row(
        "nothing but those",
        &rate,
        |scene| green(scene, 5, Minute { refused: 200, ..Minute::default() }),
        (Stop, "fail"),
        &["error rate 100% (200 of 200 requests)"],
    );
    row(
        "few requests, while there is patience",
        &rate,
        |scene| {
            green(scene, 5, requests(12, 0));
            scene.plan_key("patience", json!("1h"));
        },
        (Wait, "pending"),
        &["waiting: check `metric` is pending: 12 of 100 requests from "],
    );
    row(
        "few requests, and no patience left",
        &rate,
        |scene| green(scene, 5, requests(12, 0)),
        (Stop, "inconclusive"),
        &["12 of 100 requests", "too few to judge"],
    );
    row("no data at all", &rate, |_| (), (Stop, "inconclusive"), &["0 of 100 requests"]);
    row(
        "the requests of another time",
        &rate,
        |scene| green(scene, 15, requests(1000, 0)),
        (Stop, "inconclusive"),
        &["0 of 100 requests"],
    );
    row(
        "a percentile over the whole window",
        &time,
        |scene| {
            // Of all 1,000 requests 1 % are slow, in one minute all of them.
            green(scene, 3, Minute { requests: 9, time: 5.0, ..Minute::default() });
            green(scene, 5, Minute { requests: 991, time: 0.1, ..Minute::default() });
        },
        (Proceed, "pass"),
        &["response time p99 100ms (1000 requests)"],
    );
    row(
        "a slow green",
        &time,
        |scene| green(scene, 5, Minute { requests: 100, time: 1.2, ..Minute::default() }),
        (Stop, "fail"),
        &["response time p99 1200ms (100 requests)", "expected at most 800ms"],
    );
    row(
        "page by page",
        &rate,
        |scene| {
            for minutes in 2..8 {
                green(scene, minutes, requests(50, 0));
            }
            scene.alter(|world, _| world.page_size = Some(1));
        },
        (Proceed, "pass"),
        &["(0 of 300 requests)"],
    );
    row(
        "denied",
        &rate,
        |scene| scene.fault(&cloudwatch::GET_METRIC_DATA, Fault::Denied, Times::Always),
        (Stop, "inconclusive"),
        &["cloudwatch:GetMetricData", "\"Action\":\"cloudwatch:GetMetricData\""],
    );
    row(
        "throttled once",
        &rate,
        |scene| {
            green(scene, 5, requests(1000, 0));
            scene.fault(&cloudwatch::GET_METRIC_DATA, Fault::Throttled, Times::Next(1));
        },
        (Proceed, "pass"),
        &["(0 of 1000 requests)"],
    );
    row(
        "a Network Load Balancer",
        &rate,
        |scene| scene.deployment.front = Some(local(Front::network())),
        (Stop, "skip"),
        &["nothing was validated", "is a Network Load Balancer, which counts no requests"],
    );
    row(
        "no load balancer",
        &rate,
        |scene| scene.deployment.front = None,
        (Stop, "skip"),
        &["the service has no load balancer"],
    );
    let over = json!({"of": "error_rate", "over_blue": "+0.5pp"});
    row(
        "a create has no blue",
        &over,
        |scene| {
            scene.deployment.blue = None;
            green(scene, 5, requests(1000, 0));
        },
        (Proceed, "skip"),
        &["create: nothing was validated", "there is no blue to compare with"],
    );
    let both = json!({"of": "error_rate", "over_blue": "+0.5pp", "max": "1%"});
    row(
        "a create has bounds of its own",
        &both,
        |scene| {
            scene.deployment.blue = None;
            green(scene, 5, requests(1000, 20));
        },
        (Stop, "fail"),
        &["error rate 2%"],
    );
    row(
        "worse than blue was before the shift",
        &over,
        |scene| {
            green(scene, 5, requests(1000, 32));
            blue(scene, 15, requests(9000, 9));
        },
        (Stop, "fail"),
        &["error rate 3.2% (32 of 1000 requests)", "blue's error rate 0.1% (9 of 9000 requests)"],
    );
    row(
        "as bad as blue was before the shift",
        &over,
        |scene| {
            green(scene, 5, requests(1000, 32));
            blue(scene, 15, requests(1000, 32));
        },
        (Proceed, "pass"),
        &["against blue's error rate 3.2%"],
    );
    let failed = json!({
        "of": {"metric": {"namespace": "Shop", "name": "Failed", "statistic": "Sum", "dimensions": {"Service": "{service}"}}},
        "max": 3,
    });
    row(
        "a metric of one's own",
        &failed,
        |scene| {
            scene.alter(|world, _| {
                world.cloudwatch.record("Shop", "Failed", &[("Service", "orders")], super::ago(5), (2.0, 2));
            });
        },
        (Stop, "fail"),
        &["Sum Failed 4", "expected at most 3"],
    );
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_checks_of_a_plan_ask_once() {
    let mut table = Table::default();
    table.add("one call", async {
        let mut scene = shifted().await;
        scene.plan_key(
            "checks",
            json!([
                {"metric": {"name": "a", "of": "error_rate", "max": "1%", "over_blue": "+1pp"}},
                {"metric": {"name": "b", "of": "response_time", "max": "1s", "over_blue": "2x"}},
                {"metric": {"name": "c", "of": "requests", "min": 1}},
            ]),
        );
        green(&mut scene, 5, requests(1000, 0));
        blue(&mut scene, 15, requests(1000, 0));
        let seen = scene.play().await;
        seen.found(Proceed, "pass", &["check `a` passed", "so did `b`, `c`"])?;
        let calls = seen.count("GetMetricData");
        ensure!(calls == 1, "{calls} calls of GetMetricData; expected 1");
        // Requests are asked for once for all three; errors, green's answers, times, and times by the minute.
        let asked = &seen.calls.iter().find(|call| call.operation == "GetMetricData").unwrap().input;
        let queries = asked["MetricDataQueries"].as_array().map_or(0, Vec::len);
        ensure!(queries == 12, "{queries} queries; expected 12: {asked}");
        Ok(())
    });
    table.add("an expression that CloudWatch refuses is the fault of no other check", async {
        let mut scene = shifted().await;
        scene.plan_key(
            "checks",
            json!([
                {"metric": {"name": "sound", "of": "error_rate", "max": "1%"}},
                {"metric": {"name": "broken", "of": {"expression": {"is": "SUM("}}, "max": 1, "on_inconclusive": "pass"}},
            ]),
        );
        green(&mut scene, 5, requests(1000, 0));
        let words = ["check `sound` passed: error rate 0%", "could not be told: `broken` ("];
        scene.play().await.decided(Proceed, &words)
    });
    table.play().await;
}
