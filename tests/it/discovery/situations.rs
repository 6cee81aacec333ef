//! Create, update, rollback; canary and linear steps; whose ids an event may carry.

use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use serde_json::json;

use super::row::{Rows, proceeds, stops, waved_through};
use crate::scene::Scene;
use crate::table::ensure;

type Ecs = Scene<BlueGreen>;

fn at(scene: &mut Ecs, strategy: &str, stage: &str, weights: (u32, u32)) {
    let deployment = &mut scene.deployment;
    strategy.clone_into(&mut deployment.strategy);
    stage.clone_into(&mut deployment.stage);
    deployment.front.as_mut().unwrap().production.weights = weights;
}

#[tokio::test(flavor = "multi_thread")]
async fn create_update_and_rollback() {
    let mut rows = Rows::default();
    rows.more(
        "create",
        |scene: &mut Ecs| scene.deployment.blue = None,
        proceeds(&["check `http` passed: 10 answers"]).asking(10),
        |seen| {
            let situation = &seen.evidence()?["situation"];
            ensure!(situation == "create", "the situation is {situation}");
            Ok(())
        },
    );
    rows.row(
        "create, asked to run",
        |scene: &mut Ecs| {
            scene.deployment.blue = None;
            scene.plan_key("on_create", json!("run"));
        },
        proceeds(&["check `http` passed"]).asking(10),
    );
    rows.row(
        "create, asked to pass",
        |scene: &mut Ecs| {
            scene.deployment.blue = None;
            scene.plan_key("on_create", json!("pass"));
        },
        waved_through(&["create: nothing was validated, as `on_create` asks", "there is no blue"]),
    );
    rows.more(
        "update",
        |scene: &mut Ecs| scene.plan_key("on_create", json!("pass")),
        proceeds(&["check `http` passed"]).asking(10),
        |seen| {
            let situation = &seen.evidence()?["situation"];
            ensure!(situation == "update", "the situation is {situation}");
            Ok(())
        },
    );
    for status in ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"] {
        rows.row(
            format!("status {status}"),
            |scene: &mut Ecs| {
                status.clone_into(&mut scene.deployment.status);
                scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().weights = (100, 0);
            },
            waved_through(&["rollback: nothing was validated: the service deployment's status is", status]),
        );
    }
    rows.more(
        "rollback by the weights of production",
        |scene: &mut Ecs| at(scene, "BLUE_GREEN", "PRODUCTION_TRAFFIC_SHIFT", (100, 0)),
        waved_through(&["rollback: nothing was validated"]),
        |seen| {
            ensure!(seen.calls.is_empty(), "the event tells it, and yet AWS was asked: {:?}", seen.calls);
            Ok(())
        },
    );
    rows.row(
        "rollback by the weights of tests",
        |scene: &mut Ecs| {
            at(scene, "BLUE_GREEN", "TEST_TRAFFIC_SHIFT", (100, 0));
            scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().weights = (100, 0);
        },
        waved_through(&["rollback: nothing was validated"]),
    );
    for creator in ["codeDeployRollback", "CloudFormationRollback"] {
        rows.row(
            format!("creator {creator}"),
            |scene: &mut Scene<CodeDeploy>| creator.clone_into(&mut scene.deployment.creator),
            waved_through(&["rollback: nothing was validated: the deployment's creator is", creator]),
        );
    }
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_of_canary_and_linear_deployments() {
    let mut rows = Rows::default();
    for (strategy, stage, weights, step) in [
        ("BLUE_GREEN", "PRE_PRODUCTION_TRAFFIC_SHIFT", (100, 0), "0"),
        ("CANARY", "PRE_PRODUCTION_TRAFFIC_SHIFT", (100, 0), "0"),
        ("CANARY", "PRODUCTION_TRAFFIC_SHIFT", (95, 5), "5"),
        ("CANARY", "PRE_PRODUCTION_TRAFFIC_SHIFT", (95, 5), "5"),
        ("LINEAR", "PRODUCTION_TRAFFIC_SHIFT", (50, 50), "50"),
        ("LINEAR", "PRODUCTION_TRAFFIC_SHIFT", (0, 100), "100"),
    ] {
        rows.more(
            format!("{strategy} × {stage} × {step} %"),
            move |scene: &mut Ecs| at(scene, strategy, stage, weights),
            proceeds(&["check `http` passed: 10 answers"]).asking(10),
            move |seen| {
                let evidence = seen.evidence()?;
                ensure!(evidence["step"] == step, "the step is {}", evidence["step"]);
                ensure!(evidence["situation"] == "update", "the situation is {}", evidence["situation"]);
                Ok(())
            },
        );
    }
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_every_kind() {
    let mut rows = Rows::default();
    for (region, partition) in [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")] {
        rows.more(
            format!("ecs × {partition}"),
            |scene: &mut Ecs| region.clone_into(&mut scene.deployment.identity.region),
            proceeds(&["10 answers"]).asking(10),
            move |seen| {
                let rule = seen.evidence()?["checks"][0]["measured"]["route"]["rule"].to_string();
                ensure!(rule.contains(&format!("arn:{partition}:elastic")), "the rule is {rule}");
                Ok(())
            },
        );
        rows.row(
            format!("codedeploy × {partition}"),
            |scene: &mut Scene<CodeDeploy>| region.clone_into(&mut scene.deployment.identity.region),
            proceeds(&["10 answers"]).asking(10),
        );
    }
    rows.row(
        "service deployment unknown",
        |scene: &mut Ecs| {
            scene.without_patience();
            scene.alter(|world, _| world.ecs.service_deployments.clear());
        },
        stops(
            "inconclusive",
            &["does not know the service deployment arn:aws:ecs:", "another account or region"],
        )
        .asking(0),
    );
    rows.row(
        "another account's event",
        |scene: &mut Ecs| {
            scene.without_patience();
            let event = scene.deployment.event().to_string().replace("123456789012", "210987654321");
            scene.event = Some(serde_json::from_str(&event).unwrap());
        },
        stops("inconclusive", &["210987654321", "account"]).asking(0),
    );
    rows.row(
        "codedeploy's deployment unknown",
        |scene: &mut Scene<CodeDeploy>| {
            scene.without_patience();
            scene.alter(|world, _| world.codedeploy.deployments.clear());
        },
        stops("inconclusive", &["codedeploy:", "DeploymentDoesNotExistException", "was it deleted?"])
            .asking(0),
    );
    for alternate in [true, false] {
        let group = if alternate { "`orders-2`" } else { "`orders-1`" };
        rows.row(
            format!("green in {group}"),
            move |scene: &mut Ecs| scene.deployment.front.as_mut().unwrap().green_is_alternate = alternate,
            proceeds(&["10 answers"]).asking(10),
        );
        rows.row(
            format!("green in {group}, drifted"),
            move |scene: &mut Ecs| {
                let front = scene.deployment.front.as_mut().unwrap();
                front.green_is_alternate = alternate;
                front.test.as_mut().unwrap().weights = (100, 0);
            },
            stops("fail", &["of blue revision", &format!("expected all of it to {group}")]).asking(0),
        );
        rows.row(
            format!("codedeploy × green in {group}"),
            move |scene: &mut Scene<CodeDeploy>| scene.deployment.front.green_is_alternate = alternate,
            proceeds(&["10 answers"]).asking(10),
        );
    }
    rows.play().await;
}
