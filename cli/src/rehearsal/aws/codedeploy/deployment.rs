//! Deployments.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    DeploymentTarget, LoadBalancerInfo, SERVICE, State, asked_deployment_id, asked_group,
    deployment_does_not_exist,
};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// A deployment.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Deployment {
    /// `d-…`.
    pub deployment_id: String,
    /// Its application; empty where CloudFormation deploys.
    pub application_name: String,
    /// Its deployment group; empty where CloudFormation deploys.
    pub deployment_group_name: String,
    /// How it shifts traffic, e.g. `CodeDeployDefault.ECSAllAtOnce`.
    pub deployment_config_name: Option<String>,
    /// `Created`, `InProgress`, `Ready`, `Succeeded`, `Failed`, …
    pub status: String,
    /// `user`, `codeDeployRollback`, `CloudFormation`, …
    pub creator: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it takes back, or what takes it back.
    pub rollback_info: Option<RollbackInfo>,
    /// Why it failed.
    pub error_information: Option<ErrorInformation>,
    /// Its target groups and listeners; those of its group, if that is not said.
    pub load_balancer_info: Option<LoadBalancerInfo>,
    /// `ECS`.
    pub compute_platform: String,
    /// The `AppSpec`, as the API shows it.
    pub revision: Option<Value>,
    /// What another service knows it by.
    pub external_id: Option<String>,
    /// When it was created.
    #[serde(serialize_with = "seconds")]
    pub create_time: Option<Timestamp>,
    /// When it started.
    #[serde(serialize_with = "seconds")]
    pub start_time: Option<Timestamp>,
    /// When it ended.
    #[serde(serialize_with = "seconds")]
    pub complete_time: Option<Timestamp>,
    /// What it deploys to: one service.
    #[serde(skip_serializing)]
    pub targets: Vec<DeploymentTarget>,
}

impl Default for Deployment {
    fn default() -> Self {
        Self {
            deployment_id: String::new(),
            application_name: String::new(),
            deployment_group_name: String::new(),
            deployment_config_name: Some("CodeDeployDefault.ECSAllAtOnce".to_owned()),
            status: "InProgress".to_owned(),
            creator: "user".to_owned(),
            description: None,
            rollback_info: None,
            error_information: None,
            load_balancer_info: None,
            compute_platform: "ECS".to_owned(),
            revision: None,
            external_id: None,
            create_time: None,
            start_time: None,
            complete_time: None,
            targets: Vec::new(),
        }
    }
}

/// What a deployment takes back, or what takes it back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RollbackInfo {
    /// The deployment that takes this one back.
    pub rollback_deployment_id: Option<String>,
    /// The deployment that this one takes back.
    pub rollback_triggering_deployment_id: Option<String>,
    /// In words.
    pub rollback_message: Option<String>,
}

/// Why a deployment failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ErrorInformation {
    /// For example `HOOK_EXECUTION_FAILURE`.
    pub code: String,
    /// In words.
    pub message: String,
}

/// `GetDeployment`.
pub static GET_DEPLOYMENT: Operation = Operation {
    service: &SERVICE,
    name: "GetDeployment",
    action: "GetDeployment",
    resource: asked_group,
    run: get_deployment,
};

fn get_deployment(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let state = &world.codedeploy;
    let deployment = state.asked_deployment(input)?;
    let mut rendered = render(deployment);
    let of_group = || {
        state
            .group(&deployment.application_name, &deployment.deployment_group_name)?
            .load_balancer_info
            .as_ref()
    };
    if let Some(info) = deployment.load_balancer_info.as_ref().or_else(of_group) {
        rendered["loadBalancerInfo"] = render(info);
    }
    rendered["deploymentStyle"] =
        json!({"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"});
    if let Value::Object(members) = &mut rendered {
        // What CloudFormation deploys has neither application nor group.
        members.retain(|_, member| member != "");
    }
    Ok(json!({"deploymentInfo": rendered}))
}

impl State {
    /// The deployment that a call names.
    pub(super) fn asked_deployment(&self, input: &Value) -> Result<&Deployment, AwsError> {
        let id = asked_deployment_id(input)?;
        self.deployments
            .iter()
            .find(|known| known.deployment_id == id)
            .ok_or_else(|| deployment_does_not_exist(id))
    }
}
