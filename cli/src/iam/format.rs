//! Roles, as people write them down.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::{
    hcl::{aligned, list, quoted},
    yaml_text,
};

/// A role: who it is for, whom it trusts, what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    /// What it is called here.
    pub(super) name: String,
    /// For people.
    pub(super) of: String,
    /// The service that assumes it; none where it is somebody's who has one already.
    pub(super) trusts: Option<&'static str>,
    pub(super) statements: Vec<Statement>,
}

/// A statement that allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sid: String,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    /// An operator, a key and its values.
    pub(super) condition: Option<(&'static str, &'static str, Vec<String>)>,
}

impl Statement {
    pub(super) fn new(sid: &str, action: &str, resources: Vec<String>) -> Self {
        Self { sid: sid.to_owned(), actions: vec![action.to_owned()], resources, condition: None }
    }

    fn json(&self) -> Value {
        let mut json = json!({
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": one_or_many(&self.actions),
            "Resource": one_or_many(&self.resources),
        });
        if let Some((operator, key, values)) = &self.condition {
            json["Condition"] = json!({ *operator: { *key: one_or_many(values) } });
        }
        json
    }
}

impl Role {
    fn policy(&self) -> Value {
        let statements: Vec<_> = self.statements.iter().map(Statement::json).collect();
        json!({ "Version": "2012-10-17", "Statement": statements })
    }

    fn trust(&self) -> Option<Value> {
        let service = self.trusts?;
        Some(json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole",
        }] }))
    }
}

fn one_or_many(values: &[String]) -> Value {
    match values {
        [one] => one.as_str().into(),
        many => many.into(),
    }
}

/// The one policy of a reader.
pub(super) fn policy(roles: &[Role]) -> Value {
    roles.first().map(Role::policy).unwrap_or_default()
}

/// An object with the trust and the policy of each role.
pub(super) fn json(roles: &[Role]) -> Value {
    let role = |role: &Role| {
        let mut json = Map::new();
        json.extend(role.trust().map(|trust| ("trust".to_owned(), trust)));
        json.insert("policy".to_owned(), role.policy());
        (role.name.clone(), Value::Object(json))
    };
    Value::Object(roles.iter().map(role).collect())
}

/// A CloudFormation template: a role each, and for who has a role already a policy to attach.
pub(super) fn cloud_formation(roles: &[Role]) -> String {
    let mut text = "Resources:\n".to_owned();
    for role in roles {
        let (id, resource) = resource(role);
        let _ = writeln!(text, "  # For {}.\n  {id}:", role.of);
        yaml_text::write(&mut text, &resource, 4);
    }
    text.trim_end().to_owned()
}

/// The resource of a role in a template, and its id.
pub(super) fn resource(role: &Role) -> (String, Value) {
    let (kind, properties) = if let Some(trust) = role.trust() {
        let name = format!("greenlight-{}", role.name);
        let policies = json!([{ "PolicyName": name, "PolicyDocument": role.policy() }]);
        ("Role", json!({ "AssumeRolePolicyDocument": trust, "Policies": policies }))
    } else {
        ("ManagedPolicy", json!({ "PolicyDocument": role.policy() }))
    };
    let id = format!("Greenlight{}{kind}", in_camel_case(&role.name));
    (id, json!({ "Type": format!("AWS::IAM::{kind}"), "Properties": properties }))
}

/// `test-traffic` as `TestTraffic`: an id of CloudFormation has only letters and digits.
fn in_camel_case(name: &str) -> String {
    let mut begins = true;
    let mut id = String::new();
    for letter in name.chars() {
        if letter == '-' {
            begins = true;
        } else {
            id.push(if begins { letter.to_ascii_uppercase() } else { letter });
            begins = false;
        }
    }
    id
}

/// Terraform's HCL: a policy document and a role each, and for who has a role already the document alone.
pub(super) fn terraform(roles: &[Role]) -> String {
    let mut text = String::new();
    for role in roles {
        let name = format!("greenlight_{}", role.name.replace('-', "_"));
        let _ = writeln!(text, "# For {}.\ndata \"aws_iam_policy_document\" \"{name}\" {{", role.of);
        for (index, statement) in role.statements.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            let attributes = aligned(
                4,
                &[
                    ("sid", quoted(&statement.sid)),
                    ("actions", list(4, &statement.actions)),
                    ("resources", list(4, &statement.resources)),
                ],
            );
            let _ = writeln!(text, "{gap}  statement {{\n{attributes}");
            if let Some((operator, key, values)) = &statement.condition {
                let _ = writeln!(
                    text,
                    "\n    condition {{\n      test     = {}\n      variable = {}\n      values   = {}\n    }}",
                    quoted(operator),
                    quoted(key),
                    list(6, values),
                );
            }
            text.push_str("  }\n");
        }
        text.push_str("}\n\n");
        if let Some(service) = role.trusts {
            let dashed = name.replace('_', "-");
            let _ = writeln!(
                text,
                "data \"aws_iam_policy_document\" \"{name}_trust\" {{\n  statement {{\n    \
                 actions = [\"sts:AssumeRole\"]\n\n    principals {{\n      type        = \"Service\"\n      \
                 identifiers = [{}]\n    }}\n  }}\n}}\n\n\
                 resource \"aws_iam_role\" \"{name}\" {{\n  name               = \"{dashed}\"\n  \
                 assume_role_policy = data.aws_iam_policy_document.{name}_trust.json\n}}\n\n\
                 resource \"aws_iam_role_policy\" \"{name}\" {{\n  name   = \"{dashed}\"\n  \
                 role   = aws_iam_role.{name}.id\n  policy = data.aws_iam_policy_document.{name}.json\n}}\n",
                quoted(service),
            );
        }
    }
    text.trim_end().to_owned()
}
