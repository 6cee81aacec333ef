//! The check `targets`.

use greenlight_cli::rehearsal::aws::elb;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Fault, Times, World};
use serde_json::json;

use super::row::{Rows, old, young};
use crate::scene::Scene;
use crate::verdict::Verdict::{Proceed, Stop, Wait};

type Ecs = Scene<BlueGreen>;

/// Sets so many of a group's targets to a state.
pub(crate) fn set(world: &mut World, group: &str, count: usize, state: &str, reason: &str) {
    let group = world.elb.target_groups.iter_mut().find(|known| known.arn == group).unwrap();
    for target in group.targets.iter_mut().take(count) {
        state.clone_into(&mut target.state);
        target.reason = Some(reason.to_owned());
    }
}

fn green(scene: &mut Ecs, count: usize, state: &'static str, reason: &'static str) {
    scene.alter(move |world, deployment| {
        set(world, &deployment.green_target_group_arn(), count, state, reason);
    });
}

const WELL: &str = "check `targets` passed: all 2 targets of green in `orders-2` are healthy, in 2 zones of the load balancer's 2 (us-east-1a, us-east-1b)";

#[tokio::test(flavor = "multi_thread")]
async fn the_five_outcomes() {
    let mut rows = Rows::of("targets");
    rows.row("pass", json!({}), |_: &mut Ecs| {}, (Proceed, "pass", &[WELL]));
    rows.row(
        "fail: one is unhealthy",
        json!({}),
        |scene: &mut Ecs| green(scene, 1, "unhealthy", "Target.ResponseCodeMismatch"),
        (
            Stop,
            "fail",
            &[
                "check `targets` failed: in `orders-2`, green's target group, 127.",
                " is unhealthy (Target.ResponseCodeMismatch: its health check is answered with another status than expected; Health checks failed with these codes: [503]); expected healthy, after no grace period (compare what green answers",
            ],
        ),
    );
    rows.row(
        "pending: one is initial",
        json!({}),
        |scene: &mut Ecs| green(scene, 1, "initial", "Elb.InitialHealthChecking"),
        (
            Wait,
            "pending",
            &[
                "1 of 2 targets in `orders-2`, green's target group, healthy; not yet: 127.",
                "its first health checks are under way",
            ],
        ),
    );
    rows.row(
        "inconclusive: a call is denied",
        json!({}),
        |scene: &mut Ecs| {
            scene.without_patience();
            scene.fault(&elb::DESCRIBE_TARGET_HEALTH, Fault::Denied, Times::Always);
        },
        (Stop, "inconclusive", &["not allowed to call elasticloadbalancing:DescribeTargetHealth"]),
    );
    rows.row(
        "skip: no load balancer",
        json!({}),
        |scene: &mut Ecs| scene.deployment.front = None,
        (Stop, "skip", &["nothing was validated: check `targets` was skipped: the service has no load balancer, and so no target group"]),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_load_balancers_say() {
    let mut rows = Rows::of("targets");
    rows.row(
        "all are unhealthy, so that the load balancer fails open",
        json!({}),
        |scene: &mut Ecs| green(scene, 2, "unhealthy", "Target.Timeout"),
        (Stop, "fail", &["as no target is healthy, the load balancer fails open"]),
    );
    rows.row(
        "unhealthy within the grace period",
        json!({}),
        |scene: &mut Ecs| {
            green(scene, 1, "unhealthy", "Target.FailedHealthChecks");
            scene.alter(|world, _| {
                young(world);
                world.ecs.services[0].health_check_grace_period_seconds = Some(3000);
            });
        },
        (Wait, "pending", &["within the grace period 127.", "finds no connection or no proper answer"]),
    );
    rows.row(
        "unhealthy past the plan's grace period",
        json!({ "grace": "30m" }),
        |scene: &mut Ecs| {
            green(scene, 1, "unhealthy", "Target.Timeout");
            scene.alter(|world, _| old(world));
        },
        (Stop, "fail", &["expected healthy, after a grace period of 30m"]),
    );
    rows.row(
        "blue is unhealthy",
        json!({}),
        |scene: &mut Ecs| {
            scene.alter(|world, deployment| {
                set(world, &deployment.blue_target_group_arn(), 1, "unhealthy", "Target.Timeout");
            });
        },
        (Proceed, "pass", &[WELL]),
    );
    rows.row("two zones", json!({ "zones": 2 }), |_: &mut Ecs| {}, (Proceed, "pass", &[WELL]));
    rows.row(
        "three zones",
        json!({ "zones": 3 }),
        |_: &mut Ecs| {},
        (
            Stop,
            "inconclusive",
            &["`zones` is 3, and the load balancer is enabled for 2 zones: us-east-1a, us-east-1b"],
        ),
    );
    rows.row(
        "one zone of two",
        json!({ "zones": 2 }),
        |scene: &mut Ecs| {
            scene.alter(|world, _| {
                super::row::green(world).for_each(|task| task.availability_zone = Some("us-east-1b".to_owned()));
            });
        },
        (Stop, "fail", &["in 1 zone of the load balancer's 2 (us-east-1b); expected healthy targets in at least 2 zones"]),
    );
    rows.row(
        "no listener leads there yet",
        json!({}),
        |scene: &mut Ecs| {
            "POST_SCALE_UP".clone_into(&mut scene.deployment.stage);
            green(scene, 2, "unused", "Target.NotInUse");
        },
        (
            Stop,
            "skip",
            &["at POST_SCALE_UP no listener sends `orders-2`, green's target group, any traffic yet"],
        ),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn target_groups_of_codedeploy() {
    type Scene = crate::scene::Scene<CodeDeploy>;
    let mut rows = Rows::of("targets");
    rows.row("pass", json!({}), |_: &mut Scene| {}, (Proceed, "pass", &[WELL]));
    rows.row(
        "fail",
        json!({}),
        |scene: &mut Scene| {
            scene.alter(|world, deployment| {
                set(world, &deployment.green_target_group_arn(), 1, "unhealthy", "Target.Timeout");
            });
        },
        (Stop, "fail", &["its health check is not answered in time"]),
    );
    rows.play().await;
}
