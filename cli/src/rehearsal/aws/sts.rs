//! The Security Token Service: who calls.

use serde_json::{Value, json};

use super::error::AwsError;
use super::operation::{Operation, Service};
use super::protocol::Protocol;
use super::world::World;

pub(super) static SERVICE: Service = Service {
    name: "sts",
    protocol: Protocol::Query {
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    },
    operations: &[&GET_CALLER_IDENTITY],
};

/// `GetCallerIdentity`, which needs no permission.
pub static GET_CALLER_IDENTITY: Operation = Operation {
    service: &SERVICE,
    name: "GetCallerIdentity",
    action: "GetCallerIdentity",
    resource: |_, _| String::new(),
    run: get_caller_identity,
};

#[expect(clippy::unnecessary_wraps, reason = "every operation is run in this way")]
fn get_caller_identity(world: &mut World, _: &Value) -> Result<Value, AwsError> {
    let identity = &world.identity;
    Ok(json!({
        "UserId": format!("AROAEXAMPLEEXAMPLE123:{}", identity.function),
        "Account": identity.account,
        "Arn": identity.caller_arn(),
    }))
}
