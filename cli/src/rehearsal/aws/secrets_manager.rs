//! Secrets Manager.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::base64;
use super::error::AwsError;
use super::operation::{Operation, Service, decode, text};
use super::protocol::Protocol;
use super::world::World;

pub(super) static SERVICE: Service = Service {
    name: "secretsmanager",
    protocol: Protocol::Json { target: "secretsmanager", message: "Message" },
    operations: &[&GET_SECRET_VALUE],
};

/// `GetSecretValue`.
pub static GET_SECRET_VALUE: Operation = Operation {
    service: &SERVICE,
    name: "GetSecretValue",
    action: "GetSecretValue",
    resource: |_, input| text(input, "SecretId").to_owned(),
    run: get_secret_value,
};

/// What every ARN of a secret ends with; six random characters on AWS.
const SUFFIX: &str = "-aBcDeF";
/// The one version of every secret.
const VERSION: &str = "6f1a2b3c-4d5e-4f60-8a1b-2c3d4e5f6a7b";

/// What Secrets Manager holds.
#[derive(Debug, Default)]
pub struct State {
    /// The secrets by name.
    pub secrets: BTreeMap<String, Secret>,
}

/// A secret, in its current and only version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A text.
    String(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl State {
    /// The ARN of the secret that is asked for by its name or its ARN; of one that does not exist, without a suffix.
    pub(super) fn arn(&self, world: &World, secret_id: &str) -> String {
        let of = |id: &str| world.identity.arn("secretsmanager", &format!("secret:{id}"));
        match self.secrets.keys().find(|name| is_named_by(name, secret_id)) {
            Some(name) => of(&format!("{name}{SUFFIX}")),
            None if secret_id.starts_with("arn:") => secret_id.to_owned(),
            None => of(secret_id),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: Option<String>,
    version_id: Option<String>,
    version_stage: Option<String>,
}

fn get_secret_value(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: GetSecretValue = decode(input)?;
    let secret_id = asked.secret_id.filter(|id| !id.is_empty()).ok_or_else(|| {
        AwsError::client(
            "ValidationException",
            "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null",
        )
    })?;
    let not_found = |message: String| AwsError::client("ResourceNotFoundException", message);
    let missing = || not_found("Secrets Manager can't find the specified secret.".to_owned());
    let (name, secret) = world
        .secrets_manager
        .secrets
        .iter()
        .find(|(name, _)| is_named_by(name, &secret_id))
        .ok_or_else(missing)?;
    let no_value = |which: &str, value: &str| {
        not_found(format!("Secrets Manager can't find the specified secret value for {which}: {value}"))
    };
    if let Some(version) = asked.version_id.filter(|version| version != VERSION) {
        return Err(no_value("VersionId", &version));
    }
    if let Some(stage) = asked.version_stage.filter(|stage| stage != "AWSCURRENT") {
        return Err(no_value("staging label", &stage));
    }
    let mut output = json!({
        "ARN": world.secrets_manager.arn(world, name),
        "Name": name,
        "VersionId": VERSION,
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": Timestamp::now().as_second(),
    });
    match secret {
        Secret::String(text) => output["SecretString"] = text.as_str().into(),
        Secret::Binary(bytes) => output["SecretBinary"] = base64::encode(bytes).into(),
    }
    Ok(output)
}

/// A secret is asked for by its name or by its ARN, whole or without the suffix.
fn is_named_by(name: &str, secret_id: &str) -> bool {
    match secret_id.starts_with("arn:").then(|| secret_id.split_once(":secret:")).flatten() {
        Some((_, id)) => id == name || id.strip_suffix(SUFFIX) == Some(name),
        None => secret_id == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_named_by_name_and_by_arn() {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders/probe";
        assert!(is_named_by("orders/probe", "orders/probe"));
        assert!(is_named_by("orders/probe", arn));
        assert!(is_named_by("orders/probe", &format!("{arn}{SUFFIX}")));
        assert!(!is_named_by("orders", arn));
        assert!(!is_named_by("orders/probe", "orders/probe-aBcDeF"));
    }
}
