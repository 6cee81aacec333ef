//! The load balancers of a plan.

use serde_json::{Value, json};

use super::super::report::Report;
use super::super::topology::{self, Listener, Topology};
use super::plan::{Meaning, Plan, Resource, list};
use greenlight_preflight::Unknown;

/// What the plan says of the rules and the target group that a service names.
pub(super) fn read(plan: &Plan<'_>, service: &Value, report: &Report) -> Topology {
    let mut topology = Topology::default();
    let balancer = service.pointer("/loadBalancers/0").unwrap_or(&Value::Null);
    let with_arn = |kind: &str, arn: &str| plan.find(kind, |it| plan.arn(it) == arn);
    if let Some(arn) = balancer.get("targetGroupArn").and_then(Value::as_str)
        && let Some(group) = with_arn("aws_lb_target_group", arn)
    {
        let value = target_group(group.values);
        let field = report.root(&value, &group.address);
        topology.target_groups.insert(arn.to_owned(), topology::target_group(&field));
    }
    for pointer in
        ["/advancedConfiguration/productionListenerRule", "/advancedConfiguration/testListenerRule"]
    {
        let Some(arn) = balancer.pointer(pointer).and_then(Value::as_str) else { continue };
        let listener = match with_arn("aws_lb_listener_rule", arn) {
            Some(rule) => {
                let listener = referred(plan, rule, "listener_arn");
                let value = json!({
                    "conditions": conditions(rule),
                    "priority": rule.values.get("priority"),
                });
                let field = report.root(&value, &rule.address);
                topology.rules.insert(arn.to_owned(), topology::rule(&field, listener.clone()));
                listener
            }
            None => Some(arn.to_owned()),
        };
        if let Some(arn) = listener
            && let Some(resource) = with_arn("aws_lb_listener", &arn)
        {
            topology.listeners.insert(arn, listener_of(plan, resource, report));
        }
    }
    topology
}

/// The ARN that an attribute has, or that of the resource that it refers to.
fn referred(plan: &Plan<'_>, resource: &Resource<'_>, attribute: &str) -> Option<String> {
    if let Some(arn) = resource.values.get(attribute).and_then(Value::as_str) {
        return Some(arn.to_owned());
    }
    match plan.meaning(&resource.module, plan.expressions(resource).get(attribute)?) {
        Meaning::Resource(target) => Some(plan.arn(target)),
        Meaning::Constant(Value::String(arn)) => Some(arn.clone()),
        Meaning::Constant(_) | Meaning::Unknown(_) => None,
    }
}

fn listener_of(plan: &Plan<'_>, listener: &Resource<'_>, report: &Report) -> Listener {
    let certificate = referred(plan, listener, "certificate_arn")
        .and_then(|arn| plan.find("aws_acm_certificate", |it| plan.arn(it) == arn));
    let names = certificate.map(|it| {
        let others = list(it.values, "subject_alternative_names");
        let all = it.values.get("domain_name").into_iter().chain(others).filter_map(Value::as_str);
        let mut names: Vec<String> = all.map(str::to_owned).collect();
        names.dedup();
        names
    });
    let balancer = referred(plan, listener, "load_balancer_arn")
        .and_then(|arn| plan.find("aws_lb", |it| plan.arn(it) == arn));
    let internal = balancer.and_then(|it| it.values.get("internal")) == Some(&Value::Bool(true));
    topology::listener(&report.root(listener.values, &listener.address), names.unwrap_or_default(), internal)
}

/// The blocks `condition` as the API has them.
fn conditions(rule: &Resource<'_>) -> Value {
    let missing = || {
        Unknown::new("condition", format!("the conditions of {} are known after apply", rule.address)).mark()
    };
    let Some(blocks) = rule.values.get("condition").and_then(Value::as_array) else { return missing() };
    let one = |block: &Value| {
        let inner = |key: &str| list(block, key).first();
        let values = |block: &Value| match (block.get("values"), block.get("regex_values")) {
            (Some(Value::Array(values)), _) if !values.is_empty() => json!({"values": values}),
            (_, Some(Value::Array(values))) if !values.is_empty() => json!({"regexValues": values}),
            _ => missing(),
        };
        if let Some(it) = inner("host_header") {
            json!({"field": "host-header", "hostHeaderConfig": values(it)})
        } else if let Some(it) = inner("path_pattern") {
            json!({"field": "path-pattern", "pathPatternConfig": values(it)})
        } else if let Some(it) = inner("http_header") {
            let mut config = values(it);
            if let (Some(fields), Some(name)) = (config.as_object_mut(), it.get("http_header_name")) {
                fields.insert("httpHeaderName".to_owned(), name.clone());
            }
            json!({"field": "http-header", "httpHeaderConfig": config})
        } else if let Some(it) = inner("http_request_method") {
            json!({"field": "http-request-method", "httpRequestMethodConfig": values(it)})
        } else if let Some(it) = inner("source_ip") {
            json!({"field": "source-ip", "sourceIpConfig": values(it)})
        } else if inner("query_string").is_some() {
            let pair = |it: &Value| match it.get("value") {
                Some(Value::String(value)) => {
                    json!({"key": it.get("key").filter(|key| key.as_str() != Some("")), "value": value})
                }
                _ => missing(),
            };
            let pairs: Vec<Value> = list(block, "query_string").iter().map(pair).collect();
            json!({"field": "query-string", "queryStringConfig": {"values": pairs}})
        } else {
            missing()
        }
    };
    blocks.iter().map(one).collect()
}

fn target_group(values: &Value) -> Value {
    let check = list(values, "health_check").first().unwrap_or(&Value::Null);
    let text = |key: &str| check.get(key).filter(|it| it.as_str() != Some(""));
    json!({
        "protocol": values.get("protocol"),
        "healthCheckEnabled": check.get("enabled"),
        "healthCheckProtocol": text("protocol"),
        "healthCheckPath": text("path"),
        "healthCheckPort": text("port"),
        "healthCheckIntervalSeconds": check.get("interval"),
        "healthCheckTimeoutSeconds": check.get("timeout"),
        "healthyThresholdCount": check.get("healthy_threshold"),
        "unhealthyThresholdCount": check.get("unhealthy_threshold"),
        "matcher": text("matcher").map(|codes| json!({"httpCode": codes})),
    })
}
