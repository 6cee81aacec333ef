//! A Terraform plan as facts.

use greenlight_preflight::{Document, Key, Spelling, Unknown};
use serde_json::{Map, Value, json};

use super::parts::Parts;
use crate::rehearsal::subject::{
    File, Problem,
    terraform::{
        plan::{Meaning, Plan, Resource, list},
        service,
    },
};

/// Puts the resources of a plan among the parts.
pub(super) fn read(file: &File<'_>, document: &Value, parts: &mut Parts) -> Result<(), Problem> {
    if document.get("planned_values").is_none() {
        return Err(Problem::of_file(
            file.name,
            "has no `planned_values`",
            "the output of `terraform show -json PLAN`",
        ));
    }
    let version = document.get("format_version").and_then(Value::as_str).unwrap_or_default();
    if !version.is_empty() && !version.starts_with("1.") && !version.starts_with("0.") {
        return Err(Problem::of_file(
            file.name,
            format!("has the format version {version}"),
            "version 1 of Terraform's plans",
        )
        .fix("write the plan with a version of Terraform or OpenTofu that this one knows"));
    }
    let reader = Reader { file: file.name, plan: Plan::new(document) };
    for resource in reader.plan.of_kind("aws_ecs_service") {
        let value = reader.with_unknown(resource, service::api(&reader.plan, resource));
        parts.service(&resource.address, reader.document(resource, value, Spelling::Terraform));
    }
    for resource in reader.plan.of_kind("aws_ecs_task_definition") {
        let value = reader.task(resource);
        parts.task(reader.plan.arn(resource), reader.document(resource, value, Spelling::Terraform));
    }
    for resource in reader.plan.of_kind("aws_lb_target_group") {
        let value = reader.target_group(resource);
        parts.know(
            Key::TargetGroup(reader.plan.arn(resource)),
            reader.document(resource, value, Spelling::Api),
        );
    }
    for resource in reader.plan.of_kind("aws_lb_listener") {
        let mut value = reader.pascal(resource);
        let actions = reader.actions(resource, "default_action");
        set(&mut value, "DefaultActions", actions);
        parts.know(Key::Listener(reader.plan.arn(resource)), reader.document(resource, value, Spelling::Api));
    }
    for resource in reader.plan.of_kind("aws_lb_listener_rule") {
        let mut value = reader.pascal(resource);
        set(&mut value, "Actions", reader.actions(resource, "action"));
        set(&mut value, "IsDefault", false.into());
        set(&mut value, "RuleArn", reader.plan.arn(resource).into());
        // How conditions nest is Terraform's own; who asks for them is told that they are not known.
        set(&mut value, "Conditions", later(resource, "condition"));
        parts.know(
            Key::ListenerRule(reader.plan.arn(resource)),
            reader.document(resource, value, Spelling::Api),
        );
    }
    for resource in reader.plan.of_kind("aws_lambda_function") {
        reader.function(resource, parts);
    }
    for resource in reader.plan.of_kind("aws_cloudwatch_metric_alarm") {
        let value = reader.pascal(resource);
        if let Some(name) = resource.values.get("alarm_name").and_then(Value::as_str) {
            parts.know(Key::Alarm(name.to_owned()), reader.document(resource, value, Spelling::Api));
        }
    }
    for resource in reader.plan.of_kind("aws_iam_role") {
        let policy = Reader::text(resource, "assume_role_policy");
        let value = json!({"AssumeRolePolicyDocument": policy});
        parts.know(Key::Role(reader.plan.arn(resource)), reader.document(resource, value, Spelling::Api));
    }
    Ok(())
}

struct Reader<'a> {
    file: &'a str,
    plan: Plan<'a>,
}

impl Reader<'_> {
    fn document(&self, resource: &Resource<'_>, value: Value, spelling: Spelling) -> Document {
        Document { path: resource.address.clone(), spelling, ..Document::new(self.file, value) }
    }

    /// The values, with a marker in the place of what is known only after the plan is applied.
    fn with_unknown(&self, resource: &Resource<'_>, mut value: Value) -> Value {
        let later = service::shaped(self.plan.after_apply(&resource.address));
        mark(&mut value, &later, &resource.address);
        value
    }

    fn task(&self, resource: &Resource<'_>) -> Value {
        let mut value = self.with_unknown(resource, service::shaped(resource.values));
        let containers = Self::text(resource, "container_definitions");
        let read = containers.as_str().and_then(|text| serde_json::from_str(text).ok());
        set(&mut value, "containerDefinitions", read.unwrap_or(containers));
        value
    }

    /// A text, unknown where the plan does not have it.
    fn text(resource: &Resource<'_>, key: &str) -> Value {
        match resource.values.get(key) {
            Some(Value::String(text)) => text.clone().into(),
            _ => later(resource, key),
        }
    }

    /// The values by the names that the API of load balancers and alarms has for them.
    fn pascal(&self, resource: &Resource<'_>) -> Value {
        let value = self.with_unknown(resource, service::shaped(resource.values));
        capital(&value)
    }

    fn target_group(&self, resource: &Resource<'_>) -> Value {
        let mut value = self.pascal(resource);
        let check = list(resource.values, "health_check").first().unwrap_or(&Value::Null);
        let laters = self.plan.after_apply(&resource.address);
        for (key, written) in [
            ("HealthCheckProtocol", "protocol"),
            ("HealthCheckPath", "path"),
            ("HealthCheckPort", "port"),
            ("HealthCheckIntervalSeconds", "interval"),
            ("HealthyThresholdCount", "healthy_threshold"),
        ] {
            let known = check.get(written).filter(|it| !it.is_null() && it.as_str() != Some(""));
            let unknown = || laters.get("health_check").is_some_and(|it| is_later(it, written));
            match known {
                Some(known) => set(&mut value, key, known.clone()),
                None if unknown() => set(&mut value, key, later(resource, written)),
                None => {}
            }
        }
        set(&mut value, "TargetGroupArn", self.plan.arn(resource).into());
        if let Some(delay) = resource.values.get("deregistration_delay") {
            set(&mut value, "Attributes", json!({"deregistration_delay.timeout_seconds": delay}));
        }
        value
    }

    /// The blocks `action` as the API has them, with the target groups that the configuration refers to.
    fn actions(&self, resource: &Resource<'_>, block: &str) -> Value {
        let written = list(self.plan.expressions(resource), block);
        let planned = list(resource.values, block);
        let one = |(index, action): (usize, &Value)| {
            let block = written.get(index).unwrap_or(&Value::Null);
            let arn = |planned: &Value, block: &Value, key: &str| match planned
                .get(key)
                .and_then(Value::as_str)
            {
                Some(arn) if !arn.is_empty() => Some(Value::from(arn)),
                _ => block.get(key).map(|expression| match self.plan.meaning(&resource.module, expression) {
                    Meaning::Resource(group) => self.plan.arn(group).into(),
                    Meaning::Constant(value) => value.clone(),
                    Meaning::Unknown(_) => later(resource, key),
                }),
            };
            let mut made = json!({"Type": action.get("type")});
            if let Some(group) = arn(action, block, "target_group_arn") {
                set(&mut made, "TargetGroupArn", group);
            }
            let forward = list(action, "forward").first();
            let written_forward = list(block, "forward").first().unwrap_or(&Value::Null);
            if let Some(forward) = forward {
                let written_groups = list(written_forward, "target_group");
                let groups: Vec<Value> = list(forward, "target_group")
                    .iter()
                    .map(|group| {
                        // Blocks are a set, so that their order says nothing: with one, or with constants, it is known.
                        let own = match written_groups {
                            [one] => one,
                            _ => &Value::Null,
                        };
                        let named = arn(group, own, "arn").unwrap_or_else(|| later(resource, "target_group"));
                        json!({"TargetGroupArn": named, "Weight": group.get("weight")})
                    })
                    .collect();
                let sticky = list(forward, "stickiness").first().and_then(|it| it.get("enabled")).cloned();
                set(
                    &mut made,
                    "ForwardConfig",
                    json!({"TargetGroups": groups, "TargetGroupStickinessConfig": {"Enabled": sticky}}),
                );
            }
            made
        };
        if planned.is_empty() {
            return later(resource, block);
        }
        planned.iter().enumerate().map(one).collect()
    }

    fn function(&self, resource: &Resource<'_>, parts: &mut Parts) {
        let mut value = self.pascal(resource);
        let vpc = list(resource.values, "vpc_config").first();
        let vpc_later = self.plan.after_apply(&resource.address).get("vpc_config");
        let vpc = match (vpc, vpc_later) {
            (Some(vpc), later) => {
                let mut known = capital(&service::shaped(vpc));
                mark(
                    &mut known,
                    &capital(&service::shaped(later.and_then(|it| it.get(0)).unwrap_or(&Value::Null))),
                    "vpc_config",
                );
                known
            }
            (None, Some(Value::Bool(true))) => later(resource, "vpc_config"),
            (None, _) => Value::Null,
        };
        set(&mut value, "VpcConfig", vpc);
        let environment = list(resource.values, "environment").first().and_then(|it| it.get("variables"));
        let environment = environment.map_or_else(
            || {
                if self.plan.after_apply(&resource.address).get("environment") == Some(&Value::Bool(true)) {
                    later(resource, "environment")
                } else {
                    Value::Null
                }
            },
            |variables| json!({"Variables": variables}),
        );
        set(&mut value, "Environment", environment);
        let document = self.document(resource, value, Spelling::Api);
        let name = resource.values.get("function_name").and_then(Value::as_str);
        for key in [name, Some(resource.address.as_str()), resource.values.get("arn").and_then(Value::as_str)]
        {
            if let Some(key) = key.filter(|key| !key.is_empty()) {
                parts.know(Key::Function(key.to_owned()), document.clone());
            }
        }
    }
}

/// The marker of what is known only after the plan is applied.
fn later(resource: &Resource<'_>, key: &str) -> Value {
    let at = &resource.address;
    Unknown::new(format!("{at}.{key}"), format!("{key} of {at} is known after apply")).mark()
}

fn set(value: &mut Value, key: &str, field: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(key.to_owned(), field);
    }
}

/// Whether a block's value is known only later.
fn is_later(block: &Value, key: &str) -> bool {
    match block {
        Value::Bool(later) => *later,
        Value::Array(items) => items.iter().any(|item| is_later(item, key)),
        Value::Object(fields) => fields.get(key) == Some(&Value::Bool(true)),
        _ => false,
    }
}

/// Puts a marker wherever `later` says `true` and nothing is known.
fn mark(value: &mut Value, later: &Value, at: &str) {
    match (value, later) {
        (Value::Object(fields), Value::Object(laters)) => {
            for (key, later) in laters {
                let known = fields.entry(key.clone()).or_insert(Value::Null);
                let is_unknown = *later == Value::Bool(true) || (known.is_null() && says_true(later));
                if known.is_null() && is_unknown {
                    *known =
                        Unknown::new(format!("{at}.{key}"), format!("{key} of {at} is known after apply"))
                            .mark();
                } else if Unknown::of(known).is_none() {
                    mark(known, later, at);
                }
            }
            fields.retain(|_, value| !value.is_null());
        }
        (Value::Array(items), Value::Array(laters)) => {
            for (item, later) in items.iter_mut().zip(laters) {
                mark(item, later, at);
            }
        }
        _ => {}
    }
}

fn says_true(later: &Value) -> bool {
    match later {
        Value::Bool(later) => *later,
        Value::Array(items) => items.iter().any(says_true),
        Value::Object(fields) => fields.values().any(says_true),
        _ => false,
    }
}

/// `healthCheckPath` is `HealthCheckPath`.
fn capital(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(capital).collect(),
        Value::Object(fields) if Unknown::of(value).is_none() => {
            let named = |(key, value): (&String, &Value)| (Spelling::CloudFormation.of(key), capital(value));
            Value::Object(fields.iter().map(named).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}
