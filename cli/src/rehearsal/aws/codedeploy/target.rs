//! Targets of deployments: lifecycle events and task sets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Named;
use crate::rehearsal::aws::rendering::seconds;

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
