//! What the documentation of a check says of permissions is what it asks for.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Minute, alarm, green, own_alarms, shifted, shifted_by_codedeploy};
use crate::scene::Seen;
use crate::table::{Outcome, Table, ensure};

const METRIC: &str = include_str!("../../../hooks/metrics/src/metric.rs");
const ALARMS: &str = include_str!("../../../hooks/metrics/src/alarms.rs");

/// The actions that a documentation names with a controller.
fn documented(source: &str, controller: &str) -> BTreeSet<String> {
    let text: String = source
        .lines()
        .skip_while(|line| !line.contains("# IAM it needs"))
        .skip(1)
        .take_while(|line| !line.contains("//! #"))
        .map(|line| line.trim_start_matches("//!"))
        .collect();
    let (_, rest) = text.split_once(&format!("On {controller}:")).unwrap();
    let sentence = rest.split_once('.').unwrap().0;
    sentence.split('`').filter(|part| part.contains(':')).map(ToOwned::to_owned).collect()
}

fn asked(seen: &Seen) -> BTreeSet<String> {
    // The report is the protocol's, not the check's.
    let of_check = seen.calls.iter().filter(|call| !call.operation.starts_with("Put"));
    of_check.map(|call| format!("{}:{}", call.service, call.operation)).collect()
}

fn compare(source: &str, controller: &str, seen: &Seen) -> Outcome {
    let (documented, asked) = (documented(source, controller), asked(seen));
    ensure!(documented == asked, "documented: {documented:?}; asked for: {asked:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn documented_permissions_are_those_that_are_used() {
    let traffic = Minute { requests: 1000, ..Minute::default() };
    let rate = json!({"of": "error_rate", "max": "1%", "over_blue": "+1pp"});
    let mut table = Table::default();
    let plan = rate.clone();
    table.add("metric on ECS", async move {
        let mut scene = shifted().await;
        scene.check_of("metric", &plan);
        green(&mut scene, 5, traffic);
        compare(METRIC, "ECS", &scene.play().await)
    });
    table.add("metric on CodeDeploy", async move {
        let mut scene = shifted_by_codedeploy().await;
        scene.check_of("metric", &rate);
        scene.without_patience();
        green(&mut scene, 5, traffic);
        compare(METRIC, "CodeDeploy", &scene.play().await)
    });
    table.add("alarms on ECS", async {
        let mut scene = shifted().await;
        scene.check_of("alarms", &json!({}));
        own_alarms(&mut scene, vec![alarm("a", "OK", 90)]);
        compare(ALARMS, "ECS", &scene.play().await)
    });
    table.add("alarms on CodeDeploy", async {
        let mut scene = shifted_by_codedeploy().await;
        scene.check_of("alarms", &json!({"names": ["a"]}));
        scene.alter(|world, _| world.cloudwatch.metric_alarms = vec![alarm("a", "OK", 90)]);
        let seen = scene.play().await;
        let mut used = asked(&seen);
        // The group is asked for only where the plan names no alarms.
        used.insert("codedeploy:GetDeploymentGroup".to_owned());
        ensure!(documented(ALARMS, "CodeDeploy") == used, "asked for: {used:?}");
        Ok(())
    });
    table.play().await;
}
