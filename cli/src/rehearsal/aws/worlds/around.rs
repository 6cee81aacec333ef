//! What stands around a service that ECS deploys: the roles that it moves traffic and calls hooks with, and the
//! hooks' functions, all as they should be.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::rehearsal::aws::iam::{Policy, Role};
use crate::rehearsal::aws::lambda::Function;
use crate::rehearsal::aws::world::World;

/// What the managed policy for load balancers allows.
///
/// Source: ECS developer guide, `AmazonECSInfrastructureRolePolicyForLoadBalancers`.
pub(crate) const LOAD_BALANCING: [&str; 8] = [
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:RegisterTargets",
];

/// Seconds that a hook's function has.
const TIMEOUT: u64 = 120;

/// Makes what a service names, where nobody has made it.
pub(super) fn build(world: &mut World, balancers: &Value, hooks: &Value) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let texts = |values: &[Value], pointer: &str| -> BTreeSet<String> {
        values.iter().filter_map(|it| it.pointer(pointer)?.as_str()).map(str::to_owned).collect()
    };
    let hooks = list(hooks);
    for role in texts(&list(balancers), "/advancedConfiguration/roleArn") {
        make(world, &role, &LOAD_BALANCING);
    }
    for role in texts(&hooks, "/roleArn") {
        make(world, &role, &["lambda:InvokeFunction"]);
    }
    for function in texts(&hooks, "/hookTargetArn") {
        // A version or an alias has an ARN of its own.
        let named = function.rsplit_once("function:").map_or(&*function, |(_, named)| named).to_owned();
        let settings = Map::from_iter([("Timeout".to_owned(), TIMEOUT.into())]);
        world.lambda.functions.entry(named).or_insert(Function(settings));
    }
}

fn make(world: &mut World, arn: &str, actions: &[&str]) {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    if world.iam.roles.iter().any(|role| role.role_name == name) {
        return;
    }
    let path = arn.split_once(":role/").and_then(|(_, named)| named.rsplit_once('/'));
    let path = path.map_or_else(|| "/".to_owned(), |(path, _)| format!("/{path}/"));
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    });
    let policies: BTreeMap<String, Policy> = serde_json::from_value(policy)
        .ok()
        .map(|policy| ("allowed".to_owned(), policy))
        .into_iter()
        .collect();
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": "ecs.amazonaws.com" }, "Action": "sts:AssumeRole" }],
    });
    world.iam.roles.push(Role {
        role_name: name.to_owned(),
        path,
        assume_role_policy_document: trust,
        policies,
    });
}
