//! Whether a trust policy lets a service of AWS assume the role.

use serde_json::Value;

/// Says why a service may not assume a role with this trust policy, as far as the policy's own text tells.
///
/// Of conditions only those on the account that the call is made for are judged: nobody else's value is known here.
pub(crate) fn allows(policy: &Value, service: &str, account: Option<&str>) -> Result<(), String> {
    // Some store the policy as a text.
    let read = policy.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let policy = read.as_ref().unwrap_or(policy);
    let statements = list(&policy["Statement"]);
    let concerns = |statement: &&Value| {
        has(&statement["Action"], assumes)
            && (statement["Principal"] == "*"
                || has(&statement["Principal"]["Service"], |it| it == service || it == "*"))
    };
    let fitting: Vec<&Value> = statements.into_iter().filter(concerns).collect();
    if fitting.iter().any(|statement| statement["Effect"] == "Deny" && statement["Condition"].is_null()) {
        return Err(format!("denies `sts:AssumeRole` to `{service}`"));
    }
    let mut allowing = fitting.into_iter().filter(|statement| statement["Effect"] == "Allow").peekable();
    if allowing.peek().is_none() {
        return Err(format!("does not allow `sts:AssumeRole` to `{service}`"));
    }
    let other = |statement: &Value| other_account(&statement["Condition"], account?);
    let others: Vec<Option<String>> = allowing.map(other).collect();
    match others.iter().all(Option::is_some).then(|| others.into_iter().flatten().next()).flatten() {
        Some(other) => Err(format!(
            "allows `{service}` to act for the account {other} only, and not for {}",
            account.unwrap_or_default()
        )),
        None => Ok(()),
    }
}

/// Whether an action, whose case does not matter, is `sts:AssumeRole` or may be.
fn assumes(action: &str) -> bool {
    const ASSUME: &str = "sts:assumerole";
    let action = action.to_ascii_lowercase();
    match action.split_once('*') {
        None => action == ASSUME,
        Some((begin, end)) => {
            ASSUME.starts_with(begin) && ASSUME.ends_with(end.rsplit('*').next().unwrap_or_default())
        }
    }
}

/// The account that a condition is for, where that is another.
fn other_account(condition: &Value, account: &str) -> Option<String> {
    let tests = condition.as_object()?;
    let (_, accounts) = tests
        .iter()
        .filter(|(test, _)| test.starts_with("StringEquals"))
        .flat_map(|(_, keys)| keys.as_object().into_iter().flatten())
        .find(|(key, _)| key.eq_ignore_ascii_case("aws:SourceAccount"))?;
    let accounts: Vec<&str> = list(accounts).into_iter().filter_map(Value::as_str).collect();
    (!accounts.is_empty() && !accounts.contains(&account)).then(|| accounts.join(", "))
}

/// The elements of a list, or what stands in the place of one.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn has(value: &Value, is_it: impl Fn(&str) -> bool) -> bool {
    list(value).into_iter().filter_map(Value::as_str).any(is_it)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(statement: &Value) -> Result<(), String> {
        allows(&json!({"Version": "2012-10-17", "Statement": statement}), "ecs.amazonaws.com", Some("1"))
    }

    #[test]
    fn trust_policies() {
        let allow = |service: Value| json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"});
        assert_eq!(judged(&allow(json!("ecs.amazonaws.com"))), Ok(()));
        assert_eq!(judged(&json!([allow(json!(["lambda.amazonaws.com", "ecs.amazonaws.com"]))])), Ok(()));
        assert_eq!(
            judged(&allow(json!("ecs-tasks.amazonaws.com"))),
            Err("does not allow `sts:AssumeRole` to `ecs.amazonaws.com`".to_owned())
        );
        for action in ["STS:AssumeRole", "sts:Assume*", "sts:*", "*", "sts:*Role"] {
            let mut statement = allow(json!("ecs.amazonaws.com"));
            statement["Action"] = action.into();
            assert_eq!(judged(&statement), Ok(()), "{action}");
            statement["Action"] = "sts:TagSession".into();
            assert!(judged(&statement).is_err());
        }
        let mut conditional = allow(json!("ecs.amazonaws.com"));
        conditional["Condition"] = json!({"StringEquals": {"aws:SourceAccount": "2"}});
        assert!(judged(&conditional).unwrap_err().contains("the account 2 only"));
        conditional["Condition"] =
            json!({"StringEquals": {"aws:SourceAccount": ["2", "1"]}, "ArnLike": {"aws:SourceArn": "x"}});
        assert_eq!(judged(&conditional), Ok(()));
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "*"});
        assert!(judged(&json!([allow(json!("ecs.amazonaws.com")), deny])).is_err());
        for odd in [json!(null), json!("x"), json!([5]), json!({})] {
            assert!(judged(&odd).is_err(), "{odd}");
        }
        let text = json!({"Statement": allow(json!("ecs.amazonaws.com"))}).to_string();
        assert_eq!(allows(&Value::from(text), "ecs.amazonaws.com", None), Ok(()));
    }
}
