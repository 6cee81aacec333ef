//! Identity and Access Management: roles with their policies, and what those allow.
//!
//! [`Policy`] is evaluated in one place, and four readers share it: `SimulatePrincipalPolicy`, the authoriser
//! that judges every call where the caller's policies are given ([`State::caller`]), the doctor, who reads roles in
//! templates, and the tests that hold printed policies to what hooks call.
//!
//! Left out: permissions boundaries, policies of organisations, resources and sessions, and policy variables.

mod authorise;
mod policy;
mod role;
mod simulate;

use serde::Deserialize;

pub(crate) use self::policy::foresee;
pub use self::policy::{Decision, Policy, Request};
pub use self::role::{GET_ROLE, Role};
pub use self::simulate::SIMULATE_PRINCIPAL_POLICY;

pub(super) use self::authorise::authorise;

use super::error::AwsError;
use super::operation::Service;
use super::protocol::Protocol;
use super::world::World;

pub(super) static SERVICE: Service = Service {
    name: "iam",
    protocol: Protocol::Query {
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    },
    operations: &[&GET_ROLE, &SIMULATE_PRINCIPAL_POLICY],
};

/// What IAM knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// Roles.
    pub roles: Vec<Role>,
    /// The policies of the one who calls. Where they are given, a call that none of them allows is denied;
    /// without them everything is allowed.
    pub caller: Option<Vec<Policy>>,
}

fn no_such_role(name: &str) -> AwsError {
    AwsError::new(404, "NoSuchEntity", format!("The role with name {name} cannot be found."))
}

/// An ARN of this account's IAM, which has no region.
fn arn(world: &World, resource: &str) -> String {
    format!("arn:{}:iam::{}:{resource}", world.identity.partition(), world.identity.account)
}
