//! The authoriser: whether the caller's policies allow a call, judged as IAM does before a service looks at it.
//!
//! A call is judged by the resource that its operation names ([`Operation::resource`]), and by `*` where it names
//! none; of a call that names several, by the first. What is known of the request are the keys below.

use std::collections::BTreeMap;

use serde_json::Value;

use super::policy::{Decision, Request, evaluate};
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::world::World;

/// Why the caller's policies do not allow a call, in AWS's words; none where they do, or where none were given.
pub(in crate::rehearsal::aws) fn authorise(
    operation: &Operation,
    world: &World,
    input: &Value,
) -> Option<String> {
    let policies = world.iam.caller.as_ref()?;
    let resource = judged_by(operation, world, input);
    let action = format!("{}:{}", operation.service.name, operation.action);
    let context = context(operation, world, input, &resource);
    let found = evaluate(policies, Request { action: &action, resource: &resource, context: &context });
    match found.decision {
        Decision::Allowed => None,
        Decision::ImplicitDeny => Some(operation.denial(world, input)),
        Decision::ExplicitDeny => Some(operation.denial(world, input).replace(
            &format!("because no identity-based policy allows the {action} action"),
            "with an explicit deny in an identity-based policy",
        )),
    }
}

/// The resource of the judgement. A denial names a secret as it was asked for; policies name it by its ARN.
fn judged_by(operation: &Operation, world: &World, input: &Value) -> String {
    let named = (operation.resource)(world, input);
    if operation.service.name == "secretsmanager" {
        return world.secrets_manager.arn(world, &named);
    }
    if named.is_empty() { "*".to_owned() } else { named }
}

/// The values of the condition keys that are known of a call.
fn context(
    operation: &Operation,
    world: &World,
    input: &Value,
    resource: &str,
) -> BTreeMap<String, Vec<String>> {
    let identity = &world.identity;
    let role = super::arn(world, &format!("role/{}", identity.role));
    let mut context = BTreeMap::new();
    let mut know = |key: &str, value: String| drop(context.insert(key.to_owned(), vec![value]));
    know("aws:principalaccount", identity.account.clone());
    know("aws:principalarn", role);
    know("aws:principaltype", "AssumedRole".to_owned());
    know("aws:requestedregion", identity.region.clone());
    know("aws:securetransport", "true".to_owned());
    if operation.service.name == "ecs"
        && let Some(cluster) = cluster(world, input, resource)
    {
        know("ecs:cluster", cluster);
    }
    context
}

/// The ARN of the cluster that a call of ECS is about.
fn cluster(world: &World, input: &Value, resource: &str) -> Option<String> {
    let of_resource = || resource.splitn(6, ':').nth(5)?.split('/').nth(1);
    let named = input["cluster"].as_str().filter(|name| !name.is_empty()).or_else(of_resource)?;
    let name = named.rsplit('/').next().unwrap_or(named);
    Some(world.identity.arn("ecs", &format!("cluster/{name}")))
}
