//! Task definitions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::SERVICE;
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode};
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// A revision of a task definition.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TaskDefinition {
    /// `arn:…:task-definition/FAMILY:REVISION`.
    pub task_definition_arn: String,
    /// The family.
    pub family: String,
    /// The revision.
    pub revision: u32,
    /// `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// `awsvpc`, `bridge`, `host` or `none`.
    pub network_mode: Option<String>,
    /// Its containers.
    pub container_definitions: Vec<ContainerDefinition>,
    /// `FARGATE`, `EC2`, …
    pub requires_compatibilities: Vec<String>,
    /// For example `256`.
    pub cpu: Option<String>,
    /// For example `512`.
    pub memory: Option<String>,
    /// The role of the application.
    pub task_role_arn: Option<String>,
    /// The role that pulls images and writes logs.
    pub execution_role_arn: Option<String>,
    /// When it was registered.
    #[serde(serialize_with = "seconds")]
    pub registered_at: Option<Timestamp>,
}

impl Default for TaskDefinition {
    fn default() -> Self {
        Self {
            task_definition_arn: String::new(),
            family: String::new(),
            revision: 1,
            status: "ACTIVE".to_owned(),
            network_mode: Some("awsvpc".to_owned()),
            container_definitions: Vec::new(),
            requires_compatibilities: vec!["FARGATE".to_owned()],
            cpu: None,
            memory: None,
            task_role_arn: None,
            execution_role_arn: None,
            registered_at: None,
        }
    }
}

/// A container of a task definition.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ContainerDefinition {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Whether its end is the task's.
    pub essential: bool,
    /// The ports that it serves.
    pub port_mappings: Vec<PortMapping>,
    /// Its own health check, as the API takes it.
    pub health_check: Option<Value>,
    /// Its environment, as the API takes it.
    pub environment: Vec<Value>,
}

impl Default for ContainerDefinition {
    fn default() -> Self {
        Self {
            name: String::new(),
            image: String::new(),
            essential: true,
            port_mappings: Vec::new(),
            health_check: None,
            environment: Vec::new(),
        }
    }
}

/// A port that a container serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PortMapping {
    /// The container's port.
    pub container_port: u16,
    /// The machine's; 0 for any.
    pub host_port: Option<u16>,
    /// `tcp` or `udp`.
    pub protocol: Option<String>,
    /// The name that Service Connect knows it by.
    pub name: Option<String>,
    /// `http`, `http2` or `grpc`.
    pub app_protocol: Option<String>,
}

/// `DescribeTaskDefinition`.
pub static DESCRIBE_TASK_DEFINITION: Operation = Operation {
    service: &SERVICE,
    name: "DescribeTaskDefinition",
    action: "DescribeTaskDefinition",
    resource: |_, _| "*".to_owned(),
    run: describe_task_definition,
};

fn describe_task_definition(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: DescribeTaskDefinition = decode(input)?;
    let asked = asked
        .task_definition
        .filter(|name| !name.is_empty())
        .ok_or_else(|| client("TaskDefinition cannot be empty."))?;
    let known = &world.ecs.task_definitions;
    let exact = known.iter().find(|known| {
        known.task_definition_arn == asked || format!("{}:{}", known.family, known.revision) == asked
    });
    let newest = || {
        let active = known.iter().filter(|known| known.family == asked && known.status == "ACTIVE");
        active.max_by_key(|known| known.revision)
    };
    let found = exact.or_else(newest).ok_or_else(|| client("Unable to describe task definition."))?;
    let mut rendered = render(found);
    rendered["compatibilities"] = json!(found.compatibilities());
    for list in ["volumes", "placementConstraints", "requiresAttributes"] {
        rendered[list] = json!([]);
    }
    Ok(json!({"taskDefinition": rendered, "tags": []}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeTaskDefinition {
    task_definition: Option<String>,
}

impl TaskDefinition {
    /// Everything runs on machines of one's own; on AWS's, what is made for it.
    fn compatibilities(&self) -> Vec<&str> {
        let mut compatibilities = vec!["EC2"];
        compatibilities
            .extend(self.requires_compatibilities.iter().map(String::as_str).filter(|one| *one != "EC2"));
        compatibilities
    }
}

fn client(message: &'static str) -> AwsError {
    AwsError::client("ClientException", message)
}
