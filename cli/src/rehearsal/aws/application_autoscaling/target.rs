//! `DescribeScalableTargets`: the bounds of what is scaled.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{SERVICE, dimension, namespace, page};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::rendering::{render, seconds};
use crate::rehearsal::aws::world::World;

/// What is scaled.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
pub struct ScalableTarget {
    /// `ecs`.
    pub service_namespace: String,
    /// `service/CLUSTER/SERVICE`.
    pub resource_id: String,
    /// `ecs:service:DesiredCount`.
    pub scalable_dimension: String,
    /// The fewest.
    pub min_capacity: i64,
    /// The most.
    pub max_capacity: i64,
    /// The role that scales.
    #[serde(rename(serialize = "RoleARN"))]
    pub role_arn: String,
    /// When it was registered.
    #[serde(serialize_with = "seconds")]
    pub creation_time: Option<Timestamp>,
    /// What of it rests.
    pub suspended_state: SuspendedState,
}

/// What of scaling rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
pub struct SuspendedState {
    /// Fewer, by policies.
    pub dynamic_scaling_in_suspended: bool,
    /// More, by policies.
    pub dynamic_scaling_out_suspended: bool,
    /// By the clock.
    pub scheduled_scaling_suspended: bool,
}

impl Default for ScalableTarget {
    fn default() -> Self {
        Self {
            service_namespace: "ecs".to_owned(),
            resource_id: String::new(),
            scalable_dimension: "ecs:service:DesiredCount".to_owned(),
            min_capacity: 1,
            max_capacity: 1,
            role_arn: String::new(),
            creation_time: Some(Timestamp::UNIX_EPOCH),
            suspended_state: SuspendedState::default(),
        }
    }
}

/// `DescribeScalableTargets`.
pub static DESCRIBE_SCALABLE_TARGETS: Operation = Operation {
    service: &SERVICE,
    name: "DescribeScalableTargets",
    action: "DescribeScalableTargets",
    resource: |_, _| String::new(),
    run: describe_scalable_targets,
};

fn describe_scalable_targets(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let namespace = namespace(input)?;
    let ids: Vec<&str> =
        input["ResourceIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let dimension = dimension(input, !ids.is_empty())?;
    let page = page(world, DESCRIBE_SCALABLE_TARGETS.name, input)?;
    let wanted = |target: &&ScalableTarget| {
        target.service_namespace == namespace
            && (ids.is_empty() || ids.contains(&&*target.resource_id))
            && (dimension.is_empty() || target.scalable_dimension == dimension)
    };
    let (found, next) = page.take(world.application_autoscaling.scalable_targets.iter().filter(wanted));
    let role = format!(
        "{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
        world.identity.global_arn("iam")
    );
    let rendered = found.into_iter().map(|target| {
        let mut rendered = render(target);
        if target.role_arn.is_empty() {
            rendered["RoleARN"] = role.clone().into();
        }
        rendered
    });
    let mut answer = json!({"ScalableTargets": rendered.collect::<Vec<_>>()});
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    Ok(answer)
}
