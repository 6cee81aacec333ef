//! Ways around the proof that a review found: each would have been a false proceed.

use greenlight_cli::rehearsal::aws::elb::{Action, Condition, Rule};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy, Front};
use serde_json::json;

use super::row::{Rows, proceeds, stops, waits};
use crate::scene::{Scene, local};

type Ecs = Scene<BlueGreen>;

/// Sets the target's path conditions of a front's test route.
fn only_path(front: &mut Front, pattern: &str) {
    front.test.as_mut().unwrap().conditions = vec![Condition::PathPattern(vec![pattern.to_owned()])];
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_that_is_judged_is_the_one_that_answers() {
    let mut rows = Rows::default();
    rows.row(
        "codedeploy: one rule forwards to green, and the others take the request to blue",
        |scene: &mut Scene<CodeDeploy>| {
            scene.without_patience();
            scene.alter(|world, deployment| {
                let listener = deployment.test_listener_arn().unwrap();
                let (blue, green) = (deployment.blue_target_group_arn(), deployment.green_target_group_arn());
                world.elb.rules.push(Rule {
                    arn: format!("{}/00000000000000aa", listener.replace(":listener/", ":listener-rule/")),
                    priority: 10,
                    conditions: vec![Condition::PathPattern(vec!["/admin/*".to_owned()])],
                    actions: vec![Action::Forward(vec![(green.clone(), 100)])],
                    transforms: Vec::new(),
                });
                let default = world.elb.listeners.iter_mut().find(|found| found.arn == listener).unwrap();
                default.default_actions = vec![Action::Forward(vec![(blue, 99), (green, 1)])];
            });
        },
        stops("fail", &["the test listener sends 99 %", "of blue revision"]).asking(0),
    );
    rows.row(
        "a redirect that leads away",
        |scene: &mut Ecs| {
            scene.without_patience();
            scene.check(&json!({"path": "/moved", "redirects": 3}));
            scene.alter(|world, deployment| {
                let listener = deployment.test_listener_arn().unwrap();
                let blue = deployment.blue_target_group_arn();
                world.elb.rules.push(Rule {
                    arn: format!("{}/00000000000000bb", listener.replace(":listener/", ":listener-rule/")),
                    priority: 2,
                    conditions: vec![Condition::PathPattern(vec!["/elsewhere".to_owned()])],
                    actions: vec![Action::Forward(vec![(blue, 1)])],
                    transforms: Vec::new(),
                });
            });
        },
        stops("inconclusive", &["a redirect led away from the route that is proven", "/elsewhere"])
            .asking_blue(),
    );
    rows.row(
        "a redirect that leads back",
        |scene: &mut Ecs| scene.check(&json!({"path": "/moved", "redirects": 3})),
        proceeds(&["1 answer from"]).asking(2),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_goes_one_way_of_several() {
    let admin = || {
        let mut front = local(Front::default());
        only_path(&mut front, "/admin/*");
        front
    };
    let mut rows = Rows::default();
    rows.row(
        "the other way's rule cannot take it",
        move |scene: &mut Ecs| {
            only_path(scene.deployment.front.as_mut().unwrap(), "/api/*");
            scene.deployment.more_fronts.push(admin());
            scene.check(&json!({"path": "/api/ping", "requests": 3}));
        },
        proceeds(&["3 answers from http://localhost/api/ping"]).asking(3),
    );
    rows.row(
        "none can",
        move |scene: &mut Ecs| {
            only_path(scene.deployment.front.as_mut().unwrap(), "/api/*");
            scene.deployment.more_fronts.push(admin());
            scene.check(&json!({"path": "/orders", "requests": 3}));
        },
        stops("inconclusive", &["/orders", "cannot match"]).asking(0),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stands_in_for_a_proof() {
    let mut rows = Rows::default();
    rows.row(
        "the check `isolation` where there is no pool",
        |scene: &mut Ecs| {
            "POST_SCALE_UP".clone_into(&mut scene.deployment.stage);
            scene.plan_key("checks", json!([{"isolation": {}}]));
        },
        stops("skip", &["nothing was validated", "there is no pool to judge"]).asking(0),
    );
    rows.row(
        "a drifted way beside one that cannot be proven",
        |scene: &mut Ecs| {
            scene.plan_key("checks", json!([{"isolation": {}}]));
            let mut drifted = local(Front::default());
            drifted.test.as_mut().unwrap().weights = (100, 0);
            scene.deployment.more_fronts.push(drifted);
            scene.alter(|world, deployment| {
                let green = deployment.green_target_group_arn();
                let group = world.elb.target_groups.iter_mut().find(|group| group.arn == green).unwrap();
                "instance".clone_into(&mut group.target_type);
            });
        },
        stops("fail", &["orders-b: the test rule sends 100 % to `orders-b-1`"]).asking(0),
    );
    rows.row(
        "a blue that nobody can describe, and tasks that do not say whose they are",
        |scene: &mut Ecs| {
            scene.alter(|world, deployment| {
                let blue = deployment.blue_revision_arn();
                world
                    .ecs
                    .service_revisions
                    .retain(|found| Some(&found.service_revision_arn) != blue.as_ref());
                for task in &mut world.ecs.tasks {
                    task.started_by = None;
                }
            });
        },
        waits("inconclusive", &["green's tasks cannot be told from blue's"]).asking(0),
    );
    rows.row(
        "an event that names blue, and a deployment that names no source",
        |scene: &mut Ecs| {
            "PRODUCTION_TRAFFIC_SHIFT".clone_into(&mut scene.deployment.stage);
            scene.deployment.front.as_mut().unwrap().production.weights = (0, 100);
            scene.plan_key("on_create", json!("pass"));
            scene.alter(|world, _| {
                for deployment in &mut world.ecs.service_deployments {
                    deployment.source_service_revisions.clear();
                }
            });
        },
        // Judged, and not waved through: blue's tasks are then of a revision that nobody names.
        proceeds(&["10 answers"]).asking(10),
    );
    rows.play().await;
}
