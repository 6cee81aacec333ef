//! A plan in Parameter Store with fallbacks: what is not there falls through, what could not be asked does not.

use std::time::Duration;

use greenlight_cli::rehearsal::aws::codedeploy::{GET_DEPLOYMENT, LIST_DEPLOYMENT_TARGETS};
use greenlight_cli::rehearsal::aws::lambda::INVOKE;
use greenlight_cli::rehearsal::aws::ssm::Parameter;
use greenlight_cli::rehearsal::aws::worlds::CodeDeploy;
use greenlight_cli::rehearsal::aws::{Fault, Operation, Times};
use serde_json::{Value, json};

use crate::scene::Scene;
use crate::table::{Table, ensure};
use crate::verdict::Verdict;

/// The service's own plan is not content with green; the one for all others is.
async fn scene(has_own: bool) -> Scene<CodeDeploy> {
    let mut scene = Scene::<CodeDeploy>::new().await;
    let plan = |status: u16| {
        let check = json!({ "http": { "path": "/", "requests": 1, "expect": { "status": status } } });
        Parameter::String(json!({ "checks": [check], "patience": "0s" }).to_string())
    };
    scene.plan = Value::Null;
    scene.variables.push(("GREENLIGHT_PLAN", "ssm:/plans/{service}|/plans/default".to_owned()));
    scene.alter(move |world, _| {
        world.ssm.parameters.insert("/plans/default".to_owned(), plan(200));
        if has_own {
            world.ssm.parameters.insert("/plans/orders".to_owned(), plan(204));
        }
    });
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_could_not_be_asked_for_is_not_passed_over() {
    let mut table = Table::default();
    table.add("its own", async { scene(true).await.play().await.decided(Verdict::Stop, &["204"]) });
    table.add("none of its own", async {
        scene(false).await.play().await.decided(Verdict::Proceed, &["passed"])
    });
    for (name, operation) in
        [("the deployment", &GET_DEPLOYMENT), ("its targets", &LIST_DEPLOYMENT_TARGETS as &'static Operation)]
    {
        table.add(format!("{name} is denied"), async move {
            let mut scene = scene(true).await;
            scene.timeout = Duration::from_secs(10);
            scene.fault(operation, Fault::Denied, Times::Always);
            // It would wait until somebody grants it; here it cannot go on, so that this one invocation is all.
            scene.fault(&INVOKE, Fault::Denied, Times::Always);
            let seen = scene.play().await;
            let evidence = seen.evidence()?;
            let reason = evidence["reason"].as_str().unwrap_or_default();
            ensure!(evidence["verdict"] != "proceed", "it proceeds: {reason}");
            ensure!(
                reason.contains(
                    "the names in `/plans/{service}`, the plan of GREENLIGHT_PLAN, could not be asked for"
                ),
                "{reason}"
            );
            Ok(())
        });
    }
    table.play().await;
}
