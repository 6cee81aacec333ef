//! CodeDeploy: deployments, their groups and targets, and the reports of lifecycle hooks.
//!
//! A resource and the operations that read it share a file.

mod config;
mod deployment;
mod group;
mod groups;
mod lists;
mod report;
mod target;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

pub use self::config::{DeploymentConfig, GET_DEPLOYMENT_CONFIG};
pub use self::deployment::{Deployment, ErrorInformation, GET_DEPLOYMENT, RollbackInfo};
pub use self::group::{
    AlarmConfiguration, DeploymentGroup, EcsService, GET_DEPLOYMENT_GROUP, LoadBalancerInfo, Named,
    TargetGroupPairInfo, TrafficRoute,
};
pub use self::groups::{BATCH_GET_DEPLOYMENT_GROUPS, LIST_DEPLOYMENT_GROUPS};
pub use self::lists::LIST_DEPLOYMENTS;
pub use self::report::{PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, Report, Status, already_completed};
pub use self::target::{
    CloudFormationTarget, DeploymentTarget, EcsTarget, EcsTaskSet, GET_DEPLOYMENT_TARGET,
    LIST_DEPLOYMENT_TARGETS, LifecycleEvent,
};

use super::error::AwsError;
use super::operation::{Service, text};
use super::protocol::Protocol;
use super::world::World;

pub(super) static SERVICE: Service = Service {
    name: "codedeploy",
    protocol: Protocol::Json { target: "CodeDeploy_20141006", message: "message" },
    operations: &[
        &BATCH_GET_DEPLOYMENT_GROUPS,
        &GET_DEPLOYMENT,
        &GET_DEPLOYMENT_CONFIG,
        &GET_DEPLOYMENT_GROUP,
        &LIST_DEPLOYMENT_GROUPS,
        &LIST_DEPLOYMENTS,
        &LIST_DEPLOYMENT_TARGETS,
        &GET_DEPLOYMENT_TARGET,
        &PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS,
    ],
};

/// What CodeDeploy knows.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// The application of deployments that are not known.
    pub application: String,
    /// Their deployment group.
    pub deployment_group: String,
    /// Deployments, with their targets.
    pub deployments: Vec<Deployment>,
    /// Deployment configurations beside AWS's own.
    pub deployment_configs: Vec<DeploymentConfig>,
    /// Deployment groups of all applications.
    pub deployment_groups: Vec<DeploymentGroup>,
    /// The reports that counted, in order. A refused one is among the world's calls.
    #[serde(skip)]
    pub reports: Vec<Report>,
    /// The hooks that wait, by deployment; while there is none, every id is taken for a known one.
    #[serde(skip)]
    awaited: BTreeMap<String, BTreeSet<String>>,
    #[serde(skip)]
    completed: BTreeSet<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            application: "greenlight-application".to_owned(),
            deployment_group: "greenlight-group".to_owned(),
            deployments: Vec::new(),
            deployment_configs: Vec::new(),
            deployment_groups: Vec::new(),
            reports: Vec::new(),
            awaited: BTreeMap::new(),
            completed: BTreeSet::new(),
        }
    }
}

impl State {
    /// Makes a hook known that waits for its report. From then on other ids are unknown.
    pub fn await_report(&mut self, deployment_id: impl Into<String>, hook_execution_id: impl Into<String>) {
        self.awaited.entry(deployment_id.into()).or_default().insert(hook_execution_id.into());
    }

    /// Ends a hook without a report, as when its hour is over or the deployment was stopped.
    pub fn complete(&mut self, hook_execution_id: impl Into<String>) {
        self.completed.insert(hook_execution_id.into());
    }

    /// The report that counted for an execution of a hook.
    pub fn report(&self, hook_execution_id: &str) -> Option<&Report> {
        self.reports.iter().find(|report| report.hook_execution_id == hook_execution_id)
    }
}

/// The id of the deployment that a call names.
fn asked_deployment_id(input: &Value) -> Result<&str, AwsError> {
    let id = match &input["deploymentId"] {
        Value::Null => "",
        Value::String(id) => id,
        _ => return Err(AwsError::client("SerializationException", "deploymentId is not a string")),
    };
    if id.is_empty() {
        let message = "At least one deployment ID must be specified.";
        return Err(AwsError::client("DeploymentIdRequiredException", message));
    }
    if !is_deployment_id(id) {
        let message = "At least one of the deployment IDs was specified in an invalid format.";
        return Err(AwsError::client("InvalidDeploymentIdException", message));
    }
    Ok(id)
}

fn deployment_does_not_exist(id: &str) -> AwsError {
    AwsError::client("DeploymentDoesNotExistException", format!("The deployment {id} could not be found"))
}

/// `d-` and nine characters in every example; the length is not documented.
fn is_deployment_id(id: &str) -> bool {
    let digit = |digit: char| digit.is_ascii_uppercase() || digit.is_ascii_digit();
    id.strip_prefix("d-").is_some_and(|rest| !rest.is_empty() && rest.chars().all(digit))
}

/// The names of applications, groups and configurations.
fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    (1..=100).contains(&name.len()) && name.bytes().all(known)
}

/// The deployment group that a call names, which IAM judges calls by.
fn asked_names(world: &World, input: &Value) -> String {
    let group = Some(text(input, "deploymentGroupName")).filter(|name| !name.is_empty()).unwrap_or("*");
    let application = Some(text(input, "applicationName")).filter(|name| !name.is_empty()).unwrap_or("*");
    world.identity.arn("codedeploy", &format!("deploymentgroup:{application}/{group}"))
}

/// The deployment group of the deployment that is asked for, which IAM judges calls by.
fn asked_group(world: &World, input: &Value) -> String {
    let State { application, deployment_group, deployments, .. } = &world.codedeploy;
    let asked = text(input, "deploymentId");
    let known = deployments.iter().find(|deployment| deployment.deployment_id == asked);
    let (application, group) = known.map_or((application, deployment_group), |deployment| {
        (&deployment.application_name, &deployment.deployment_group_name)
    });
    world.identity.arn("codedeploy", &format!("deploymentgroup:{application}/{group}"))
}
