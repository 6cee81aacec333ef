//! PAUSE hooks: the answer that lets a deployment go on, or takes it back.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{AWAITING_ACTION, SERVICE, ServiceDeployment, invalid_parameter};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode, text};
use crate::rehearsal::aws::world::World;

/// `ContinueServiceDeployment`, the answer to a PAUSE hook.
pub static CONTINUE_SERVICE_DEPLOYMENT: Operation = Operation {
    service: &SERVICE,
    name: "ContinueServiceDeployment",
    action: "ContinueServiceDeployment",
    resource: |_, input| text(input, "serviceDeploymentArn").to_owned(),
    run: continue_service_deployment,
};

/// An answer to a PAUSE hook that ECS took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continue {
    /// The service deployment.
    pub service_deployment_arn: String,
    /// The hook.
    pub hook_id: String,
    /// What is to be done.
    pub action: Action,
    /// When it was taken.
    pub at: Timestamp,
    /// The number of this call among all with the same hook id, the failed ones included; the first is 1.
    pub attempt: usize,
}

/// What an answer to a PAUSE hook asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Go on.
    Continue,
    /// Roll back.
    Rollback,
}

/// The answer to a second answer.
pub fn already_completed() -> AwsError {
    invalid_parameter(
        "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN",
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContinueServiceDeployment {
    service_deployment_arn: Option<String>,
    hook_id: Option<String>,
    action: Option<String>,
}

fn continue_service_deployment(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: ContinueServiceDeployment = decode(input)?;
    let state = &mut world.ecs;

    let arn = asked
        .service_deployment_arn
        .filter(|arn| !arn.is_empty())
        .ok_or_else(|| invalid_parameter("serviceDeploymentArn must not be null."))?;
    let id = asked
        .hook_id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| invalid_parameter("hookId must not be null."))?;
    if !is_hook_id(&id) {
        return Err(invalid_parameter("Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}"));
    }
    let action = match asked.action.as_deref() {
        None | Some("CONTINUE") => Action::Continue,
        Some("ROLLBACK") => Action::Rollback,
        Some(_) => {
            return Err(invalid_parameter("Invalid action. Valid values are: ROLLBACK, CONTINUE"));
        }
    };
    if !state.awaited.is_empty() {
        let hooks = state.awaited.get(&arn).ok_or_else(|| {
            AwsError::client("ServiceDeploymentNotFoundException", "The service deployment does not exist.")
        })?;
        if !hooks.contains(&id) {
            return Err(already_completed());
        }
    }
    let deployment = state.service_deployments.iter_mut().find(|known| known.service_deployment_arn == arn);
    if let Some(deployment) = deployment {
        answer(deployment, &id, action)?;
    }
    if !state.completed.insert(id.clone()) {
        return Err(already_completed());
    }
    let name = CONTINUE_SERVICE_DEPLOYMENT.name;
    let attempt =
        world.calls.iter().filter(|call| call.operation == name && text(&call.input, "hookId") == id).count();
    let output = json!({"serviceDeploymentArn": arn});
    state.continues.push(Continue {
        service_deployment_arn: arn,
        hook_id: id,
        action,
        at: Timestamp::now(),
        attempt,
    });
    Ok(output)
}

/// Ends the wait of a hook of a deployment that the world knows. That a rollback is a hook's failure is inferred.
fn answer(deployment: &mut ServiceDeployment, id: &str, action: Action) -> Result<(), AwsError> {
    if deployment.is_over() {
        return Err(invalid_parameter(
            "Continuing a service deployment is not allowed for service deployment in terminal states.",
        ));
    }
    // One that is being stopped or rolled back has no use for an answer any more.
    if deployment.status != "IN_PROGRESS" {
        return Err(already_completed());
    }
    let mut hooks = deployment.lifecycle_hook_details.iter_mut();
    let hook = hooks.find(|hook| hook.hook_id == id && hook.status == AWAITING_ACTION);
    let status = match action {
        Action::Continue => "SUCCEEDED",
        Action::Rollback => "FAILED",
    };
    status.clone_into(&mut hook.ok_or_else(already_completed)?.status);
    Ok(())
}

fn is_hook_id(id: &str) -> bool {
    let parts = id.strip_prefix("ecs-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(hook_type, id)| !hook_type.is_empty() && !id.is_empty())
}
