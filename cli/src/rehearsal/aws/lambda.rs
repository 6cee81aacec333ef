//! Lambda: invoking functions, as a hook invokes itself. What was sent is recorded here; whoever plays the
//! functions takes it from there and runs them ([`Invoke::names`]).

mod configuration;
mod policy;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::{
    configuration::{Function, GET_FUNCTION_CONFIGURATION},
    policy::GET_POLICY,
};

use super::error::AwsError;
use super::operation::{Operation, Service, text};
use super::protocol::Protocol;
use super::world::World;

pub(super) static SERVICE: Service = Service {
    name: "lambda",
    protocol: Protocol::Rest,
    operations: &[&GET_FUNCTION_CONFIGURATION, &GET_POLICY, &INVOKE],
};

/// `Invoke`.
///
/// Its input is the members of the request by their names, with the payload as text; its output
/// likewise, with `StatusCode`.
pub static INVOKE: Operation = Operation {
    service: &SERVICE,
    name: "Invoke",
    action: "InvokeFunction",
    resource: |world, input| qualified_arn(world, text(input, "FunctionName")),
    run: invoke,
};

/// The largest event that an asynchronous invocation takes.
const EVENT_LIMIT: usize = 1024 * 1024;
/// The largest that a synchronous one takes.
const REQUEST_LIMIT: usize = 6 * 1024 * 1024;

/// What Lambda knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// The functions that exist, by name; while there is none, every function can be invoked.
    pub functions: BTreeMap<String, Function>,
    /// The policies that are attached to functions, by name, or by name and qualifier.
    pub policies: BTreeMap<String, Value>,
    /// The invocations that were taken, in order.
    #[serde(skip)]
    pub invokes: Vec<Invoke>,
}

/// An invocation that Lambda took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoke {
    /// The function as the caller named it: a name or an ARN, with or without a qualifier.
    pub function: String,
    /// How it was invoked.
    pub invocation_type: InvocationType,
    /// What was sent.
    pub payload: String,
    /// When it was taken.
    pub at: Timestamp,
}

impl Invoke {
    /// Whether it is an asynchronous invocation of the function of this name.
    pub fn names(&self, function: &str) -> bool {
        self.invocation_type == InvocationType::Event && name_of(&self.function) == function
    }
}

/// The ways to invoke a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationType {
    /// Asynchronously: accepted, and handled at some time.
    Event,
    /// Synchronously. The answer is always null.
    RequestResponse,
    /// Not at all: would it be allowed?
    DryRun,
}

fn invoke(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let function = text(input, "FunctionName");
    let name = name_of(function);
    if !world.lambda.functions.is_empty() && !configuration::exists(&world.lambda.functions, name) {
        let message = format!("Function not found: {}", function_arn(world, function));
        return Err(AwsError::new(404, "ResourceNotFoundException", message));
    }
    let (invocation_type, status, limit) = match text(input, "InvocationType") {
        "Event" => (InvocationType::Event, 202, EVENT_LIMIT),
        "RequestResponse" | "" => (InvocationType::RequestResponse, 200, REQUEST_LIMIT),
        "DryRun" => (InvocationType::DryRun, 204, REQUEST_LIMIT),
        other => {
            return Err(AwsError::client(
                "InvalidParameterValueException",
                format!(
                    "1 validation error detected: Value '{other}' at 'invocationType' failed to satisfy constraint: \
                     Member must satisfy enum value set: [Event, DryRun, RequestResponse]"
                ),
            ));
        }
    };
    let payload = text(input, "Payload");
    if payload.len() > limit {
        let (length, named) = (payload.len(), text(input, "InvocationType"));
        return Err(AwsError::new(
            413,
            "RequestEntityTooLargeException",
            format!(
                "{length} byte payload is too large for the {named} invocation type (limit {limit} bytes)"
            ),
        ));
    }
    if !payload.is_empty()
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(payload)
    {
        let message = format!("Could not parse request body into json: {error}");
        return Err(AwsError::client("InvalidRequestContentException", message));
    }
    world.lambda.invokes.push(Invoke {
        function: function.to_owned(),
        invocation_type,
        payload: payload.to_owned(),
        at: Timestamp::now(),
    });
    let answer = if invocation_type == InvocationType::RequestResponse { "null" } else { "" };
    Ok(json!({"StatusCode": status, "ExecutedVersion": "$LATEST", "Payload": answer}))
}

/// The bare name in `name`, `account:function:name` or an ARN, each with or without a qualifier.
fn name_of(function: &str) -> &str {
    let named = function.rsplit_once("function:").map_or(function, |(_, name)| name);
    named.split_once(':').map_or(named, |(name, _)| name)
}

/// What IAM judges a call by: the function, with the version or alias that was named.
fn qualified_arn(world: &World, function: &str) -> String {
    let named = function.rsplit_once("function:").map_or(function, |(_, name)| name);
    world.identity.arn("lambda", &format!("function:{named}"))
}

fn function_arn(world: &World, function: &str) -> String {
    world.identity.arn("lambda", &format!("function:{}", name_of(function)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_named_in_every_form_of_the_api() {
        for form in [
            "hook",
            "hook:live",
            "123456789012:function:hook",
            "arn:aws:lambda:us-east-1:123456789012:function:hook",
            "arn:aws:lambda:us-east-1:123456789012:function:hook:$LATEST",
        ] {
            assert_eq!(name_of(form), "hook", "{form}");
        }
    }
}
