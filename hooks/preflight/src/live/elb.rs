//! What Elastic Load Balancing says.

use greenlight::{Api, Ask};
use serde_json::{Map, Value, json};

use super::{Fetch, first};
use crate::document::Document;

async fn one(ask: &Ask, operation: &str, argument: &str, list: &str, arn: &str) -> Fetch {
    let answer = ask.try_call(&Api::ELB, operation, json!({argument: [arn]}), arn).await?;
    Ok(first(&answer, list, arn))
}

/// A target group, with its attributes by name.
pub(super) async fn target_group(ask: &Ask, arn: &str) -> Fetch {
    let group = one(ask, "DescribeTargetGroups", "TargetGroupArns", "TargetGroups", arn).await?;
    let Some(mut document) = group else { return Ok(None) };
    let input = json!({"TargetGroupArn": arn});
    let answer = ask.try_call(&Api::ELB, "DescribeTargetGroupAttributes", input, arn).await?;
    let pair = |it: &Value| Some((it.get("Key")?.as_str()?.to_owned(), it.get("Value")?.clone()));
    let attributes = answer.get("Attributes").and_then(Value::as_array).into_iter().flatten();
    document.value["Attributes"] = Value::Object(attributes.filter_map(pair).collect::<Map<_, _>>());
    Ok(Some(document))
}

/// A target group as CodeDeploy names it.
pub(super) async fn target_group_named(ask: &Ask, name: &str) -> Fetch {
    one(ask, "DescribeTargetGroups", "Names", "TargetGroups", name).await
}

pub(super) async fn target_health(ask: &Ask, arn: &str) -> Fetch {
    let answer = ask.try_call(&Api::ELB, "DescribeTargetHealth", json!({"TargetGroupArn": arn}), arn).await?;
    Ok(Some(Document::new(arn, answer)))
}

pub(super) async fn rule(ask: &Ask, arn: &str) -> Fetch {
    one(ask, "DescribeRules", "RuleArns", "Rules", arn).await
}

pub(super) async fn rules_of(ask: &Ask, arn: &str) -> Fetch {
    let pages = ask.try_pages(&Api::ELB, "DescribeRules", json!({"ListenerArn": arn}), arn).await?;
    let rules = pages.iter().filter_map(|page| page.get("Rules")?.as_array()).flatten();
    let rules: Vec<Value> = rules.cloned().collect();
    Ok(Some(Document::new(arn, json!({"Rules": rules}))))
}

pub(super) async fn listener(ask: &Ask, arn: &str) -> Fetch {
    one(ask, "DescribeListeners", "ListenerArns", "Listeners", arn).await
}

pub(super) async fn load_balancer(ask: &Ask, arn: &str) -> Fetch {
    one(ask, "DescribeLoadBalancers", "LoadBalancerArns", "LoadBalancers", arn).await
}
