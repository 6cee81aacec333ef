//! `DescribeRules`.

use serde_json::{Value, json};

use super::input::{expect_arn, given, no_resource, page, texts, validation_error};
use super::{Listener, Rule, SERVICE, State, action, condition};
use crate::rehearsal::aws::error::AwsError;
use crate::rehearsal::aws::operation::Operation;
use crate::rehearsal::aws::rendering::render;
use crate::rehearsal::aws::world::World;

/// `DescribeRules`.
pub static DESCRIBE_RULES: Operation = Operation {
    service: &SERVICE,
    name: "DescribeRules",
    action: "DescribeRules",
    resource: no_resource,
    run: describe_rules,
};

fn describe_rules(world: &mut World, input: &Value) -> Result<Value, AwsError> {
    let page = page(world, DESCRIBE_RULES.name, input)?;
    let (listener, arns) = (given(input, "ListenerArn"), texts(input, "RuleArns"));
    let state = &world.elb;
    let found: Vec<Value> = match (listener, arns.is_empty()) {
        (None, true) => return Err(validation_error("You must specify either a listener ARN or rule ARNs")),
        (Some(_), false) => {
            return Err(validation_error(
                "Rule ARNs and a listener ARN cannot be specified at the same time",
            ));
        }
        (Some(arn), true) => {
            let listener = state.listener(arn)?;
            let rules = state.rules_of(listener).into_iter().map(Rule::rendered);
            rules.chain([listener.rendered_default_rule()]).collect()
        }
        (None, false) => arns.into_iter().map(|arn| state.rendered_rule(arn)).collect::<Result<_, _>>()?,
    };
    let (page, next) = page.take(found);
    Ok(render(&json!({"Rules": page, "NextMarker": next})))
}

impl State {
    fn rendered_rule(&self, arn: &str) -> Result<Value, AwsError> {
        expect_arn(arn, "listener-rule", "listener rule")?;
        let rule = || self.rules.iter().find(|rule| rule.arn == arn).map(Rule::rendered);
        let default = || {
            let listener = self.listeners.iter().find(|listener| listener.default_rule_arn() == arn);
            listener.map(Listener::rendered_default_rule)
        };
        rule().or_else(default).ok_or_else(|| AwsError::client("RuleNotFound", "One or more rules not found"))
    }
}

impl Rule {
    fn rendered(&self) -> Value {
        let conditions: Vec<_> = self.conditions.iter().map(condition::Shape::from).collect();
        let transforms: Vec<_> = self.transforms.iter().map(|kind| json!({"Type": kind})).collect();
        json!({
            "RuleArn": self.arn,
            "Priority": self.priority.to_string(),
            "Conditions": conditions,
            "Actions": action::Shape::all(&self.actions),
            "IsDefault": false,
            "Transforms": transforms,
        })
    }
}

impl Listener {
    fn rendered_default_rule(&self) -> Value {
        json!({
            "RuleArn": self.default_rule_arn(),
            "Priority": "default",
            "Conditions": [],
            "Actions": action::Shape::all(&self.default_actions),
            "IsDefault": true,
            "Transforms": [],
        })
    }
}
