//! Where reports go: to their own endpoint where one is set, whatever else is set, and nothing else goes
//! there.

use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Aws, Call};

use crate::scene::{Deployment, Scene, pause};
use crate::table::{Outcome, Table, ensure};

const REPORTS: [&str; 2] = ["PutLifecycleEventHookExecutionStatus", "ContinueServiceDeployment"];

/// The calls at the world's endpoint and at that of reports, while the service's own endpoint is set to
/// the world's or is not.
async fn calls<D: Deployment>(mut scene: Scene<D>, with_own: bool) -> (Vec<Call>, Vec<Call>) {
    let reported = Aws::start().await.unwrap();
    scene.variables.push(("GREENLIGHT_REPORT_ENDPOINT_URL", reported.endpoint_url()));
    if with_own {
        scene.also_by_service = vec!["AWS_ENDPOINT_URL_CODEDEPLOY", "AWS_ENDPOINT_URL_ECS"];
    }
    let seen = scene.play().await;
    (seen.calls, reported.calls())
}

fn apart((looked, reported): &(Vec<Call>, Vec<Call>), report: &str) -> Outcome {
    let strays: Vec<_> = looked.iter().filter(|call| REPORTS.contains(&call.operation.as_str())).collect();
    ensure!(strays.is_empty(), "reported to the world: {strays:?}");
    ensure!(looked.len() > 5, "only {} calls looked at the world", looked.len());
    ensure!(
        matches!(reported.as_slice(), [call] if call.operation == report),
        "the endpoint of reports was called: {reported:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_go_to_their_own_endpoint_and_nothing_else_does() {
    let mut table = Table::default();
    for with_own in [false, true] {
        let name = if with_own { "beside the service's own endpoint" } else { "alone" };
        table.add(format!("codedeploy × {name}"), async move {
            let scene = Scene::<CodeDeploy>::new().await;
            apart(&calls(scene, with_own).await, REPORTS[0])
        });
        table.add(format!("pause × {name}"), async move {
            let mut scene = Scene::<BlueGreen>::new().await;
            pause(&mut scene);
            apart(&calls(scene, with_own).await, REPORTS[1])
        });
    }
    table.play().await;
}
