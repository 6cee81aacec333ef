//! Roles, and `GetRole`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Value, json};

use super::policy::Policy;
use super::{SERVICE, arn, no_such_role};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, text};
use crate::rehearsal::aws::world::World;

/// `GetRole`.
pub static GET_ROLE: Operation = Operation {
    service: &SERVICE,
    name: "GetRole",
    action: "GetRole",
    resource: |world, input| {
        let asked = text(input, "RoleName");
        let known = world.iam.roles.iter().find(|role| role.role_name == asked);
        known.map_or_else(|| arn(world, &format!("role/{asked}")), |role| role.arn(world))
    },
    run: get_role,
};

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Role {
    /// Its name.
    pub role_name: String,
    /// The folder that it is in.
    pub path: String,
    /// Who may assume it.
    pub assume_role_policy_document: Value,
    /// What it may do: its policies by name.
    pub policies: BTreeMap<String, Policy>,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            role_name: String::new(),
            path: "/".to_owned(),
            assume_role_policy_document: json!({"Version": "2012-10-17", "Statement": []}),
            policies: BTreeMap::new(),
        }
    }
}

impl Role {
    /// Its ARN, which holds its path.
    pub(super) fn arn(&self, world: &World) -> String {
        arn(world, &format!("role{}{}", self.path, self.role_name))
    }

    /// What IAM names it by besides; it follows from the name.
    fn id(&self) -> String {
        let name = self.role_name.to_ascii_uppercase();
        let letters = name.chars().filter(char::is_ascii_alphanumeric).chain(std::iter::repeat('0'));
        format!("AROA{}", letters.take(17).collect::<String>())
    }
}

fn get_role(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked = text(input, "RoleName");
    if asked.is_empty() {
        return Err(AwsError::client(
            "ValidationError",
            "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null",
        ));
    }
    let role =
        world.iam.roles.iter().find(|role| role.role_name == asked).ok_or_else(|| no_such_role(asked))?;
    Ok(json!({"Role": {
        "Path": role.path,
        "RoleName": role.role_name,
        "RoleId": role.id(),
        "Arn": role.arn(world),
        "CreateDate": "2026-01-01T00:00:00Z",
        "AssumeRolePolicyDocument": encoded(&role.assume_role_policy_document.to_string()),
        "MaxSessionDuration": 3600,
    }}))
}

/// Percent-encoded as RFC 3986 says, which is how IAM gives documents.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_encoded_without_plus_signs() {
        assert_eq!(encoded("{\"a\": \"b/c~é\"}"), "%7B%22a%22%3A%20%22b%2Fc~%C3%A9%22%7D");
    }

    #[test]
    fn a_role_has_an_arn_with_its_path_and_an_id_of_its_own() {
        let role = Role { role_name: "ecs-hooks".to_owned(), path: "/ci/".to_owned(), ..Role::default() };
        assert_eq!(role.arn(&World::default()), "arn:aws:iam::123456789012:role/ci/ecs-hooks");
        assert_eq!(role.id(), "AROAECSHOOKS000000000");
    }
}
