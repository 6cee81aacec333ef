//! What policies decide, row by row.

use serde_json::json;

use super::*;

const TASK: &str = "arn:aws:ecs:eu-west-1:123456789012:task/shop/0";
const CLUSTER: &str = "arn:aws:ecs:eu-west-1:123456789012:cluster/shop";

fn context() -> BTreeMap<String, Vec<String>> {
    BTreeMap::from([
        ("ecs:cluster".to_owned(), vec![CLUSTER.to_owned()]),
        ("aws:securetransport".to_owned(), vec!["true".to_owned()]),
        ("aws:tagkeys".to_owned(), vec!["team".to_owned(), "stage".to_owned()]),
    ])
}

fn evaluation(statements: &Value, action: &str, resource: &str) -> Evaluation {
    let policy = Policy::parse(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap();
    evaluate(&[policy], Request { action, resource, context: &context() })
}

fn decision(statements: &Value) -> Decision {
    evaluation(statements, "ecs:DescribeTasks", TASK).decision
}

#[test]
fn a_denial_wins_and_silence_denies() {
    use Decision::{Allowed, ExplicitDeny, ImplicitDeny};
    let allow =
        |action: Value, resource: Value| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let deny = json!({"Effect": "Deny", "Action": "ecs:*", "Resource": "*"});
    for (name, statements, expected) in [
        ("nothing", json!([]), ImplicitDeny),
        ("exactly", json!([allow(json!("ecs:DescribeTasks"), json!(TASK))]), Allowed),
        ("one statement, no list", allow(json!("ecs:DescribeTasks"), json!(TASK)), Allowed),
        ("an action in another case", json!([allow(json!("ECS:describetasks"), json!("*"))]), Allowed),
        ("an action with a wildcard", json!([allow(json!(["s3:*", "ecs:Describe*"]), json!("*"))]), Allowed),
        ("another action", json!([allow(json!("ecs:ListTasks"), json!("*"))]), ImplicitDeny),
        (
            "a resource in another case",
            json!([allow(json!("*"), json!(TASK.replace("shop", "Shop")))]),
            ImplicitDeny,
        ),
        ("another cluster", json!([allow(json!("*"), json!("arn:aws:ecs:*:*:task/other/*"))]), ImplicitDeny),
        ("a denial before", json!([deny, allow(json!("*"), json!("*"))]), ExplicitDeny),
        ("a denial after", json!([allow(json!("*"), json!("*")), deny]), ExplicitDeny),
        (
            "all actions but some",
            json!([{"Effect": "Allow", "NotAction": ["iam:*", "ecs:Stop*"], "Resource": "*"}]),
            Allowed,
        ),
        (
            "all actions but this",
            json!([{"Effect": "Allow", "NotAction": "ecs:*", "Resource": "*"}]),
            ImplicitDeny,
        ),
        (
            "all resources but some",
            json!([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ecs:*:*:task/other/*"}]),
            Allowed,
        ),
        (
            "all resources but this",
            json!([{"Effect": "Allow", "Action": "*", "NotResource": TASK}]),
            ImplicitDeny,
        ),
    ] {
        assert_eq!(decision(&statements), expected, "{name}");
    }
}

#[test]
fn conditions_hold_together() {
    for (name, condition, holds) in [
        ("a cluster", json!({"ArnEquals": {"ecs:cluster": CLUSTER}}), true),
        ("a key in another case", json!({"ArnEquals": {"ECS:Cluster": CLUSTER}}), true),
        ("an ARN with a wildcard", json!({"ArnLike": {"ecs:cluster": "arn:aws:ecs:*:*:cluster/sh?p"}}), true),
        ("another cluster", json!({"ArnEquals": {"ecs:cluster": CLUSTER.replace("shop", "x")}}), false),
        ("one of several", json!({"StringLike": {"ecs:cluster": ["x", "*/shop"]}}), true),
        ("no wildcard where texts are equal", json!({"StringEquals": {"ecs:cluster": "*/shop"}}), false),
        ("not that one", json!({"ArnNotLike": {"ecs:cluster": "arn:aws:ecs:*:*:cluster/x"}}), true),
        ("not this one", json!({"StringNotEquals": {"ecs:cluster": ["x", CLUSTER]}}), false),
        ("a truth", json!({"Bool": {"aws:SecureTransport": true}}), true),
        ("a falsehood", json!({"Bool": {"aws:SecureTransport": "false"}}), false),
        ("the other case", json!({"StringEqualsIgnoreCase": {"aws:TagKeys": "TEAM"}}), true),
        ("all values", json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}), false),
        ("any value", json!({"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}), true),
        ("an unknown key", json!({"StringEquals": {"aws:x": "y"}}), false),
        ("an unknown key, negated", json!({"StringNotEquals": {"aws:x": "y"}}), true),
        ("an unknown key, if it exists", json!({"StringEqualsIfExists": {"aws:x": "y"}}), true),
        ("a key that must be missing", json!({"Null": {"aws:x": "true"}}), true),
        ("a key that must be there", json!({"Null": {"aws:x": "false"}}), false),
        (
            "two, of which one fails",
            json!({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"ecs:cluster": "x"}}),
            false,
        ),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
        assert_eq!(decision(&statement) == Decision::Allowed, holds, "{name}");
    }
}

#[test]
fn what_is_not_known_is_named() {
    let statements = json!([
        {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:Who": "me"}}},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:Other": "me"}}},
    ]);
    let found = evaluation(&statements, "ecs:DescribeTasks", TASK);
    assert_eq!(found.decision, Decision::ImplicitDeny);
    assert_eq!(found.missing.into_iter().collect::<Vec<_>>(), ["aws:Who"]);
    assert!(found.by.is_empty());
}

#[test]
fn the_policies_that_decide_are_named() {
    let policy = |effect: &str, action: &str| {
        let statement = json!({"Effect": effect, "Action": action, "Resource": "*"});
        Policy::parse(&json!({"Statement": statement})).unwrap()
    };
    let policies =
        [policy("Allow", "*"), policy("Allow", "s3:*"), policy("Allow", "ecs:*"), policy("Deny", "iam:*")];
    let by = |action| {
        let found = evaluate(&policies, Request { action, resource: "*", context: &context() });
        (found.decision, found.by.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(by("ecs:ListTasks"), (Decision::Allowed, vec![0, 2]));
    assert_eq!(by("iam:GetRole"), (Decision::ExplicitDeny, vec![3]));
}

#[test]
fn a_policy_that_cannot_be_read_is_none() {
    let statement = |more: Value| {
        let mut statement = json!({"Effect": "Allow", "Action": "ecs:*", "Resource": "*"});
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"Statement": [statement]})
    };
    for (document, why) in [
        (json!({}), "missing field `Statement`"),
        (
            json!({"Version": "2020-01-01", "Statement": []}),
            "`Version` is no version of policies; expected `2012-10-17`",
        ),
        (
            statement(json!({"Effect": "Permit"})),
            "statement 1: `Effect` is `Permit`; expected `Allow` or `Deny`",
        ),
        (statement(json!({"Actions": "x"})), "unknown field `Actions`"),
        (statement(json!({"Principal": "*"})), "unknown field `Principal`"),
        (
            statement(json!({"NotAction": "x:y"})),
            "statement 1: has both `Action` and `NotAction`; expected one of them",
        ),
        (statement(json!({"Resource": null})), "statement 1: has neither `Resource` nor `NotResource`"),
        (statement(json!({"Resource": []})), "statement 1: `Resource` is empty"),
        (statement(json!({"Resource": [{}]})), "`{}` is no text; expected one or a list of them"),
        (
            statement(json!({"Action": "DescribeTasks"})),
            "statement 1: `DescribeTasks` is no action; expected one such as `ecs:DescribeTasks`",
        ),
        (
            statement(json!({"Resource": "arn:aws:s3:::${aws:username}"})),
            "statement 1: `arn:aws:s3:::${aws:username}` holds a policy variable, and those are not known here",
        ),
        (
            statement(json!({"Condition": {"StringEqual": {"a:b": "c"}}})),
            "statement 1: the operator `StringEqual` is not known here; did you mean `StringEquals`?",
        ),
    ] {
        let error = Policy::parse(&document).unwrap_err();
        assert!(error.starts_with(why), "{document}: {error}");
    }
}
