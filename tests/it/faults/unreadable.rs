//! Events that cannot be read, and events at the edge of that.

use greenlight_cli::rehearsal::aws::Aws;
use greenlight_cli::rehearsal::lambda::{Function, Lambda, PostKind};
use greenlight_tests::binaries;
use serde_json::json;

use super::expect::answer;
use crate::table::{Table, ensure};

const TEN_MIB: usize = 10 * 1024 * 1024;

/// The bytes, and what the reason says of them.
fn events() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let sample = include_str!("../../../events/ecs/post-test-traffic-shift.json");
    let mut latin = sample.replace("my-service", "caf\u{e9}").into_bytes();
    let accent = latin.iter().position(|byte| *byte == 0xc3).unwrap();
    latin.remove(accent);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let expected: &[&str] =
        &["three known shapes", "expected an ECS hook event", "got an object with the keys"];
    vec![
        ("nothing", Vec::new(), &["the event is not JSON (0 bytes)", "expected an ECS hook event"]),
        ("truncated", sample.as_bytes()[..200].to_vec(), &["the event is not JSON (200 bytes)", "EOF"]),
        ("not UTF-8", latin, &["the event is not UTF-8 at byte"]),
        ("no object", b"[1]".to_vec(), &["the event is no JSON object"]),
        ("null", b"null".to_vec(), &["the event is no JSON object"]),
        ("deep", deep.into_bytes(), &["the event is not JSON", "recursion"]),
        ("empty", b"{}".to_vec(), expected),
        ("another's", br#"{"Records": [], "x": 1}"#.to_vec(), &["Records"]),
        ("10 MiB of nothing known", json!({"x": "x".repeat(TEN_MIB)}).to_string().into_bytes(), expected),
        (
            "half of CodeDeploy's",
            br#"{"DeploymentId": "d-1"}"#.to_vec(),
            &["has no `LifecycleEventHookExecutionId`", "nothing can be reported"],
        ),
        (
            "CodeDeploy's of another type",
            br#"{"DeploymentId": 1, "LifecycleEventHookExecutionId": "x"}"#.to_vec(),
            &["`DeploymentId` is no string"],
        ),
        (
            "another EventBridge event",
            br#"{"detail-type": "ECS Task State Change", "detail": {}}"#.to_vec(),
            &["`ECS Task State Change` asks nothing of a hook", "expected `ECS Hook State Change`"],
        ),
        (
            "an EventBridge event without its detail",
            br#"{"detail-type": "ECS Hook State Change", "detail": 1}"#.to_vec(),
            &["`detail` is no object"],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_a_stop_that_says_what_was_expected() {
    let mut table = Table::default();
    for (name, event, words) in events() {
        table.add(name, async move {
            let aws = Aws::start().await.unwrap();
            // Shadow mode does not wave through what nobody can read.
            let lambda = function(&aws, "shadow");
            let invocation = lambda.invoke(event).await;
            let answer = answer(&invocation)?;
            ensure!(answer["hookStatus"] == "FAILED", "expected FAILED; the answer is {answer}");
            let reason = answer["reason"].as_str().unwrap_or_default();
            for word in words {
                ensure!(reason.contains(word), "the reason does not say {word:?}: {reason}");
            }
            ensure!(reason.chars().count() <= 4000, "the reason has {} letters", reason.chars().count());
            let posts = lambda.posts();
            ensure!(
                matches!(posts.as_slice(), [post] if post.kind == PostKind::Response),
                "the Runtime API received {posts:?}"
            );
            ensure!(aws.calls().is_empty(), "called {:?}", aws.calls());
            // The process goes on.
            let next = lambda.invoke(sample("5")).await;
            ensure!(next.process_id == invocation.process_id, "another process served the next event");
            Ok(())
        });
    }
    table.play().await;
}

/// A 10 MiB event of a known shape is read and judged, and sent back whole in a wait.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_10_mib_is_an_event_like_any_other() {
    let aws = Aws::start().await.unwrap();
    let lambda = function(&aws, "enforce");
    let details = json!({"plan": {"checks": [{"validate": {"do": "pending"}}]}, "mine": "x".repeat(TEN_MIB)});
    let invocation = lambda.invoke(sample(&details.to_string())).await;
    let answer = answer(&invocation).unwrap();
    assert_eq!(answer["hookStatus"], "IN_PROGRESS", "{}", answer["reason"]);
    assert_eq!(answer["hookDetails"]["mine"].as_str().unwrap().len(), TEN_MIB);
    let evidence = invocation.log.iter().find(|line| line.contains("\"greenlight\":")).unwrap();
    assert!(evidence.len() <= 64 * 1024, "the evidence has {} bytes", evidence.len());
}

fn sample(hook_details: &str) -> String {
    let sample = include_str!("../../../events/ecs/post-test-traffic-shift.json");
    sample.replacen('{', &format!("{{\"hookDetails\": {hook_details},"), 1)
}

fn function(aws: &Aws, mode: &str) -> Lambda {
    let mut function = Function::new("hook", binaries::faulty_hook().unwrap())
        .with_variable("AWS_ENDPOINT_URL", aws.endpoint_url())
        .with_variable("GREENLIGHT_PAUSE", "*/*")
        .with_variable("GREENLIGHT_MODE", mode);
    function.timeout = std::time::Duration::from_mins(1);
    function.initialization_limit = function.timeout;
    Lambda::new(function)
}
