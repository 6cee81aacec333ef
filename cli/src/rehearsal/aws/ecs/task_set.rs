//! Task sets: blue and green of a service that CodeDeploy deploys.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lookup::{first, missing, service_not_found};
use super::{LoadBalancer, NetworkConfiguration, SERVICE, State, invalid_parameter};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode, text};
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

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

/// `DescribeTaskSets`.
pub static DESCRIBE_TASK_SETS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeTaskSets",
    action: "DescribeTaskSets",
    resource: task_set_arn,
    run: describe_task_sets,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeTaskSets {
    cluster: Option<String>,
    service: Option<String>,
    task_sets: Option<Vec<String>>,
}

fn describe_task_sets(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: DescribeTaskSets = decode(input)?;
    let state = &world.ecs;
    let cluster = asked
        .cluster
        .filter(|name| !name.is_empty())
        .ok_or_else(|| invalid_parameter("Cluster cannot be empty."))?;
    let service = asked
        .service
        .filter(|name| !name.is_empty())
        .ok_or_else(|| invalid_parameter("Service cannot be empty."))?;
    let cluster = state.cluster(Some(&cluster))?;
    let service = state.service(cluster, &service).ok_or_else(service_not_found)?;
    if service.status != "ACTIVE" {
        return Err(AwsError::client("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    let of_service = || state.task_sets.iter().filter(|known| known.service_arn == service.service_arn);
    let Some(names) = asked.task_sets.filter(|names| !names.is_empty()) else {
        let all: Value = of_service().map(|task_set| task_set.rendered(state)).collect();
        return Ok(json!({"taskSets": all, "failures": []}));
    };
    let (mut task_sets, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match of_service().find(|known| known.id == name || known.task_set_arn == name) {
            Some(task_set) => task_sets.push(task_set.rendered(state)),
            None => failures.push(missing(&arn(world, &cluster.cluster_name, &service.service_name, &name))),
        }
    }
    Ok(json!({"taskSets": task_sets, "failures": failures}))
}

impl TaskSet {
    pub(super) fn rendered(&self, state: &State) -> Value {
        let count = state.count_started_by(&self.id);
        let mut rendered = render(self);
        rendered["computedDesiredCount"] = self.computed_desired_count.unwrap_or(count.all()).into();
        rendered["runningCount"] = self.running_count.unwrap_or(count.running).into();
        rendered["pendingCount"] = self.pending_count.unwrap_or(count.pending).into();
        rendered["serviceRegistries"] = json!([]);
        rendered
    }
}

/// The ARN of a task set that is named by its id or its ARN.
fn arn(world: &World, cluster: &str, service: &str, task_set: &str) -> String {
    if task_set.starts_with("arn:") {
        return task_set.to_owned();
    }
    world.identity.arn("ecs", &format!("task-set/{cluster}/{service}/{task_set}"))
}

fn task_set_arn(world: &World, input: &Value) -> String {
    let name = |key| {
        let named = text(input, key);
        named.rsplit_once('/').map_or(named, |(_, name)| name)
    };
    let task_set = match first(input, "taskSets") {
        "" => "*",
        named => named,
    };
    arn(world, name("cluster"), name("service"), task_set)
}
