//! `DescribeScalingPolicies`: by what a service is scaled.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{SERVICE, dimension, namespace, page};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, text};
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// A policy of scaling.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
pub struct ScalingPolicy {
    /// `arn:…:scalingPolicy:ID:resource/ecs/service/CLUSTER/SERVICE:policyName/NAME`.
    #[serde(rename(serialize = "PolicyARN"))]
    pub policy_arn: String,
    /// Its name.
    pub policy_name: String,
    /// `ecs`.
    pub service_namespace: String,
    /// `service/CLUSTER/SERVICE`.
    pub resource_id: String,
    /// `ecs:service:DesiredCount`.
    pub scalable_dimension: String,
    /// `TargetTrackingScaling`, `StepScaling` or `PredictiveScaling`.
    pub policy_type: String,
    /// What a policy of that type says, with the API's own keys.
    pub target_tracking_scaling_policy_configuration: Option<Value>,
    /// The same of the other type.
    pub step_scaling_policy_configuration: Option<Value>,
    /// The same of the third.
    pub predictive_scaling_policy_configuration: Option<Value>,
    /// Its alarms, with the API's own keys.
    pub alarms: Vec<Value>,
    /// When it was made.
    #[serde(serialize_with = "seconds")]
    pub creation_time: Option<Timestamp>,
}

impl Default for ScalingPolicy {
    fn default() -> Self {
        Self {
            policy_arn: String::new(),
            policy_name: String::new(),
            service_namespace: "ecs".to_owned(),
            resource_id: String::new(),
            scalable_dimension: "ecs:service:DesiredCount".to_owned(),
            policy_type: "TargetTrackingScaling".to_owned(),
            target_tracking_scaling_policy_configuration: None,
            step_scaling_policy_configuration: None,
            predictive_scaling_policy_configuration: None,
            alarms: Vec::new(),
            creation_time: Some(Timestamp::UNIX_EPOCH),
        }
    }
}

/// `DescribeScalingPolicies`.
pub static DESCRIBE_SCALING_POLICIES: Operation = Operation {
    service: &SERVICE,
    name: "DescribeScalingPolicies",
    action: "DescribeScalingPolicies",
    resource: |_, _| String::new(),
    run: describe_scaling_policies,
};

fn describe_scaling_policies(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let namespace = namespace(input)?;
    let resource_id = text(input, "ResourceId");
    let names: Vec<&str> =
        input["PolicyNames"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let dimension = dimension(input, !resource_id.is_empty())?;
    let page = page(world, DESCRIBE_SCALING_POLICIES.name, input)?;
    let wanted = |policy: &&ScalingPolicy| {
        policy.service_namespace == namespace
            && (names.is_empty() || names.contains(&&*policy.policy_name))
            && (resource_id.is_empty() || policy.resource_id == resource_id)
            && (dimension.is_empty() || policy.scalable_dimension == dimension)
    };
    let (found, next) = page.take(world.application_autoscaling.scaling_policies.iter().filter(wanted));
    let rendered = found.into_iter().map(|policy| {
        let mut rendered = render(policy);
        if policy.policy_arn.is_empty() {
            let resource = format!(
                "scalingPolicy:12345678-1234-4234-8234-123456789012:resource/{namespace}/{}:policyName/{}",
                policy.resource_id, policy.policy_name
            );
            rendered["PolicyARN"] = world.identity.arn("autoscaling", &resource).into();
        }
        rendered
    });
    let mut answer = json!({"ScalingPolicies": rendered.collect::<Vec<_>>()});
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    Ok(answer)
}
