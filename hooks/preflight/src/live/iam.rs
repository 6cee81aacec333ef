//! What IAM says of roles.

use greenlight::{Api, Ask};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{Fetch, Lacking};
use crate::{document::Document, facts::Key};

/// A role by its ARN or its name, with its trust policy decoded.
pub(super) async fn role(ask: &Ask, role: &str) -> Fetch {
    let name = role.rsplit('/').next().unwrap_or(role);
    let answer = ask.try_call(&Api::IAM, "GetRole", json!({"RoleName": name}), role).await?;
    let Some(mut value) = answer.get("Role").cloned() else { return Ok(None) };
    if let Some(policy) = value.get("AssumeRolePolicyDocument").and_then(Value::as_str) {
        // IAM encodes it as for a URL (RFC 3986).
        let text = percent_decode_str(policy).decode_utf8_lossy().into_owned();
        value["AssumeRolePolicyDocument"] = serde_json::from_str(&text).unwrap_or(Value::String(text));
    }
    Ok(Some(Document::new(role, value)))
}

/// A question for IAM's simulator.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Permission {
    /// The role's ARN.
    pub(super) role: String,
    pub(super) action: String,
    pub(super) resource: String,
}

impl Permission {
    fn key(&self) -> Key {
        let Self { role, action, resource } = self.clone();
        Key::Permission { role, action, resource }
    }
}

/// More than this are not asked in one call, so that the answer is one page.
const AT_A_TIME: usize = 50;

/// What IAM's simulator says of actions on resources: one call for all resources of an action.
///
/// Actions are asked one by one: IAM refuses those together that "require different authorization information".
pub(super) async fn permissions(
    ask: &Ask,
    asked: Vec<Permission>,
) -> Vec<(Key, Result<Option<Document>, Lacking>)> {
    let mut asked = asked;
    asked.sort_unstable();
    let mut answers = Vec::new();
    for alike in asked.chunk_by(|one, other| one.role == other.role && one.action == other.action) {
        for some in alike.chunks(AT_A_TIME) {
            answers.extend(simulated(ask, some).await);
        }
    }
    answers
}

/// One action of one role, on several resources.
async fn simulated(ask: &Ask, asked: &[Permission]) -> Vec<(Key, Result<Option<Document>, Lacking>)> {
    let Some(first) = asked.first() else { return Vec::new() };
    let resources: Vec<&str> = asked.iter().map(|it| it.resource.as_str()).collect();
    let input =
        json!({"PolicySourceArn": first.role, "ActionNames": [first.action], "ResourceArns": resources});
    let answer = ask.try_call(&Api::IAM, "SimulatePrincipalPolicy", input, &first.role).await;
    let read = |permission: &Permission| match &answer {
        Ok(answer) => decision(answer, permission, asked.len() == 1),
        Err(failure) => Err(Lacking::Call(failure.clone())),
    };
    asked.iter().map(|permission| (permission.key(), read(permission))).collect()
}

/// What an answer says of one resource; the decision on the action as a whole is that of the worst resource.
///
/// Where the policies ask for something that only the real call has, such as its source, nothing is known.
fn decision(answer: &Value, asked: &Permission, is_only: bool) -> Result<Option<Document>, Lacking> {
    let Permission { role, action, resource } = asked;
    let result = &answer["EvaluationResults"][0];
    let each = result["ResourceSpecificResults"].as_array().map(Vec::as_slice).unwrap_or_default();
    let specific = each.iter().find(|it| it["EvalResourceName"].as_str() == Some(resource));
    let specific = specific.or_else(|| each.first().filter(|_| is_only)).unwrap_or(&Value::Null);
    // An action that knows no resources is told for all.
    let whole = result["EvalDecision"].as_str().filter(|decision| is_only || *decision == "allowed");
    let decision = specific["EvalResourceDecision"].as_str().or(whole);
    let missing = [&specific["MissingContextValues"], &result["MissingContextValues"]];
    let needs: Vec<&str> =
        missing.iter().filter_map(|it| it.as_array()).flatten().filter_map(Value::as_str).collect();
    match decision {
        Some("allowed" | "explicitDeny") => {}
        Some(_) if needs.is_empty() => {}
        Some(_) => {
            return Err(Lacking::Said(format!(
                "whether {role} may call {action} depends on {}, which only the call itself has",
                needs.join(", ")
            )));
        }
        None => return Err(Lacking::Said(format!("IAM said nothing of {action} on {resource}"))),
    }
    Ok(decision.map(|decision| Document::new(role, decision.into())))
}
