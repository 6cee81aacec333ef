//! What a service is: a name, a protocol, and operations.
//!
//! An operation is a function from the world and its input to its output or an error. It knows
//! nothing of HTTP; the protocols know nothing of operations. To add one, write it in its service's
//! file and add it to that service's list; a new service also stands in [`SERVICES`].

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::AwsError;
use super::protocol::Protocol;
use super::world::World;
use super::{acm, codedeploy, ecs, elb, lambda, secrets_manager, ssm};

/// Every service that is served.
pub(super) static SERVICES: &[&Service] = &[
    &acm::SERVICE,
    &codedeploy::SERVICE,
    &ecs::SERVICE,
    &elb::SERVICE,
    &lambda::SERVICE,
    &secrets_manager::SERVICE,
    &ssm::SERVICE,
];

/// A service of AWS.
#[derive(Debug)]
pub(super) struct Service {
    /// Its prefix in IAM actions.
    pub(super) name: &'static str,
    pub(super) protocol: Protocol,
    pub(super) operations: &'static [&'static Operation],
}

/// An operation of a service, by which its faults and its calls are named.
#[derive(Debug)]
pub struct Operation {
    pub(super) service: &'static Service,
    pub(super) name: &'static str,
    /// The IAM action, which is not always named as the operation.
    pub(super) action: &'static str,
    /// The resource that IAM judges a call by; empty where the service does not name it.
    pub(super) resource: fn(&World, &Value) -> String,
    pub(super) run: fn(&mut World, &Value) -> Result<Value, AwsError>,
}

impl Operation {
    /// The name, for example `ContinueServiceDeployment`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The operation's denial in the words of AWS.
    pub(super) fn denial(&self, world: &World, input: &Value) -> String {
        let action = format!("{}:{}", self.service.name, self.action);
        let resource = (self.resource)(world, input);
        let on_resource =
            if resource.is_empty() { String::new() } else { format!(" on resource: {resource}") };
        format!(
            "User: {} is not authorized to perform: {action}{on_resource} because no identity-based policy allows the {action} action",
            world.identity.caller_arn(),
        )
    }
}

/// Decodes an operation's input. What AWS's own decoder refuses has no message of its own there.
pub(super) fn decode<T: DeserializeOwned>(input: &Value) -> Result<T, AwsError> {
    T::deserialize(input).map_err(|error| AwsError::client("SerializationException", error.to_string()))
}

/// The text under a key of the input, or nothing.
pub(super) fn text<'input>(input: &'input Value, key: &str) -> &'input str {
    input[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_listed_by_their_own_service_and_once() {
        let mut names = Vec::new();
        for service in SERVICES {
            for operation in service.operations {
                assert!(std::ptr::eq(operation.service, *service), "{} is listed elsewhere", operation.name);
                names.push((service.name, operation.name));
            }
        }
        let listed = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), listed);
    }

    #[test]
    fn a_denial_reads_as_aws_words_it() {
        let input = serde_json::json!({"Name": "/greenlight/plan"});
        assert_eq!(
            ssm::GET_PARAMETER.denial(&World::default(), &input),
            "User: arn:aws:sts::123456789012:assumed-role/greenlight-hook/greenlight is not authorized to perform: \
             ssm:GetParameter on resource: arn:aws:ssm:us-east-1:123456789012:parameter/greenlight/plan because no \
             identity-based policy allows the ssm:GetParameter action"
        );
    }
}
