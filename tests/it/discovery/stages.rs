//! The stage table: where each stage of both controllers looks, and where the hook does not belong.

use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use serde_json::json;

use super::row::{Expected, Rows, proceeds, stops, waits};
use crate::scene::Scene;
use crate::scene::Seen;
use crate::table::{Outcome, ensure};

type Ecs = Scene<BlueGreen>;

/// Where a stage looks.
#[derive(Clone, Copy)]
enum Looks {
    Nowhere,
    Tasks,
    Test,
    Production,
}
use Looks::{Nowhere, Production, Tasks, Test};

const ECS: [(&str, Looks); 9] = [
    ("RECONCILE_SERVICE", Nowhere),
    ("PRE_SCALE_UP", Nowhere),
    ("POST_SCALE_UP", Tasks),
    ("TEST_TRAFFIC_SHIFT", Tasks),
    ("POST_TEST_TRAFFIC_SHIFT", Test),
    ("PRE_PRODUCTION_TRAFFIC_SHIFT", Test),
    ("PRODUCTION_TRAFFIC_SHIFT", Test),
    ("POST_PRODUCTION_TRAFFIC_SHIFT", Production),
    ("A_STAGE_OF_TOMORROW", Test),
];

const CODEDEPLOY: [(&str, Looks); 5] = [
    ("BeforeInstall", Nowhere),
    ("AfterInstall", Tasks),
    ("AfterAllowTestTraffic", Test),
    ("BeforeAllowTraffic", Test),
    ("AfterAllowTraffic", Production),
];

impl Looks {
    fn expected(self) -> Expected {
        match self {
            Nowhere => stops("skip", &[
                "nothing was validated",
                "`test-traffic` has nothing to look at; it belongs at POST_SCALE_UP (AfterInstall), TEST_TRAFFIC_SHIFT, POST_TEST_TRAFFIC_SHIFT (AfterAllowTestTraffic)",
            ])
            .asking(0),
            Tasks => proceeds(&["2 of 2 tasks of green answered 5 times each at `/`", "no load balancer sends green any traffic yet"])
                .asking(10),
            Test | Production => proceeds(&["10 answers from http://localhost/"]).asking(10),
        }
    }

    /// Whether the load balancer was asked where it should be, at the listeners of these ports.
    fn balanced(self, seen: &Seen) -> Outcome {
        let port = match self {
            Nowhere | Tasks => {
                ensure!(seen.balanced.is_empty(), "the load balancer was asked: {:?}", seen.balanced);
                return Ok(());
            }
            Test => 8080,
            Production => 80,
        };
        let listener = format!("/f2f7dc8efc5{port:05x}");
        let right = seen.balanced.iter().filter(|entry| entry.listener.ends_with(&listener)).count();
        ensure!(right == 10 && seen.balanced.len() == 10, "the load balancer was asked: {:?}", seen.balanced);
        Ok(())
    }

    /// Production traffic has moved, or has not.
    fn production(self) -> (u32, u32) {
        if matches!(self, Production) { (0, 100) } else { (100, 0) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stage_looks_where_it_should() {
    let mut rows = Rows::default();
    for (stage, looks) in ECS {
        rows.more(
            stage,
            move |scene: &mut Ecs| {
                stage.clone_into(&mut scene.deployment.stage);
                let front = scene.deployment.front.as_mut().unwrap();
                // At PRODUCTION_TRAFFIC_SHIFT no weight of green would be a rollback.
                front.production.weights =
                    if stage == "PRODUCTION_TRAFFIC_SHIFT" { (90, 10) } else { looks.production() };
            },
            looks.expected(),
            move |seen| looks.balanced(seen),
        );
    }
    for (event, looks) in CODEDEPLOY {
        rows.more(
            event,
            move |scene: &mut Scene<CodeDeploy>| {
                event.clone_into(&mut scene.deployment.event);
                scene.deployment.front.production.weights = looks.production();
            },
            looks.expected(),
            move |seen| looks.balanced(seen),
        );
        rows.more(
            format!("{event}, said by the function's environment"),
            move |scene: &mut Scene<CodeDeploy>| {
                // What the deployment says is another.
                "AfterAllowTestTraffic".clone_into(&mut scene.deployment.event);
                scene.deployment.front.production.weights = looks.production();
                scene.variables.push(("GREENLIGHT_LIFECYCLE_EVENT", event.to_owned()));
            },
            looks.expected(),
            move |seen| looks.balanced(seen),
        );
    }
    // It has no hook, so that ours cannot be its: the deployment lags behind the event.
    rows.row(
        "AllowTraffic",
        |scene: &mut Scene<CodeDeploy>| {
            "AllowTraffic".clone_into(&mut scene.deployment.event);
            scene.without_patience();
        },
        stops("pending", &["CodeDeploy names no lifecycle event that is in progress and has a hook"])
            .asking(0),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_test_traffic_only_tasks_matter() {
    let at_post_scale_up = |scene: &mut Ecs| {
        "POST_SCALE_UP".clone_into(&mut scene.deployment.stage);
        // Rules are recorded there, not judged.
        scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().weights = (100, 0);
    };
    let mut rows = Rows::default();
    rows.more("rules still at blue", at_post_scale_up, Tasks.expected(), |seen| {
        let weights = &seen.evidence()?["checks"][0]["measured"]["isolation"]["weights"];
        ensure!(weights[0]["weight"] == 100, "the weights on record are {weights}");
        Ok(())
    });
    rows.row(
        "nothing registered",
        move |scene: &mut Ecs| {
            at_post_scale_up(scene);
            scene
                .alter(|world, _| world.elb.target_groups.iter_mut().for_each(|group| group.targets.clear()));
        },
        Tasks.expected(),
    );
    rows.row(
        "tasks still starting",
        move |scene: &mut Ecs| {
            at_post_scale_up(scene);
            scene.alter(|world, deployment| {
                let green = deployment.green.started_by();
                let tasks = world.ecs.tasks.iter_mut();
                tasks
                    .filter(|task| task.started_by.as_ref() == Some(&green))
                    .for_each(|task| "PENDING".clone_into(&mut task.last_status));
            });
        },
        waits("pending", &["no task of green revision 9313423515462893900 runs yet"]).asking(0),
    );
    rows.row(
        "revision not resolved yet",
        move |scene: &mut Ecs| {
            at_post_scale_up(scene);
            scene.alter(|world, _| unresolved(world));
        },
        waits("pending", &["ECS has not said yet which target group is green's"]).asking(0),
    );
    rows.row(
        "revision not resolved at POST_TEST_TRAFFIC_SHIFT: the group that gets no production traffic",
        |scene: &mut Ecs| scene.alter(|world, _| unresolved(world)),
        proceeds(&["10 answers"]).asking(10),
    );
    rows.row(
        "a target URL makes no stage wrong",
        |scene: &mut Ecs| {
            "PRE_SCALE_UP".clone_into(&mut scene.deployment.stage);
            let url = format!("http://{}", scene.green.addresses[0]);
            scene.plan_key("target", json!({ "url": url }));
        },
        proceeds(&["not proven to be green: check `http` passed: 10 answers"]).asking(10),
    );
    rows.play().await;
}

fn unresolved(world: &mut greenlight_cli::rehearsal::aws::World) {
    for revision in &mut world.ecs.service_revisions {
        revision.resolved_configuration = None;
    }
}
