//! Tasks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lookup::{bounded, first, missing, page, service_not_found};
use super::{SERVICE, invalid_parameter};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode, text};
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Task {
    /// `arn:…:task/CLUSTER/ID`.
    pub task_arn: String,
    /// Its cluster.
    pub cluster_arn: String,
    /// Its task definition.
    pub task_definition_arn: String,
    /// `service:NAME`.
    pub group: Option<String>,
    /// `ecs-svc/REVISION`, or the id of its task set.
    pub started_by: Option<String>,
    /// What it is.
    pub last_status: String,
    /// What it is to be: `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health_status: String,
    /// `FARGATE`, `EC2`, …
    pub launch_type: Option<String>,
    /// The machine that it runs on, unless that is AWS's business.
    pub container_instance_arn: Option<String>,
    /// For example `us-east-1a`.
    pub availability_zone: Option<String>,
    /// Network interfaces and the like.
    pub attachments: Vec<Attachment>,
    /// Its containers.
    pub containers: Vec<Container>,
    /// When it was created.
    #[serde(serialize_with = "seconds")]
    pub created_at: Option<Timestamp>,
    /// When it ran first.
    #[serde(serialize_with = "seconds")]
    pub started_at: Option<Timestamp>,
    /// When it was told to stop.
    #[serde(serialize_with = "seconds")]
    pub stopping_at: Option<Timestamp>,
    /// When it stopped.
    #[serde(serialize_with = "seconds")]
    pub stopped_at: Option<Timestamp>,
    /// `EssentialContainerExited`, …
    pub stop_code: Option<String>,
    /// Why it stopped.
    pub stopped_reason: Option<String>,
    /// Counts its changes.
    pub version: u32,
}

impl Default for Task {
    fn default() -> Self {
        Self {
            task_arn: String::new(),
            cluster_arn: String::new(),
            task_definition_arn: String::new(),
            group: None,
            started_by: None,
            last_status: "RUNNING".to_owned(),
            desired_status: "RUNNING".to_owned(),
            health_status: "UNKNOWN".to_owned(),
            launch_type: Some("FARGATE".to_owned()),
            container_instance_arn: None,
            availability_zone: None,
            attachments: Vec::new(),
            containers: Vec::new(),
            created_at: None,
            started_at: None,
            stopping_at: None,
            stopped_at: None,
            stop_code: None,
            stopped_reason: None,
            version: 1,
        }
    }
}

/// What is attached to a task, such as its network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Attachment {
    /// A UUID.
    pub id: String,
    /// `ElasticNetworkInterface`, …
    pub r#type: String,
    /// `ATTACHED`, …
    pub status: String,
    /// `networkInterfaceId`, `privateIPv4Address`, …
    pub details: Vec<Detail>,
}

/// A detail of an attachment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Detail {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A container of a task.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Container {
    /// `arn:…:container/CLUSTER/TASK/ID`.
    pub container_arn: Option<String>,
    /// Its task.
    pub task_arn: String,
    /// Its name.
    pub name: String,
    /// The image as the task definition names it.
    pub image: Option<String>,
    /// `sha256:…`
    pub image_digest: Option<String>,
    /// What it is.
    pub last_status: String,
    /// How it exited.
    pub exit_code: Option<i32>,
    /// Why it stopped.
    pub reason: Option<String>,
    /// The ports of the machine that it is reached by, in the modes `bridge` and `host`.
    pub network_bindings: Vec<NetworkBinding>,
    /// Its addresses, in the mode `awsvpc`.
    pub network_interfaces: Vec<NetworkInterface>,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health_status: String,
}

impl Default for Container {
    fn default() -> Self {
        Self {
            container_arn: None,
            task_arn: String::new(),
            name: String::new(),
            image: None,
            image_digest: None,
            last_status: "RUNNING".to_owned(),
            exit_code: None,
            reason: None,
            network_bindings: Vec::new(),
            network_interfaces: Vec::new(),
            health_status: "UNKNOWN".to_owned(),
        }
    }
}

/// A port of the machine that leads to a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct NetworkBinding {
    /// The machine's address, `0.0.0.0` for all.
    #[serde(rename = "bindIP")]
    pub bind_ip: Option<String>,
    /// The container's port.
    pub container_port: u16,
    /// The machine's.
    pub host_port: u16,
    /// `tcp` or `udp`.
    pub protocol: Option<String>,
}

/// A network interface as a container has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct NetworkInterface {
    /// The task's attachment.
    pub attachment_id: String,
    /// The address in the VPC.
    pub private_ipv4_address: Option<String>,
    /// The address of version 6.
    pub ipv6_address: Option<String>,
}

/// `ListTasks`.
pub static LIST_TASKS: Operation = Operation {
    service: &SERVICE,
    name: "ListTasks",
    action: "ListTasks",
    // IAM judges it by the machines of the cluster, whoever asks and whatever for.
    resource: |world, input| {
        world.identity.arn("ecs", &format!("container-instance/{}/*", cluster_name(input)))
    },
    run: list_tasks,
};

/// `DescribeTasks`.
pub static DESCRIBE_TASKS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeTasks",
    action: "DescribeTasks",
    resource: |world, input| arn(world, cluster_name(input), first(input, "tasks")),
    run: describe_tasks,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListTasks {
    cluster: Option<String>,
    container_instance: Option<String>,
    family: Option<String>,
    started_by: Option<String>,
    service_name: Option<String>,
    desired_status: Option<String>,
    launch_type: Option<String>,
}

fn list_tasks(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: ListTasks = decode(input)?;
    let others = [
        &asked.container_instance,
        &asked.family,
        &asked.service_name,
        &asked.desired_status,
        &asked.launch_type,
    ];
    if asked.started_by.is_some() && others.into_iter().any(Option::is_some) {
        return Err(invalid_parameter("cannot specify startedBy with other arguments"));
    }
    let desired_status = asked.desired_status.as_deref().unwrap_or("RUNNING");
    if !["RUNNING", "PENDING", "STOPPED"].contains(&desired_status) {
        return Err(invalid_parameter("Invalid desiredStatus. Valid values are: RUNNING, PENDING, STOPPED"));
    }
    let page = page(world, LIST_TASKS.name, input, 100)?;
    let state = &world.ecs;
    let cluster = state.cluster(asked.cluster.as_deref())?;
    let group = match &asked.service_name {
        None => None,
        Some(name) => {
            let service = state.service(cluster, name).ok_or_else(service_not_found)?;
            Some(format!("service:{}", service.service_name))
        }
    };
    let found = state.tasks.iter().filter(|task| {
        let is = |asked: &Option<String>, observed: &Option<String>| asked.is_none() || asked == observed;
        task.cluster_arn == cluster.cluster_arn
            && task.desired_status == desired_status
            && is(&asked.started_by, &task.started_by)
            && is(&group, &task.group)
            && is(&asked.launch_type, &task.launch_type)
            && is(&asked.container_instance, &task.container_instance_arn)
            && asked.family.as_ref().is_none_or(|family| task.is_of_family(family))
    });
    let (arns, next) = page.take(found.map(|task| &*task.task_arn));
    Ok(render(&json!({"taskArns": arns, "nextToken": next})))
}

#[derive(Deserialize)]
struct DescribeTasks {
    cluster: Option<String>,
    tasks: Option<Vec<String>>,
}

fn describe_tasks(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: DescribeTasks = decode(input)?;
    let names = bounded("Tasks", asked.tasks, 100)?;
    let cluster = world.ecs.cluster(asked.cluster.as_deref())?;
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        let arn = arn(world, &cluster.cluster_name, &name);
        if let Some((_, rest)) = arn.split_once(":task/")
            && let Some((other, _)) = rest.split_once('/')
            && other != cluster.cluster_name
        {
            let message = format!(
                "Invalid identifier: Identifier is for {other}. Your cluster is {}",
                cluster.cluster_name
            );
            return Err(invalid_parameter(message));
        }
        match world.ecs.tasks.iter().find(|task| task.task_arn == arn) {
            Some(task) => tasks.push(render(task)),
            None if is_task_id(arn.rsplit_once('/').map_or("", |(_, id)| id)) => failures.push(missing(&arn)),
            None => return Err(invalid_parameter("taskId length should be one of [32,36]")),
        }
    }
    Ok(json!({"tasks": tasks, "failures": failures}))
}

impl Task {
    fn is_of_family(&self, family: &str) -> bool {
        let (_, definition) = self.task_definition_arn.rsplit_once('/').unwrap_or_default();
        definition.rsplit_once(':').is_some_and(|(observed, _)| observed == family)
    }
}

/// 32 hexadecimal digits, or a UUID in older accounts.
fn is_task_id(id: &str) -> bool {
    matches!(id.len(), 32 | 36) && id.chars().all(|digit| digit == '-' || digit.is_ascii_hexdigit())
}

/// The name of the cluster that a call names.
fn cluster_name(input: &Value) -> &str {
    let named = Some(text(input, "cluster")).filter(|name| !name.is_empty()).unwrap_or("default");
    named.rsplit_once('/').map_or(named, |(_, name)| name)
}

/// The ARN of a task that is named by its id or its ARN.
fn arn(world: &World, cluster: &str, task: &str) -> String {
    if task.starts_with("arn:") {
        return task.to_owned();
    }
    world.identity.arn("ecs", &format!("task/{cluster}/{task}"))
}
