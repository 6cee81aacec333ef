//! Failures by cause: denied, throttled, broken, unreachable, told by CloudFormation alone.

use greenlight_cli::rehearsal::aws::Times::{Always, Next};
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Fault, Operation, codedeploy, ecs, elb};
use greenlight_tests::target::{Kind, Target};
use serde_json::json;

use super::row::{Rows, proceeds, stops, waits, waved_through};
use crate::scene::{Deployment, Scene};
use crate::table::ensure;

type Ecs = Scene<BlueGreen>;

const ECS: [(&str, &Operation); 9] = [
    ("ecs", &ecs::DESCRIBE_SERVICE_DEPLOYMENTS),
    ("ecs", &ecs::DESCRIBE_SERVICE_REVISIONS),
    ("ecs", &ecs::LIST_TASKS),
    ("ecs", &ecs::DESCRIBE_TASKS),
    ("elasticloadbalancing", &elb::DESCRIBE_RULES),
    ("elasticloadbalancing", &elb::DESCRIBE_LISTENERS),
    ("elasticloadbalancing", &elb::DESCRIBE_LOAD_BALANCERS),
    ("elasticloadbalancing", &elb::DESCRIBE_TARGET_GROUPS),
    ("elasticloadbalancing", &elb::DESCRIBE_TARGET_HEALTH),
];

/// What only the proof needs.
const PROOF: [(&str, &Operation); 3] = [ECS[2], ECS[3], ECS[8]];

static CODEDEPLOY: [(&str, &Operation); 4] = [
    ("codedeploy", &codedeploy::GET_DEPLOYMENT),
    ("codedeploy", &codedeploy::GET_DEPLOYMENT_GROUP),
    ("codedeploy", &codedeploy::LIST_DEPLOYMENT_TARGETS),
    ("codedeploy", &codedeploy::GET_DEPLOYMENT_TARGET),
];

/// A row for every call that discovery cannot do without.
fn each_call<D: Deployment>(rows: &mut Rows, calls: &'static [(&'static str, &'static Operation)]) {
    for (service, operation) in calls {
        let action = format!("{service}:{}", operation.name());
        let words = [
            format!("not allowed to call {action} on "),
            format!(
                r#"the statement to add to the function's role: {{"Action":"{action}","Effect":"Allow","Resource":""#
            ),
        ];
        rows.row(
            format!("{action} denied"),
            |scene: &mut Scene<D>| {
                scene.without_patience();
                scene.fault(operation, Fault::Denied, Always);
            },
            stops("inconclusive", &words.each_ref().map(String::as_str)).asking(0),
        );
        rows.row(
            format!("{action} throttled, then broken, then well"),
            |scene: &mut Scene<D>| {
                scene.without_patience();
                scene.fault(operation, Fault::Throttled, Next(1));
                scene.fault(operation, Fault::ServerError, Next(1));
            },
            proceeds(&["10 answers"]).asking(10),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_denied_is_named_and_one_that_stumbles_is_made_again() {
    let mut rows = Rows::default();
    each_call::<BlueGreen>(&mut rows, &ECS);
    each_call::<CodeDeploy>(&mut rows, &CODEDEPLOY);
    rows.row(
        "ecs:DescribeTaskSets denied",
        |scene: &mut Scene<CodeDeploy>| scene.fault(&ecs::DESCRIBE_TASK_SETS, Fault::Denied, Always),
        proceeds(&["10 answers"]).asking(10),
    );
    rows.row(
        "denied, with patience: permissions take a while to spread",
        |scene: &mut Ecs| scene.fault(&elb::DESCRIBE_RULES, Fault::Denied, Always),
        waits("inconclusive", &["not allowed to call elasticloadbalancing:DescribeRules on *"]).asking(0),
    );
    for (name, fault, word) in [
        ("throttled", Fault::Throttled, "Rate exceeded"),
        ("broken", Fault::ServerError, "elasticloadbalancing:DescribeTargetHealth on * failed"),
    ] {
        rows.row(
            format!("{name} for good"),
            move |scene: &mut Ecs| {
                scene.without_patience();
                scene.fault(&elb::DESCRIBE_TARGET_HEALTH, fault, Always);
            },
            stops("inconclusive", &["could not be told", "elasticloadbalancing:DescribeTargetHealth", word])
                .asking(0),
        );
    }
    for (_, operation) in PROOF {
        rows.row(
            format!("{} denied, and nobody wants a proof", operation.name()),
            |scene: &mut Ecs| {
                scene.plan_key("isolation", json!("off"));
                scene.fault(operation, Fault::Denied, Always);
            },
            proceeds(&["check `http` passed: 10 answers"]).asking(10),
        );
        rows.row(
            format!("{} denied, nobody wants a proof, and only tasks can be asked", operation.name()),
            |scene: &mut Ecs| {
                scene.without_patience();
                scene.plan_key("isolation", json!("off"));
                scene.deployment.front.as_mut().unwrap().test = None;
                scene.fault(operation, Fault::Denied, Always);
            },
            stops("inconclusive", &["not allowed to call", operation.name()]).asking(0),
        );
    }
    rows.row(
        "denied, and the check may be left out: still nothing has passed",
        |scene: &mut Ecs| {
            scene.without_patience();
            scene.plan_key("on_inconclusive", json!("pass"));
            scene.fault(&ecs::LIST_TASKS, Fault::Denied, Always);
        },
        stops("inconclusive", &["nothing was validated", "ecs:ListTasks"]).asking(0),
    );
    rows.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_or_known() {
    let mut rows = Rows::default();
    for internal in [true, false] {
        rows.add(format!("nothing listens, internal: {internal}"), async move {
            let refused = Target::start(Kind::Refused).await.unwrap();
            let mut scene = Ecs::new().await;
            scene.without_patience();
            scene.deployment.front.as_mut().unwrap().internal = internal;
            scene.nothing_listens_at = Some(refused.address().port());
            let seen = scene.play().await;
            stops("inconclusive", &["cannot reach localhost", "the connection was refused"])
                .asking(0)
                .hold(&seen)?;
            let says =
                seen.evidence()?["reason"].to_string().contains("internal: reached from inside its VPC only");
            ensure!(says == internal, "the reason: {}", seen.evidence()?["reason"]);
            Ok(())
        });
    }
    rows.row(
        "CloudFormation deploys",
        |scene: &mut Scene<CodeDeploy>| scene.deployment.cloud_formation = true,
        stops("inconclusive", &["CloudFormation runs this deployment", "set `target.url`"]).asking(0),
    );
    rows.row(
        "CloudFormation deploys, and the plan says where",
        |scene: &mut Scene<CodeDeploy>| {
            scene.deployment.cloud_formation = true;
            let url = format!("http://{}", scene.green.addresses[0]);
            scene.plan_key("target", json!({ "url": url }));
        },
        proceeds(&["not proven to be green: check `http` passed"]).asking(10),
    );
    rows.row(
        "CloudFormation deploys, at a stage where nothing is to be looked at",
        |scene: &mut Scene<CodeDeploy>| {
            scene.deployment.cloud_formation = true;
            "BeforeInstall".clone_into(&mut scene.deployment.event);
        },
        stops("skip", &["it belongs at POST_SCALE_UP (AfterInstall)"]).asking(0),
    );
    rows.play().await;
}

fn at_url<D: Deployment>(scene: &mut Scene<D>) {
    let url = format!("http://{}", scene.green.addresses[0]);
    scene.variables.push(("GREENLIGHT_TARGET_URL", url));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_url_replaces_the_route_and_nothing_else() {
    let mut rows = Rows::default();
    rows.more(
        "the situation is asked for",
        at_url::<BlueGreen>,
        proceeds(&["not proven to be green: check `http` passed: 10 answers from http://127."]).asking(10),
        |seen| {
            let calls: Vec<_> = seen.calls.iter().map(|call| call.operation.as_str()).collect();
            ensure!(calls == ["DescribeServiceDeployments"], "called {calls:?}");
            Ok(())
        },
    );
    rows.row(
        "a rollback is a rollback",
        |scene: &mut Ecs| {
            at_url(scene);
            "ROLLBACK_IN_PROGRESS".clone_into(&mut scene.deployment.status);
        },
        waved_through(&["rollback: nothing was validated"]),
    );
    rows.more(
        "everything is denied",
        |scene: &mut Ecs| {
            at_url(scene);
            for (_, operation) in ECS {
                scene.fault(operation, Fault::Denied, Always);
            }
        },
        proceeds(&["not proven to be green: check `http` passed: 10 answers"]).asking(10),
        |seen| {
            let warnings = seen.evidence()?["warnings"].to_string();
            ensure!(
                warnings.contains("could not be asked (not allowed to call ecs:DescribeServiceDeployments")
                    && warnings.contains("taken as an update"),
                "the warnings are {warnings}"
            );
            Ok(())
        },
    );
    rows.more(
        "codedeploy × everything is denied",
        |scene: &mut Scene<CodeDeploy>| {
            at_url(scene);
            for (_, operation) in CODEDEPLOY {
                scene.fault(operation, Fault::Denied, Always);
            }
        },
        proceeds(&["not proven to be green: check `http` passed: 10 answers"]).asking(10),
        |seen| {
            let warnings = seen.evidence()?["warnings"].to_string();
            ensure!(warnings.contains("set GREENLIGHT_LIFECYCLE_EVENT"), "the warnings are {warnings}");
            Ok(())
        },
    );
    rows.row(
        "everything is denied, and green fails",
        |scene: &mut Ecs| {
            at_url(scene);
            scene.check(&json!({"path": "/fails"}));
            scene.fault(&ecs::DESCRIBE_SERVICE_DEPLOYMENTS, Fault::Denied, Always);
        },
        stops("fail", &["status 500 from http://127."]).asking(1),
    );
    rows.play().await;
}
