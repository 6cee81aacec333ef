//! `DescribeLoadBalancers`.

use serde_json::{Value, json};

use super::input::{expect_arn, no_resource, page, texts, validation_error};
use super::{LoadBalancer, LoadBalancerKind, SERVICE};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::rendering::render;
use crate::rehearsal::aws::world::World;

/// `DescribeLoadBalancers`.
pub static DESCRIBE_LOAD_BALANCERS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeLoadBalancers",
    action: "DescribeLoadBalancers",
    resource: no_resource,
    run: describe_load_balancers,
};

/// The one network of the world.
pub(super) const VPC: &str = "vpc-0a1b2c3d4e5f60718";

fn describe_load_balancers(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let page = page(world, DESCRIBE_LOAD_BALANCERS.name, input)?;
    let (arns, names) = (texts(input, "LoadBalancerArns"), texts(input, "Names"));
    if !arns.is_empty() && !names.is_empty() {
        return Err(validation_error(
            "Load balancer names and load balancer ARNs cannot be specified at the same time",
        ));
    }
    if arns.len() > 20 || names.len() > 20 {
        return Err(validation_error("You cannot describe more than '20' load balancers at a time"));
    }
    let known = &world.elb.load_balancers;
    for arn in &arns {
        expect_arn(arn, "loadbalancer", "load balancer")?;
        if !known.iter().any(|balancer| balancer.arn == *arn) {
            return Err(not_found(format!("Load balancer '{arn}' not found")));
        }
    }
    let unknown: Vec<&str> =
        names.iter().copied().filter(|name| !known.iter().any(|balancer| balancer.name() == *name)).collect();
    if !unknown.is_empty() {
        return Err(not_found(format!("Load balancers '[{}]' not found", unknown.join(", "))));
    }
    let found = known.iter().filter(|balancer| {
        (arns.is_empty() && names.is_empty())
            || arns.contains(&&*balancer.arn)
            || names.contains(&balancer.name())
    });
    let (page, next) = page.take(found.map(|balancer| balancer.rendered(&world.identity.region)));
    Ok(render(&json!({"LoadBalancers": page, "NextMarker": next})))
}

/// The answer to a load balancer that does not exist.
pub(super) fn not_found(message: String) -> AwsError {
    AwsError::client("LoadBalancerNotFound", message)
}

impl LoadBalancer {
    /// Its name, which stands in its ARN.
    pub fn name(&self) -> &str {
        self.arn.rsplit('/').nth(1).unwrap_or_default()
    }

    fn rendered(&self, region: &str) -> Value {
        let application = self.kind == LoadBalancerKind::Application;
        let zone = |letter: char, subnet: &str| json!({"ZoneName": format!("{region}{letter}"), "SubnetId": subnet, "LoadBalancerAddresses": []});
        json!({
            "LoadBalancerArn": self.arn,
            "DNSName": self.dns_name,
            "CanonicalHostedZoneId": "Z35SXDOTRQ7X7K",
            "CreatedTime": "2026-01-05T09:00:00.000Z",
            "LoadBalancerName": self.name(),
            "Scheme": if self.internal { "internal" } else { "internet-facing" },
            "VpcId": VPC,
            "State": {"Code": "active"},
            "Type": if application { "application" } else { "network" },
            "AvailabilityZones": [zone('a', "subnet-0a1b2c3d4e5f60718"), zone('b', "subnet-0b1c2d3e4f5061728")],
            "SecurityGroups": application.then(|| json!(["sg-0a1b2c3d4e5f60718"])),
            "IpAddressType": "ipv4",
        })
    }
}
