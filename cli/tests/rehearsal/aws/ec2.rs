//! EC2, as far as a function in a VPC is concerned.

use greenlight::{Api, Ask, Cause};
use greenlight_cli::rehearsal::aws::{Aws, Fault, Times, World, ec2};
use serde_json::{Value, json};

use super::api::ask;

async fn served() -> Aws {
    let world = json!({"ec2": {
        "subnets": [
            {"subnetId": "subnet-a", "vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24", "mapPublicIpOnLaunch": false,
             "tagSet": [{"key": "Name", "value": "private a"}]},
            {"subnetId": "subnet-b", "vpcId": "vpc-1", "cidrBlock": "10.0.1.0/24", "mapPublicIpOnLaunch": true},
            {"subnetId": "subnet-c", "vpcId": "vpc-2", "cidrBlock": "10.0.0.0/24"},
        ],
        "securityGroups": [{
            "groupId": "sg-1", "groupName": "hook", "groupDescription": "the hook", "vpcId": "vpc-1",
            "ipPermissionsEgress": [{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443,
                                     "ipRanges": [{"cidrIp": "0.0.0.0/0"}]}],
        }],
        "routeTables": [
            {"routeTableId": "rtb-1", "vpcId": "vpc-1",
             "associationSet": [{"main": true}, {"main": false, "subnetId": "subnet-a"}],
             "routeSet": [{"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "active"}]},
            {"routeTableId": "rtb-2", "vpcId": "vpc-1", "associationSet": [{"main": false, "subnetId": "subnet-b"}]},
        ],
        "vpcEndpoints": [{
            "vpcEndpointId": "vpce-1", "vpcId": "vpc-1", "vpcEndpointType": "Interface", "state": "available",
            "serviceName": "com.amazonaws.us-east-1.ecs",
        }],
    }});
    Aws::serve(World::from_json(world.to_string().as_bytes()).unwrap()).await.unwrap()
}

fn filter(name: &str, values: &[&str]) -> Value {
    json!({"Filter": [{"Name": name, "Value": values}]})
}

async fn ids(ask: &Ask, operation: &str, input: &Value) -> Vec<String> {
    let (set, id) = match operation {
        "DescribeSubnets" => ("subnetSet", "subnetId"),
        "DescribeSecurityGroups" => ("securityGroupInfo", "groupId"),
        "DescribeRouteTables" => ("routeTableSet", "routeTableId"),
        _ => ("vpcEndpointSet", "vpcEndpointId"),
    };
    let found = ask.call(&Api::EC2, operation, input.clone(), "*").await.unwrap();
    let all = found[set].as_array().into_iter().flatten();
    all.map(|one| one[id].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn resources_are_found_by_ids_and_by_filters() {
    let aws = served().await;
    let ask = ask(&aws);
    for (operation, input, expected) in [
        ("DescribeSubnets", json!({}), vec!["subnet-a", "subnet-b", "subnet-c"]),
        ("DescribeSubnets", json!({"SubnetId": ["subnet-c", "subnet-a"]}), vec!["subnet-a", "subnet-c"]),
        ("DescribeSubnets", filter("vpc-id", &["vpc-1"]), vec!["subnet-a", "subnet-b"]),
        ("DescribeSubnets", filter("map-public-ip-on-launch", &["true"]), vec!["subnet-b"]),
        ("DescribeSubnets", filter("tag:Name", &["private*"]), vec!["subnet-a"]),
        ("DescribeSubnets", filter("tag-key", &["Name"]), vec!["subnet-a"]),
        ("DescribeSubnets", filter("vpc-id", &["vpc-3"]), vec![]),
        ("DescribeSecurityGroups", filter("group-id", &["sg-1", "sg-2"]), vec!["sg-1"]),
        ("DescribeSecurityGroups", json!({"GroupId": ["sg-1"]}), vec!["sg-1"]),
        ("DescribeRouteTables", filter("association.subnet-id", &["subnet-a"]), vec!["rtb-1"]),
        ("DescribeRouteTables", filter("association.main", &["true"]), vec!["rtb-1"]),
        ("DescribeVpcEndpoints", filter("service-name", &["com.amazonaws.*.ecs"]), vec!["vpce-1"]),
        ("DescribeVpcEndpoints", filter("vpc-endpoint-type", &["Gateway"]), vec![]),
    ] {
        assert_eq!(ids(&ask, operation, &input).await, expected, "{operation} {input}");
    }
    let tables = ask.call(&Api::EC2, "DescribeRouteTables", json!({}), "*").await.unwrap();
    let routes = json!([{"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "active"}]);
    assert_eq!(tables["routeTableSet"][0]["routeSet"], routes);
    assert_eq!(tables.get("requestId"), None);
}

#[tokio::test]
async fn pages_lead_on() {
    let aws = served().await;
    aws.change(|world| world.page_size = Some(2));
    let pages = ask(&aws).call_pages(&Api::EC2, "DescribeSubnets", json!({}), "*").await.unwrap();
    let sizes: Vec<_> = pages.iter().map(|page| page["subnetSet"].as_array().map(Vec::len)).collect();
    assert_eq!(sizes, [Some(2), Some(1)]);
}

#[tokio::test]
async fn what_is_wrong_has_an_error_of_its_own() {
    let aws = served().await;
    let ask = ask(&aws);
    for (operation, input, cause, code) in [
        ("DescribeSubnets", json!({"SubnetId": ["subnet-x"]}), Cause::NotFound, "InvalidSubnetID.NotFound"),
        ("DescribeSubnets", json!({"SubnetId": ["sg-1"]}), Cause::Refused, "InvalidSubnetID.Malformed"),
        ("DescribeSecurityGroups", json!({"GroupId": ["sg-2"]}), Cause::NotFound, "InvalidGroup.NotFound"),
        (
            "DescribeRouteTables",
            json!({"RouteTableId": ["rtb-3"]}),
            Cause::NotFound,
            "InvalidRouteTableID.NotFound",
        ),
        (
            "DescribeVpcEndpoints",
            json!({"VpcEndpointId": ["vpce-2"]}),
            Cause::NotFound,
            "InvalidVpcEndpointId.NotFound",
        ),
        ("DescribeSubnets", filter("colour", &["red"]), Cause::Refused, "InvalidParameterValue"),
        ("DescribeSubnets", filter("vpc-id", &[]), Cause::Refused, "MissingParameter"),
        ("DescribeSubnets", json!({"MaxResults": 1}), Cause::Refused, "InvalidParameterValue"),
        ("DescribeSubnets", json!({"NextToken": "x"}), Cause::Refused, "InvalidNextToken"),
        ("DescribeSubnets", json!({"DryRun": true}), Cause::Refused, "DryRunOperation"),
        ("DescribeImages", json!({}), Cause::Refused, "InvalidAction"),
    ] {
        let failure = ask.try_call(&Api::EC2, operation, input.clone(), "*").await.unwrap_err();
        assert_eq!((failure.cause, failure.code.as_deref()), (cause, Some(code)), "{operation} {input}");
    }
    aws.fault(&ec2::DESCRIBE_SUBNETS, Fault::Denied, Times::Next(1));
    aws.fault(&ec2::DESCRIBE_SUBNETS, Fault::Throttled, Times::Next(1));
    let failure = ask.try_call(&Api::EC2, "DescribeSubnets", json!({}), "*").await.unwrap_err();
    assert_eq!((failure.cause, failure.code.as_deref()), (Cause::Denied, Some("UnauthorizedOperation")));
    assert!(failure.to_string().starts_with("not allowed to call ec2:DescribeSubnets on *: "), "{failure}");
    assert_eq!(ids(&ask, "DescribeSubnets", &json!({})).await.len(), 3, "a throttled call is sent again");
}
