//! What policies of a template will decide, before anything has its final name.

use std::collections::BTreeMap;

use super::pattern::matches;
use super::{Decision, Policy, Request, evaluate};

/// The decision, if it depends neither on conditions nor on what a resource will be called.
///
/// A name that is made up fits a pattern or does not by chance, unless the pattern is `*` or has no wildcard.
pub(crate) fn foresee(policies: &[Policy], action: &str, resource: &str) -> Option<Decision> {
    let lower = action.to_ascii_lowercase();
    let concerns = |pattern: &str| matches(&pattern.to_ascii_lowercase(), &lower);
    let statements = policies.iter().flat_map(|policy| &policy.statements);
    for statement in statements.filter(|statement| statement.actions.names(concerns)) {
        let is_open = |pattern: &String| pattern != "*" && pattern.contains(['*', '?']);
        let patterns = &statement.resources.patterns;
        // `FUNCTION-ARN:*` is about versions and aliases, whatever the function will be called.
        let is_of_versions =
            |pattern: &String| pattern.strip_suffix(":*").is_some_and(|exact| !exact.contains(['*', '?']));
        let is_by_chance = patterns.iter().any(|it| is_open(it) && !is_of_versions(it));
        if !statement.conditions.is_empty() || (resource != "*" && is_by_chance) {
            return None;
        }
    }
    let context = BTreeMap::new();
    Some(evaluate(policies, Request { action, resource, context: &context }).decision)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_no_name_can_change_is_foreseen() {
        let function = "arn:aws:lambda:us-east-1:123456789012:function:gate";
        let other = "arn:aws:lambda:us-east-1:123456789012:function:other";
        for (resource, asked, expected) in [
            (json!("*"), function, Some(Decision::Allowed)),
            (json!(function), function, Some(Decision::Allowed)),
            (json!([other]), function, Some(Decision::ImplicitDeny)),
            (json!([function, format!("{function}:*")]), function, Some(Decision::Allowed)),
            (json!(format!("{other}:*")), function, Some(Decision::ImplicitDeny)),
            (json!("arn:aws:lambda:*:*:function:gate-*"), function, None),
            (json!("arn:aws:lambda:*:*:function:gate-*"), "*", Some(Decision::ImplicitDeny)),
        ] {
            let statement = json!({"Effect": "Allow", "Action": "lambda:Invoke*", "Resource": resource});
            let policy = |statement| Policy::parse(&json!({"Statement": statement})).unwrap();
            let foreseen = |statement| foresee(&[policy(statement)], "lambda:InvokeFunction", asked);
            assert_eq!(foreseen(statement.clone()), expected, "{resource}");
            let mut conditional = statement;
            conditional["Condition"] = json!({"StringEquals": {"aws:SourceAccount": "1"}});
            assert_eq!(foreseen(conditional), None);
        }
        assert_eq!(foresee(&[], "lambda:InvokeFunction", function), Some(Decision::ImplicitDeny));
    }
}
