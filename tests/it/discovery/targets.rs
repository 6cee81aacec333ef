//! Whose targets they are: the proof that what answers is green, and what becomes of it.

use greenlight_cli::rehearsal::aws::World;
use greenlight_cli::rehearsal::aws::elb::{Target, TargetGroup};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use serde_json::json;

use super::row::{Rows, proceeds, stops, waits};
use crate::scene::Scene;
use crate::table::ensure;

type Ecs = Scene<BlueGreen>;

const GREEN: &str = "green revision 9313423515462893900";

fn group<'world>(world: &'world mut World, arn: &str) -> &'world mut TargetGroup {
    world.elb.target_groups.iter_mut().find(|group| group.arn == arn).unwrap()
}

fn targets_of_green<'world>(world: &'world mut World, deployment: &BlueGreen) -> &'world mut Vec<Target> {
    &mut group(world, &deployment.green_target_group_arn()).targets
}

fn targets_of_blue(world: &mut World, deployment: &BlueGreen) -> Vec<Target> {
    group(world, &deployment.blue_target_group_arn()).targets.clone()
}

fn stranger() -> Target {
    Target { id: "127.0.0.77".to_owned(), port: 9, state: "healthy".to_owned(), reason: None }
}

/// Instances in the place of addresses, as with bridge networking.
fn instances(scene: &mut Ecs) {
    for (index, address) in scene.green.addresses.iter().enumerate() {
        scene.addresses.insert((format!("i-0123456789abcdef{index}"), 32768), *address);
    }
    scene.alter(|world, deployment| {
        let green = group(world, &deployment.green_target_group_arn());
        "instance".clone_into(&mut green.target_type);
        for (index, target) in green.targets.iter_mut().enumerate() {
            target.id = format!("i-0123456789abcdef{index}");
            target.port = 32768;
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn pools_that_are_not_green_alone_fail() {
    let mut rows = Rows::default();
    rows.row(
        "mixed",
        |scene: &mut Ecs| {
            scene.alter(|world, deployment| {
                let blue = targets_of_blue(world, deployment);
                targets_of_green(world, deployment).extend(blue);
            });
        },
        stops(
            "fail",
            &[
                "`orders-2`, green's target group, holds 127.",
                "of blue revision 4980306466373577095 beside 127.",
                &format!("of {GREEN}; expected only tasks of {GREEN}"),
            ],
        )
        .asking(0),
    );
    rows.row(
        "swapped",
        |scene: &mut Ecs| {
            scene.alter(|world, deployment| {
                let blue = targets_of_blue(world, deployment);
                let green = std::mem::replace(targets_of_green(world, deployment), blue);
                group(world, &deployment.blue_target_group_arn()).targets = green;
            });
        },
        stops("fail", &["of blue revision 4980306466373577095 beside no task of green"]).asking(0),
    );
    rows.row(
        "a task of a revision before blue",
        |scene: &mut Ecs| {
            scene.alter(|world, deployment| {
                let mut old = world.ecs.tasks[0].clone();
                old.task_arn = old.task_arn.replace("/shop/0", "/shop/f");
                old.started_by = Some("ecs-svc/1111111111111111111".to_owned());
                for container in &mut old.containers {
                    container.network_interfaces[0].private_ipv4_address = Some("127.0.0.77".to_owned());
                }
                for detail in &mut old.attachments[0].details {
                    if detail.name == "privateIPv4Address" {
                        "127.0.0.77".clone_into(&mut detail.value);
                    }
                }
                world.ecs.tasks.push(old);
                targets_of_green(world, deployment).push(stranger());
            });
        },
        stops("fail", &["holds 127.0.0.77:9 of an older revision beside 127."]).asking(0),
    );
    rows.row(
        "half of the weight at blue",
        |scene: &mut Ecs| scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().weights = (50, 50),
        stops(
            "fail",
            &["the test rule sends 50 % to `orders-1`", "and only the rest to `orders-2`", "ignore_changes"],
        )
        .asking(0),
    );
    rows.row(
        "weights of nothing",
        |scene: &mut Ecs| scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().weights = (0, 0),
        stops("fail", &["the test rule sends no traffic anywhere, and nothing to `orders-2`"]).asking(0),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn isolation_is_asked_as_the_plan_wants() {
    let mut rows = Rows::default();
    rows.row(
        "production traffic came back",
        |scene: &mut Ecs| "POST_PRODUCTION_TRAFFIC_SHIFT".clone_into(&mut scene.deployment.stage),
        stops("fail", &["the production rule sends 100 % to `orders-1`", "of blue revision"]).asking(0),
    );
    rows.row(
        "mixed, and nobody wants a proof",
        |scene: &mut Ecs| {
            scene.plan_key("isolation", json!("off"));
            scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().weights = (100, 0);
        },
        proceeds(&["check `http` passed: 10 answers"]).asking(0).asking_blue(),
    );
    rows.row(
        "the check `isolation` by itself",
        |scene: &mut Ecs| {
            scene.plan_key("checks", json!([{"isolation": {}}]));
            scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().weights = (100, 0);
        },
        stops("fail", &["check `isolation` failed: the test rule sends 100 %"]).asking(0),
    );
    rows.row(
        "the check `isolation` where all is well",
        |scene: &mut Ecs| scene.plan_key("checks", json!([{"isolation": {}}])),
        proceeds(&[
            "check `isolation` passed: the test rule sends all its traffic to `orders-2`",
            "its 2 targets are tasks of green revision",
            "told by what started them",
        ])
        .asking(0),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_to_come_is_pending() {
    let half = |scene: &mut Ecs| {
        scene.alter(|world, deployment| {
            targets_of_green(world, deployment).pop();
        });
    };
    let none = |scene: &mut Ecs| {
        scene.alter(|world, deployment| targets_of_green(world, deployment).clear());
    };
    let mut rows = Rows::default();
    let words = ["1 of 2 running tasks of green are registered in `orders-2`; not yet: 00000002"];
    rows.row("half-registered", half, waits("pending", &words).asking(0));
    rows.row(
        "half-registered, without patience",
        move |scene: &mut Ecs| {
            half(scene);
            scene.without_patience();
        },
        stops("pending", &["check `http` was still pending", words[0]]).asking(0),
    );
    rows.row("no targets", none, waits("pending", &["no target is registered in `orders-2`"]).asking(0));
    rows.row(
        "no targets, without patience",
        move |scene: &mut Ecs| {
            none(scene);
            scene.without_patience();
        },
        stops("pending", &["was still pending", "no target is registered"]).asking(0),
    );
    // A task that is being stopped is in no list a moment before its target leaves.
    let strange = |scene: &mut Ecs| {
        scene.alter(|world, deployment| targets_of_green(world, deployment).push(stranger()));
    };
    let foreign = "holds 127.0.0.77:9 (no task of this service) beside 127.";
    rows.row("a stranger", strange, waits("pending", &[foreign]).asking(0));
    rows.row(
        "a stranger that stays",
        move |scene: &mut Ecs| {
            strange(scene);
            scene.waited(61);
        },
        stops("pending", &["was still pending after waiting 1m", foreign]).asking(0),
    );
    rows.row(
        "pending is never let go",
        move |scene: &mut Ecs| {
            none(scene);
            scene.without_patience();
            scene.plan_key("on_inconclusive", json!("pass"));
        },
        stops("pending", &["was still pending"]).asking(0),
    );
    rows.row(
        "codedeploy × no green task set yet",
        |scene: &mut Scene<CodeDeploy>| {
            scene.without_patience();
            scene.alter(|world, _| {
                use greenlight_cli::rehearsal::aws::codedeploy::DeploymentTarget;
                let DeploymentTarget::EcsTarget(target) = &mut world.codedeploy.deployments[0].targets[0]
                else {
                    panic!("the target is another");
                };
                target.task_sets_info.pop();
            });
        },
        stops("pending", &["CodeDeploy names no green task set yet"]).asking(0),
    );
    rows.row(
        "targets of blue that drain",
        |scene: &mut Ecs| {
            scene.alter(|world, deployment| {
                let mut blue = targets_of_blue(world, deployment);
                for target in &mut blue {
                    "draining".clone_into(&mut target.state);
                }
                targets_of_green(world, deployment).extend(blue);
            });
        },
        proceeds(&["10 answers"]).asking(10),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_proven_by_nature_says_so() {
    let mut rows = Rows::default();
    rows.row(
        "instances",
        instances,
        proceeds(&["not proven to be green: check `http` passed: 10 answers"]).asking(10),
    );
    rows.row(
        "instances, and a proof is required",
        |scene: &mut Ecs| {
            instances(scene);
            scene.plan_key("isolation", json!("required"));
        },
        stops(
            "inconclusive",
            &["`isolation` is `required`", "the targets of `orders-2` are of type `instance`"],
        )
        .asking(0),
    );
    rows.more(
        "instances, and nobody wants a proof",
        |scene: &mut Ecs| {
            instances(scene);
            scene.plan_key("isolation", json!("off"));
        },
        proceeds(&["check `http` passed: 10 answers"]).asking(10),
        |seen| {
            let isolation = &seen.evidence()?["checks"][0]["measured"]["isolation"];
            ensure!(
                isolation["asked_for"] == "off" && isolation["is"] == "not_proven",
                "evidence: {isolation}"
            );
            let reason = seen.evidence()?["reason"].to_string();
            ensure!(!reason.contains("not proven"), "nobody asked for a proof: {reason}");
            Ok(())
        },
    );
    rows.row(
        "tasks that do not say what started them",
        |scene: &mut Ecs| {
            scene.plan_key("checks", json!([{"isolation": {}}]));
            scene.alter(|world, _| world.ecs.tasks.iter_mut().for_each(|task| task.started_by = None));
        },
        proceeds(&["told by their task definitions"]),
    );
    rows.row(
        "codedeploy × tasks that do not say what started them",
        |scene: &mut Scene<CodeDeploy>| {
            scene.plan_key("checks", json!([{"isolation": {}}]));
            scene.alter(|world, _| world.ecs.tasks.iter_mut().for_each(|task| task.started_by = None));
        },
        proceeds(&["told by their task definitions"]),
    );
    rows.row(
        "tasks that nothing tells apart",
        |scene: &mut Ecs| {
            scene.alter(|world, _| {
                for task in &mut world.ecs.tasks {
                    task.started_by = None;
                    task.task_definition_arn = task.task_definition_arn.replace(":1", ":2");
                }
                for revision in &mut world.ecs.service_revisions {
                    revision.task_definition =
                        revision.task_definition.take().map(|arn| arn.replace(":1", ":2"));
                }
            });
        },
        waits("inconclusive", &["green's tasks cannot be told from blue's"]).asking(0),
    );
    rows.row(
        "a target URL, and a proof is required",
        |scene: &mut Ecs| {
            let url = format!("http://{}", scene.green.addresses[0]);
            scene.plan_key("target", json!({ "url": url }));
            scene.plan_key("isolation", json!("required"));
        },
        stops("inconclusive", &["`isolation` is `required`, and nothing can prove that http://127."])
            .asking(0),
    );
    rows.play().await;
}
