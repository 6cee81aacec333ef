//! Many events at once, each of them several times: one verdict for each that waits, whoever reports it first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenlight_cli::rehearsal::aws::{Aws, codedeploy, ecs};
use greenlight_cli::rehearsal::lambda::{Function, Invocation, Lambda};
use greenlight_tests::binaries;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::cell::{Protocol, served};
use super::expect::{answer, outcomes};
use crate::table::{Outcome, Table, ensure};

/// Hooks that wait for a verdict.
const HOOKS: usize = 40;
/// How often each one's event is delivered, and how many processes the function has at most: each event goes to all of them
/// at about the same time.
const DELIVERIES: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn each_hook_gets_one_verdict_from_a_storm_of_duplicates() {
    let mut table = Table::default();
    for protocol in Protocol::ALL {
        for act in ["pass", "fail"] {
            table.add(format!("{} × {act}", protocol.name()), async move { storm(protocol, act).await });
        }
    }
    table.play().await;
}

/// The event of this hook; and its name in a report.
fn event(protocol: Protocol, number: usize) -> (Value, String) {
    let mut event = protocol.event();
    let (at, name) = match protocol {
        Protocol::Ecs => {
            ("/resourceArn", format!("arn:aws:ecs:us-west-2:123456789012:service-deployment/c/s/{number}"))
        }
        Protocol::CodeDeploy => ("/LifecycleEventHookExecutionId", format!("execution-{number}")),
        Protocol::Pause => ("/detail/hookId", format!("ecs-pause-{number}")),
    };
    *event.pointer_mut(at).unwrap() = name.as_str().into();
    (event, name)
}

async fn storm(protocol: Protocol, act: &'static str) -> Outcome {
    let aws = Aws::start().await.unwrap();
    let plan = json!({"checks": [{"validate": {"do": act}}], "patience": "0s"});
    let function = Function::new("hook", binaries::faulty_hook().unwrap())
        .with_variable("GREENLIGHT_LIFECYCLE_EVENT", "AfterAllowTestTraffic")
        .with_variable("GREENLIGHT_PLAN", plan.to_string());
    let hook = Arc::new(Lambda::new(served(function, &aws, Duration::from_mins(1))));
    let turns = Arc::new(Semaphore::new(DELIVERIES));

    let mut deliveries = JoinSet::new();
    for delivery in 0..HOOKS * DELIVERIES {
        let (event, _) = event(protocol, delivery / DELIVERIES);
        let (hook, turns) = (hook.clone(), turns.clone());
        deliveries.spawn(async move {
            let _turn = turns.acquire().await;
            let event = event.to_string();
            if protocol == Protocol::Ecs {
                vec![hook.invoke(event).await]
            } else {
                hook.invoke_async(event).await
            }
        });
    }
    let delivered = deliveries.join_all().await;

    let status = if act == "pass" { "SUCCEEDED" } else { "FAILED" };
    let mut late = 0;
    for attempts in &delivered {
        let [attempt] = attempts.as_slice() else {
            return Err(format!("attempts: {:?}", outcomes(attempts)));
        };
        let answer = answer(attempt)?;
        ensure!(answer["hookStatus"] == status, "expected {status}; the answer is {answer}");
        late += usize::from(was_late(attempt));
    }
    ensure!(hook.posts().len() == delivered.len(), "{} posts", hook.posts().len());

    // Whoever came first was taken, and everybody else was told so.
    let expected: BTreeMap<_, _> = match protocol {
        Protocol::Ecs => BTreeMap::new(),
        _ => (0..HOOKS).map(|number| (event(protocol, number).1, vec![act == "pass"])).collect(),
    };
    ensure!(counted(&aws) == expected, "what counted is {:?}", counted(&aws));
    let duplicates = if expected.is_empty() { 0 } else { HOOKS * (DELIVERIES - 1) };
    ensure!(late == duplicates, "{late} reports came late; expected {duplicates}");
    Ok(())
}

/// Whether its report found another one there.
fn was_late(invocation: &Invocation) -> bool {
    invocation.log.iter().any(|line| line.contains("\"report\":\"already answered"))
}

/// The reports that counted, by the hook that waited: whether it goes on.
fn counted(aws: &Aws) -> BTreeMap<String, Vec<bool>> {
    let mut counted = BTreeMap::<_, Vec<_>>::new();
    for report in aws.reports() {
        let proceeds = report.status == codedeploy::Status::Succeeded;
        counted.entry(report.hook_execution_id).or_default().push(proceeds);
    }
    for report in aws.continues() {
        counted.entry(report.hook_id).or_default().push(report.action == ecs::Action::Continue);
    }
    counted
}
