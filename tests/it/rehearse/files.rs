//! What is wrong with files and flags: said before anything is played, with exit code 2.

use std::io::Write;

use super::transcript::{command, transcript};

/// The transcript of a rehearsal of a service definition that differs from the example in one place.
async fn changed(pointer: &str, value: serde_json::Value, arguments: &[&str]) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/ecs-native/service.json");
    let mut definition: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    *definition.pointer_mut(pointer).expect("the example has this place") = value;
    let mut file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    file.write_all(definition.to_string().as_bytes()).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let arguments: Vec<&str> = [path.as_str()].into_iter().chain(arguments.iter().copied()).collect();
    transcript(&arguments).await.replace(&path, "service.json")
}

#[tokio::test]
async fn a_function_that_is_no_hook_is_named_with_the_flag_to_give() {
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:validate:live";
    let pointer = "/deploymentConfiguration/lifecycleHooks/0/hookTargetArn";
    insta::assert_snapshot!(changed(pointer, arn.into(), &[]).await);
}

#[tokio::test]
async fn a_function_may_be_said_to_be_a_hook() {
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:validate:live";
    let pointer = "/deploymentConfiguration/lifecycleHooks/0/hookTargetArn";
    let transcript = changed(pointer, arn.into(), &["--function", "validate=test-traffic"]).await;
    assert!(transcript.ends_with("exit code 0\n"), "{transcript}");
    assert!(transcript.contains("validate  PROCEED"), "{transcript}");
}

#[tokio::test]
async fn a_pause_hook_at_a_shift_is_refused_in_aws_words() {
    let hook = serde_json::json!([{"targetType": "PAUSE", "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"]}]);
    insta::assert_snapshot!(changed("/deploymentConfiguration/lifecycleHooks", hook, &[]).await);
}

#[tokio::test]
async fn an_unknown_target_type_is_refused_in_aws_words() {
    let pointer = "/deploymentConfiguration/lifecycleHooks/0/targetType";
    insta::assert_snapshot!(changed(pointer, "STEP_FUNCTIONS".into(), &[]).await);
}

#[tokio::test]
async fn wrong_flags_are_refused() {
    let mut told = String::new();
    for arguments in [
        &["--fault", "green:erors=20%"][..],
        &["--fault", "hook:killed@tset-traffic"],
        &["--hooks", "metrics", "--fault", "hook:killed@health"],
        &["--hooks", "metrics,"],
        &["--hooks", "pause"],
        &["--assume", "everything=fine"],
        &["--alarm", "mine=errors>5%/1m"],
        &["--alarm", "hello-errors=errors"],
        &["--pause", "nobody"],
        &["--function", "other=test-traffic"],
        &["--function", "greenlight-test-traffic"],
        &["--create", "--blue", "true"],
        &["--deployment-config", "CodeDeployDefault.ECSAllAtOnce"],
        &[
            "--appspec",
            "examples/codedeploy/appspec.yaml",
            "--deployment-config",
            "CodeDeployDefault.ECSAllAtOne",
        ],
        &["--appspec", "examples/codedeploy/appspec.yaml", "--create"],
        &["--timeout", "20m"],
        &["--test-rule", "hots=a"],
        &["no-such-file.json"],
    ] {
        told += &transcript(arguments).await;
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn faults_are_listed() {
    let output = command(&["--list-faults"]).output().await.unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("green:slow=500ms"));
}
