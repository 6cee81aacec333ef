//! Whether a role may do what a deployment takes.

use crate::{facts::Key, look::Look, node::Node};

/// Says at a place where a role is not allowed to call an action on a resource.
pub(crate) fn needed(look: &Look<'_>, at: &Node<'_>, role: &str, action: &str, resource: &str) {
    // What a template is to make may be called by its name, and IAM is asked by ARN.
    if !role.starts_with("arn:") {
        return;
    }
    let key =
        Key::Permission { role: role.to_owned(), action: action.to_owned(), resource: resource.to_owned() };
    let denied = match look.get(&key).and_then(|decision| decision.text()) {
        Some("explicitDeny") => "a policy denies it",
        Some("implicitDeny") => "no policy allows it",
        _ => return,
    };
    at.wrong(format!("`{}` may not call {action} on {resource}: {denied}", role_name(role)));
}

/// The name of a role, in its ARN or by itself.
pub(crate) fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}
