//! The deployment groups of an application: their names, and many at once.

use serde_json::{Value, json};

use super::group::render_group;
use super::{SERVICE, asked_names};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, text};
use crate::rehearsal::aws::page::Page;
use crate::rehearsal::aws::world::World;

/// `ListDeploymentGroups`.
pub static LIST_DEPLOYMENT_GROUPS: Operation = Operation {
    service: &SERVICE,
    name: "ListDeploymentGroups",
    action: "ListDeploymentGroups",
    resource: asked_names,
    run: list_deployment_groups,
};

/// `BatchGetDeploymentGroups`.
pub static BATCH_GET_DEPLOYMENT_GROUPS: Operation = Operation {
    service: &SERVICE,
    name: "BatchGetDeploymentGroups",
    action: "BatchGetDeploymentGroups",
    resource: asked_names,
    run: batch_get_deployment_groups,
};

/// The most that one call may ask for.
const BATCH: usize = 100;

fn list_deployment_groups(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let application = text(input, "applicationName");
    let groups = world.codedeploy.known_groups(application)?;
    let page = Page::of(world, LIST_DEPLOYMENT_GROUPS.name, Some(text(input, "nextToken")), 100)
        .ok_or_else(|| AwsError::client("InvalidNextTokenException", "The next token is invalid."))?;
    let (names, next) = page.take(groups.into_iter().map(|group| &group.deployment_group_name));
    let mut answer = json!({"applicationName": application, "deploymentGroups": names});
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}

/// Groups that do not exist are left out, and named in `errorMessage`; its words are ours.
fn batch_get_deployment_groups(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let groups = world.codedeploy.known_groups(text(input, "applicationName"))?;
    let names: Vec<&str> =
        input["deploymentGroupNames"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() {
        let message = "Deployment Group name is missing";
        return Err(AwsError::client("DeploymentGroupNameRequiredException", message));
    }
    if names.len() > BATCH {
        let message =
            format!("The maximum number of names or IDs allowed for this request ({BATCH}) was exceeded.");
        return Err(AwsError::client("BatchLimitExceededException", message));
    }
    let find = |name: &&str| groups.iter().find(|group| group.deployment_group_name == **name);
    let found: Vec<Value> = names.iter().filter_map(find).map(|group| render_group(group)).collect();
    let missing: Vec<&str> = names.iter().filter(|name| find(name).is_none()).copied().collect();
    let mut answer = json!({"deploymentGroupsInfo": found});
    if !missing.is_empty() {
        answer["errorMessage"] = format!("No Deployment Group found for name: {}", missing.join(", ")).into();
    }
    Ok(answer)
}
