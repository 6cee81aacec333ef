//! Without a plan: `tasks`, `targets`, `images` and `isolation`, whose facts are asked for once.

use std::collections::BTreeSet;

use greenlight_cli::rehearsal::aws::elb::Target;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use serde_json::Value;

use super::row::{scene, stop};
use crate::scene::{Deployment, Scene, Seen};
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict::{self, Proceed, Stop, Wait};

/// The names and outcomes of all checks.
fn outcomes(seen: &Seen) -> Result<Vec<(String, String)>, String> {
    let evidence = seen.evidence()?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = evidence["checks"].as_array().cloned().unwrap_or_default();
    Ok(checks.iter().map(|check| (text(&check["name"]), text(&check["outcome"]))).collect())
}

fn add<D: Deployment>(
    table: &mut Table,
    name: &str,
    arrange: impl FnOnce(&mut Scene<D>) + Send + 'static,
    (verdict, words, expected): (Verdict, &'static str, [&'static str; 4]),
) {
    table.add(name, async move {
        let mut scene = scene::<D>().await;
        arrange(&mut scene);
        let seen = scene.play().await;
        seen.decided(verdict, &[words])?;
        let names = ["tasks", "targets", "images", "isolation"].map(str::to_owned);
        let expected: Vec<_> = names.into_iter().zip(expected.map(str::to_owned)).collect();
        let outcomes = outcomes(&seen)?;
        ensure!(outcomes == expected, "the outcomes are {outcomes:?}; expected {expected:?}");
        seen.nothing_was_sent()?;
        once(&seen)
    });
}

/// No call was made twice.
fn once(seen: &Seen) -> Outcome {
    let mut made = BTreeSet::new();
    for call in &seen.calls {
        ensure!(
            made.insert((&call.operation, call.input.to_string())),
            "made twice: {} {}",
            call.operation,
            call.input
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn four_checks_decide_together() {
    type Ecs = Scene<BlueGreen>;
    let mut table = Table::default();
    let well = "; so did `targets`, `images`, `isolation`";
    add(&mut table, "ecs", |_: &mut Ecs| {}, (Proceed, well, ["pass"; 4]));
    add(&mut table, "codedeploy", |_: &mut Scene<CodeDeploy>| {}, (Proceed, well, ["pass"; 4]));
    add(
        &mut table,
        "a service that is being created",
        |scene: &mut Ecs| scene.deployment.blue = None,
        (Proceed, well, ["pass"; 4]),
    );
    add(
        &mut table,
        "a service without a load balancer",
        |scene: &mut Ecs| scene.deployment.front = None,
        (Proceed, "check `tasks` passed", ["pass", "skip", "pass", "skip"]),
    );
    add(
        &mut table,
        "after scale-up",
        |scene: &mut Ecs| "POST_SCALE_UP".clone_into(&mut scene.deployment.stage),
        (Proceed, "; so did `targets`, `images`", ["pass", "pass", "pass", "skip"]),
    );
    add(
        &mut table,
        "one crashed",
        |scene: &mut Ecs| {
            scene.alter(|world, _| {
                stop(world, "EssentialContainerExited", "Essential container in task exited", Some(1));
            });
        },
        (Stop, "check `tasks` failed", ["fail", "pass", "pass", "pass"]),
    );
    add(
        &mut table,
        "targets of a stranger",
        |scene: &mut Ecs| {
            scene.alter(|world, deployment| {
                let blue = world
                    .elb
                    .target_groups
                    .iter()
                    .find(|group| group.arn == deployment.blue_target_group_arn());
                let blue: Vec<Target> = blue.unwrap().targets.clone();
                let green = deployment.green_target_group_arn();
                let green = world.elb.target_groups.iter_mut().find(|group| group.arn == green).unwrap();
                green.targets.extend(blue);
            });
        },
        (Stop, "check `isolation` failed", ["pass", "pass", "pass", "fail"]),
    );
    add(
        &mut table,
        "one is not registered yet",
        |scene: &mut Ecs| {
            scene.alter(|world, deployment| {
                let green = deployment.green_target_group_arn();
                let green = world.elb.target_groups.iter_mut().find(|group| group.arn == green).unwrap();
                green.targets.pop();
            });
        },
        (Wait, "check `targets` is pending", ["pass", "pending", "pass", "pending"]),
    );
    table.play().await;
}
