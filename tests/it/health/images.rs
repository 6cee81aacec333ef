//! The check `images`.

use greenlight_cli::rehearsal::aws::ecs;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Fault, Times, World};
use serde_json::json;

use super::row::{Rows, green};
use crate::scene::Scene;
use crate::verdict::Verdict::{Proceed, Stop, Wait};

type Ecs = Scene<BlueGreen>;

const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// So many tasks of green run another image.
fn run_other(world: &mut World, count: usize) {
    for task in green(world).take(count) {
        task.containers[0].image_digest = Some(OTHER.to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_outcomes() {
    let mut rows = Rows::of("images");
    rows.row(
        "pass",
        json!({ "repositories": ["*.dkr.ecr.us-east-1.amazonaws.com/orders"] }),
        |_: &mut Ecs| {},
        (
            Proceed,
            "pass",
            &[
                "check `images` passed: all 2 tasks of green run sha256:0",
                "9313423515462893900 in container `app`, as the revision was resolved",
            ],
        ),
    );
    rows.row(
        "fail: two images",
        json!({}),
        |scene: &mut Ecs| scene.alter(|world, _| run_other(world, 1)),
        (
            Stop,
            "fail",
            &[
                "tasks of green run different images in container `app`: sha256:0",
                OTHER,
                "expected one and the same in all of them",
            ],
        ),
    );
    rows.row(
        "pending: no task runs",
        json!({}),
        |scene: &mut Ecs| {
            scene.alter(|world, _| green(world).for_each(|task| "PENDING".clone_into(&mut task.last_status)));
        },
        (Wait, "pending", &["no task of green revision 9313423515462893900 runs yet"]),
    );
    rows.row(
        "inconclusive: a call is denied",
        json!({}),
        |scene: &mut Ecs| {
            scene.without_patience();
            scene.fault(&ecs::DESCRIBE_SERVICE_REVISIONS, Fault::Denied, Times::Always);
        },
        (Stop, "inconclusive", &["not allowed to call ecs:DescribeServiceRevisions"]),
    );
    rows.row(
        "skip: no digest",
        json!({}),
        |scene: &mut Ecs| {
            scene.alter(|world, _| green(world).for_each(|task| task.containers[0].image_digest = None));
        },
        (Stop, "skip", &["nothing was validated: check `images` was skipped: no container of the 2 running tasks of green tells"]),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_revision_was_resolved_to() {
    let mut rows = Rows::of("images");
    rows.row(
        "another digest in all tasks is not proven to be another image",
        json!({}),
        |scene: &mut Ecs| scene.alter(|world, _| run_other(world, 2)),
        (Proceed, "pass", &["image not proven to be the revision's: check `images` passed: all 2 tasks of green run sha256:b"]),
    );
    rows.row(
        "a digest that the build knows",
        json!({ "digests": [OTHER] }),
        |scene: &mut Ecs| scene.alter(|world, _| run_other(world, 2)),
        (Proceed, "pass", &["check `images` passed", "which `digests` allows"]),
    );
    rows.row(
        "a digest that the build does not know",
        json!({ "digests": ["sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"] }),
        |scene: &mut Ecs| scene.alter(|world, _| run_other(world, 2)),
        (
            Stop,
            "fail",
            &["all tasks of green run sha256:b", "expected the revision's sha256:0", "or one of `digests`"],
        ),
    );
    rows.row(
        "managed sidecars of their own",
        json!({ "repositories": ["*/orders"] }),
        |scene: &mut Ecs| {
            scene.alter(|world, _| {
                for (index, task) in green(world).enumerate() {
                    let mut sidecar = task.containers[0].clone();
                    sidecar.name = format!("ecs-service-connect-{index}");
                    sidecar.image = Some("public.ecr.aws/ecs/proxy:1".to_owned());
                    sidecar.image_digest = Some(format!("sha256:{index:0>64}"));
                    task.containers.push(sidecar);
                }
            });
        },
        (Proceed, "pass", &["as the revision was resolved"]),
    );
    rows.row(
        "another repository",
        json!({ "repositories": ["registry.example.com/*"] }),
        |_: &mut Ecs| {},
        (Stop, "fail", &["container `app` runs `123456789012.dkr.ecr.us-east-1.amazonaws.com/orders:2`; expected images of `registry.example.com/*`"]),
    );
    rows.row(
        "codedeploy: a task set tells no digest to compare with",
        json!({}),
        |_: &mut Scene<CodeDeploy>| {},
        (Proceed, "pass", &["no digest is told for the revision to compare with"]),
    );
    rows.row(
        "codedeploy: two images",
        json!({}),
        |scene: &mut Scene<CodeDeploy>| scene.alter(|world, _| run_other(world, 1)),
        (Stop, "fail", &["tasks of green run different images"]),
    );
    rows.play().await;
}
