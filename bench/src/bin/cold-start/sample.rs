//! One run of one candidate: what it took until it asked for an event, and until its verdict was there.

use std::fs;
use std::io;
use std::time::Duration;

use greenlight_bench::processor;
use greenlight_cli::rehearsal::lambda::{Invocation, Lambda, Outcome};
use serde_json::Value;
use tokio::time::Instant;

use super::candidate::Candidate;
use super::scene::{Application, Protocol, Scene};

pub(super) struct Sample {
    pub(super) first_next: Duration,
    /// From the start of the process until the verdict was reported.
    pub(super) verdict: Duration,
    /// The processor time of all threads, until it asked for the next event.
    pub(super) processor: Duration,
    pub(super) peak_kib: u64,
    /// The AWS calls that it made.
    pub(super) calls: Vec<String>,
}

impl Sample {
    pub(super) async fn take(candidate: &Candidate, application: Application) -> io::Result<Self> {
        let scene = Scene::start(application, candidate.protocol).await?;
        let lambda = Lambda::new(candidate.function(application, &scene.aws.endpoint_url()));
        let began = Instant::now();
        let mut reported = None;
        let mut invoking = Box::pin(lambda.invoke(scene.event.clone()));
        let invocation = tokio::select! {
            // The report first: both may be there when this is looked at.
            biased;
            proceeds = scene.report() => {
                reported = Some((began.elapsed(), proceeds));
                invoking.as_mut().await
            }
            invocation = &mut invoking => invocation,
        };
        let wrong = |what: &str| io::Error::other(format!("{}: {what}: {invocation:?}", candidate.name));
        let first_next = invocation.initialization.ok_or_else(|| wrong("it never asked for an event"))?;
        let (verdict, proceeds) = match candidate.protocol {
            Protocol::Ecs => (first_next + invocation.duration, answers_proceed(&invocation)),
            Protocol::CodeDeploy | Protocol::Pause => reported.ok_or_else(|| wrong("it reported nothing"))?,
        };
        if !proceeds {
            return Err(wrong("it was to let the deployment go on"));
        }
        let process = invocation.process_id.ok_or_else(|| wrong("no process"))?;
        let sample = Self {
            first_next,
            verdict,
            processor: of_all_threads(process)?,
            peak_kib: peak_kib(process)?,
            calls: scene.calls(),
        };
        drop(invoking);
        drop(lambda);
        gone(process).await?;
        Ok(sample)
    }
}

fn answers_proceed(invocation: &Invocation) -> bool {
    let Outcome::Answered(answer) = &invocation.outcome else { return false };
    serde_json::from_slice::<Value>(answer).is_ok_and(|answer| answer["hookStatus"] == "SUCCEEDED")
}

/// Waits until a process that was killed has given back what it had, which is nobody else's run.
async fn gone(process: u32) -> io::Result<()> {
    for _ in 0..10_000 {
        match fs::read_to_string(format!("/proc/{process}/stat")) {
            // After the name, which is in parentheses: Z is one that has ended, and that nobody has asked after.
            Ok(told) if !told.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')) => {}
            _ => return Ok(()),
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Err(io::Error::other(format!("process {process} does not end")))
}

/// The processor time of the threads of a process, which all still live.
fn of_all_threads(process: u32) -> io::Result<Duration> {
    let mut used = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        used += processor::used(&thread?.path())?;
    }
    Ok(used)
}

/// The most memory that the process ever held, as the kernel counts it.
fn peak_kib(process: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other("no VmHWM"))
}
