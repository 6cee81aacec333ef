//! What simulated deployments have found in the functions.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use greenlight::simulation::{Cloud, Process, Reply, Request, Sent, validating};
use greenlight::{Outcome, clock};
use jiff::Timestamp;
use serde_json::{Value, json};

/// When these deployments began.
const BEGAN: Timestamp = Timestamp::constant(1_795_000_000, 0);

/// An AWS that is one function.
struct Answers<F>(F);

impl<F: Fn(&str) -> (u16, Value) + Send + Sync + 'static> Cloud for Answers<F> {
    fn answer(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        Box::pin(ready(Some((self.0)(request.operation.as_deref().unwrap_or_default()))))
    }
}

/// A process of a function whose check finds green not ready.
fn process(plan: &Value, cloud: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Process {
    let hook = validating(|_| async { Ok(Outcome::pending("not ready")) });
    let variables = BTreeMap::from([("GREENLIGHT_PLAN".to_owned(), plan.to_string())]);
    Process::new(hook, Arc::new(variables), Arc::new(Answers(cloud)))
}

async fn answer(process: &mut Process, event: &Value) -> Result<Value, String> {
    let deadline = clock::wall().checked_add(Duration::from_mins(15)).unwrap();
    let sent = Sent {
        deadline: Some(deadline.as_millisecond().to_string()),
        function: Some("arn:aws:lambda:us-east-1:123456789012:function:hook".to_owned()),
        body: Bytes::from(event.to_string()),
    };
    let document = process.answer(sent).await.document?;
    Ok(serde_json::from_slice(&document).unwrap())
}

/// State comes back that cannot be read, twice, in a process that does not know of the wait. The first time the wait is
/// taken to have begun with the deployment; the second time the process knew only when it was called first.
#[tokio::test(start_paused = true)]
async fn a_clock_that_the_deployment_told_is_kept_in_the_process() {
    clock::set(BEGAN.checked_add(Duration::from_mins(5)).unwrap());
    let deployment = "arn:aws:ecs:us-east-1:123456789012:service-deployment/demo/hello/TFX5sH9q9XDboDTOv0rIt";
    let mut process = process(&json!({ "patience": "30m" }), move |_| {
        let source = json!({ "arn": "arn:aws:ecs:us-east-1:123456789012:service-revision/demo/hello/1" });
        let found = json!({
            "serviceDeploymentArn": deployment, "status": "IN_PROGRESS", "startedAt": BEGAN.as_second(),
            "sourceServiceRevisions": [source],
        });
        (200, json!({ "serviceDeployments": [found] }))
    });
    let event = json!({
        "executionId": "e", "lifecycleStage": "POST_SCALE_UP", "resourceArn": deployment, "executionDetails": {},
        "hookDetails": { "greenlight": {} },
    });
    for _ in 0..2 {
        let waits = answer(&mut process, &event).await.unwrap();
        assert_eq!(waits["hookDetails"]["greenlight"]["since"], BEGAN.to_string(), "{waits}");
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// The SDK keeps what retries may cost once for a process and a service. CodeDeploy throttles the validation for all of
/// its patience, and then the report once.
#[tokio::test(start_paused = true)]
async fn a_validation_that_was_throttled_leaves_the_report_its_retries() {
    clock::set(BEGAN);
    let reports = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&reports);
    let mut process = process(&json!({ "patience": "10m" }), move |operation| {
        let is_report = operation == "PutLifecycleEventHookExecutionStatus";
        if is_report && count.fetch_add(1, Ordering::Relaxed) > 0 {
            return (200, json!({}));
        }
        (400, json!({ "__type": "ThrottlingException", "message": "Rate exceeded" }))
    });
    let event = json!({ "DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e" });
    let stops = answer(&mut process, &event).await.unwrap();
    assert_eq!(
        (stops["hookStatus"].as_str(), reports.load(Ordering::Relaxed)),
        (Some("FAILED"), 2),
        "{stops}"
    );
}
