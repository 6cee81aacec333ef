//! `ListDeployments`: the deployments of a group, by their states.
//!
//! AWS does not say in which order it lists them: here it is the newest first.

use serde_json::{Value, json};

use super::{Deployment, SERVICE, asked_names};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, text};
use crate::rehearsal::aws::page::Page;
use crate::rehearsal::aws::world::World;

/// `ListDeployments`.
pub static LIST_DEPLOYMENTS: Operation = Operation {
    service: &SERVICE,
    name: "ListDeployments",
    action: "ListDeployments",
    resource: asked_names,
    run: list_deployments,
};

const STATUSES: [&str; 8] =
    ["Created", "Queued", "InProgress", "Baking", "Succeeded", "Failed", "Stopped", "Ready"];

fn list_deployments(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let (application, group) = (text(input, "applicationName"), text(input, "deploymentGroupName"));
    match (application, group) {
        ("", "") => {}
        ("", _) => {
            let message = "Application name is missing";
            return Err(AwsError::client("ApplicationNameRequiredException", message));
        }
        (_, "") => {
            let message = "Deployment Group name is missing";
            return Err(AwsError::client("DeploymentGroupNameRequiredException", message));
        }
        _ => {
            world.codedeploy.known_group(application, group)?;
        }
    }
    let statuses: Vec<&str> =
        input["includeOnlyStatuses"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(wrong) = statuses.iter().find(|status| !STATUSES.contains(status)) {
        let message = format!("The deployment status is invalid: {wrong}");
        return Err(AwsError::client("InvalidDeploymentStatusException", message));
    }
    let (from, to) = range(&input["createTimeRange"])?;
    let page = Page::of(world, LIST_DEPLOYMENTS.name, Some(text(input, "nextToken")), 100)
        .ok_or_else(|| AwsError::client("InvalidNextTokenException", "The next token is invalid."))?;
    let external_id = text(input, "externalId");
    let wanted = |deployment: &&Deployment| {
        let created = deployment.create_time.map_or(0.0, |time| time.as_duration().as_secs_f64());
        (application.is_empty()
            || (deployment.application_name == application && deployment.deployment_group_name == group))
            && (statuses.is_empty() || statuses.contains(&&*deployment.status))
            && (external_id.is_empty() || deployment.external_id.as_deref() == Some(external_id))
            && (from..=to).contains(&created)
    };
    let mut found: Vec<_> = world.codedeploy.deployments.iter().filter(wanted).collect();
    found.sort_by_key(|deployment| std::cmp::Reverse(deployment.create_time));
    let (found, next) = page.take(found.into_iter().map(|deployment| &deployment.deployment_id));
    let mut answer = json!({"deployments": found});
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}

/// A range of times, open where an end is not said.
fn range(range: &Value) -> Result<(f64, f64), AwsError> {
    let (from, to) = (range["start"].as_f64(), range["end"].as_f64());
    let (from, to) = (from.unwrap_or(f64::NEG_INFINITY), to.unwrap_or(f64::INFINITY));
    if from > to {
        let message = "The specified time range was invalid.";
        return Err(AwsError::client("InvalidTimeRangeException", message));
    }
    Ok((from, to))
}
