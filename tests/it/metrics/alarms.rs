//! Every outcome of the check `alarms`; it is never pending.

use greenlight_cli::rehearsal::aws::cloudwatch::{self, Alarm};
use greenlight_cli::rehearsal::aws::codedeploy::AlarmConfiguration;
use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use greenlight_cli::rehearsal::aws::{Fault, Times};
use serde_json::{Value, json};

use super::{alarm, own_alarms, shifted, shifted_by_codedeploy};
use crate::scene::Scene;
use crate::table::Table;
use crate::verdict::Verdict::{self, Proceed, Stop, Wait};

#[tokio::test(flavor = "multi_thread")]
async fn outcomes() {
    let own = json!({});
    let mut table = Table::default();
    let mut row = |name: &'static str,
                   plan: Value,
                   alarms: Vec<Alarm>,
                   (verdict, outcome): (Verdict, &'static str),
                   words: &'static [&'static str]| {
        table.add(name, async move {
            let mut scene = shifted().await;
            scene.check_of("alarms", &plan);
            own_alarms(&mut scene, alarms);
            scene.play().await.found(verdict, outcome, words)
        });
    };
    row(
        "OK",
        own.clone(),
        vec![alarm("a", "OK", 90), alarm("b", "OK", 5)],
        (Proceed, "pass"),
        &["check `alarms` passed: alarms `a`, `b` are OK"],
    );
    row(
        "red since the deployment began",
        own.clone(),
        vec![alarm("a", "OK", 90), alarm("b", "ALARM", 5)],
        (Stop, "fail"),
        &["check `alarms` failed: alarm `b` is in ALARM since ", "expected OK"],
    );
    row(
        "red before, alone",
        own.clone(),
        vec![alarm("b", "ALARM", 90)],
        (Stop, "skip"),
        &["nothing was validated", "since before the deployment began: ECS ignores all alarms"],
    );
    row(
        "red before, beside another",
        own.clone(),
        vec![alarm("a", "OK", 90), alarm("b", "ALARM", 90)],
        (Proceed, "pass"),
        &["alarm `b` is in ALARM since before the deployment began: ECS ignores"],
    );
    row(
        "red before, and that counts",
        json!({"already_red": "fail"}),
        vec![alarm("b", "ALARM", 90)],
        (Stop, "fail"),
        &["before the deployment began; expected OK, as `already_red` is `fail`"],
    );
    row(
        "without data",
        json!({"patience": "1h"}),
        vec![alarm("a", "INSUFFICIENT_DATA", 5)],
        (Wait, "inconclusive"),
        &["alarm `a` is in INSUFFICIENT_DATA"],
    );
    row(
        "without data, and that passes",
        json!({"insufficient_data": "pass"}),
        vec![alarm("a", "INSUFFICIENT_DATA", 5)],
        (Proceed, "pass"),
        &["which the plan lets pass"],
    );
    row(
        "a name that does not exist",
        json!({"names": ["a", "gone"]}),
        vec![alarm("a", "OK", 5)],
        (Stop, "inconclusive"),
        &["there is no alarm `gone`"],
    );
    row("no alarms", own, Vec::new(), (Stop, "skip"), &["the deployment has no alarms"]);
    table.play().await;
}

async fn played(plan: Value, arrange: impl FnOnce(&mut Scene<BlueGreen>)) -> crate::scene::Seen {
    let mut scene = shifted().await;
    scene.check_of("alarms", &plan);
    arrange(&mut scene);
    scene.play().await
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_of_all_kinds_and_numbers() {
    let mut table = Table::default();
    table.add("a composite alarm", async {
        let composite = |scene: &mut Scene<BlueGreen>| {
            scene.alter(|world, _| world.cloudwatch.composite_alarms.push(alarm("all", "ALARM", 5)));
        };
        let seen = played(json!({"names": ["all"]}), composite).await;
        seen.found(Stop, "fail", &["alarm `all` is in ALARM"])
    });
    table.add("page by page, more than a call takes", async {
        let names: Vec<_> = (0..120).map(|index| format!("a{index:03}")).collect();
        let many = |scene: &mut Scene<BlueGreen>| {
            let mut alarms: Vec<_> = names.iter().map(|name| alarm(name, "OK", 90)).collect();
            alarms[119].state_value = "ALARM".to_owned();
            alarms[119].state_transitioned_timestamp = Some(super::ago(1));
            own_alarms(scene, alarms);
            scene.alter(|world, _| world.page_size = Some(30));
        };
        played(json!({}), many).await.found(Stop, "fail", &["alarm `a119` is in ALARM"])
    });
    table.add("denied", async {
        let denied = |scene: &mut Scene<BlueGreen>| {
            own_alarms(scene, vec![alarm("a", "OK", 5)]);
            scene.fault(&cloudwatch::DESCRIBE_ALARMS, Fault::Denied, Times::Always);
        };
        let words = ["cloudwatch:DescribeAlarms", "\"Action\":\"cloudwatch:DescribeAlarms\""];
        played(json!({}), denied).await.found(Stop, "inconclusive", &words)
    });
    table.add("those of CodeDeploy's deployment group", async {
        let mut scene = shifted_by_codedeploy().await;
        scene.check_of("alarms", &json!({}));
        scene.alter(|world, _| {
            world.cloudwatch.metric_alarms = vec![alarm("a", "OK", 90), alarm("b", "ALARM", 5)];
            let group = &mut world.codedeploy.deployment_groups[0];
            let names = r#"{"enabled": true, "alarms": [{"name": "a"}, {"name": "b"}]}"#;
            group.alarm_configuration = Some(serde_json::from_str::<AlarmConfiguration>(names).unwrap());
        });
        scene.play().await.found(Stop, "fail", &["alarm `b` is in ALARM"])
    });
    table.play().await;
}
