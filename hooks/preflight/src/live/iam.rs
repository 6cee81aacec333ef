//! What IAM says of roles.

use greenlight::{Api, Ask};
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
        let text = decoded(policy);
        value["AssumeRolePolicyDocument"] = serde_json::from_str(&text).unwrap_or(Value::String(text));
    }
    Ok(Some(Document::new(role, value)))
}

/// `%7B` is `{`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
        Some("allowed") | Some("explicitDeny") => {}
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

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn policies_are_decoded_whatever_they_hold() {
        assert_eq!(decoded("%7B%22a%22%3A%201%7D"), "{\"a\": 1}");
        for odd in ["%", "%2", "%zz", "100%é", ""] {
            assert_eq!(decoded(odd), odd);
        }
    }
}
