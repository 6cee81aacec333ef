//! What a check says that it needs, is what it calls.

use std::collections::BTreeSet;

use greenlight::Protocol;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy, Front};
use serde_json::{Value, json};

use super::row::{green, scene};
use crate::scene::{Deployment, Scene};
use crate::table::{Outcome, Table, ensure};

/// The report is the runtime's, and its permission every CodeDeploy hook's.
const REPORT: &str = "codedeploy:PutLifecycleEventHookExecutionStatus";

/// The actions of all calls that a scene of this check makes.
async fn actions<D: Deployment>(check: &str, arrange: impl FnOnce(&mut Scene<D>)) -> BTreeSet<String> {
    let mut scene = scene::<D>().await;
    scene.check_of(check, &json!({}));
    scene.without_patience();
    arrange(&mut scene);
    let calls = scene.play().await.calls;
    let actions = calls.iter().map(|call| format!("{}:{}", call.service, call.operation));
    actions.filter(|action| action != REPORT).collect()
}

/// Everything that makes a check ask for more than usual.
fn unusual(scene: &mut Scene<BlueGreen>) {
    trouble(scene, |deployment| deployment.front.as_mut());
}

fn unusual_by_codedeploy(scene: &mut Scene<CodeDeploy>) {
    trouble(scene, |deployment| Some(&mut deployment.front));
}

fn trouble<D: Deployment>(scene: &mut Scene<D>, front: fn(&mut D) -> Option<&mut Front>) {
    let front = front(&mut scene.deployment).unwrap();
    let test = front.test.as_mut().unwrap();
    "HTTPS".clone_into(&mut test.protocol);
    test.certificate = vec!["orders.example.com".to_owned()];
    scene.alter(|world, _| {
        green(world).for_each(|task| task.health_status = "UNHEALTHY".to_owned());
        for target in world.elb.target_groups.iter_mut().flat_map(|group| &mut group.targets) {
            "unhealthy".clone_into(&mut target.state);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_documented_and_every_permission_used() {
    let mut table = Table::default();
    for check in ["tasks", "targets", "images", "envoy", "isolation"] {
        table.add(format!("{check} on ECS"), async move {
            let mut made = actions::<BlueGreen>(check, |_| {}).await;
            made.extend(actions::<BlueGreen>(check, unusual).await);
            made.extend(actions::<BlueGreen>(check, |scene| scene.deployment.front = None).await);
            compare(check, Protocol::Ecs, &made)
        });
        table.add(format!("{check} on CodeDeploy"), async move {
            let mut made = actions::<CodeDeploy>(check, |_| {}).await;
            made.extend(actions::<CodeDeploy>(check, unusual_by_codedeploy).await);
            compare(check, Protocol::CodeDeploy, &made)
        });
    }
    table.play().await;
}

/// What a check says that it asks is what it was seen to ask.
fn compare(check: &str, protocol: Protocol, made: &BTreeSet<String>) -> Outcome {
    let Value::Object(plan) = json!({"checks": [{check: {}}]}) else { unreachable!() };
    let plan = greenlight_health::hook().plan(plan).unwrap();
    let said: BTreeSet<String> =
        plan.asks().into_iter().flat_map(|asks| asks.actions(protocol)).map(ToOwned::to_owned).collect();
    let secret: Vec<_> = made.difference(&said).collect();
    let idle: Vec<_> = said.difference(made).collect();
    ensure!(secret.is_empty() && idle.is_empty(), "not said: {secret:?}; never used: {idle:?}");
    Ok(())
}
