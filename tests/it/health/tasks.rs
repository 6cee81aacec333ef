//! The check `tasks`.

use greenlight_cli::rehearsal::aws::ecs::{self, DeploymentCircuitBreaker};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Fault, Times};
use serde_json::json;

use super::row::{Rows, green, old, stop, young};
use crate::scene::Scene;
use crate::verdict::Verdict::{Proceed, Stop, Wait};

type Ecs = Scene<BlueGreen>;

const RUNNING: &str = "check `tasks` passed: 2 of 2 requested tasks of green revision 9313423515462893900 RUNNING (health: 2 UNKNOWN)";

#[tokio::test(flavor = "multi_thread")]
async fn the_five_outcomes() {
    let mut rows = Rows::of("tasks");
    rows.row("pass", json!({}), |_: &mut Ecs| {}, (Proceed, "pass", &[RUNNING]));
    rows.row(
        "fail: a task crashed, and its replacement runs",
        json!({}),
        |scene: &mut Ecs| {
            scene.alter(|world, _| {
                stop(world, "EssentialContainerExited", "Essential container in task exited", Some(137));
            });
        },
        (
            Stop,
            "fail",
            &[
                "check `tasks` failed: 1 task of green revision 9313423515462893900 stopped through its own fault since the deployment began: task f",
                "EssentialContainerExited (Essential container in task exited), container `app` exited with 137 (SIGKILL, out of memory or too slow to stop); expected none (look at the logs of `app`)",
            ],
        ),
    );
    rows.row(
        "pending: a task is starting",
        json!({}),
        |scene: &mut Ecs| {
            scene.alter(|world, _| {
                if let Some(task) = green(world).last() {
                    "PENDING".clone_into(&mut task.last_status);
                }
            });
        },
        (
            Wait,
            "pending",
            &["1 of 2 requested tasks of green revision 9313423515462893900 RUNNING, 1 PENDING"],
        ),
    );
    rows.row(
        "inconclusive: a call is denied",
        json!({}),
        |scene: &mut Ecs| {
            scene.without_patience();
            scene.fault(&ecs::DESCRIBE_TASKS, Fault::Denied, Times::Always);
        },
        (Stop, "inconclusive", &["check `tasks` could not be told", "not allowed to call ecs:DescribeTasks"]),
    );
    rows.row(
        "skip: scaled to zero",
        json!({}),
        |scene: &mut Ecs| {
            scene.alter(|world, _| {
                world.ecs.tasks.clear();
                for deployment in &mut world.ecs.service_deployments {
                    deployment.target_service_revision.as_mut().unwrap().requested_task_count = Some(0);
                }
            });
        },
        (
            Stop,
            "skip",
            &["nothing was validated: check `tasks` was skipped: green revision 9313423515462893900 is meant to have no task: its requestedTaskCount is 0"],
        ),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_fault_a_stop_is() {
    let mut rows = Rows::of("tasks");
    for (name, code, reason, exit_code, expected) in [
        ("no image", "TaskFailedToStart", "CannotPullContainerError: not found", None, false),
        (
            "failed health checks",
            "ServiceSchedulerInitiated",
            "Task failed ELB health checks in (target-group orders-2)",
            Some(143),
            false,
        ),
        (
            "scale-in",
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/9313423515462893900)",
            Some(143),
            true,
        ),
        ("Spot", "SpotInterruption", "Your Spot Task was interrupted.", Some(143), true),
        ("a user", "UserInitiated", "Task stopped by user", Some(137), true),
        ("a notice", "TerminationNotice", "Instance is to be terminated", None, true),
        ("infrastructure", "InfrastructureHealth", "The infrastructure became unhealthy", None, true),
    ] {
        let expected = if expected {
            (Proceed, "pass", &[RUNNING, "; stopped and not held against green: 1 "][..])
        } else {
            (Stop, "fail", &["stopped through its own fault since the deployment began"][..])
        };
        rows.row(
            name,
            json!({}),
            move |scene: &mut Ecs| scene.alter(move |world, _| stop(world, code, reason, exit_code)),
            expected,
        );
    }
    rows.row(
        "one crash is let go",
        json!({ "failures": 1 }),
        |scene: &mut Ecs| {
            scene.alter(|world, _| {
                stop(world, "EssentialContainerExited", "Essential container in task exited", Some(1));
                for deployment in &mut world.ecs.service_deployments {
                    deployment.deployment_circuit_breaker = Some(DeploymentCircuitBreaker {
                        status: "MONITORING".to_owned(),
                        failure_count: 1,
                        threshold: 3,
                    });
                }
            });
        },
        (
            Proceed,
            "pass",
            &[
                RUNNING,
                "1 task stopped through own fault and let go",
                "the circuit breaker is MONITORING at 1 of 3",
            ],
        ),
    );
    rows.row(
        "a crash before this deployment",
        json!({}),
        |scene: &mut Ecs| {
            scene.alter(|world, deployment| {
                stop(world, "EssentialContainerExited", "Essential container in task exited", Some(1));
                let before = deployment.started_at.checked_sub(std::time::Duration::from_secs(1)).unwrap();
                world.ecs.tasks.last_mut().unwrap().stopped_at = Some(before);
            });
        },
        (Proceed, "pass", &[RUNNING]),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unhealthy_containers_have_their_grace_period() {
    let unhealthy =
        |scene: &mut Ecs, age: fn(&mut greenlight_cli::rehearsal::aws::World), grace: Option<u32>| {
            scene.alter(move |world, _| {
                age(world);
                green(world).next().unwrap().health_status = "UNHEALTHY".to_owned();
                world.ecs.services[0].health_check_grace_period_seconds = grace;
            });
        };
    let mut rows = Rows::of("tasks");
    rows.row(
        "within that of the service",
        json!({}),
        move |scene: &mut Ecs| unhealthy(scene, young, Some(3000)),
        (Wait, "pending", &["is UNHEALTHY", "after its start, within a grace period of 50m"]),
    );
    rows.row(
        "past that of the service",
        json!({}),
        move |scene: &mut Ecs| unhealthy(scene, old, Some(3000)),
        (
            Stop,
            "fail",
            &[
                "is UNHEALTHY 1h",
                "expected HEALTHY, or UNKNOWN without a health check, after a grace period of 50m",
            ],
        ),
    );
    rows.row(
        "the service has none",
        json!({}),
        move |scene: &mut Ecs| unhealthy(scene, young, None),
        (Stop, "fail", &["is UNHEALTHY", "after no grace period"]),
    );
    rows.row(
        "the plan's own, and the service is not asked",
        json!({ "grace": "2h" }),
        move |scene: &mut Ecs| {
            unhealthy(scene, old, None);
            scene.fault(&ecs::DESCRIBE_SERVICES, Fault::Denied, Times::Always);
        },
        (Wait, "pending", &["within a grace period of 2h"]),
    );
    rows.row(
        "the service must not be asked",
        json!({}),
        move |scene: &mut Ecs| {
            unhealthy(scene, old, None);
            scene.without_patience();
            scene.fault(&ecs::DESCRIBE_SERVICES, Fault::Denied, Times::Always);
        },
        (
            Stop,
            "inconclusive",
            &[
                "is UNHEALTHY",
                "could not be asked: not allowed to call ecs:DescribeServices",
                "or set the check's `grace`",
            ],
        ),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn task_sets_of_codedeploy() {
    type Scene = crate::scene::Scene<CodeDeploy>;
    let mut rows = Rows::of("tasks");
    rows.row("pass", json!({}), |_: &mut Scene| {}, (Proceed, "pass", &[RUNNING]));
    rows.row(
        "fail",
        json!({}),
        |scene: &mut Scene| {
            scene.alter(|world, _| {
                stop(world, "EssentialContainerExited", "Essential container in task exited", Some(1));
            });
        },
        (Stop, "fail", &["1 task of green revision 9313423515462893900 stopped through its own fault"]),
    );
    rows.row(
        "pending: the task set has scaled meanwhile",
        json!({}),
        |scene: &mut Scene| {
            scene.without_patience();
            scene.alter(|world, _| world.ecs.task_sets[1].computed_desired_count = Some(3));
        },
        (Stop, "pending", &["check `tasks` was still pending", "2 of 3 requested tasks"]),
    );
    rows.row(
        "inconclusive",
        json!({}),
        |scene: &mut Scene| {
            scene.without_patience();
            scene.fault(&ecs::LIST_TASKS, Fault::Denied, Times::Always);
        },
        (Stop, "inconclusive", &["not allowed to call ecs:ListTasks"]),
    );
    rows.row(
        "skip",
        json!({}),
        |scene: &mut Scene| {
            scene.alter(|world, _| world.ecs.task_sets[1].computed_desired_count = Some(0));
        },
        (Stop, "skip", &["its requestedTaskCount is 0"]),
    );
    rows.play().await;
}
