//! Systems Manager: Parameter Store.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::AwsError;
use super::operation::{Operation, Service, decode, text};
use super::protocol::Protocol;
use super::world::World;
use crate::rehearsal::identifier;

pub(super) static SERVICE: Service = Service {
    name: "ssm",
    protocol: Protocol::Json { target: "AmazonSSM", message: "message" },
    operations: &[&GET_PARAMETER],
};

/// `GetParameter`.
pub static GET_PARAMETER: Operation = Operation {
    service: &SERVICE,
    name: "GetParameter",
    action: "GetParameter",
    resource: |world, input| arn(world, select(text(input, "Name")).0),
    run: get_parameter,
};

/// What Parameter Store holds.
#[derive(Debug, Default)]
pub struct State {
    /// The parameters by name, hierarchies with their leading slash.
    pub parameters: BTreeMap<String, Parameter>,
}

/// A parameter, in its first and only version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// Readable by who may read it.
    String(String),
    /// Encrypted, and readable for who asks for decryption.
    SecureString(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameter {
    name: Option<String>,
    with_decryption: Option<bool>,
}

fn get_parameter(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: GetParameter = decode(input)?;
    let asked_name = asked.name.ok_or_else(|| {
        AwsError::client(
            "ValidationException",
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
        )
    })?;
    let (name, selector) = select(&asked_name);
    // AWS sends no message here, and an empty one shows as none.
    let parameter =
        world.ssm.parameters.get(name).ok_or_else(|| AwsError::client("ParameterNotFound", ""))?;
    if let Some(version) = selector.filter(|version| *version != "1") {
        return Err(AwsError::client(
            "ParameterVersionNotFound",
            format!(
                "Systems Manager could not find version {version} of {name}. Verify the version and try again."
            ),
        ));
    }
    let (kind, value) = match parameter {
        Parameter::String(value) => ("String", value.clone()),
        Parameter::SecureString(value) if asked.with_decryption == Some(true) => {
            ("SecureString", value.clone())
        }
        Parameter::SecureString(_) => ("SecureString", format!("AQICAH{}", identifier::hexadecimal())),
    };
    let mut output = json!({
        "Name": name,
        "Type": kind,
        "Value": value,
        "Version": 1,
        "LastModifiedDate": Timestamp::now().as_second(),
        "ARN": arn(world, name),
        "DataType": "text",
    });
    if let Some(selector) = selector {
        output["Selector"] = format!(":{selector}").into();
    }
    Ok(json!({"Parameter": output}))
}

/// The name that an ARN or a plain name names, with its selector if it has one.
fn select(asked: &str) -> (&str, Option<&str>) {
    let name = name_of(asked);
    match name.split_once(':') {
        Some((name, selector)) => (name, Some(selector)),
        None => (name, None),
    }
}

/// An ARN ends with `parameter/NAME`, and the slash is part of a name that is a path.
fn name_of(asked: &str) -> &str {
    match asked.starts_with("arn:").then(|| asked.split_once(":parameter/")).flatten() {
        Some((front, name)) if name.contains('/') => &asked[front.len() + ":parameter".len()..],
        Some((_, name)) => name,
        None => asked,
    }
}

fn arn(world: &World, name: &str) -> String {
    world.identity.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_arns_and_parted_from_selectors() {
        let arn = "arn:aws:ssm:us-east-1:123456789012:parameter";
        assert_eq!(select("/a/b"), ("/a/b", None));
        assert_eq!(select("plan:3"), ("plan", Some("3")));
        assert_eq!(select(&format!("{arn}/a/b:1")), ("/a/b", Some("1")));
        assert_eq!(select(&format!("{arn}/plan")), ("plan", None));
    }
}
