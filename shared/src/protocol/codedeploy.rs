//! CodeDeploy hooks: two ids in the event, a call to `PutLifecycleEventHookExecutionStatus` as answer.
//!
//! The event does not name its lifecycle event, and the execution id is opaque (about 290 characters).
//! CodeDeploy invokes asynchronously and waits one hour: a function that fails before it reported is
//! tried again by Lambda, one that never reports costs that hour.
//!
//! Source: CodeDeploy user guide, *AppSpec 'hooks' section*; API reference,
//! *`PutLifecycleEventHookExecutionStatus`*, whose only accepted statuses are `Succeeded` and `Failed`.

use std::time::Duration;

use aws_sdk_codedeploy::types::LifecycleEventStatus;
use serde_json::{Map, Value};

use super::{Invocation, Protocol, Reply, Reported, Situation};
use crate::{
    aws::{Aws, Failure, timeouts_within},
    settings::Settings,
    stage::Stage,
    state::KEY,
    verdict::Answer,
};

pub(super) const ACTION: &str = "codedeploy:PutLifecycleEventHookExecutionStatus";

/// What a report needs.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    deployment: String,
    pub(super) execution: String,
}

pub(super) fn is_event(fields: &Map<String, Value>) -> bool {
    fields.contains_key("DeploymentId") || fields.contains_key("LifecycleEventHookExecutionId")
}

pub(super) fn parse(fields: &Map<String, Value>, settings: &Settings) -> Result<Invocation, String> {
    let id = |key: &str| match fields.get(key) {
        Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
        Some(Value::String(_)) => Err(format!(
            "the CodeDeploy event's `{key}` is empty; expected an id, so nothing can be reported"
        )),
        Some(_) => Err(format!(
            "the CodeDeploy event's `{key}` is no string; expected an id, so nothing can be reported"
        )),
        None => Err(format!("the CodeDeploy event has no `{key}`, so nothing can be reported")),
    };
    let ids = Ids { deployment: id("DeploymentId")?, execution: id("LifecycleEventHookExecutionId")? };
    // The event does not name its lifecycle event; where nobody set it, the deployment is asked.
    let stage = settings.lifecycle_event.clone().unwrap_or_else(Stage::unnamed);
    Ok(Invocation {
        protocol: Protocol::CodeDeploy,
        stage,
        step: None,
        deployment: ids.deployment.clone(),
        service: None,
        green: None,
        names_blue: true,
        situation: Situation::Update,
        situation_because: "assumed: a CodeDeploy event does not tell".to_owned(),
        hook_details: Value::Null,
        carried: fields.get(KEY).cloned(),
        expires_at: None,
        warnings: Vec::new(),
        reply: Reply::CodeDeploy(ids),
    })
}

pub(super) async fn report(
    ids: &Ids,
    answer: Answer,
    aws: &Aws,
    within: Duration,
) -> Result<Reported, Failure> {
    let status = match answer {
        Answer::Proceed => LifecycleEventStatus::Succeeded,
        Answer::Stop | Answer::Wait(_) => LifecycleEventStatus::Failed,
    };
    let client = aws.codedeploy().await;
    let call = client
        .put_lifecycle_event_hook_execution_status()
        .deployment_id(&ids.deployment)
        .lifecycle_event_hook_execution_id(&ids.execution)
        .status(status)
        .customize()
        .config_override(aws_sdk_codedeploy::config::Builder::new().timeout_config(timeouts_within(within)));
    match call.send().await {
        Ok(_) => Ok(Reported::Accepted),
        Err(error) => {
            let resource = format!("the deployment group of deployment {}", ids.deployment);
            let failure = Failure::explain(&error, ACTION, &resource, &aws.region().await);
            match failure.code.as_deref() {
                Some("LifecycleEventAlreadyCompletedException") => Ok(Reported::AlreadyAnswered(
                    "CodeDeploy says that this lifecycle event is already completed".to_owned(),
                )),
                _ => Err(failure),
            }
        }
    }
}
