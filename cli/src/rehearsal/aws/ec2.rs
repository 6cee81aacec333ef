//! EC2: what a function in a VPC has around it, and only looking at it.
//!
//! Resources are kept as EC2 answers them, with its own names (`subnetId`, `cidrBlock`): it is for who looks
//! to know what they mean.

mod route_table;
mod security_group;
mod select;
mod subnet;
mod vpc_endpoint;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use self::route_table::DESCRIBE_ROUTE_TABLES;
pub use self::security_group::DESCRIBE_SECURITY_GROUPS;
pub use self::subnet::DESCRIBE_SUBNETS;
pub use self::vpc_endpoint::DESCRIBE_VPC_ENDPOINTS;

use super::operation::Service;
use super::protocol::Protocol;

pub(super) static SERVICE: Service = Service {
    name: "ec2",
    protocol: Protocol::Ec2 { version: "2016-11-15", namespace: "http://ec2.amazonaws.com/doc/2016-11-15/" },
    operations: &[
        &DESCRIBE_ROUTE_TABLES,
        &DESCRIBE_SECURITY_GROUPS,
        &DESCRIBE_SUBNETS,
        &DESCRIBE_VPC_ENDPOINTS,
    ],
};

/// A resource as EC2 answers it.
pub type Resource = Map<String, Value>;

/// What EC2 knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// Route tables, each with its `routeTableId`.
    pub route_tables: Vec<Resource>,
    /// Security groups, each with its `groupId`.
    pub security_groups: Vec<Resource>,
    /// Subnets, each with its `subnetId`.
    pub subnets: Vec<Resource>,
    /// Endpoints of VPCs, each with its `vpcEndpointId`.
    pub vpc_endpoints: Vec<Resource>,
}
