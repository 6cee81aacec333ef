//! Amazon ECS: clusters, services, their revisions and deployments, tasks and task sets.
//!
//! A resource and the operations that read it share a file. The types are AWS's own shapes; what this
//! world has no use for (tags, volumes, placement) is left out of them.

mod cluster;
mod lookup;
mod pause;
mod service;
mod service_deployment;
mod service_revision;
mod stop;
mod task;
mod task_definition;
mod task_set;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

pub use self::cluster::{Cluster, DESCRIBE_CLUSTERS, LIST_CLUSTERS};
pub use self::pause::{Action, CONTINUE_SERVICE_DEPLOYMENT, Continue, already_completed};
pub use self::service::{
    AdvancedConfiguration, AwsvpcConfiguration, DESCRIBE_SERVICES, Deployment, DeploymentController,
    LIST_SERVICES, LoadBalancer, NetworkConfiguration, Service, ServiceCurrentRevisionSummary,
};
pub use self::service_deployment::{
    Alarms, DESCRIBE_SERVICE_DEPLOYMENTS, DeploymentCircuitBreaker, LIST_SERVICE_DEPLOYMENTS,
    LifecycleHookDetail, Rollback, ServiceDeployment, ServiceRevisionSummary,
};
pub use self::service_revision::{
    ContainerImage, DESCRIBE_SERVICE_REVISIONS, ResolvedConfiguration, ResolvedLoadBalancer, ServiceRevision,
};
pub use self::stop::{STOP_SERVICE_DEPLOYMENT, Stop, StopType};
pub use self::task::{
    Attachment, Container, DESCRIBE_TASKS, Detail, LIST_TASKS, NetworkBinding, NetworkInterface, Task,
};
pub use self::task_definition::{ContainerDefinition, DESCRIBE_TASK_DEFINITION, PortMapping, TaskDefinition};
pub use self::task_set::{DESCRIBE_TASK_SETS, Scale, TaskSet};

use super::error::AwsError;
use super::operation::Service as AwsService;
use super::protocol::Protocol;

pub(super) static SERVICE: AwsService = AwsService {
    name: "ecs",
    protocol: Protocol::Json { target: "AmazonEC2ContainerServiceV20141113", message: "message" },
    operations: &[
        &CONTINUE_SERVICE_DEPLOYMENT,
        &STOP_SERVICE_DEPLOYMENT,
        &DESCRIBE_CLUSTERS,
        &LIST_CLUSTERS,
        &DESCRIBE_SERVICES,
        &LIST_SERVICES,
        &DESCRIBE_SERVICE_DEPLOYMENTS,
        &LIST_SERVICE_DEPLOYMENTS,
        &DESCRIBE_SERVICE_REVISIONS,
        &DESCRIBE_TASKS,
        &LIST_TASKS,
        &DESCRIBE_TASK_DEFINITION,
        &DESCRIBE_TASK_SETS,
    ],
};

/// What ECS knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// Clusters.
    pub clusters: Vec<Cluster>,
    /// Services of all clusters.
    pub services: Vec<Service>,
    /// Deployments of all services.
    pub service_deployments: Vec<ServiceDeployment>,
    /// Revisions of all services.
    pub service_revisions: Vec<ServiceRevision>,
    /// Task sets of the services that CodeDeploy deploys.
    pub task_sets: Vec<TaskSet>,
    /// Tasks of all clusters.
    pub tasks: Vec<Task>,
    /// Task definitions.
    pub task_definitions: Vec<TaskDefinition>,
    /// The answers that counted, in order. A refused one is among the world's calls.
    #[serde(skip)]
    pub continues: Vec<Continue>,
    /// The requests to stop a deployment that were taken, in order.
    #[serde(skip)]
    pub stops: Vec<Stop>,
    /// The hooks that wait, by service deployment; while there is none, every id is taken for a known one.
    #[serde(skip)]
    awaited: BTreeMap<String, BTreeSet<String>>,
    #[serde(skip)]
    completed: BTreeSet<String>,
}

impl State {
    /// Makes a PAUSE hook known that waits for an answer. From then on other ids are unknown.
    pub fn await_action(&mut self, service_deployment_arn: impl Into<String>, hook_id: impl Into<String>) {
        self.awaited.entry(service_deployment_arn.into()).or_default().insert(hook_id.into());
    }

    /// Shows a hook of a deployment, in the place of what was shown of it. One that waits for an answer is
    /// awaited from then on.
    pub fn show_hook(&mut self, service_deployment_arn: &str, hook: LifecycleHookDetail) {
        if hook.status == AWAITING_ACTION {
            self.await_action(service_deployment_arn, &hook.hook_id);
        }
        let mut deployments = self.service_deployments.iter_mut();
        let Some(deployment) =
            deployments.find(|known| known.service_deployment_arn == service_deployment_arn)
        else {
            return;
        };
        let shown = &mut deployment.lifecycle_hook_details;
        match shown.iter_mut().find(|known| known.hook_id == hook.hook_id) {
            Some(known) => *known = hook,
            None => shown.push(hook),
        }
    }

    /// Ends a hook without an answer, as when it times out: that is what its deployment shows from then on,
    /// if it was awaited still.
    pub fn complete(&mut self, hook_id: impl Into<String>) {
        let hook_id = hook_id.into();
        let deployments = self.service_deployments.iter_mut();
        for hook in deployments.flat_map(|deployment| &mut deployment.lifecycle_hook_details) {
            if hook.hook_id == hook_id && hook.status == AWAITING_ACTION {
                "TIMED_OUT".clone_into(&mut hook.status);
            }
        }
        self.completed.insert(hook_id);
    }

    /// The answer that counted for a hook.
    pub fn answer(&self, hook_id: &str) -> Option<&Continue> {
        self.continues.iter().find(|taken| taken.hook_id == hook_id)
    }
}

/// The status of a hook that waits for an answer.
const AWAITING_ACTION: &str = "AWAITING_ACTION";

fn invalid_parameter(message: impl Into<std::borrow::Cow<'static, str>>) -> AwsError {
    AwsError::client("InvalidParameterException", message)
}
