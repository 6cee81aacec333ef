//! Which step is judged, and over which time.

use serde_json::json;

use super::{Minute, blue, green, scene, shifted_by_codedeploy};
use crate::table::{Table, ensure};
use crate::verdict::Verdict::{self, Proceed, Stop};

const PRE: &str = "PRE_PRODUCTION_TRAFFIC_SHIFT";
const AT: &str = "PRODUCTION_TRAFFIC_SHIFT";

fn requests(requests: u64, errors: u64) -> Minute {
    Minute { requests, errors, ..Minute::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps() {
    let mut table = Table::default();
    let mut row = |name: &'static str,
                   (stage, strategy, share): (&'static str, &'static str, u32),
                   // Errors of a thousand requests of green's in the step before, and long before it.
                   (errors, earlier): (u64, u64),
                   (verdict, outcome): (Verdict, &'static str),
                   words: &'static [&'static str]| {
        table.add(name, async move {
            let mut scene = scene(stage, strategy, share).await;
            scene.check_of("metric", &json!({"of": "error_rate", "max": "5%", "over_blue": "+0.5pp"}));
            green(&mut scene, 4, requests(1000, errors));
            green(&mut scene, 20, requests(1000, earlier));
            blue(&mut scene, 4, requests(9000, 9));
            scene.play().await.found(verdict, outcome, words)
        });
    };
    let good: &[_] =
        &["check `metric` passed: error rate 0.1% (1 of 1000 requests)", "blue's error rate 0.1%"];
    let bad: &[_] = &["check `metric` failed: error rate 3% (30 of 1000 requests)", "over blue"];
    let first: &[_] = &["first step: nothing was validated", "has had no production traffic yet"];
    row("linear, before the first step", (PRE, "LINEAR", 0), (30, 0), (Proceed, "skip"), first);
    row("linear, before the second", (PRE, "LINEAR", 10), (1, 0), (Proceed, "pass"), good);
    row("linear, before the second, not good", (PRE, "LINEAR", 10), (30, 0), (Stop, "fail"), bad);
    row("what was before the step is past", (PRE, "LINEAR", 20), (1, 900), (Proceed, "pass"), good);
    row("linear, at the first step", (AT, "LINEAR", 10), (30, 0), (Proceed, "skip"), first);
    row("linear, at the second", (AT, "LINEAR", 20), (30, 0), (Stop, "fail"), bad);
    row("canary, at the first step", (AT, "CANARY", 5), (30, 0), (Proceed, "skip"), first);
    row("canary, before the rest", (PRE, "CANARY", 5), (30, 0), (Stop, "fail"), bad);
    row("canary, at the rest", (AT, "CANARY", 100), (1, 0), (Proceed, "pass"), good);
    row("at once, before", (PRE, "BLUE_GREEN", 0), (30, 0), (Proceed, "skip"), first);
    row("at once", (AT, "BLUE_GREEN", 100), (30, 0), (Proceed, "skip"), first);
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_share_is_what_ecs_was_asked_for_not_what_the_event_says() {
    let mut table = Table::default();
    table.add("an event of the first step, a deployment of the second", async {
        let mut scene = scene(PRE, "LINEAR", 10).await;
        scene.check_of("metric", &json!({"of": "error_rate", "max": "1%"}));
        green(&mut scene, 4, requests(1000, 30));
        let mut event = scene.deployment.event();
        event["executionDetails"]["productionTrafficWeights"] = json!({});
        scene.event = Some(event);
        let seen = scene.play().await;
        seen.found(Stop, "fail", &["error rate 3%"])?;
        let share = seen.evidence()?["checks"][0]["measured"]["share"].clone();
        ensure!(share == 10.0, "the share is {share}");
        Ok(())
    });
    table.add("a wrong stage says where the hook belongs", async {
        let scene = scene("POST_TEST_TRAFFIC_SHIFT", "LINEAR", 0).await;
        scene.play().await.found(Stop, "skip", &["it belongs at PRE_PRODUCTION_TRAFFIC_SHIFT"])
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codedeploy_tells_when_it_shifted() {
    let mut table = Table::default();
    table.add("after the shift", async {
        let mut scene = shifted_by_codedeploy().await;
        scene.check_of("metric", &json!({"of": "error_rate", "max": "1%", "over_blue": "+0.5pp"}));
        green(&mut scene, 5, requests(1000, 1));
        // During the shift.
        green(&mut scene, 11, requests(1000, 900));
        blue(&mut scene, 16, requests(9000, 9));
        let words = ["error rate 0.1% (1 of 1000 requests)", "blue's error rate 0.1% (9 of 9000 requests)"];
        scene.play().await.found(Proceed, "pass", &words)
    });
    table.add("before it", async {
        let mut scene = shifted_by_codedeploy().await;
        scene.deployment.event = "BeforeAllowTraffic".to_owned();
        scene.check_of("metric", &json!({"of": "error_rate", "max": "1%"}));
        scene.play().await.found(Proceed, "skip", &["first step: nothing was validated"])
    });
    table.play().await;
}
