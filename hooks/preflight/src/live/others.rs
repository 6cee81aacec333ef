//! What Lambda, CloudWatch and Application Auto Scaling say.

use greenlight::{Api, Ask};
use serde_json::{Value, json};

use super::{Fetch, first, service_of};
use crate::{document::Document, facts::Facts};

pub(super) async fn function(ask: &Ask, function: &str) -> Fetch {
    let input = json!({"FunctionName": function});
    let answer = ask.try_call(&Api::LAMBDA, "GetFunctionConfiguration", input, function).await?;
    Ok(Some(Document::new(function, answer)))
}

/// The policy of a function, decoded. One without a policy is not found.
pub(super) async fn function_policy(ask: &Ask, function: &str) -> Fetch {
    let answer = ask.try_call(&Api::LAMBDA, "GetPolicy", json!({"FunctionName": function}), function).await?;
    let Some(text) = answer.get("Policy").and_then(Value::as_str) else { return Ok(None) };
    let policy = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    Ok(Some(Document::new(function, policy)))
}

pub(super) async fn alarm(ask: &Ask, name: &str) -> Fetch {
    let input = json!({"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]});
    let answer = ask.try_call(&Api::CLOUDWATCH, "DescribeAlarms", input, name).await?;
    Ok(["MetricAlarms", "CompositeAlarms"].iter().find_map(|list| first(&answer, list, name)))
}

/// The service as Application Auto Scaling calls it.
fn scaled(facts: &Facts) -> Option<String> {
    service_of(facts).map(|(cluster, service)| format!("service/{cluster}/{service}"))
}

pub(super) async fn scaling(ask: &Ask, facts: &Facts) -> Fetch {
    let Some(id) = scaled(facts) else { return Ok(None) };
    let input = json!({
        "ServiceNamespace": "ecs",
        "ResourceIds": [id],
        "ScalableDimension": "ecs:service:DesiredCount",
    });
    let answer = ask.try_call(&Api::APPLICATION_AUTOSCALING, "DescribeScalableTargets", input, &id).await?;
    Ok(first(&answer, "ScalableTargets", &id))
}

pub(super) async fn scaling_policies(ask: &Ask, facts: &Facts) -> Fetch {
    let Some(id) = scaled(facts) else { return Ok(None) };
    let input = json!({"ServiceNamespace": "ecs", "ResourceId": id});
    let pages = ask.try_pages(&Api::APPLICATION_AUTOSCALING, "DescribeScalingPolicies", input, &id).await?;
    let policies = pages.iter().filter_map(|page| page.get("ScalingPolicies")?.as_array()).flatten();
    let policies: Vec<Value> = policies.cloned().collect();
    Ok(Some(Document::new(id, json!({"ScalingPolicies": policies}))))
}
