//! `greenlight explain`: what a message means.

use insta::assert_snapshot;

use super::run::Run;

#[tokio::test]
async fn a_message_is_explained() {
    let message = "Service deployment rolled back because POST_SCALE_UP lifecycle hook(s) failed. ECS was unable to assume role \
                   arn:aws:iam::123456789012:role/ecs-hooks";
    assert_snapshot!(Run::new(&["explain", message]).shown().await);
    let ran = Run::new(&["explain", "--json"]).input(message).ran().await;
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.json()["id"], "HOOK-ROLE-TRUST");
    assert_eq!(ran.json()["values"]["role"], "arn:aws:iam::123456789012:role/ecs-hooks");
}

#[tokio::test]
async fn what_is_not_known_is_said_so() {
    let ran = Run::new(&["explain", "-", "--json"]).input("the moon is in the way").ran().await;
    assert_eq!((ran.code, &ran.json()["id"]), (Some(1), &serde_json::Value::Null));
    assert_snapshot!(Run::new(&["explain", "the moon is in the way"]).shown().await);
}

#[tokio::test]
async fn a_rule_is_told_by_its_id() {
    let ran = Run::new(&["explain", "lb-same-rule", "--json"]).ran().await;
    assert_eq!((ran.code, &ran.json()["id"]), (Some(0), &"LB-SAME-RULE".into()));
    let ran = Run::new(&["explain", "HOOK-NUL-STATUS"]).ran().await;
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stdout, "not known: there is no such rule\n  did you mean `HOOK-NULL-STATUS`?\n");
}
