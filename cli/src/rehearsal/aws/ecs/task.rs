//! Tasks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rehearsal::aws::rendering::seconds;

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
