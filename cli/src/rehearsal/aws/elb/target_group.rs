//! `DescribeTargetGroups` and `DescribeTargetGroupAttributes`.

use serde_json::{Value, json};

use super::input::{expect_arn, given, no_resource, page, texts, validation_error};
use super::load_balancer::{self, VPC};
use super::{SERVICE, State, TargetGroup};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::rendering::render;
use crate::rehearsal::aws::world::World;

/// `DescribeTargetGroups`.
pub static DESCRIBE_TARGET_GROUPS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeTargetGroups",
    action: "DescribeTargetGroups",
    resource: no_resource,
    run: describe_target_groups,
};

/// `DescribeTargetGroupAttributes`. Every target group has the attributes that a new one has.
pub static DESCRIBE_TARGET_GROUP_ATTRIBUTES: Operation = Operation {
    service: &SERVICE,
    name: "DescribeTargetGroupAttributes",
    action: "DescribeTargetGroupAttributes",
    resource: no_resource,
    run: describe_target_group_attributes,
};

fn describe_target_groups(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let page = page(world, DESCRIBE_TARGET_GROUPS.name, input)?;
    let (balancer, arns, names) =
        (given(input, "LoadBalancerArn"), texts(input, "TargetGroupArns"), texts(input, "Names"));
    let ways = [balancer.is_some(), !arns.is_empty(), !names.is_empty()];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        return Err(validation_error(
            "A load balancer ARN, target group ARNs and target group names cannot be specified at the same time",
        ));
    }
    if arns.len() > 20 || names.len() > 20 {
        return Err(validation_error("You cannot describe more than '20' target groups at a time"));
    }
    let state = &world.elb;
    let mut found: Vec<&TargetGroup> = Vec::new();
    if let Some(arn) = balancer {
        expect_arn(arn, "loadbalancer", "load balancer")?;
        if !state.load_balancers.iter().any(|known| known.arn == arn) {
            return Err(load_balancer::not_found(format!("Load balancer '{arn}' not found")));
        }
        found.extend(
            state.target_groups.iter().filter(|group| state.load_balancers_of(&group.arn).contains(&arn)),
        );
    } else if !arns.is_empty() {
        for arn in arns {
            found.push(state.target_group(arn)?);
        }
    } else if !names.is_empty() {
        for name in names {
            let named = state.target_groups.iter().find(|group| group.name == name);
            found.push(named.ok_or_else(not_found)?);
        }
    } else {
        found.extend(&state.target_groups);
    }
    let (page, next) = page.take(found.into_iter().map(|group| group.rendered(state)));
    Ok(render(&json!({"TargetGroups": page, "NextMarker": next})))
}

fn describe_target_group_attributes(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let group = world.elb.asked_target_group(input)?;
    let of_http = matches!(&*group.protocol, "HTTP" | "HTTPS");
    let stickiness = if of_http { "lb_cookie" } else { "source_ip" };
    let mut attributes = vec![
        ("deregistration_delay.timeout_seconds", "300"),
        ("stickiness.enabled", "false"),
        ("stickiness.type", stickiness),
        ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
        ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
        ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
    ];
    if of_http {
        attributes.extend([
            ("slow_start.duration_seconds", "0"),
            ("load_balancing.algorithm.type", "round_robin"),
            ("load_balancing.algorithm.anomaly_mitigation", "off"),
            ("stickiness.lb_cookie.duration_seconds", "86400"),
            ("stickiness.app_cookie.cookie_name", ""),
            ("stickiness.app_cookie.duration_seconds", "86400"),
        ]);
    } else {
        attributes.extend([
            ("proxy_protocol_v2.enabled", "false"),
            ("preserve_client_ip.enabled", "false"),
            ("deregistration_delay.connection_termination.enabled", "false"),
        ]);
    }
    let attributes: Vec<Value> =
        attributes.into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"Attributes": attributes}))
}

impl State {
    /// The target group that a call names by its ARN.
    pub(super) fn asked_target_group(&self, input: &Value) -> Result<&TargetGroup, AwsError> {
        let arn = given(input, "TargetGroupArn");
        self.target_group(arn.ok_or_else(|| validation_error("A target group ARN must be specified"))?)
    }

    fn target_group(&self, arn: &str) -> Result<&TargetGroup, AwsError> {
        expect_arn(arn, "targetgroup", "target group")?;
        self.target_groups.iter().find(|known| known.arn == arn).ok_or_else(not_found)
    }
}

fn not_found() -> AwsError {
    AwsError::client("TargetGroupNotFound", "One or more target groups not found")
}

impl TargetGroup {
    fn rendered(&self, state: &State) -> Value {
        let check = &self.health_check;
        let of_http = matches!(&*self.protocol, "HTTP" | "HTTPS");
        json!({
            "TargetGroupArn": self.arn,
            "TargetGroupName": self.name,
            "Protocol": self.protocol,
            "Port": self.port,
            "VpcId": VPC,
            "HealthCheckProtocol": check.protocol,
            "HealthCheckPort": check.port,
            "HealthCheckEnabled": check.enabled,
            "HealthCheckIntervalSeconds": 30,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 5,
            "UnhealthyThresholdCount": 2,
            "HealthCheckPath": check.path,
            "Matcher": check.matcher.as_ref().map(|codes| json!({"HttpCode": codes})),
            "LoadBalancerArns": state.load_balancers_of(&self.arn),
            "TargetType": self.target_type,
            "ProtocolVersion": of_http.then(|| self.protocol_version.as_deref().unwrap_or("HTTP1")),
            "IpAddressType": "ipv4",
        })
    }
}
