//! What a check says that it needs, is what it calls.

use std::collections::BTreeSet;

use greenlight::deployment::IsolationCheck;
use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_health::{Envoy, Images, Targets, Tasks};
use serde_json::json;

use super::row::{green, scene};
use crate::scene::{Deployment, Scene};
use crate::table::{Table, ensure};

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
    let front = scene.deployment.front.as_mut().unwrap();
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
    for (check, documented) in [
        ("tasks", Tasks::IAM),
        ("targets", Targets::IAM),
        ("images", Images::IAM),
        ("envoy", Envoy::IAM),
        ("isolation", IsolationCheck::IAM),
    ] {
        table.add(check, async move {
            let mut made = actions::<BlueGreen>(check, |_| {}).await;
            made.extend(actions::<BlueGreen>(check, unusual).await);
            made.extend(actions::<BlueGreen>(check, |scene| scene.deployment.front = None).await);
            made.extend(actions::<CodeDeploy>(check, |_| {}).await);
            let documented: BTreeSet<_> = documented.iter().map(|action| (*action).to_owned()).collect();
            let secret: Vec<_> = made.difference(&documented).collect();
            let idle: Vec<_> = documented.difference(&made).collect();
            ensure!(secret.is_empty() && idle.is_empty(), "not documented: {secret:?}; never used: {idle:?}");
            Ok(())
        });
    }
    table.play().await;
}
