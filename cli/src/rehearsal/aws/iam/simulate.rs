//! `SimulatePrincipalPolicy`: what a role's policies would allow.
//!
//! There is one result for each action, with one inside for each resource that was named: who reads only the
//! outer decision takes "not all of them" for "none of them".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::policy::{Decision, Evaluation, Policy, Request, evaluate};
use super::{SERVICE, no_such_role};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::{Operation, decode, text};
use crate::rehearsal::aws::page::Page;
use crate::rehearsal::aws::world::World;

/// `SimulatePrincipalPolicy`.
pub static SIMULATE_PRINCIPAL_POLICY: Operation = Operation {
    service: &SERVICE,
    name: "SimulatePrincipalPolicy",
    action: "SimulatePrincipalPolicy",
    resource: |_, input| text(input, "PolicySourceArn").to_owned(),
    run: simulate,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simulate {
    policy_source_arn: Option<String>,
    #[serde(default)]
    action_names: Vec<String>,
    #[serde(default)]
    resource_arns: Vec<String>,
    #[serde(default)]
    policy_input_list: Vec<String>,
    #[serde(default)]
    context_entries: Vec<ContextEntry>,
    max_items: Option<String>,
    marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextEntry {
    context_key_name: String,
    #[serde(default)]
    context_key_values: Vec<String>,
}

fn simulate(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let asked: Simulate = decode(input)?;
    let source = asked.policy_source_arn.unwrap_or_default();
    for (member, missing) in
        [("policySourceArn", source.is_empty()), ("actionNames", asked.action_names.is_empty())]
    {
        if missing {
            return Err(AwsError::client(
                "ValidationError",
                format!(
                    "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
                ),
            ));
        }
    }
    let named = source.split_once(":role/").map(|(_, path)| path.rsplit('/').next().unwrap_or(path));
    let Some(name) = named.filter(|name| !name.is_empty()) else {
        let message = format!("Invalid Entity Arn: {source} does not clearly define entity type and name.");
        return Err(AwsError::client("InvalidInput", message));
    };
    let known = |role: &&super::Role| role.role_name == name && role.arn(world) == source;
    let role = world.iam.roles.iter().find(known).ok_or_else(|| no_such_role(name))?;
    let mut sources: Vec<_> =
        role.policies.keys().map(|policy| (format!("role_{name}_{policy}"), "role")).collect();
    let mut policies: Vec<Policy> = role.policies.values().cloned().collect();
    for (index, given) in asked.policy_input_list.iter().enumerate() {
        let document = serde_json::from_str(given).map_err(|error| error.to_string());
        policies.push(document.and_then(|document| Policy::parse(&document)).map_err(|why| {
            let message = format!("Invalid Input Syntax errors in policy. ({why})");
            AwsError::client("InvalidInput", message)
        })?);
        sources.push((format!("PolicyInputList.{}", index + 1), "none"));
    }
    let context: BTreeMap<_, _> = asked
        .context_entries
        .into_iter()
        .map(|entry| (entry.context_key_name.to_ascii_lowercase(), entry.context_key_values))
        .collect();
    let size = match asked.max_items.as_deref().map(str::parse::<usize>) {
        None => 100,
        Some(Ok(size @ 1..=1000)) => size,
        Some(_) => {
            return Err(AwsError::client("ValidationError", "MaxItems must be between 1 and 1000."));
        }
    };
    let page = Page::of(world, SIMULATE_PRINCIPAL_POLICY.name, asked.marker.as_deref(), size)
        .ok_or_else(|| AwsError::client("InvalidInput", "Invalid Marker."))?;
    let simulation = Simulation { policies, sources, context };
    let results = asked.action_names.iter().map(|action| simulation.of(action, &asked.resource_arns));
    let (results, marker) = page.take(results);
    let mut output = json!({"EvaluationResults": results, "IsTruncated": marker.is_some()});
    if let Some(marker) = marker {
        output["Marker"] = marker.into();
    }
    Ok(output)
}

struct Simulation {
    policies: Vec<Policy>,
    /// The name and the type of each.
    sources: Vec<(String, &'static str)>,
    context: BTreeMap<String, Vec<String>>,
}

impl Simulation {
    /// The result of one action.
    fn of(&self, action: &str, resources: &[String]) -> Value {
        let evaluate =
            |resource| evaluate(&self.policies, Request { action, resource, context: &self.context });
        if resources.is_empty() {
            let found = evaluate("*");
            return json!({
                "EvalActionName": action,
                "EvalResourceName": "*",
                "EvalDecision": found.decision,
                "MatchedStatements": self.matched(&found),
                "MissingContextValues": found.missing,
                "ResourceSpecificResults": [],
            });
        }
        let found: Vec<_> = resources.iter().map(|resource| (resource, evaluate(resource))).collect();
        let worst = found.iter().map(|(_, found)| found.decision).max().unwrap_or(Decision::ImplicitDeny);
        let of_each = found.iter().map(|(resource, found)| {
            json!({
                "EvalResourceName": resource,
                "EvalResourceDecision": found.decision,
                "MatchedStatements": self.matched(found),
                "MissingContextValues": found.missing,
            })
        });
        json!({
            "EvalActionName": action,
            "EvalResourceName": resources.first(),
            "EvalDecision": worst,
            "MatchedStatements": [],
            "MissingContextValues": [],
            "ResourceSpecificResults": of_each.collect::<Vec<_>>(),
        })
    }

    fn matched(&self, found: &Evaluation) -> Vec<Value> {
        let sources = found.by.iter().filter_map(|place| self.sources.get(*place));
        sources.map(|(id, kind)| json!({"SourcePolicyId": id, "SourcePolicyType": kind})).collect()
    }
}
