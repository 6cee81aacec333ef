//! `greenlight explain --follow`: beside a deployment, until it is over.

use std::time::Duration;

use greenlight::{Api, Ask, Connection};
use serde_json::json;

use super::kept::{Rehearsal, ran};

const SERVICE: [&str; 5] = ["--follow", "--service", "demo/hello", "--interval", "100ms"];

/// Slow enough to be seen under way, and begun only when blue serves.
async fn under_way(arguments: &[&str]) -> Rehearsal {
    Rehearsal::until("PRE_SCALE_UP", &[arguments, &["--speed", "60x"]].concat()).await
}

#[tokio::test]
async fn a_deployment_is_followed_to_its_success() {
    let rehearsal = under_way(&[]).await;
    let (code, text) = rehearsal.explained(&SERVICE).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("world    http://127.0.0.1:"), "{text}");
    assert!(
        text.contains("  verdict  greenlight-test-traffic at POST_TEST_TRAFFIC_SHIFT: proceed: "),
        "{text}"
    );
    assert!(text.contains("  stage    BAKE_TIME"), "{text}");
    assert!(text.trim_end().ends_with("status   SUCCESSFUL"), "{text}");
}

#[tokio::test]
async fn a_deployment_that_fails_is_explained_at_its_end() {
    let rehearsal = under_way(&["--fault", "green:errors=20%"]).await;
    let (code, text) = rehearsal.explained(&SERVICE).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("  verdict  greenlight-test-traffic at POST_SCALE_UP: stop: check `http` failed: "),
        "{text}"
    );
    assert!(text.contains("  status   ROLLBACK_SUCCESSFUL: Service deployment rolled back"), "{text}");
    assert!(
        text.contains("\nreason   the hook greenlight-test-traffic stopped it at POST_SCALE_UP"),
        "{text}"
    );
}

#[tokio::test]
async fn a_deployment_that_somebody_stops_is_told_as_that() {
    let rehearsal = under_way(&["--hooks", "none"]).await;
    let connection = Connection {
        endpoint_url: Some(rehearsal.endpoint.clone()),
        region: Some("us-east-1".to_owned()),
        unverified: true,
    };
    let ask = Ask::over(connection, Duration::from_secs(30));
    let listed = json!({ "cluster": "demo", "service": "hello" });
    let listed = ask.try_call(&Api::ECS, "ListServiceDeployments", listed, "*").await.unwrap();
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].as_str().unwrap();
    let stop = json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" });
    ask.try_call(&Api::ECS, "StopServiceDeployment", stop, arn).await.unwrap();
    let (code, text) = rehearsal.explained(&["--follow", "--deployment", arn, "--interval", "100ms"]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("\nreason   the deployment was stopped"), "{text}");
}

#[tokio::test]
async fn a_deployment_of_codedeploy_is_followed_too() {
    let arguments =
        ["--appspec", "examples/codedeploy/appspec.yaml", "--fault", "green:errors=20%", "--speed", "200x"];
    let rehearsal = Rehearsal::kept(&arguments).await;
    let (_, document) = rehearsal.document(&[]).await;
    let id = document["deployment"].as_str().unwrap();
    let (code, text) = rehearsal.explained(&["--follow", "--deployment", id]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("  stage    AfterAllowTestTraffic: Failed"), "{text}");
    assert!(text.contains("  status   Failed: The deployment failed because one or more"), "{text}");
}

/// Who follows when all is over: told at once enough, and with the deployment's own outcome.
#[tokio::test]
async fn a_deployment_that_is_over_already_is_told_with_its_outcome() {
    let late = [&SERVICE[..], &["--wait", "300ms"]].concat();
    let rehearsal = Rehearsal::kept(&["--speed", "200x"]).await;
    let (code, text) = rehearsal.explained(&late).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("no deployment of demo/hello is under way: this one has just ended"), "{text}");
    assert!(
        text.contains("  verdict  greenlight-test-traffic at POST_TEST_TRAFFIC_SHIFT: proceed: "),
        "{text}"
    );
    assert!(text.contains("  status   SUCCESSFUL\n"), "{text}");
    let rehearsal = Rehearsal::kept(&["--speed", "200x", "--fault", "green:errors=20%"]).await;
    let (code, text) = rehearsal.explained(&late).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("  verdict  greenlight-test-traffic at POST_SCALE_UP: stop: check `http` failed: "),
        "{text}"
    );
    assert!(text.contains("  status   ROLLBACK_SUCCESSFUL: Service deployment rolled back"), "{text}");
    assert!(
        text.contains("\nreason   the hook greenlight-test-traffic stopped it at POST_SCALE_UP"),
        "{text}"
    );
    let (code, text) = rehearsal.explained(&[&late[..], &["--since", "0s"]].concat()).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no deployment of demo/hello is under way; the newest, "), "{text}");
    assert!(text.contains(", is ROLLBACK_SUCCESSFUL"), "{text}");
}

#[tokio::test]
async fn who_never_answers_is_not_waited_for() {
    let rehearsal = Rehearsal::kept(&["--speed", "200x"]).await;
    let patient = [&SERVICE[..], &["--wait", "300ms"]].concat();
    let url = rehearsal.endpoint.clone();
    drop(rehearsal);
    let arguments = [&["explain", "--endpoint-url", &url], &patient[..]].concat();
    // The port is nobody's once the rehearsal has ended; until then it answers.
    let limit = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        let (code, text) = ran(&arguments).await;
        if code == Some(3) && text.contains("AWS did not answer") {
            break;
        }
        assert!(tokio::time::Instant::now() < limit, "{code:?} {text}");
    }
}
