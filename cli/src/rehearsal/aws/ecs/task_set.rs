//! Task sets: blue and green of a service that CodeDeploy deploys.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LoadBalancer, NetworkConfiguration};
use crate::rehearsal::aws::rendering::seconds;

/// A task set.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TaskSet {
    /// `ecs-svc/…`, which its tasks are started by.
    pub id: String,
    /// `arn:…:task-set/CLUSTER/SERVICE/ecs-svc/…`.
    pub task_set_arn: String,
    /// Its service.
    pub service_arn: String,
    /// Its cluster.
    pub cluster_arn: String,
    /// `CODE_DEPLOY`.
    pub started_by: Option<String>,
    /// CodeDeploy's deployment.
    pub external_id: Option<String>,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`.
    pub status: String,
    /// Its task definition.
    pub task_definition: String,
    /// How many tasks it is to have; those that it has, if that is not said.
    pub computed_desired_count: Option<usize>,
    /// How many are starting; counted, if it is not said.
    pub pending_count: Option<usize>,
    /// How many run; counted, if it is not said.
    pub running_count: Option<usize>,
    /// `FARGATE`, `EC2`, …
    pub launch_type: Option<String>,
    /// Its target group.
    pub load_balancers: Vec<LoadBalancer>,
    /// Subnets and security groups.
    pub network_configuration: Option<NetworkConfiguration>,
    /// Its share of the service's tasks.
    pub scale: Option<Scale>,
    /// `STEADY_STATE` or `STABILIZING`.
    pub stability_status: String,
    /// Since when.
    #[serde(serialize_with = "seconds")]
    pub stability_status_at: Option<Timestamp>,
    /// When it was created.
    #[serde(serialize_with = "seconds")]
    pub created_at: Option<Timestamp>,
    /// When it changed last.
    #[serde(serialize_with = "seconds")]
    pub updated_at: Option<Timestamp>,
}

impl Default for TaskSet {
    fn default() -> Self {
        Self {
            id: String::new(),
            task_set_arn: String::new(),
            service_arn: String::new(),
            cluster_arn: String::new(),
            started_by: Some("CODE_DEPLOY".to_owned()),
            external_id: None,
            status: "ACTIVE".to_owned(),
            task_definition: String::new(),
            computed_desired_count: None,
            pending_count: None,
            running_count: None,
            launch_type: Some("FARGATE".to_owned()),
            load_balancers: Vec::new(),
            network_configuration: None,
            scale: None,
            stability_status: "STEADY_STATE".to_owned(),
            stability_status_at: None,
            created_at: None,
            updated_at: None,
        }
    }
}

/// A share of a service's tasks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Scale {
    /// How much.
    pub value: f64,
    /// `PERCENT`.
    pub unit: String,
}
