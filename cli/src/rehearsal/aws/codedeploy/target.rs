//! Targets of deployments: lifecycle events and task sets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Deployment, Named, SERVICE, asked_group};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode, text};
use crate::rehearsal::aws::page::Page;
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// What a deployment deploys to.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub enum DeploymentTarget {
    /// A service.
    EcsTarget(EcsTarget),
    /// A service that CloudFormation deploys.
    CloudFormationTarget(CloudFormationTarget),
}

/// A service.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct EcsTarget {
    /// The deployment.
    pub deployment_id: String,
    /// `CLUSTER:SERVICE`.
    pub target_id: String,
    /// The service.
    pub target_arn: String,
    /// `InProgress`, `Succeeded`, …
    pub status: String,
    /// When it changed last.
    #[serde(serialize_with = "seconds")]
    pub last_updated_at: Option<Timestamp>,
    /// All of them, in their order; the current one is `InProgress`.
    pub lifecycle_events: Vec<LifecycleEvent>,
    /// Blue and green.
    pub task_sets_info: Vec<EcsTaskSet>,
}

impl Default for EcsTarget {
    fn default() -> Self {
        Self {
            deployment_id: String::new(),
            target_id: String::new(),
            target_arn: String::new(),
            status: "InProgress".to_owned(),
            last_updated_at: None,
            lifecycle_events: Vec::new(),
            task_sets_info: Vec::new(),
        }
    }
}

/// A service that CloudFormation deploys. It does not name the task sets.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CloudFormationTarget {
    /// The deployment.
    pub deployment_id: String,
    /// What CloudFormation knows it by.
    pub target_id: String,
    /// `InProgress`, `Succeeded`, …
    pub status: String,
    /// When it changed last.
    #[serde(serialize_with = "seconds")]
    pub last_updated_at: Option<Timestamp>,
    /// All of them, in their order; the current one is `InProgress`.
    pub lifecycle_events: Vec<LifecycleEvent>,
    /// `AWS::ECS::TaskSet`.
    pub resource_type: String,
    /// Green's share of the traffic in percent.
    pub target_version_weight: Option<f64>,
}

impl Default for CloudFormationTarget {
    fn default() -> Self {
        Self {
            deployment_id: String::new(),
            target_id: String::new(),
            status: "InProgress".to_owned(),
            last_updated_at: None,
            lifecycle_events: Vec::new(),
            resource_type: "AWS::ECS::TaskSet".to_owned(),
            target_version_weight: None,
        }
    }
}

/// A lifecycle event of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct LifecycleEvent {
    /// For example `AfterAllowTestTraffic`.
    pub lifecycle_event_name: String,
    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, `Skipped` or `Unknown`.
    pub status: String,
    /// When it began.
    #[serde(serialize_with = "seconds")]
    pub start_time: Option<Timestamp>,
    /// When it ended.
    #[serde(serialize_with = "seconds")]
    pub end_time: Option<Timestamp>,
}

/// A task set in a deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct EcsTaskSet {
    /// `ecs-svc/…`. AWS spells the member `identifer`.
    #[serde(rename = "identifer")]
    pub identifier: String,
    /// How many tasks it is to have.
    pub desired_count: usize,
    /// How many are starting.
    pub pending_count: usize,
    /// How many run.
    pub running_count: usize,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`.
    pub status: String,
    /// Its share of the production traffic in percent.
    pub traffic_weight: f64,
    /// Its target group, by name.
    pub target_group: Option<Named>,
    /// `Blue` or `Green`.
    pub task_set_label: Option<String>,
}

/// `ListDeploymentTargets`.
pub static LIST_DEPLOYMENT_TARGETS: Operation = Operation {
    service: &SERVICE,
    name: "ListDeploymentTargets",
    action: "ListDeploymentTargets",
    resource: asked_group,
    run: list_deployment_targets,
};

/// `GetDeploymentTarget`.
pub static GET_DEPLOYMENT_TARGET: Operation = Operation {
    service: &SERVICE,
    name: "GetDeploymentTarget",
    action: "GetDeploymentTarget",
    resource: asked_group,
    run: get_deployment_target,
};

/// The most targets on a page.
const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListDeploymentTargets {
    next_token: Option<String>,
    target_filters: Option<BTreeMap<String, Vec<String>>>,
}

fn list_deployment_targets(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: ListDeploymentTargets = decode(input)?;
    let deployment = world.codedeploy.asked_deployment(input)?;
    expect_started(deployment)?;
    let mut statuses = None;
    for (name, values) in asked.target_filters.unwrap_or_default() {
        match &*name {
            "TargetStatus" => statuses = Some(values),
            // Instances are labelled blue and green; a service is neither.
            "ServerInstanceLabel" => {}
            _ => {
                let message = format!("The target filter name '{name}' is not valid");
                return Err(AwsError::client("InvalidTargetFilterNameException", message));
            }
        }
    }
    let page = Page::of(world, LIST_DEPLOYMENT_TARGETS.name, asked.next_token.as_deref(), PAGE).ok_or_else(
        || {
            AwsError::client(
                "InvalidNextTokenException",
                "The next token was specified in an invalid format.",
            )
        },
    )?;
    let found = deployment.targets.iter().filter(|target| {
        statuses.as_ref().is_none_or(|statuses| statuses.iter().any(|status| status == target.status()))
    });
    let (ids, next) = page.take(found.map(DeploymentTarget::id));
    Ok(render(&json!({"targetIds": ids, "nextToken": next})))
}

fn get_deployment_target(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let deployment = world.codedeploy.asked_deployment(input)?;
    let id = text(input, "targetId");
    if id.is_empty() {
        return Err(AwsError::client(
            "DeploymentTargetIdRequiredException",
            "A deployment target ID was not provided.",
        ));
    }
    expect_started(deployment)?;
    let target = deployment.targets.iter().find(|target| target.id() == id).ok_or_else(|| {
        let message = format!(
            "The deployment target {id} does not exist in the deployment {}.",
            deployment.deployment_id
        );
        AwsError::client("DeploymentTargetDoesNotExistException", message)
    })?;
    let mut rendered = render(target);
    rendered["deploymentTargetType"] = target.kind().into();
    Ok(json!({"deploymentTarget": rendered}))
}

fn expect_started(deployment: &Deployment) -> Result<(), AwsError> {
    if matches!(&*deployment.status, "Created" | "Queued") {
        return Err(AwsError::client(
            "DeploymentNotStartedException",
            "The specified deployment has not started.",
        ));
    }
    Ok(())
}

impl DeploymentTarget {
    fn id(&self) -> &str {
        match self {
            Self::EcsTarget(target) => &target.target_id,
            Self::CloudFormationTarget(target) => &target.target_id,
        }
    }

    fn status(&self) -> &str {
        match self {
            Self::EcsTarget(target) => &target.status,
            Self::CloudFormationTarget(target) => &target.status,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::EcsTarget(_) => "ECSTarget",
            Self::CloudFormationTarget(_) => "CloudFormationTarget",
        }
    }
}
