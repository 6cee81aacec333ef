//! A process that stays warm: what one validation did reaches no later one.
//!
//! A validation that merely hangs ends with its invocation. A blocked thread cannot be ended from
//! within a process, so past a few of them the function replaces its own process; the process id stays.

use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use greenlight_cli::rehearsal::aws::{Aws, codedeploy};
use greenlight_cli::rehearsal::lambda::{DeadlineHeader, Function, Lambda};
use greenlight_tests::binaries;
use greenlight_tests::target::{Kind, Target};
use serde_json::{Value, json};

use super::cell::Protocol;
use super::expect::{answer, memory};
use crate::table::{Outcome, Table, ensure};

const INVOCATIONS: usize = 1000;
/// One of so many does something worse.
const WORSE: usize = 40;
/// What the function is told that it has, in milliseconds; it would be killed after a minute only.
const LEFT: i64 = 2500;
const TIMEOUT: i64 = 60_000;

/// The loop, the workers of validations, as many blocked threads as are put up with, and those that
/// are on their way out. Without a replacement there would be more.
const MOST_THREADS: usize = 16;
/// The invocation that shows how much memory the process needs. From then on it may at no time need more than a tenth above
/// that.
const SETTLED: RangeInclusive<usize> = 50..=50;
/// The same where threads are blocked: until the process has replaced itself a few times.
const SETTLED_BY_REPLACEMENT: RangeInclusive<usize> = 50..=250;

/// What the validations do in turn, but for those that do something worse.
const ACTS: [(&str, &str, &str); 4] = [
    ("pass", "SUCCEEDED", "seen to be right"),
    ("fail", "FAILED", "seen to be wrong"),
    ("error", "FAILED", "the database does not answer"),
    ("panic", "FAILED", "panicked: lost its head"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_invocations_each_get_their_own_verdict() {
    let mut table = Table::default();
    for worse in ["hang", "block"] {
        table.add(format!("ecs × {worse} every {WORSE}th time"), async move { serve_many(worse).await });
    }
    table.add("codedeploy × pass", async { report_many("pass", INVOCATIONS).await });
    table.add("test-traffic", async { probe_many().await });
    table.add("codedeploy × block", async { report_many("block", 12).await });
    table.play().await;
}

async fn serve_many(worse: &'static str) -> Outcome {
    let aws = Aws::start().await.unwrap();
    let lambda = lambda(binaries::faulty_hook(), &aws, &json!({}));
    let settled = if worse == "block" { SETTLED_BY_REPLACEMENT } else { SETTLED };
    let mut usage = Usage::new(settled);
    for number in 1..=INVOCATIONS {
        let (act, status, words) = match number % WORSE {
            0 => (worse, "FAILED", "did not finish in the time that the function had"),
            number => ACTS[number % ACTS.len()],
        };
        let mut event = Protocol::Ecs.event();
        event["resourceArn"] = format!("arn:aws:ecs:us-west-2:1:service-deployment/c/s/{number}").into();
        event["hookDetails"] = json!({"checks": [{"validate": {"do": act}}], "patience": "0s"});
        let invocation = lambda.invoke(event.to_string()).await;
        let answer = answer(&invocation).map_err(|why| format!("invocation {number}: {why}"))?;
        let reason = answer["reason"].as_str().unwrap_or_default();
        ensure!(
            answer["hookStatus"] == status && reason.contains(words),
            "invocation {number} ({act}): expected {status} and {words:?}; the answer is {answer}"
        );
        usage.look(number, invocation.process_id.unwrap_or_default())?;
    }
    ensure!(lambda.posts().len() == INVOCATIONS, "{} answers", lambda.posts().len());
    usage.judge(&format!("ecs × {worse}"))
}

async fn report_many(act: &str, count: usize) -> Outcome {
    let aws = Aws::start().await.unwrap();
    let lambda = lambda(
        binaries::faulty_hook(),
        &aws,
        &json!({"checks": [{"validate": {"do": act}}], "patience": "0s"}),
    );
    let mut usage = Usage::new(SETTLED);
    for number in 1..=count {
        let mut event = Protocol::CodeDeploy.event();
        event["LifecycleEventHookExecutionId"] = format!("execution-{number}").into();
        let attempts = lambda.invoke_async(event.to_string()).await;
        answer(&attempts[0]).map_err(|why| format!("invocation {number}: {why}"))?;
        usage.look(number, attempts[0].process_id.unwrap_or_default())?;
    }
    let status = if act == "pass" { codedeploy::Status::Succeeded } else { codedeploy::Status::Failed };
    let reports = aws.reports();
    ensure!(
        reports.len() == count && reports.iter().all(|report| report.status == status),
        "reported {:?}",
        reports.iter().map(|report| report.status).collect::<Vec<_>>()
    );
    usage.judge(&format!("codedeploy × {act}"))
}

/// A hook as it is deployed, with its connections to green and to AWS.
async fn probe_many() -> Outcome {
    let (aws, green) = (Aws::start().await.unwrap(), Target::start(Kind::Good).await.unwrap());
    let plan = json!({"checks": [{"http": {"path": "/", "requests": 3}}], "target": {"url": green.url()}, "patience": "0s"});
    let hook = lambda(binaries::test_traffic(), &aws, &plan);
    let mut usage = Usage::new(SETTLED);
    for number in 1..=INVOCATIONS {
        let mut event = Protocol::Ecs.event();
        event["resourceArn"] = format!("arn:aws:ecs:us-west-2:1:service-deployment/c/s/{number}").into();
        let invocation = hook.invoke(event.to_string()).await;
        let answer = answer(&invocation).map_err(|why| format!("invocation {number}: {why}"))?;
        ensure!(answer["hookStatus"] == "SUCCEEDED", "invocation {number}: {answer}");
        usage.look(number, invocation.process_id.unwrap_or_default())?;
    }
    usage.judge("test-traffic")
}

/// What the process uses, seen between invocations, when it waits for the next event.
struct Usage {
    /// The invocations that show how much it needs.
    settles: RangeInclusive<usize>,
    process: Option<u32>,
    most_threads: usize,
    /// In KiB.
    settled: u64,
    /// 0 where there were too few invocations to tell.
    later: u64,
}

impl Usage {
    fn new(settles: RangeInclusive<usize>) -> Self {
        Self { settles, process: None, most_threads: 0, settled: 0, later: 0 }
    }

    fn look(&mut self, number: usize, process: u32) -> Outcome {
        let known = *self.process.get_or_insert(process);
        ensure!(process == known, "invocation {number} was served by process {process}, not {known}");
        let threads =
            std::fs::read_dir(format!("/proc/{process}/task")).map_err(|error| error.to_string())?;
        self.most_threads = self.most_threads.max(threads.count());
        let now = memory(process, "VmRSS")?;
        match number {
            number if self.settles.contains(&number) => self.settled = self.settled.max(now),
            number if number > *self.settles.end() => self.later = self.later.max(now),
            _ => {}
        }
        Ok(())
    }

    /// Says what was seen, too, for docs/reliability.md.
    fn judge(&self, row: &str) -> Outcome {
        let Self { most_threads, settled, later, .. } = self;
        println!(
            "{row}: at most {settled} KiB once settled, {later} KiB later; at most {most_threads} threads"
        );
        ensure!(*most_threads <= MOST_THREADS, "the process had {most_threads} threads");
        ensure!(later * 10 <= settled * 11, "memory grew from {settled} to {later} KiB");
        Ok(())
    }
}

fn lambda(program: io::Result<PathBuf>, aws: &Aws, plan: &Value) -> Lambda {
    let plan = if plan == &json!({}) { String::new() } else { plan.to_string() };
    let mut function = Function::new("hook", program.unwrap())
        .with_variable("AWS_ENDPOINT_URL", aws.endpoint_url())
        .with_variable("GREENLIGHT_PLAN", plan);
    function.timeout = Duration::from_millis(TIMEOUT.unsigned_abs());
    function.initialization_limit = function.timeout;
    function.deadline = DeadlineHeader::Offset(LEFT - TIMEOUT);
    Lambda::new(function)
}
