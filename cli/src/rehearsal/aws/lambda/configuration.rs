//! `GetFunctionConfiguration`: how a function is set up.
//!
//! A version or an alias is a function of its own name here: `hook:live` stands beside `hook`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{SERVICE, function_arn, name_of};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, text};
use crate::rehearsal::aws::world::World;

/// A function: what `GetFunctionConfiguration` answers in the place of what a new function has, with
/// Lambda's own keys, e.g. `Timeout` and `VpcConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Function(pub Map<String, Value>);

/// `GetFunctionConfiguration`.
pub static GET_FUNCTION_CONFIGURATION: Operation = Operation {
    service: &SERVICE,
    name: "GetFunctionConfiguration",
    action: "GetFunctionConfiguration",
    resource: |world, input| function_arn(world, text(input, "FunctionName")),
    run: get_function_configuration,
};

fn get_function_configuration(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let (asked, qualifier) = (text(input, "FunctionName"), text(input, "Qualifier"));
    let name = name_of(asked);
    let named = asked.rsplit_once("function:").map_or(asked, |(_, named)| named);
    let derived = named.split_once(':').map_or("", |(_, qualifier)| qualifier);
    if !derived.is_empty() && !qualifier.is_empty() && derived != qualifier {
        return Err(AwsError::client(
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        ));
    }
    let qualifier = if qualifier.is_empty() { derived } else { qualifier };
    let own = match qualifier {
        "" | "$LATEST" => world.lambda.functions.get(name),
        qualifier => world.lambda.functions.get(&format!("{name}:{qualifier}")),
    };
    let arn = match qualifier {
        "" => function_arn(world, name),
        qualifier => format!("{}:{qualifier}", function_arn(world, name)),
    };
    let own = own.ok_or_else(|| {
        AwsError::new(404, "ResourceNotFoundException", format!("Function not found: {arn}"))
    })?;
    Ok(configuration(world, name, &arn, own))
}

/// What a function has that nothing is said of but its name, and what is said.
fn configuration(world: &World, name: &str, arn: &str, Function(own): &Function) -> Value {
    let mut configuration = json!({
        "FunctionName": name,
        "FunctionArn": arn,
        "Runtime": "provided.al2023",
        "Role": world.identity.role_arn(),
        "Handler": "bootstrap",
        "CodeSize": 4_194_304,
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "LastModified": "2026-11-20T10:00:00.000+0000",
        "CodeSha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": "12345678-1234-4234-8234-123456789012",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}")},
    });
    for (key, value) in own {
        configuration[key] = value.clone();
    }
    configuration
}

/// Whether there is a function of this name, in whatever version.
pub(super) fn exists(functions: &BTreeMap<String, Function>, name: &str) -> bool {
    functions.keys().any(|known| name_of(known) == name)
}
