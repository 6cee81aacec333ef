//! Stopping a deployment: the request is taken here, and carried out by whoever drives the deployment.
//!
//! Documented are the states that can be stopped and that ROLLBACK leads to `ROLLBACK_REQUESTED`. That ABORT
//! leads to `STOP_REQUESTED`, that ROLLBACK is what nothing means, and the text of the refusal in a terminal
//! state are inferred.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{SERVICE, invalid_parameter};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode, text};
use crate::rehearsal::aws::world::World;

/// `StopServiceDeployment`.
pub static STOP_SERVICE_DEPLOYMENT: Operation = Operation {
    service: &SERVICE,
    name: "StopServiceDeployment",
    action: "StopServiceDeployment",
    resource: |_, input| text(input, "serviceDeploymentArn").to_owned(),
    run: stop_service_deployment,
};

/// A request to stop a deployment that ECS took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The service deployment.
    pub service_deployment_arn: String,
    /// How.
    pub stop_type: StopType,
    /// When it was taken.
    pub at: Timestamp,
}

/// How a deployment is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopType {
    /// It is left as it is.
    Abort,
    /// It is rolled back.
    Rollback,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StopServiceDeployment {
    service_deployment_arn: Option<String>,
    stop_type: Option<String>,
}

fn stop_service_deployment(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: StopServiceDeployment = decode(input)?;
    let arn = asked
        .service_deployment_arn
        .filter(|arn| !arn.is_empty())
        .ok_or_else(|| invalid_parameter("serviceDeploymentArn must not be null."))?;
    let stop_type = match asked.stop_type.as_deref() {
        None | Some("ROLLBACK") => StopType::Rollback,
        Some("ABORT") => StopType::Abort,
        Some(_) => return Err(invalid_parameter("Invalid stopType. Valid values are: ABORT, ROLLBACK")),
    };
    let state = &mut world.ecs;
    let mut deployments = state.service_deployments.iter_mut();
    let deployment = deployments.find(|known| known.service_deployment_arn == arn).ok_or_else(|| {
        AwsError::client("ServiceDeploymentNotFoundException", "The service deployment does not exist.")
    })?;
    if deployment.is_over() {
        return Err(AwsError::client(
            "ConflictException",
            "Stopping a service deployment is not allowed for service deployment in terminal states.",
        ));
    }
    // One that is being stopped or rolled back already goes on with that.
    if ["PENDING", "IN_PROGRESS"].contains(&&*deployment.status) {
        let status = match stop_type {
            StopType::Abort => "STOP_REQUESTED",
            StopType::Rollback => "ROLLBACK_REQUESTED",
        };
        status.clone_into(&mut deployment.status);
    }
    let output = json!({"serviceDeploymentArn": arn});
    state.stops.push(Stop { service_deployment_arn: arn, stop_type, at: Timestamp::now() });
    Ok(output)
}
