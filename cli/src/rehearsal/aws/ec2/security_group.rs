//! Security groups, with what they let through.

use serde_json::Value;

use super::SERVICE;
use super::select::{Kind, select};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::world::World;

/// `DescribeSecurityGroups`.
pub static DESCRIBE_SECURITY_GROUPS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeSecurityGroups",
    action: "DescribeSecurityGroups",
    resource: |_, _| String::new(),
    run: describe,
};

static KIND: Kind = Kind {
    list: "DescribeSecurityGroups",
    set: "securityGroupInfo",
    id: "groupId",
    asked: "GroupId",
    prefix: "sg-",
    missing: ("InvalidGroup.NotFound", "The security group '{id}' does not exist"),
    malformed: "InvalidGroupId.Malformed",
    largest_page: 1000,
    filters: &[
        ("description", "groupDescription"),
        ("egress.ip-permission.cidr", "ipPermissionsEgress.ipRanges.cidrIp"),
        ("egress.ip-permission.group-id", "ipPermissionsEgress.groups.groupId"),
        ("group-id", "groupId"),
        ("group-name", "groupName"),
        ("ip-permission.cidr", "ipPermissions.ipRanges.cidrIp"),
        ("ip-permission.group-id", "ipPermissions.groups.groupId"),
        ("owner-id", "ownerId"),
        ("vpc-id", "vpcId"),
    ],
};

fn describe(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    select(world, &world.ec2.security_groups, &KIND, input)
}
