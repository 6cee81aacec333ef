//! Deployments.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DeploymentTarget, LoadBalancerInfo};
use crate::rehearsal::aws::rendering::seconds;

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
