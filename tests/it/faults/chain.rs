//! A chain of waits, as ECS plays it: the event again, with the state that came back, until patience is over.

use std::time::Duration;

use greenlight_cli::rehearsal::aws::Aws;
use greenlight_cli::rehearsal::lambda::{Function, Lambda};
use greenlight_tests::binaries;
use greenlight_tests::target::{Kind, Target};
use serde_json::{Value, json};

use super::cell::Protocol;
use super::expect::answer;
use super::targets::plan;
use crate::table::{Outcome, Table, ensure};

/// More invocations than patience can last, each of which takes a while to find green out of reach.
const TOO_MANY: usize = 500;

/// What ECS sends with the next event, from what it sent with the last one and what came back.
type Returned = fn(configured: &Value, came_back: &Value) -> Value;

/// How the state comes back.
const TABLE: [(&str, Returned); 6] = [
    ("as it was returned", |_, came_back| came_back.clone()),
    ("merged into what is configured", |configured, came_back| {
        let mut merged = configured.clone();
        for (key, value) in came_back.as_object().into_iter().flatten() {
            merged[key] = value.clone();
        }
        merged
    }),
    ("not at all", |_, _| Value::Null),
    ("replaced by what is configured", |configured, _| configured.clone()),
    ("as another deployment's", |_, came_back| {
        let mut other = came_back.clone();
        other["greenlight"]["place"]["deployment"] = "arn:another".into();
        other
    }),
    ("unreadable", |configured, _| {
        let mut unreadable = configured.clone();
        unreadable["greenlight"] = json!(["?"]);
        unreadable
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn waits_end_when_patience_is_over_however_the_state_comes_back() {
    let mut table = Table::default();
    for (name, returned) in TABLE {
        table.add(name, async move { chain(returned).await });
    }
    table.play().await;
}

async fn chain(returned: Returned) -> Outcome {
    let (aws, dead) = (Aws::start().await.unwrap(), Target::start(Kind::Refused).await.unwrap());
    let plan = plan(Kind::Refused, "1s", "1s", "3s").to_string().replace("TARGET", &dead.url());
    let lambda = lambda(&aws, &plan);
    let configured = json!({"S3_BUCKET_NAME": "my-approval-bucket", "plan": {}});
    let mut event = Protocol::Ecs.event();
    event["hookDetails"] = configured.clone();
    let (mut waits, mut said) = (0, Vec::new());
    for _ in 0..TOO_MANY {
        let invocation = lambda.invoke(event.to_string()).await;
        let answer = answer(&invocation)?;
        said.extend(invocation.log);
        if answer["hookStatus"] == "IN_PROGRESS" {
            waits += 1;
            event["hookDetails"] = returned(&configured, &answer["hookDetails"]);
            continue;
        }
        ensure!(waits > 0, "never waited: {answer}");
        ensure!(answer["hookStatus"] == "FAILED", "expected FAILED; the answer is {answer}");
        let reason = answer["reason"].as_str().unwrap_or_default();
        ensure!(
            reason.starts_with("check `http` could not be told after waiting ")
                && reason.contains("cannot reach"),
            "the reason is {reason}"
        );
        return Ok(());
    }
    Err(format!(
        "waited {waits} times and never decided; the last lines of the log:\n{:#?}",
        said.split_off(said.len() - 3)
    ))
}

/// A first wait is told in full, those after it that say the same in a short line, the verdict in full.
#[tokio::test]
async fn only_the_first_a_changed_and_the_final_verdict_have_full_evidence() {
    let aws = Aws::start().await.unwrap();
    let dead = Target::start(Kind::Refused).await.unwrap();
    let plan = plan(Kind::Refused, "1s", "1s", "3s").to_string().replace("TARGET", &dead.url());
    let lambda = lambda(&aws, &plan);
    let mut event = Protocol::Ecs.event();
    let mut verdicts = Vec::new();
    for _ in 0..TOO_MANY {
        let invocation = lambda.invoke(event.to_string()).await;
        let lines = invocation.log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let told = lines.filter(|line| line.get("_aws").is_none());
        verdicts.extend(told.map(|line| match line.get("greenlight") {
            Some(_) => line["verdict"].as_str().unwrap_or_default().to_owned(),
            None => line["message"].as_str().unwrap_or_default().to_owned(),
        }));
        let answer = answer(&invocation).unwrap();
        if answer["hookStatus"] != "IN_PROGRESS" {
            break;
        }
        event["hookDetails"] = answer["hookDetails"].clone();
    }
    let (first, rest) = verdicts.split_first().unwrap();
    let (last, between) = rest.split_last().unwrap();
    assert_eq!((first.as_str(), last.as_str()), ("wait", "stop"));
    assert!(between.iter().all(|line| line == "still waiting"), "{between:?}");
}

fn lambda(aws: &Aws, plan: &str) -> Lambda {
    let mut function = Function::new("hook", binaries::test_traffic().unwrap())
        .with_variable("AWS_ENDPOINT_URL", aws.endpoint_url())
        .with_variable("GREENLIGHT_PLAN", plan);
    function.timeout = Duration::from_mins(1);
    function.initialization_limit = function.timeout;
    Lambda::new(function)
}
