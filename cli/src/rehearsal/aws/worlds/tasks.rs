//! The tasks of a side, and what they run.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::Side;
use crate::rehearsal::aws::ecs::{
    Attachment, AwsvpcConfiguration, Container, ContainerDefinition, Detail, NetworkConfiguration,
    NetworkInterface, PortMapping, Task, TaskDefinition,
};
use crate::rehearsal::aws::world::Identity;

/// A service in its place: what everything is called there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home<'parameters> {
    pub(super) identity: &'parameters Identity,
    pub(super) cluster: &'parameters str,
    pub(super) service: &'parameters str,
    pub(super) container: &'parameters str,
    pub(super) container_port: u16,
    pub(super) started_at: Timestamp,
}

impl Home<'_> {
    pub(super) fn arn(&self, resource: &str) -> String {
        self.identity.arn("ecs", resource)
    }

    pub(super) fn cluster_arn(&self) -> String {
        self.arn(&format!("cluster/{}", self.cluster))
    }

    pub(super) fn service_arn(&self) -> String {
        self.arn(&format!("service/{}/{}", self.cluster, self.service))
    }

    /// A revision, deployment or task set of the service.
    pub(super) fn part_arn(&self, kind: &str, id: &str) -> String {
        self.arn(&format!("{kind}/{}/{}/{id}", self.cluster, self.service))
    }

    pub(super) fn task_definition_arn(&self, revision: u32) -> String {
        self.arn(&format!("task-definition/{}:{revision}", self.service))
    }

    pub(super) fn image(&self, revision: u32) -> String {
        let Identity { account, region, .. } = self.identity;
        format!("{account}.dkr.ecr.{region}.amazonaws.com/{}:{revision}", self.service)
    }

    pub(super) fn network_configuration() -> NetworkConfiguration {
        NetworkConfiguration {
            awsvpc_configuration: Some(AwsvpcConfiguration {
                subnets: vec!["subnet-0a1b2c3d4e5f60718".to_owned(), "subnet-0b1c2d3e4f5061728".to_owned()],
                security_groups: vec!["sg-0a1b2c3d4e5f60719".to_owned()],
                assign_public_ip: Some("DISABLED".to_owned()),
            }),
        }
    }

    pub(super) fn task_definition(&self, revision: u32) -> TaskDefinition {
        TaskDefinition {
            task_definition_arn: self.task_definition_arn(revision),
            family: self.service.to_owned(),
            revision,
            container_definitions: vec![ContainerDefinition {
                name: self.container.to_owned(),
                image: self.image(revision),
                port_mappings: vec![PortMapping {
                    container_port: self.container_port,
                    host_port: Some(self.container_port),
                    protocol: Some("tcp".to_owned()),
                    ..PortMapping::default()
                }],
                ..ContainerDefinition::default()
            }],
            cpu: Some("256".to_owned()),
            memory: Some("512".to_owned()),
            registered_at: Some(self.started_at),
            ..TaskDefinition::default()
        }
    }

    /// The tasks of a side, which run the revision of the task definition.
    pub(super) fn tasks(&self, side: &Side, revision: u32) -> Vec<Task> {
        let addresses = side.tasks.iter().enumerate();
        addresses.map(|(index, address)| self.task(side, revision, index, *address)).collect()
    }

    fn task(&self, side: &Side, revision: u32, index: usize, address: SocketAddr) -> Task {
        let id = format!("{revision:08x}{index:024x}");
        let task_arn = self.arn(&format!("task/{}/{id}", self.cluster));
        let attachment = network_interface(revision, index, address);
        let (ipv4, ipv6) = match address {
            SocketAddr::V4(address) => (Some(address.ip().to_string()), None),
            SocketAddr::V6(address) => (None, Some(address.ip().to_string())),
        };
        let container = Container {
            container_arn: Some(self.arn(&format!("container/{}/{id}/{}", self.cluster, attachment.id))),
            task_arn: task_arn.clone(),
            name: self.container.to_owned(),
            image: Some(self.image(revision)),
            image_digest: Some(format!("sha256:{}", side.image_digest)),
            network_interfaces: vec![NetworkInterface {
                attachment_id: attachment.id.clone(),
                private_ipv4_address: ipv4,
                ipv6_address: ipv6,
            }],
            ..Container::default()
        };
        Task {
            task_arn,
            cluster_arn: self.cluster_arn(),
            task_definition_arn: self.task_definition_arn(revision),
            group: Some(format!("service:{}", self.service)),
            started_by: Some(side.started_by()),
            availability_zone: Some(format!("{}{}", self.identity.region, zone(index).0)),
            attachments: vec![attachment],
            containers: vec![container],
            created_at: Some(self.started_at),
            started_at: Some(self.started_at),
            ..Task::default()
        }
    }
}

/// The letter of a task's zone, and its subnet: the scheduler spreads tasks over the zones in turn.
fn zone(index: usize) -> (char, &'static str) {
    const ZONES: [(char, &str); 2] = [('a', "subnet-0a1b2c3d4e5f60718"), ('b', "subnet-0b1c2d3e4f5061728")];
    ZONES[index % ZONES.len()]
}

fn network_interface(revision: u32, index: usize, address: SocketAddr) -> Attachment {
    let kind = if address.is_ipv4() { "privateIPv4Address" } else { "ipv6Address" };
    let details = [
        ("subnetId", zone(index).1.to_owned()),
        ("networkInterfaceId", format!("eni-{revision:05x}{index:012x}")),
        ("macAddress", format!("0e:00:00:{:02x}:00:{:02x}", revision & 0xff, index & 0xff)),
        (kind, address.ip().to_string()),
    ];
    Attachment {
        id: format!("{revision:08x}-0000-4000-8000-{index:012x}"),
        r#type: "ElasticNetworkInterface".to_owned(),
        status: "ATTACHED".to_owned(),
        details: details.map(|(name, value)| Detail { name: name.to_owned(), value }).to_vec(),
    }
}
