//! Cold start, verdict, memory and size of `test-traffic` beside the floor, in one run.
//!
//! Every run starts a new process of each program, in turn, behind the local Lambda service, against an
//! application on loopback and a local AWS endpoint that knows the deployment. Medians are printed; nothing is asserted.
//!
//! `NAME=PATH …` measures these programs in the place of the hook that was built last, e.g. the same hook of other profiles.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::{Router, routing::get};
use greenlight_cli::rehearsal::aws::{Aws, worlds::BlueGreen};
use greenlight_cli::rehearsal::lambda::{Function, Invocation, Lambda, Outcome};
use serde_json::json;
use tokio::net::TcpListener;

const RUNS: usize = 30;
const EVENT: &str = include_str!("../../../events/ecs/post-test-traffic-shift.json");

/// One program with the plan that it runs.
struct Candidate {
    name: String,
    program: PathBuf,
    requests: Option<u32>,
    samples: Vec<Sample>,
}

#[derive(Clone, Copy)]
struct Sample {
    first_next: Duration,
    verdict: Duration,
    peak_kib: u64,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let target = serve().await?;
    let deployment = BlueGreen::of_event(&serde_json::from_str(EVENT)?);
    let deployment = deployment.ok_or_else(|| io::Error::other("the event names no deployment"))?;
    let aws = Aws::serve(deployment.world()).await?;
    let folder = std::env::current_exe()?.parent().map(Path::to_owned).unwrap_or_default();
    let candidate = |name: &str, program: PathBuf, requests| {
        let name = name.to_owned();
        Candidate { name, program, requests, samples: Vec::new() }
    };
    let mut candidates = vec![candidate("floor: empty lambda_runtime", folder.join("floor"), None)];
    for given in std::env::args().skip(1) {
        let (name, program) = given
            .split_once('=')
            .ok_or_else(|| io::Error::other(format!("`{given}` is no NAME=PATH of a program")))?;
        candidates.push(candidate(name, PathBuf::from(program), Some(1)));
    }
    if candidates.len() == 1 {
        let hook = || folder.join("test-traffic");
        candidates.push(candidate("test-traffic, 1 request", hook(), Some(1)));
        candidates.push(candidate("test-traffic, 50 requests", hook(), Some(50)));
    }
    // One round first that does not count: it warms the page cache.
    for round in 0..=RUNS {
        for candidate in &mut candidates {
            let sample = candidate.run(&target, &aws.endpoint_url()).await?;
            if round > 0 {
                candidate.samples.push(sample);
            }
        }
    }
    print(&candidates)
}

/// An application that answers at once.
async fn serve() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(async || "hello"))).await });
    Ok(url)
}

impl Candidate {
    async fn run(&self, target: &str, aws: &str) -> io::Result<Sample> {
        let mut function =
            Function::new("bench", &self.program).with_variable("GREENLIGHT_TARGET_URL", target);
        function = function.with_variable("AWS_ENDPOINT_URL", aws);
        if let Some(requests) = self.requests {
            let plan = json!({ "checks": [{ "http": { "requests": requests, "concurrency": 5 } }] });
            function = function.with_variable("GREENLIGHT_PLAN", plan.to_string());
        }
        function.timeout = Duration::from_secs(30);
        let lambda = Lambda::new(function);
        let invocation = lambda.invoke(EVENT).await;
        let wrong = |what: &str| io::Error::other(format!("{}: {what}: {invocation:?}", self.name));
        if !proceeds(&invocation) {
            return Err(wrong("no proceed"));
        }
        let process = invocation.process_id.ok_or_else(|| wrong("no process"))?;
        let first_next = invocation.initialization.ok_or_else(|| wrong("was warm"))?;
        Ok(Sample { first_next, verdict: first_next + invocation.duration, peak_kib: peak_kib(process)? })
    }
}

fn proceeds(invocation: &Invocation) -> bool {
    let Outcome::Answered(answer) = &invocation.outcome else { return false };
    serde_json::from_slice::<serde_json::Value>(answer)
        .is_ok_and(|answer| answer["hookStatus"] == "SUCCEEDED")
}

/// The most memory that the process ever held, as the kernel counts it.
fn peak_kib(process: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other("no VmHWM"))
}

#[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "this is the table")]
fn print(candidates: &[Candidate]) -> io::Result<()> {
    println!("medians of {RUNS} interleaved runs\n");
    println!(
        "| program | first /next, ms | × floor | start → verdict, ms | peak memory, MiB | binary, MiB |"
    );
    println!("|---|---|---|---|---|---|");
    let mut floor = None;
    for candidate in candidates {
        let next = median(candidate, |sample| sample.first_next.as_secs_f64() * 1000.0);
        let verdict = median(candidate, |sample| sample.verdict.as_secs_f64() * 1000.0);
        let peak = median(candidate, |sample| sample.peak_kib as f64 / 1024.0);
        let size = fs::metadata(&candidate.program)?.len() as f64 / (1024.0 * 1024.0);
        let floor = *floor.get_or_insert(next);
        println!(
            "| {} | {next:.2} | {:.2} | {verdict:.2} | {peak:.1} | {size:.2} |",
            candidate.name,
            next / floor
        );
    }
    println!(
        "\nbars: first /next within 1.5 × the floor, binary under 12 MiB, peak under 25 MiB with 50 requests"
    );
    Ok(())
}

fn median(candidate: &Candidate, value: impl Fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<_> = candidate.samples.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
