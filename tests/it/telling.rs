//! What operators see of a verdict beside the evidence: metrics in the log, and an event where they want one.

use greenlight_cli::rehearsal::aws::codedeploy::PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS;
use greenlight_cli::rehearsal::aws::events::PUT_EVENTS;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Aws, Fault, Times};
use serde_json::{Value, json};

use crate::scene::{Deployment, Scene, Seen, pause};
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict;

/// Green answers 200, which is what is expected or not.
async fn scene<D: Deployment>(is_good: bool) -> Scene<D> {
    let mut scene = Scene::<D>::new().await;
    scene.check(&json!({ "path": "/", "expect": { "status": if is_good { 200 } else { 204 } } }));
    scene
}

fn bus<D: Deployment>(mut scene: Scene<D>) -> Scene<D> {
    scene.variables.push(("GREENLIGHT_EVENT_BUS", "releases".to_owned()));
    scene
}

/// One event, which says what the evidence says.
fn told(seen: &Seen, verdict: &str) -> Outcome {
    let [entry] = &seen.told[..] else { return Err(format!("{} events; expected 1", seen.told.len())) };
    let expected =
        json!({ "EventBusName": "releases", "Source": "greenlight", "DetailType": "greenlight Verdict" });
    for (key, value) in expected.as_object().unwrap() {
        ensure!(&entry[key] == value, "{key} is {}; expected {value}", entry[key]);
    }
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    let evidence = seen.evidence()?;
    ensure!(detail["verdict"] == verdict, "the verdict is {}; expected {verdict}", detail["verdict"]);
    for key in [
        "hook",
        "service",
        "deployment",
        "stage",
        "protocol",
        "situation",
        "mode",
        "reason",
        "deciding_check",
    ] {
        ensure!(
            detail[key] == evidence[key],
            "{key} is {}; the evidence says {}",
            detail[key],
            evidence[key]
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_is_told_to_the_event_bus_once() {
    let mut table = Table::default();
    for (is_good, word) in [(true, "proceed"), (false, "stop")] {
        table.add(format!("ecs × {word}"), async move {
            told(&bus(scene::<BlueGreen>(is_good).await).play().await, word)
        });
        table.add(format!("codedeploy × {word}"), async move {
            told(&bus(scene::<CodeDeploy>(is_good).await).play().await, word)
        });
        table.add(format!("pause × {word}"), async move {
            let mut scene = bus(scene::<BlueGreen>(is_good).await);
            pause(&mut scene);
            told(&scene.play().await, word)
        });
    }
    table.add("a wait is none", async {
        let mut scene = bus(scene::<BlueGreen>(true).await);
        scene.nothing_listens_at = Some(1);
        let seen = scene.play().await;
        seen.decided(Verdict::Wait, &[])?;
        ensure!(seen.told.is_empty(), "a wait was told: {:?}", seen.told);
        Ok(())
    });
    table.add("a verdict that CodeDeploy did not take", async {
        let mut scene = bus(scene::<CodeDeploy>(true).await);
        scene.fault(&PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, Fault::Denied, Times::Always);
        let seen = scene.play().await;
        ensure!(seen.reports.is_empty(), "it was reported: {:?}", seen.reports);
        ensure!(seen.told.is_empty(), "told though nobody took it: {:?}", seen.told);
        let counted = seen.lines().into_iter().filter(|line| line.get("_aws").is_some());
        for line in counted {
            ensure!(line["Unreported"] == 1 && line["Proceed"] == 0, "{line}");
        }
        Ok(())
    });
    table.add("nobody asked for one", async {
        let seen = scene::<BlueGreen>(true).await.play().await;
        ensure!(seen.told.is_empty(), "told unasked: {:?}", seen.told);
        Ok(())
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_cannot_be_told_changes_no_verdict() {
    let mut table = Table::default();
    for (name, fault) in [
        ("denied", Fault::Denied),
        ("throttled", Fault::Throttled),
        ("broken", Fault::ServerError),
        ("silent", Fault::Hangs),
        ("cut off", Fault::AnswerLost),
    ] {
        for (is_good, verdict) in [(true, Verdict::Proceed), (false, Verdict::Stop)] {
            let fault = fault.clone();
            table.add(format!("{name} × {}", verdict.word()), async move {
                let mut scene = bus(scene::<BlueGreen>(is_good).await);
                scene.fault(&PUT_EVENTS, fault, Times::Always);
                let seen = scene.play().await;
                seen.decided(verdict, &["status 200"])?;
                let words = "could not be told to the event bus releases, which changes nothing about it";
                let warns = |line: &Value| {
                    line["level"] == "WARN"
                        && line["message"].as_str().is_some_and(|text| text.contains(words))
                };
                ensure!(seen.lines().iter().any(warns), "no line of the log says it: {:?}", seen.lines());
                Ok(())
            });
        }
    }
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_to_change_aws_tells_no_bus_there() {
    let reported = Aws::start().await.unwrap();
    let mut scene = bus(scene::<BlueGreen>(true).await);
    scene.variables.push(("GREENLIGHT_REPORT_ENDPOINT_URL", reported.endpoint_url()));
    let seen = scene.play().await;
    assert!(seen.told.is_empty(), "the world was told: {:?}", seen.told);
    assert_eq!(reported.events().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_invocation_is_counted_in_the_embedded_metric_format() {
    let metrics = |seen: &Seen| -> Vec<Value> {
        seen.lines().into_iter().filter(|line| line.get("_aws").is_some()).collect()
    };
    let seen = scene::<BlueGreen>(false).await.play().await;
    let [line] = &metrics(&seen)[..] else { panic!("{:?}", seen.lines()) };
    assert_eq!(
        line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        json!([["Hook"], ["Hook", "Service"]]),
        "each further dimension is a metric that is paid for"
    );
    for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap() {
        assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric} has no value: {line}");
    }
    assert_eq!((&line["Hook"], &line["Service"]), (&json!("test-traffic"), &json!("shop/orders")));
    assert_eq!((&line["Stop"], &line["Proceed"], &line["Wait"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(line["reason"], seen.evidence().unwrap()["reason"]);
    assert!(seen.lines()[0].get("greenlight").is_some(), "the reason stands in the first line");

    let mut scene = scene::<BlueGreen>(false).await;
    scene.variables.push(("GREENLIGHT_METRICS", "off".to_owned()));
    assert!(metrics(&scene.play().await).is_empty());
}
