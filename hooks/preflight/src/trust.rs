//! Whether a trust policy lets a service of AWS assume the role.

use serde_json::Value;

use crate::{
    arn::Arn,
    policy::{Call, Says, says, texts},
};

/// What a trust policy says of a service of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The service may assume the role.
    Allowed,
    /// It may not, and why.
    Refused(String),
    /// Nobody knows, and on what it depends.
    Unclear(String),
}

/// What a trust policy says of a service that acts for a resource of its own; only the resource's place may be known.
pub(crate) fn of(policy: &Value, service: &str, source: Option<Arn<'_>>) -> Trust {
    let is_principal = |principal: &Value| {
        let is_it = |it: &&str| *it == service || *it == "*";
        Some(principal == "*" || texts(&principal["Service"]).iter().any(is_it))
    };
    let call = Call { is_principal: &is_principal, action: "sts:AssumeRole", resource: None, source };
    match says(policy, &call) {
        Says::Allows => Trust::Allowed,
        Says::Denies => Trust::Refused(format!("denies `sts:AssumeRole` to `{service}`")),
        Says::Nothing(None | Some(Value::Null)) => {
            Trust::Refused(format!("does not allow `sts:AssumeRole` to `{service}`"))
        }
        Says::Nothing(Some(condition)) => {
            let (region, account) = source.map_or(("", ""), |it| (it.region, it.account));
            Trust::Refused(format!(
                "allows `sts:AssumeRole` to `{service}` on a condition that {region} and the account {account} do not meet: {condition}"
            ))
        }
        Says::Unclear(what) => Trust::Unclear(format!("depends on what only the call itself has: {what}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(statement: &Value) -> Trust {
        let source = Arn::parse("arn:aws:ecs:eu-west-1:1:service/shop/orders");
        of(&json!({"Version": "2012-10-17", "Statement": statement}), "ecs.amazonaws.com", source)
    }

    fn allow(service: &Value) -> Value {
        json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
    }

    fn on(condition: Value) -> Value {
        let mut statement = allow(&json!("ecs.amazonaws.com"));
        statement["Condition"] = condition;
        statement
    }

    fn is_refused(trust: &Trust) -> bool {
        matches!(trust, Trust::Refused(_))
    }

    #[test]
    fn who_is_trusted() {
        assert_eq!(judged(&allow(&json!("ecs.amazonaws.com"))), Trust::Allowed);
        assert_eq!(
            judged(&json!([allow(&json!(["lambda.amazonaws.com", "ecs.amazonaws.com"]))])),
            Trust::Allowed
        );
        assert_eq!(
            judged(&allow(&json!("ecs-tasks.amazonaws.com"))),
            Trust::Refused("does not allow `sts:AssumeRole` to `ecs.amazonaws.com`".to_owned())
        );
        for action in ["STS:AssumeRole", "sts:Assume*", "sts:*", "*", "sts:*Role"] {
            let mut statement = allow(&json!("ecs.amazonaws.com"));
            statement["Action"] = action.into();
            assert_eq!(judged(&statement), Trust::Allowed, "{action}");
            statement["Action"] = "sts:TagSession".into();
            assert!(is_refused(&judged(&statement)));
        }
        for odd in [json!(null), json!("x"), json!([5]), json!({})] {
            assert!(is_refused(&judged(&odd)), "{odd}");
        }
        let text = json!({"Statement": allow(&json!("ecs.amazonaws.com"))}).to_string();
        assert_eq!(of(&Value::from(text), "ecs.amazonaws.com", None), Trust::Allowed);
    }

    #[test]
    fn conditions_on_the_source_are_judged_as_far_as_it_is_known() {
        let trusts = |condition: Value| judged(&on(condition));
        for met in [
            json!({"StringEquals": {"aws:SourceAccount": ["2", "1"]}}),
            json!({"StringEquals": {"AWS:SourceAccount": "1"}, "ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:1:*"}}),
            json!({"ArnLike": {"aws:SourceArn": ["arn:aws:ecs:*:2:*", "arn:*:ecs:*:1:*"]}}),
            json!({"StringLikeIfExists": {"aws:SourceArn": "*"}}),
            json!({"StringNotEquals": {"aws:SourceAccount": "2"}}),
        ] {
            assert_eq!(trusts(met.clone()), Trust::Allowed, "{met}");
        }
        for unmet in [
            json!({"StringEquals": {"aws:SourceAccount": "2"}}),
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:1:*"}}),
            json!({"ArnEquals": {"aws:SourceArn": "arn:aws:lambda:eu-west-1:1:*"}}),
            json!({"StringNotLike": {"aws:SourceAccount": "*"}}),
            json!({"StringEquals": {"aws:SourceAccount": "2", "aws:SourceOrgID": "o-1"}}),
        ] {
            assert!(is_refused(&trusts(unmet.clone())), "{unmet}");
        }
        for unclear in [
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:1:cluster/*"}}),
            json!({"StringEquals": {"aws:SourceOrgID": "o-1"}}),
            json!({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}),
            json!({"ForAnyValue:StringEquals": {"aws:SourceAccount": "1"}}),
        ] {
            assert!(matches!(trusts(unclear.clone()), Trust::Unclear(_)), "{unclear}");
        }
        let nowhere = json!({"Statement": on(json!({"StringEquals": {"aws:SourceAccount": "2"}}))});
        assert!(matches!(of(&nowhere, "ecs.amazonaws.com", None), Trust::Unclear(_)));
    }

    #[test]
    fn what_is_denied() {
        let with = |deny: Value| judged(&json!([allow(&json!("ecs.amazonaws.com")), deny]));
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "*"});
        assert!(is_refused(&with(deny.clone())));
        let on = |condition: Value| {
            let mut deny = deny.clone();
            deny["Condition"] = condition;
            with(deny)
        };
        assert_eq!(on(json!({"StringNotEquals": {"aws:SourceAccount": "1"}})), Trust::Allowed);
        assert!(is_refused(&on(json!({"StringNotEquals": {"aws:SourceAccount": "2"}}))));
        assert!(matches!(on(json!({"Bool": {"aws:SecureTransport": "false"}})), Trust::Unclear(_)));
        let mut others = deny.clone();
        others["Principal"] = Value::Null;
        others["NotPrincipal"] = json!({"Service": "ecs.amazonaws.com"});
        assert!(matches!(with(others), Trust::Unclear(_)));
    }
}
