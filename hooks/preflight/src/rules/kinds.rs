//! Values of another kind than AWS's API takes: a text for a number, one thing for a list of them.

use serde_json::Value;

use super::shapes;
use crate::{
    look::Look,
    node::Node,
    pages::CLI_SKELETON,
    rule::{Rule, Severity},
};

pub(super) const VALUE_KIND: Rule = Rule {
    id: "VALUE-KIND",
    severity: Severity::Error,
    title: "a value of another kind than AWS's API takes",
    why: "AWS's API takes a number for a number, a text for a text and a list for a list, and turns none into another. The AWS CLI refuses \
          another kind before it calls AWS, and so do boto3 and all that is built on it: `Invalid type for parameter`. Who sends it as it is \
          has it refused by AWS: `STRING_VALUE cannot be converted to Integer`.",
    fix: "Write the value as AWS's API has it: `aws ecs create-service --generate-cli-skeleton` shows the kind of each, and so does \
          that flag of `aws ecs register-task-definition` and `aws deploy create-deployment-group`.",
    link: CLI_SKELETON,
    looks_at: "the values of all keys that AWS's API has, in service definitions, task definitions and deployment groups in files as they \
               are given to the AWS CLI; not templates, plans, times, placeholders such as `${MEMORY}`, null, and what AWS answered",
    judge: Some(judge),
    messages: &[
        "Invalid type for parameter {place}, value: {value}, type: <class '{kind}'>, valid types: <class",
        "Expected params{place} to be a",
        "{kind}_VALUE cannot be converted to {wanted}",
    ],
    not_proven: "That every tool would fail: some turn a value into the kind that is wanted before they send it. A null is kept, which \
                 the AWS CLI refuses, too, for other tools leave such keys out.",
    ..Rule::BASE
};

fn judge(look: &Look<'_>) {
    shapes::each(look, within);
}

/// Says what values at a place and below it are of another kind.
fn within(node: &Node<'_>, known: &Value) {
    let Some(value) = node.value() else { return };
    match (known, value) {
        (Value::Object(known), Value::Object(_)) => {
            for (key, field) in node.entries() {
                within(&field, shapes::under(known, key).unwrap_or(&Value::Null));
            }
        }
        (Value::Array(element), Value::Array(_)) => {
            let element = element.first().unwrap_or(&Value::Null);
            node.items().iter().for_each(|item| within(item, element));
        }
        (known, value) => {
            if let Some(wanted) = Wanted::of(known).filter(|wanted| !wanted.is(value)) {
                of_another(node, value, wanted);
            }
        }
    }
}

/// Says that a value is of another kind, and never what it is: it may be a secret.
fn of_another(node: &Node<'_>, value: &Value, wanted: Wanted) {
    if value.as_str().is_some_and(is_placeholder) {
        node.lack("a placeholder stands there");
        return;
    }
    let observed = format!("{}, where AWS's API takes {}", told(value), wanted.word());
    match wanted.fix(value) {
        Some(fix) => node.wrong_fix(observed, fix),
        None => node.wrong(observed),
    }
}

/// What a value is to be.
#[derive(Clone, Copy)]
enum Wanted {
    Text,
    Whole,
    Number,
    Flag,
    List,
    Object,
}

impl Wanted {
    /// None where anything may stand.
    fn of(known: &Value) -> Option<Self> {
        match known {
            Value::Array(_) => Some(Self::List),
            Value::Object(_) => Some(Self::Object),
            Value::String(kind) => match kind.as_str() {
                "text" => Some(Self::Text),
                "whole" => Some(Self::Whole),
                "number" => Some(Self::Number),
                "flag" => Some(Self::Flag),
                _ => None,
            },
            _ => None,
        }
    }

    fn is(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Whole => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Whole => "a whole number",
            Self::Number => "a number",
            Self::Flag => "`true` or `false`",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }

    /// What to write, where it is plain.
    fn fix(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Text, Value::Number(_)) => Some("Put it in quotes.".to_owned()),
            (Self::Whole | Self::Number | Self::Flag, Value::String(text)) => {
                let meant: Value = serde_json::from_str(text.trim()).ok()?;
                self.is(&meant).then(|| format!("Write `{meant}`, without quotes."))
            }
            (Self::List, _) => {
                Some("Write a list in square brackets, each of its elements by itself.".to_owned())
            }
            _ => None,
        }
    }
}

/// The kind of a value, for people.
fn told(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether something else is put in the place of a text before it is given to AWS: `${MEMORY}`, `$PORT`, `{{ count }}`,
/// `<COUNT>`, `%COUNT%`, `__COUNT__`.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let is_between = |begin: &str, end: &str| {
        text.len() > begin.len() + end.len() && text.starts_with(begin) && text.ends_with(end)
    };
    text.starts_with('$')
        || text.contains("${")
        || text.contains("{{")
        || [("<", ">"), ("%", "%"), ("__", "__")].iter().any(|(begin, end)| is_between(begin, end))
}
