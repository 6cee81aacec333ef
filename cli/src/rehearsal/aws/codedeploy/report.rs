//! The report of a lifecycle hook.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{SERVICE, asked_deployment_id, asked_group, deployment_does_not_exist};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode, text};
use crate::rehearsal::aws::world::World;

/// `PutLifecycleEventHookExecutionStatus`, a hook's report.
pub static PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS: Operation = Operation {
    service: &SERVICE,
    name: "PutLifecycleEventHookExecutionStatus",
    action: "PutLifecycleEventHookExecutionStatus",
    resource: asked_group,
    run: put_lifecycle_event_hook_execution_status,
};

/// A verdict that CodeDeploy took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The deployment.
    pub deployment_id: String,
    /// The execution of the hook.
    pub hook_execution_id: String,
    /// The verdict.
    pub status: Status,
    /// When it was taken.
    pub at: Timestamp,
    /// The number of this call among all with the same execution id, the failed ones included; the
    /// first is 1.
    pub attempt: usize,
}

/// The statuses that a hook may report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Go on.
    Succeeded,
    /// Stop.
    Failed,
}

/// The answer to a second report.
pub fn already_completed() -> AwsError {
    AwsError::client(
        "LifecycleEventAlreadyCompletedException",
        "An attempt to return the status of an already completed lifecycle event occurred.",
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutLifecycleEventHookExecutionStatus {
    lifecycle_event_hook_execution_id: Option<String>,
    status: Option<String>,
}

fn put_lifecycle_event_hook_execution_status(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: PutLifecycleEventHookExecutionStatus = decode(input)?;
    let state = &mut world.codedeploy;

    let deployment_id = asked_deployment_id(input)?.to_owned();
    let unknown = || deployment_does_not_exist(&deployment_id);
    let awaited = match state.awaited.get(&deployment_id) {
        None if state.awaited.is_empty() => None,
        None => return Err(unknown()),
        awaited => awaited,
    };
    let invalid_hook = || {
        AwsError::client(
            "InvalidLifecycleEventHookExecutionIdException",
            "A lifecycle event hook is invalid. Review the hooks section in your AppSpec file to ensure the \
             lifecycle events and hooks functions are valid.",
        )
    };
    let id = asked.lifecycle_event_hook_execution_id.filter(|id| !id.is_empty()).ok_or_else(invalid_hook)?;
    if awaited.is_some_and(|hooks| !hooks.contains(&id)) {
        return Err(invalid_hook());
    }
    let status = match asked.status.as_deref() {
        Some("Succeeded") => Status::Succeeded,
        Some("Failed") => Status::Failed,
        _ => {
            return Err(AwsError::client(
                "InvalidLifecycleEventHookExecutionStatusException",
                "The result of a Lambda validation function that verifies a lifecycle event is invalid. It should \
                 return Succeeded or Failed.",
            ));
        }
    };
    if !state.completed.insert(id.clone()) {
        return Err(already_completed());
    }
    let name = PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS.name;
    let attempt = world
        .calls
        .iter()
        .filter(|call| call.operation == name && text(&call.input, "lifecycleEventHookExecutionId") == id)
        .count();
    let output = json!({"lifecycleEventHookExecutionId": id});
    state.reports.push(Report {
        deployment_id,
        hook_execution_id: id,
        status,
        at: Timestamp::now(),
        attempt,
    });
    Ok(output)
}
