//! What IAM says of roles.

use greenlight::{Api, Ask};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{Fetch, Lacking};
use crate::document::Document;

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

/// What IAM's simulator says of one action on one resource.
///
/// Where the policies ask for something that only the real call has, such as its source, nothing is known.
pub(super) async fn permission(
    ask: &Ask,
    role: &str,
    action: &str,
    resource: &str,
) -> Result<Option<Document>, Lacking> {
    let input = json!({"PolicySourceArn": role, "ActionNames": [action], "ResourceArns": [resource]});
    let answer = ask.try_call(&Api::IAM, "SimulatePrincipalPolicy", input, role).await?;
    let result = &answer["EvaluationResults"][0];
    let specific = &result["ResourceSpecificResults"][0];
    // An action that knows no resources is told for all.
    let decision = specific["EvalResourceDecision"].as_str().or_else(|| result["EvalDecision"].as_str());
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
