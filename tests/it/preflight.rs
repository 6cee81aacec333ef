//! The hook `preflight`, from the event to the verdict, against the local AWS.

use std::path::PathBuf;

use greenlight_cli::rehearsal::aws::ecs::DESCRIBE_SERVICES;
use greenlight_cli::rehearsal::aws::iam::{GET_ROLE, Role};
use greenlight_cli::rehearsal::aws::lambda::GET_POLICY;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Fault, Times, World};
use greenlight_tests::binaries;
use serde_json::json;

use crate::scene::{Deployment, Scene, Seen};
use crate::table::{Table, ensure};
use crate::verdict::Verdict;

fn program() -> std::io::Result<PathBuf> {
    binaries::preflight()
}

async fn scene<D: Deployment>() -> Scene<D> {
    let mut scene = Scene::<D>::new().await;
    scene.program = program;
    scene.without_patience();
    scene
}

/// Before anything of green is started: all weight is blue's.
async fn before() -> Scene<BlueGreen> {
    let mut scene = scene::<BlueGreen>().await;
    nothing_is_started(&mut scene.deployment);
    scene
}

/// The same of a deployment.
pub(crate) fn nothing_is_started(deployment: &mut BlueGreen) {
    "PRE_SCALE_UP".clone_into(&mut deployment.stage);
    if let Some(front) = &mut deployment.front {
        front.production.weights = (100, 0);
        if let Some(test) = &mut front.test {
            test.weights = (100, 0);
        }
    }
}

fn hook_role(world: &mut World) -> &mut Role {
    world.iam.roles.iter_mut().find(|role| role.role_name == "ecs-hooks").unwrap()
}

async fn played(alter: impl FnOnce(&mut World, &BlueGreen) + Send + 'static) -> Seen {
    let mut scene = before().await;
    scene.alter(alter);
    scene.play().await
}

#[tokio::test(flavor = "multi_thread")]
async fn wiring_is_judged_before_anything_is_started() {
    let mut table = Table::default();
    table.add("nothing is wrong", async {
        played(|_, _| {}).await.decided(Verdict::Proceed, &["check `wiring` passed", "rules hold"])
    });
    table.add("nobody looks at green", async { played(|_, _| {}).await.nothing_was_sent() });
    table.add("a role that ECS may not assume", async {
        let seen = played(|world, _| {
            hook_role(world).assume_role_policy_document = json!({"Version": "2012-10-17", "Statement": []});
        });
        seen.await
            .decided(Verdict::Stop, &["HOOK-ROLE-TRUST", "ecs-hooks", "no broken rule of severity error"])
    });
    table.add("a role that is not there", async {
        let seen = played(|world, _| world.iam.roles.retain(|role| role.role_name != "ecs-hooks"));
        seen.await.decided(Verdict::Stop, &["there is no role `ecs-hooks`"])
    });
    table.add("a role that may not invoke, and a function that lets nobody in", async {
        let seen = played(|world, _| hook_role(world).policies.clear());
        seen.await.decided(Verdict::Stop, &["HOOK-ROLE-INVOKE", "neither a policy of the role nor"])
    });
    table.add("a role that may not invoke, and a function that lets it in", async {
        let seen = played(|world, deployment| {
            hook_role(world).policies.clear();
            let statement = json!({
                "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/ecs-hooks"},
                "Action": "lambda:InvokeFunction", "Resource": "*",
            });
            let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
            world.lambda.policies.insert(deployment.identity.function.clone(), policy);
        });
        seen.await.decided(Verdict::Proceed, &["rules hold"])
    });
    table.add("a function that is not there", async {
        let seen = played(|world, deployment| {
            world.lambda.functions.remove(&deployment.identity.function);
        });
        seen.await.decided(Verdict::Stop, &["HOOK-LAMBDA-STATE", "there is no function"])
    });
    table.add("both target groups have weight", async {
        let mut scene = before().await;
        if let Some(front) = &mut scene.deployment.front {
            front.production.weights = (50, 50);
        }
        scene.play().await.decided(Verdict::Stop, &["LB-PROD-MULTI-WEIGHT", "and"])
    });
    table.add("blue is ill, and a fix must get out", async {
        played(|world, _| world.elb.target_groups.iter_mut().for_each(|group| group.targets.clear()))
            .await
            .decided(Verdict::Proceed, &["rules hold"])
    });
    table.add("the first deployment", async {
        let mut scene = before().await;
        scene.deployment.blue = None;
        if let Some(front) = &mut scene.deployment.front {
            front.production.weights = (0, 0);
        }
        scene.play().await.decided(Verdict::Proceed, &["rules hold"])
    });
    table.play().await;
}

/// It stops the deployment all the same, soon, and says what to allow.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_is_no_broken_rule() {
    let mut table = Table::default();
    table.add("a policy of a function that may not be read", async {
        let mut scene = before().await;
        scene.alter(|world, _| hook_role(world).policies.clear());
        scene.fault(&GET_POLICY, Fault::Denied, Times::Always);
        scene.play().await.found(Verdict::Stop, "inconclusive", &["HOOK-ROLE-INVOKE", "lambda:GetPolicy"])
    });
    table.add("a call that is denied is no broken rule", async {
        let mut scene = before().await;
        scene.fault(&GET_ROLE, Fault::Denied, Times::Always);
        scene.play().await.found(Verdict::Stop, "inconclusive", &["could not be judged", "iam:GetRole"])
    });
    table.add("a service that cannot be read", async {
        let mut scene = before().await;
        scene.fault(&DESCRIBE_SERVICES, Fault::Denied, Times::Always);
        scene.play().await.found(Verdict::Stop, "inconclusive", &["ecs:DescribeServices"])
    });
    table.add("a new permission may take a moment to spread", async {
        let mut scene = before().await;
        scene.plan_key("patience", json!("10m"));
        scene.fault(&GET_ROLE, Fault::Denied, Times::Always);
        scene.play().await.decided(Verdict::Wait, &["could not be judged", "iam:GetRole"])
    });
    table.add("a denied call is not waited for as long as patience says", async {
        let mut scene = before().await;
        scene.plan_key("patience", json!("10m"));
        scene.waited(61);
        scene.fault(&GET_ROLE, Fault::Denied, Times::Always);
        scene.play().await.found(
            Verdict::Stop,
            "inconclusive",
            &["after waiting 1m", "could not be judged", "iam:GetRole"],
        )
    });
    table.play().await;
}

/// What is looked at, and what decides.
#[tokio::test(flavor = "multi_thread")]
async fn the_plan_says_what_is_looked_at() {
    let mut table = Table::default();
    table.add("what is ignored is recorded with its reason", async {
        let mut scene = before().await;
        scene.plan = json!({"checks": [{"wiring": {"ignore": [
            {"rule": "HOOK-ROLE-TRUST", "reason": "ours is checked elsewhere"},
            {"rule": "PERM-*", "reason": "likewise"},
        ]}}]});
        scene.fault(&GET_ROLE, Fault::Denied, Times::Always);
        let seen = scene.play().await;
        let evidence = seen.evidence()?;
        let ignored = &evidence["checks"][0]["measured"]["ignored"];
        ensure!(ignored[0]["reason"] == "ours is checked elsewhere", "{ignored}");
        seen.decided(Verdict::Proceed, &["rules hold"])
    });
    table.add("a warning, where warnings count", async {
        let mut scene = before().await;
        scene.plan = json!({"checks": [{"wiring": {"rules": ["DEPLOY-GRACE"], "fail_on": "warning"}}]});
        scene.play().await.decided(Verdict::Stop, &["DEPLOY-GRACE", "no broken rule of severity warning"])
    });
    table.add("what serves now stops no fix, whatever the rules", async {
        let mut scene = before().await;
        let rules = json!(["DEPLOY-RULE-DRIFT", "DEPLOY-ALARM-STATE", "DEPLOY-IN-FLIGHT", "LB-SAME-RULE"]);
        scene.plan = json!({"checks": [{"wiring": {"rules": rules, "fail_on": "info"}}]});
        scene.alter(|world, _| {
            let [blue, green] = &mut world.elb.target_groups[..2] else {
                panic!("there are two target groups")
            };
            green.targets = std::mem::take(&mut blue.targets);
        });
        let seen = scene.play().await;
        let evidence = seen.evidence()?;
        let noted = &evidence["checks"][0]["measured"]["noted"];
        ensure!(noted[0]["id"] == "DEPLOY-RULE-DRIFT", "{noted}");
        seen.decided(Verdict::Proceed, &["2 rules hold"])
    });
    table.add("Service Connect, which only the deployment names", async {
        let mut scene = before().await;
        scene.plan = json!({"checks": [{"wiring": {"rules": ["DEPLOY-NO-SHIFT"], "fail_on": "warning"}}]});
        scene.alter(|world, _| {
            for service in &mut world.ecs.services {
                service.load_balancers.clear();
                service.deployments[0].service_connect_configuration = Some(json!({"enabled": true}));
            }
        });
        scene.play().await.decided(Verdict::Proceed, &["1 rule holds"])
    });
    table.play().await;
}

/// At any stage, of any service: nothing passes that was not looked at.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_judged_is_what_is_there() {
    let mut table = Table::default();
    for stage in [
        "RECONCILE_SERVICE",
        "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
    ] {
        table.add(format!("weights are on their way at {stage}"), async move {
            let mut scene = before().await;
            scene.deployment.stage = stage.to_owned();
            if let Some(front) = &mut scene.deployment.front {
                front.production.weights = (90, 10);
            }
            scene.play().await.decided(Verdict::Proceed, &["rules hold"])
        });
    }
    table.add("no service is no service as it should be", async {
        let seen = played(|world, _| world.ecs.services.clear());
        seen.await.found(
            Verdict::Stop,
            "inconclusive",
            &["the service shop/orders could not be read", "does not exist"],
        )
    });
    table.add("a rule of CodeDeploy's alone looks at the service all the same", async {
        let mut scene = scene::<CodeDeploy>().await;
        scene.plan = json!({"checks": [{"wiring": {"rules": ["CD-TG-PAIR"]}}]});
        let seen = scene.play().await;
        ensure!(
            seen.count("GetDeploymentGroup") > 0 && seen.count("DescribeServices") > 0,
            "{:?}",
            seen.calls
        );
        seen.found(Verdict::Proceed, "pass", &["1 rule holds"])
    });
    table.add("CodeDeploy, all rules, whatever the event", async {
        scene::<CodeDeploy>().await.play().await.found(Verdict::Proceed, "pass", &["rules hold"])
    });
    table.play().await;
}
