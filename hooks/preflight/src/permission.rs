//! Whether a role may do what a deployment takes.

use serde_json::Value;

use crate::{
    arn::Arn,
    facts::Key,
    look::Look,
    node::Node,
    policy::{Call, Says, says, texts},
};

/// Says at a place where a role is not allowed to call an action on a resource.
pub(crate) fn needed(look: &Look<'_>, at: &Node<'_>, role: &str, action: &str, resource: &str) {
    match decision(look, role, action, resource) {
        Some("explicitDeny") => refused(at, role, action, resource, "a policy denies it"),
        Some("implicitDeny") => refused(at, role, action, resource, "no policy allows it"),
        _ => {}
    }
}

/// Says at a place where a role is not allowed to invoke a function: within an account its policies or the function's own
/// have to allow it, across accounts both.
pub(crate) fn invocation_needed(look: &Look<'_>, at: &Node<'_>, role: &str, function: &str) {
    let action = "lambda:InvokeFunction";
    let account = |arn| Arn::parse(arn).map(|arn| arn.account.to_owned());
    let is_across = account(role) != account(function);
    match decision(look, role, action, function) {
        Some("explicitDeny") => return refused(at, role, action, function, "a policy denies it"),
        Some("implicitDeny") if is_across => {
            return refused(at, role, action, function, "no policy of the role allows it");
        }
        // A policy of Lambda's own making denies nothing.
        Some("allowed") if !is_across => return,
        Some("allowed" | "implicitDeny") => {}
        _ => return,
    }
    let key = Key::FunctionPolicy(function.to_owned());
    let why = if is_across {
        "the function is in another account, and its own policy does not allow it"
    } else {
        "neither a policy of the role nor the function's own allows it"
    };
    if look.is_missing(&key) {
        return refused(at, role, action, function, why);
    }
    let Some(policy) = look.get(&key).filter(Node::is_known) else { return };
    let is_principal = |principal: &Value| Some(means(principal, role, is_across));
    let call = Call { is_principal: &is_principal, action, resource: Some(function), source: None };
    match policy.value().map(|policy| says(policy, &call)) {
        Some(Says::Denies) => refused(at, role, action, function, "the function's own policy denies it"),
        Some(Says::Nothing(_)) => refused(at, role, action, function, why),
        Some(Says::Unclear(what)) => {
            look.lack_value(format!(
                "whether the policy of {function} lets `{}` in depends on {what}",
                role_name(role)
            ));
        }
        Some(Says::Allows) | None => {}
    }
}

/// Whether an element `Principal` means a role. An account is its roles as far as their own policies allow, which is enough from
/// another account only.
fn means(principal: &Value, role: &str, is_across: bool) -> bool {
    let own_account = Arn::parse(role).map(|arn| arn.account).unwrap_or_default();
    let is_account = |text: &str| {
        text == own_account
            || Arn::parse(text).is_some_and(|arn| arn.account == own_account && arn.resource == "root")
    };
    let is_it = |text: &&str| *text == "*" || *text == role || is_across && is_account(text);
    principal == "*" || texts(&principal["AWS"]).iter().any(is_it)
}

/// What IAM's simulator says of what a role's own policies allow.
fn decision<'a>(look: &'a Look<'a>, role: &str, action: &str, resource: &str) -> Option<&'a str> {
    // What a template is to make may be called by its name, and IAM is asked by ARN.
    if !role.starts_with("arn:") {
        return None;
    }
    let key =
        Key::Permission { role: role.to_owned(), action: action.to_owned(), resource: resource.to_owned() };
    look.get(&key)?.text()
}

fn refused(at: &Node<'_>, role: &str, action: &str, resource: &str, why: &str) {
    at.wrong(format!("`{}` may not call {action} on {resource}: {why}", role_name(role)));
}

/// The name of a role, in its ARN or by itself.
pub(crate) fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_a_principal_means() {
        let role = "arn:aws:iam::1:role/hooks";
        for (principal, within, across) in [
            (json!("*"), true, true),
            (json!({"AWS": role}), true, true),
            (json!({"AWS": ["x", "*"]}), true, true),
            (json!({"AWS": "1"}), false, true),
            (json!({"AWS": "arn:aws:iam::1:root"}), false, true),
            (json!({"AWS": "arn:aws:iam::2:root"}), false, false),
            (json!({"AWS": "arn:aws:iam::1:role/other"}), false, false),
            (json!({"Service": "ecs.amazonaws.com"}), false, false),
            (json!(null), false, false),
        ] {
            assert_eq!(
                (means(&principal, role, false), means(&principal, role, true)),
                (within, across),
                "{principal}"
            );
        }
    }
}
