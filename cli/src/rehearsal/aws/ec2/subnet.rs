//! Subnets.

use serde_json::Value;

use super::SERVICE;
use super::select::{Kind, select};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::world::World;

/// `DescribeSubnets`.
pub static DESCRIBE_SUBNETS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeSubnets",
    action: "DescribeSubnets",
    resource: |_, _| String::new(),
    run: describe,
};

static KIND: Kind = Kind {
    list: "DescribeSubnets",
    set: "subnetSet",
    id: "subnetId",
    asked: "SubnetId",
    prefix: "subnet-",
    missing: ("InvalidSubnetID.NotFound", "The subnet ID '{id}' does not exist"),
    malformed: "InvalidSubnetID.Malformed",
    largest_page: 1000,
    filters: &[
        ("availability-zone", "availabilityZone"),
        ("availability-zone-id", "availabilityZoneId"),
        ("available-ip-address-count", "availableIpAddressCount"),
        ("cidr-block", "cidrBlock"),
        ("default-for-az", "defaultForAz"),
        ("map-public-ip-on-launch", "mapPublicIpOnLaunch"),
        ("owner-id", "ownerId"),
        ("state", "state"),
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
    ],
};

fn describe(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    select(world, &world.ec2.subnets, &KIND, input)
}
