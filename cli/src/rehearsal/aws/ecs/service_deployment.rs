//! Service deployments: what a hook's event names, with its status, stage and hooks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rehearsal::aws::rendering::seconds;

/// A service deployment.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceDeployment {
    /// `arn:…:service-deployment/CLUSTER/SERVICE/ID`.
    pub service_deployment_arn: String,
    /// Its service.
    pub service_arn: String,
    /// Its cluster.
    pub cluster_arn: String,
    /// When it was created.
    #[serde(serialize_with = "seconds")]
    pub created_at: Option<Timestamp>,
    /// When it started.
    #[serde(serialize_with = "seconds")]
    pub started_at: Option<Timestamp>,
    /// When it finished.
    #[serde(serialize_with = "seconds")]
    pub finished_at: Option<Timestamp>,
    /// When it was stopped.
    #[serde(serialize_with = "seconds")]
    pub stopped_at: Option<Timestamp>,
    /// When it changed last.
    #[serde(serialize_with = "seconds")]
    pub updated_at: Option<Timestamp>,
    /// Blue; none while the service is being created.
    pub source_service_revisions: Vec<ServiceRevisionSummary>,
    /// Green.
    pub target_service_revision: Option<ServiceRevisionSummary>,
    /// `PENDING`, `IN_PROGRESS`, `ROLLBACK_IN_PROGRESS`, `SUCCESSFUL`, …
    pub status: String,
    /// Why.
    pub status_reason: Option<String>,
    /// The stage that it is in.
    pub lifecycle_stage: Option<String>,
    /// The hooks of that stage.
    pub lifecycle_hook_details: Vec<LifecycleHookDetail>,
    /// Strategy, hooks, bake time, alarms, as the API takes them.
    pub deployment_configuration: Option<Value>,
    /// How it was taken back.
    pub rollback: Option<Rollback>,
    /// The circuit breaker.
    pub deployment_circuit_breaker: Option<DeploymentCircuitBreaker>,
    /// The alarms that it watches.
    pub alarms: Option<Alarms>,
}

impl Default for ServiceDeployment {
    fn default() -> Self {
        Self {
            service_deployment_arn: String::new(),
            service_arn: String::new(),
            cluster_arn: String::new(),
            created_at: None,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            updated_at: None,
            source_service_revisions: Vec::new(),
            target_service_revision: None,
            status: "IN_PROGRESS".to_owned(),
            status_reason: None,
            lifecycle_stage: None,
            lifecycle_hook_details: Vec::new(),
            deployment_configuration: None,
            rollback: None,
            deployment_circuit_breaker: None,
            alarms: None,
        }
    }
}

/// A revision in a deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceRevisionSummary {
    /// The revision.
    pub arn: String,
    /// How many tasks it is to have; those that it has, if that is not said.
    pub requested_task_count: Option<usize>,
    /// How many run; counted, if it is not said.
    pub running_task_count: Option<usize>,
    /// How many are starting; counted, if it is not said.
    pub pending_task_count: Option<usize>,
    /// Its share of the test traffic in percent.
    pub requested_test_traffic_weight: Option<f64>,
    /// Its share of the production traffic in percent.
    pub requested_production_traffic_weight: Option<f64>,
}

/// A hook that runs or waits, or has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct LifecycleHookDetail {
    /// `ecs-pause-…` or the like.
    pub hook_id: String,
    /// `AWS_LAMBDA` or `PAUSE`.
    pub target_type: String,
    /// The function.
    pub target_arn: Option<String>,
    /// `AWAITING_ACTION`, `IN_PROGRESS`, `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
    pub status: String,
    /// When its time is over.
    #[serde(serialize_with = "seconds")]
    pub expires_at: Option<Timestamp>,
    /// What happens then: `ROLLBACK` or `CONTINUE`.
    pub timeout_action: Option<String>,
}

/// How a deployment was taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Rollback {
    /// Why.
    pub reason: Option<String>,
    /// When it began.
    #[serde(serialize_with = "seconds")]
    pub started_at: Option<Timestamp>,
    /// The revision that it goes back to.
    pub service_revision_arn: Option<String>,
}

/// The circuit breaker of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DeploymentCircuitBreaker {
    /// `MONITORING`, `TRIGGERED`, `MONITORING_COMPLETE` or `DISABLED`.
    pub status: String,
    /// How many tasks have failed.
    pub failure_count: usize,
    /// How many are too many.
    pub threshold: usize,
}

/// The alarms of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Alarms {
    /// `MONITORING`, `TRIGGERED`, `MONITORING_COMPLETE` or `DISABLED`.
    pub status: String,
    /// Those that are watched.
    pub alarm_names: Vec<String>,
    /// Those that went off.
    pub triggered_alarm_names: Vec<String>,
}
