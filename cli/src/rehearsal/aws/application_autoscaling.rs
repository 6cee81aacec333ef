//! Application Auto Scaling: between which bounds a service is scaled, and by which policies.
//!
//! The words of its errors are those of AWS's common validation; what it says of a dimension without a
//! resource is near it.

mod policy;
mod target;

use serde::Deserialize;
use serde_json::Value;

pub use self::policy::{DESCRIBE_SCALING_POLICIES, ScalingPolicy};
pub use self::target::{DESCRIBE_SCALABLE_TARGETS, ScalableTarget, SuspendedState};

use super::error::AwsError;
use super::operation::{Service, text};
use super::page::Page;
use super::protocol::Protocol;
use super::world::World;

pub(super) static SERVICE: Service = Service {
    name: "application-autoscaling",
    protocol: Protocol::Json { target: "AnyScaleFrontendService", message: "Message" },
    operations: &[&DESCRIBE_SCALABLE_TARGETS, &DESCRIBE_SCALING_POLICIES],
};

/// What Application Auto Scaling knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// What is scaled.
    pub scalable_targets: Vec<ScalableTarget>,
    /// How.
    pub scaling_policies: Vec<ScalingPolicy>,
}

/// The values of `ServiceNamespace`.
const NAMESPACES: [&str; 15] = [
    "ecs",
    "elasticmapreduce",
    "ec2",
    "appstream",
    "dynamodb",
    "rds",
    "sagemaker",
    "custom-resource",
    "comprehend",
    "lambda",
    "cassandra",
    "kafka",
    "elasticache",
    "neptune",
    "workspaces",
];

/// The namespace that a call names, which it must.
fn namespace(input: &Value) -> Result<&str, AwsError> {
    let refused = |value: String, bound: String| {
        let message = format!(
            "1 validation error detected: Value {value} at 'serviceNamespace' failed to satisfy constraint: {bound}"
        );
        AwsError::client("ValidationException", message)
    };
    match &input["ServiceNamespace"] {
        Value::Null => Err(refused("null".to_owned(), "Member must not be null".to_owned())),
        Value::String(name) if NAMESPACES.contains(&&**name) => Ok(name),
        other => {
            let bound = format!("Member must satisfy enum value set: [{}]", NAMESPACES.join(", "));
            Err(refused(format!("'{}'", other.as_str().unwrap_or_default()), bound))
        }
    }
}

/// The dimension that a call names, which is one of a resource.
fn dimension(input: &Value, names_resource: bool) -> Result<&str, AwsError> {
    let dimension = text(input, "ScalableDimension");
    if !dimension.is_empty() && !names_resource {
        let message = "A resource ID must be specified with a scalable dimension.";
        return Err(AwsError::client("ValidationException", message));
    }
    Ok(dimension)
}

/// The page that a call asks for.
fn page(world: &World, list: &'static str, input: &Value) -> Result<Page, AwsError> {
    let size = input["MaxResults"].as_u64().and_then(|size| usize::try_from(size).ok()).unwrap_or(50);
    let token = text(input, "NextToken");
    Page::of(world, list, Some(token), size.clamp(1, 50)).ok_or_else(|| {
        AwsError::client("InvalidNextTokenException", format!("Invalid value for NextToken: {token}"))
    })
}
