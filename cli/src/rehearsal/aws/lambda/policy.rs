//! `GetPolicy`: who else may do something with a function.

use serde_json::{Value, json};

use super::{SERVICE, function_arn};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, text};
use crate::rehearsal::aws::world::World;

/// `GetPolicy`.
pub static GET_POLICY: Operation = Operation {
    service: &SERVICE,
    name: "GetPolicy",
    action: "GetPolicy",
    resource: |world, input| function_arn(world, text(input, "FunctionName")),
    run: get_policy,
};

fn get_policy(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked = text(input, "FunctionName");
    let named = asked.rsplit_once("function:").map_or(asked, |(_, named)| named);
    let name = match text(input, "Qualifier") {
        "" => named.to_owned(),
        qualifier => format!("{named}:{qualifier}"),
    };
    // A function that is not there is told in the same way as one without a policy.
    let policy = world.lambda.policies.get(&name).ok_or_else(|| {
        AwsError::new(404, "ResourceNotFoundException", "The resource you requested does not exist.")
    })?;
    Ok(json!({"Policy": policy.to_string(), "RevisionId": "12345678-1234-4234-8234-123456789012"}))
}
