//! What a service is: a name, a protocol, and operations.
//!
//! An operation is a function from the world and its input to its output or an error. It knows
//! nothing of HTTP; the protocols know nothing of operations. To add one, write it in its service's
//! file and add it to that service's list; a new service also stands in [`SERVICES`].

use greenlight::plan::decode::suggest;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::AwsError;
use super::protocol::Protocol;
use super::world::World;
use super::{
    acm, application_autoscaling, cloudwatch, codedeploy, ec2, ecs, elb, events, iam, lambda, logs,
    secrets_manager, ssm, sts,
};

/// Every service that is served.
pub(super) static SERVICES: &[&Service] = &[
    &acm::SERVICE,
    &application_autoscaling::SERVICE,
    &cloudwatch::SERVICE,
    &codedeploy::SERVICE,
    &ec2::SERVICE,
    &ecs::SERVICE,
    &elb::SERVICE,
    &events::SERVICE,
    &iam::SERVICE,
    &lambda::SERVICE,
    &logs::SERVICE,
    &secrets_manager::SERVICE,
    &ssm::SERVICE,
    &sts::SERVICE,
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

    /// The operation of this name: its service as in IAM actions, and its own name or that of its action,
    /// whatever the case of their letters. `ecs:DescribeTasks`, `lambda:InvokeFunction`.
    pub fn find(name: &str) -> Result<&'static Self, String> {
        let is_it = |operation: &&Self| {
            let Some((service, name)) = name.split_once(':') else { return false };
            operation.service.name.eq_ignore_ascii_case(service)
                && [operation.name, operation.action].iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        Self::all().find(is_it).ok_or_else(|| {
            let known: Vec<_> =
                Self::all().map(|known| format!("{}:{}", known.service.name, known.name)).collect();
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            format!("no operation is called `{name}`; {}", suggest(name, &known))
        })
    }

    /// Every operation that only looks: `Describe…`, `List…`, `Get…`, `BatchGet…`, `Filter…`,
    /// `Simulate…`.
    pub fn that_look() -> Vec<&'static Self> {
        let looks = |operation: &&Self| {
            ["BatchGet", "Describe", "Filter", "Get", "List", "Simulate"]
                .iter()
                .any(|verb| operation.name.starts_with(verb))
        };
        Self::all().filter(looks).collect()
    }

    fn all() -> impl Iterator<Item = &'static Self> {
        SERVICES.iter().flat_map(|service| service.operations.iter().copied())
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

/// There is one of each, so that two are the same if they are at the same place.
impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Operation {}

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
    fn operations_are_found_by_their_names_and_by_their_actions() {
        for (name, found) in [
            ("ecs:DescribeTasks", &ecs::DESCRIBE_TASKS),
            ("ECS:describetasks", &ecs::DESCRIBE_TASKS),
            ("lambda:Invoke", &lambda::INVOKE),
            ("lambda:InvokeFunction", &lambda::INVOKE),
        ] {
            assert_eq!(Operation::find(name), Ok(found), "{name}");
        }
        let error = |name| Operation::find(name).unwrap_err();
        assert_eq!(
            error("ecs:DescribeTask"),
            "no operation is called `ecs:DescribeTask`; did you mean `ecs:DescribeTasks`?"
        );
        for wrong in ["", "DescribeTasks", "codedeploy:DescribeTasks", "s3:GetObject"] {
            let error = error(wrong);
            assert!(error.starts_with(&format!("no operation is called `{wrong}`; ")), "{error}");
        }
        assert!(error("what").contains("known here: `acm:DescribeCertificate`, "), "{}", error("what"));
    }

    #[test]
    fn what_changes_something_does_not_only_look() {
        let that_look = Operation::that_look();
        for changes in [
            &codedeploy::PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS,
            &ecs::CONTINUE_SERVICE_DEPLOYMENT,
            &ecs::STOP_SERVICE_DEPLOYMENT,
            &events::PUT_EVENTS,
            &lambda::INVOKE,
        ] {
            assert!(!that_look.contains(&changes), "{}", changes.name);
        }
        assert!(that_look.contains(&&ecs::DESCRIBE_TASKS));
        assert_eq!(Operation::all().count() - that_look.len(), 5);
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
