//! Endpoints of VPCs: the ways to AWS that need no NAT.

use serde_json::Value;

use super::SERVICE;
use super::select::{Kind, select};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::world::World;

/// `DescribeVpcEndpoints`.
pub static DESCRIBE_VPC_ENDPOINTS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeVpcEndpoints",
    action: "DescribeVpcEndpoints",
    resource: |_, _| String::new(),
    run: describe,
};

static KIND: Kind = Kind {
    list: "DescribeVpcEndpoints",
    set: "vpcEndpointSet",
    id: "vpcEndpointId",
    asked: "VpcEndpointId",
    prefix: "vpce-",
    missing: ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{id}' does not exist"),
    malformed: "InvalidVpcEndpointId.Malformed",
    largest_page: 1000,
    filters: &[
        ("ip-address-type", "ipAddressType"),
        ("service-name", "serviceName"),
        ("vpc-endpoint-id", "vpcEndpointId"),
        ("vpc-endpoint-state", "state"),
        ("vpc-endpoint-type", "vpcEndpointType"),
        ("vpc-id", "vpcId"),
    ],
};

fn describe(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    select(world, &world.ec2.vpc_endpoints, &KIND, input)
}
