//! Task definitions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rehearsal::aws::rendering::seconds;

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
