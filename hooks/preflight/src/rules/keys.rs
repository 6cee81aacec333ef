//! What AWS's API does not take in a document: keys that it does not have, and values of another kind.

use serde_json::{Map, Value};

use super::{Subject, kinds, shapes};
use crate::{
    look::Look,
    node::Node,
    pages::CLI_SKELETON,
    rule::{Rule, Severity},
};

pub(super) const SUBJECT: Subject = Subject { title: "Keys and values", rules: RULES };

static RULES: &[Rule] = &[UNKNOWN, kinds::VALUE_KIND];

const UNKNOWN: Rule = Rule {
    id: "KEY-UNKNOWN",
    severity: Severity::Error,
    title: "a key that AWS's API does not have",
    why: "The AWS CLI takes the keys of AWS's API and no others, letter by letter, capitals included. What has another key it refuses before it \
          calls AWS: `Unknown parameter`. So do boto3 and all that is built on it.",
    fix: "Write the key as AWS's API has it, or leave it out: `aws ecs create-service --generate-cli-skeleton` shows all, and so does \
          that flag of `aws ecs register-task-definition` and `aws deploy create-deployment-group`. A key that AWS has added since this \
          version of greenlight is right all the same: `--ignore KEY-UNKNOWN`.",
    link: CLI_SKELETON,
    looks_at: "service definitions, task definitions and deployment groups in files as they are given to the AWS CLI; not templates, plans \
               and what AWS answered",
    judge: Some(unknown),
    messages: &[
        "Unknown parameter in {place}: \"{key}\", must be one of",
        "Unexpected key '{key}' found in params",
    ],
    not_proven: "That the key is misspelt. An AWS CLI or SDK that is older than the key says the same: update it first.",
    ..Rule::BASE
};

fn unknown(look: &Look<'_>) {
    shapes::each(look, within);
}

/// Says what keys below a place are not known.
fn within(node: &Node<'_>, known: &Value) {
    match known {
        Value::Object(known) => of_one(node, known),
        Value::Array(element) => {
            let element = element.first().unwrap_or(&Value::Null);
            node.items().iter().for_each(|item| within(item, element));
        }
        // A value, or anything at all.
        _ => {}
    }
}

fn of_one(node: &Node<'_>, known: &Map<String, Value>) {
    for (key, field) in node.entries() {
        if let Some(below) = shapes::under(known, key) {
            within(&field, below);
        } else {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            field.wrong_key(key, format!("AWS's API has no key `{key}` here"), &names);
        }
    }
}
