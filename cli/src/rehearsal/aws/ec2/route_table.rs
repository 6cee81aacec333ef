//! Route tables, with the subnets that use them.

use serde_json::Value;

use super::SERVICE;
use super::select::{Kind, select};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::world::World;

/// `DescribeRouteTables`.
pub static DESCRIBE_ROUTE_TABLES: Operation = Operation {
    service: &SERVICE,
    name: "DescribeRouteTables",
    action: "DescribeRouteTables",
    resource: |_, _| String::new(),
    run: describe,
};

static KIND: Kind = Kind {
    list: "DescribeRouteTables",
    set: "routeTableSet",
    id: "routeTableId",
    asked: "RouteTableId",
    prefix: "rtb-",
    missing: ("InvalidRouteTableID.NotFound", "The routeTable ID '{id}' does not exist"),
    malformed: "InvalidRouteTableId.Malformed",
    largest_page: 100,
    filters: &[
        ("association.gateway-id", "associationSet.gatewayId"),
        ("association.main", "associationSet.main"),
        ("association.route-table-association-id", "associationSet.routeTableAssociationId"),
        ("association.route-table-id", "associationSet.routeTableId"),
        ("association.subnet-id", "associationSet.subnetId"),
        ("owner-id", "ownerId"),
        ("route-table-id", "routeTableId"),
        ("route.destination-cidr-block", "routeSet.destinationCidrBlock"),
        ("route.destination-prefix-list-id", "routeSet.destinationPrefixListId"),
        ("route.gateway-id", "routeSet.gatewayId"),
        ("route.nat-gateway-id", "routeSet.natGatewayId"),
        ("route.origin", "routeSet.origin"),
        ("route.state", "routeSet.state"),
        ("route.transit-gateway-id", "routeSet.transitGatewayId"),
        ("vpc-id", "vpcId"),
    ],
};

fn describe(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    select(world, &world.ec2.route_tables, &KIND, input)
}
