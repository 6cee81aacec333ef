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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rehearsal::aws::iam::Policy;
    use crate::rehearsal::aws::secrets_manager::{GET_SECRET_VALUE, Secret};
    use crate::rehearsal::aws::{ecs, elb, lambda};

    fn world(statements: &Value) -> World {
        let mut world = World::default();
        let policy = Policy::parse(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap();
        world.iam.caller = Some(vec![policy]);
        world.secrets_manager.secrets.insert("orders/probe".to_owned(), Secret::String(String::new()));
        world
    }

    #[test]
    fn calls_are_judged_by_what_they_are_about() {
        let arn = |service: &str, rest: &str| format!("arn:aws:{service}:us-east-1:123456789012:{rest}");
        let in_shop = json!({"ArnEquals": {"ecs:cluster": arn("ecs", "cluster/shop")}});
        let world = world(&json!([
            {"Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "*", "Condition": in_shop},
            {"Effect": "Allow", "Action": "elasticloadbalancing:DescribeRules", "Resource": arn("elasticloadbalancing", "*")},
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
             "Resource": arn("secretsmanager", "secret:orders/probe-??????")},
            {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn("lambda", "function:hook:*")},
        ]));
        let allowed = |operation: &Operation, input: &Value| authorise(operation, &world, input).is_none();
        for (operation, input, expected) in [
            (&ecs::LIST_TASKS, json!({"cluster": "shop"}), true),
            (&ecs::LIST_TASKS, json!({"cluster": arn("ecs", "cluster/shop")}), true),
            (&ecs::LIST_TASKS, json!({"cluster": "other"}), false),
            // It has no resources, so that only `*` allows it.
            (&elb::DESCRIBE_RULES, json!({}), false),
            (&GET_SECRET_VALUE, json!({"SecretId": "orders/probe"}), true),
            (&GET_SECRET_VALUE, json!({"SecretId": "orders"}), false),
            (&lambda::INVOKE, json!({"FunctionName": "hook:live"}), true),
            (&lambda::INVOKE, json!({"FunctionName": "hook"}), false),
        ] {
            assert_eq!(allowed(operation, &input), expected, "{} {input}", operation.name);
        }
        assert!(
            authorise(&elb::DESCRIBE_RULES, &World::default(), &json!({})).is_none(),
            "nobody gave policies"
        );
    }

    #[test]
    fn a_denial_says_whether_somebody_meant_it() {
        let denial = |statements: &Value| {
            authorise(&ecs::LIST_SERVICES, &world(statements), &json!({"cluster": "shop"})).unwrap()
        };
        let deny = json!({"Effect": "Deny", "Action": "ecs:*", "Resource": "*"});
        assert!(
            denial(&deny).ends_with(" with an explicit deny in an identity-based policy"),
            "{}",
            denial(&deny)
        );
        let silent = denial(&json!([]));
        assert!(
            silent.ends_with(" because no identity-based policy allows the ecs:ListServices action"),
            "{silent}"
        );
    }
}
