//! Without a plan: the deployment's alarms and green's error rate.

use greenlight_cli::rehearsal::aws::cloudwatch::GET_METRIC_DATA;
use greenlight_cli::rehearsal::aws::{Fault, Times};

use super::{Minute, alarm, green, own_alarms, scene, shifted};
use crate::table::{Table, ensure};
use crate::verdict::Verdict::{Proceed, Stop};

fn requests(requests: u64, errors: u64) -> Minute {
    Minute { requests, errors, ..Minute::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_much_traffic_is_not_rolled_back_for_that() {
    let mut table = Table::default();
    table.add("few requests, no alarms", async {
        let mut scene = shifted().await;
        green(&mut scene, 5, requests(12, 0));
        let seen = scene.play().await;
        seen.decided(Proceed, &["12 of 100 requests from ", "check `error_rate` passed: error rate 0%"])?;
        let reason = seen.answer()?["reason"].clone();
        ensure!(reason.as_str().unwrap_or_default().starts_with("12 of 100 requests"), "{reason}");
        Ok(())
    });
    table.add("no requests, alarms that are OK", async {
        let mut scene = shifted().await;
        own_alarms(&mut scene, vec![alarm("a", "OK", 90)]);
        let words = ["check `alarms` passed: alarm `a` is OK", "left out", "0 of 100 requests"];
        scene.play().await.decided(Proceed, &words)
    });
    table.add("few requests with an error, alarms that are OK", async {
        let mut scene = shifted().await;
        own_alarms(&mut scene, vec![alarm("a", "OK", 90)]);
        green(&mut scene, 5, requests(12, 1));
        let words = ["check `alarms` passed", "left out", "12 of 100 requests", "error rate 8.33%"];
        scene.play().await.decided(Proceed, &words)
    });
    table.add("few requests with more errors than chance makes", async {
        let mut scene = shifted().await;
        own_alarms(&mut scene, vec![alarm("a", "OK", 90)]);
        green(&mut scene, 5, requests(12, 3));
        scene.play().await.decided(Stop, &["check `error_rate` failed: error rate 25% (3 of 12 requests)"])
    });
    table.add("metrics that may not be read, alarms that are OK", async {
        let mut scene = shifted().await;
        own_alarms(&mut scene, vec![alarm("a", "OK", 90)]);
        scene.fault(&GET_METRIC_DATA, Fault::Denied, Times::Always);
        let words = ["check `error_rate` could not be told", "not allowed to call cloudwatch:GetMetricData"];
        scene.play().await.decided(Stop, &words)
    });
    table.add("a green that hangs", async {
        let mut scene = shifted().await;
        own_alarms(&mut scene, vec![alarm("a", "OK", 90)]);
        green(&mut scene, 5, Minute { unanswered: 300, ..requests(1000, 0) });
        let words = ["check `error_rate` could not be told", "no target answered 300 of them"];
        scene.play().await.decided(Stop, &words)
    });
    table.add("nothing at all was seen", async {
        shifted().await.play().await.decided(Stop, &["nothing was validated", "0 of 100 requests"])
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_and_what_does_not() {
    let mut table = Table::default();
    table.add("errors", async {
        let mut scene = shifted().await;
        own_alarms(&mut scene, vec![alarm("a", "OK", 90)]);
        green(&mut scene, 5, requests(1000, 50));
        scene.play().await.decided(Stop, &["check `error_rate` failed: error rate 5%"])
    });
    table.add("an alarm", async {
        let mut scene = shifted().await;
        own_alarms(&mut scene, vec![alarm("a", "ALARM", 5)]);
        green(&mut scene, 5, requests(1000, 0));
        scene.play().await.decided(Stop, &["check `alarms` failed: alarm `a` is in ALARM"])
    });
    table.add("the hotfix for a red alarm", async {
        let mut scene = shifted().await;
        own_alarms(&mut scene, vec![alarm("a", "ALARM", 90)]);
        green(&mut scene, 5, requests(1000, 0));
        scene.play().await.decided(Proceed, &["check `error_rate` passed"])
    });
    table.add("the same at the first step", async {
        let mut scene = scene("PRE_PRODUCTION_TRAFFIC_SHIFT", "LINEAR", 0).await;
        own_alarms(&mut scene, vec![alarm("a", "ALARM", 90)]);
        scene.play().await.decided(Proceed, &["first step: nothing was validated", "ECS ignores all alarms"])
    });
    table.add("no alarms at the first step", async {
        let scene = scene("PRODUCTION_TRAFFIC_SHIFT", "CANARY", 5).await;
        scene.play().await.decided(Proceed, &["first step: nothing was validated"])
    });
    table.play().await;
}
