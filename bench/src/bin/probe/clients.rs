//! Who asks: the check `http` as a hook runs it, oha, and wrk.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use greenlight::{Check, Kind, Scope, plan::Target};
use greenlight_test_traffic::Http;
use serde_json::{Value, json};
use tokio::time::Instant;

/// What a client found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) requests_per_second: f64,
    pub(super) requests: f64,
    /// How much of its core the server needed for that rate: near 1 it is the server that was measured.
    pub(super) server: f64,
    /// In milliseconds: p50, p90, p95, p99. wrk does not tell p95.
    pub(super) latency: [f64; 4],
}

pub(super) const PERCENTILES: [&str; 4] = ["p50", "p90", "p95", "p99"];

/// How much is asked.
#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) requests: u64,
    pub(super) concurrency: u64,
}

/// Our own check: connections, judging and counting included.
#[expect(clippy::cast_precision_loss, reason = "requests are few")]
pub(super) async fn check(server: &str, path: &str, load: Load) -> io::Result<Found> {
    let settings = json!({ "path": path, "requests": load.requests, "concurrency": load.concurrency,
                           "allow_load": true });
    let check: Http = serde_json::from_value(settings)?;
    let target: Target = serde_json::from_value(json!({ "url": server }))?;
    let scope = Scope::for_target(target, Instant::now() + Duration::from_mins(1));
    let began = Instant::now();
    let outcome = check.run(&scope).await;
    let took = began.elapsed();
    if outcome.kind != Kind::Pass || outcome.measured.get("good") != Some(&json!(load.requests)) {
        return Err(io::Error::other(outcome.words()));
    }
    let latency = &outcome.measured["latency_ms"];
    Ok(Found {
        requests_per_second: load.requests as f64 / took.as_secs_f64(),
        requests: load.requests as f64,
        server: f64::NAN,
        latency: each(PERCENTILES, |percentile| latency[percentile].as_f64())
            .ok_or_else(|| io::Error::other(format!("the check told no latencies: {latency}")))?,
    })
}

/// oha times itself, from its first request to its last; it does not judge.
#[expect(clippy::cast_precision_loss, reason = "requests are few")]
pub(super) fn oha(program: &Path, server: &str, path: &str, load: Load) -> io::Result<Found> {
    let (requests, concurrency) = (load.requests.to_string(), load.concurrency.to_string());
    let url = format!("{server}{path}");
    let arguments = ["-n", &requests, "-c", &concurrency, "--no-tui", "--output-format", "json", &url];
    let report: Value = serde_json::from_str(&said(program, &arguments)?)?;
    let wrong = || io::Error::other(format!("oha did not get every answer: {report}"));
    if report["summary"]["successRate"].as_f64() != Some(1.0) {
        return Err(wrong());
    }
    let seconds = &report["latencyPercentiles"];
    Ok(Found {
        requests_per_second: report["summary"]["requestsPerSec"].as_f64().ok_or_else(wrong)?,
        requests: load.requests as f64,
        server: f64::NAN,
        latency: each(PERCENTILES, |percentile| Some(seconds[percentile].as_f64()? * 1000.0))
            .ok_or_else(wrong)?,
    })
}

/// wrk asks for a time and not for a number of requests: a second.
pub(super) fn wrk(program: &Path, server: &str, path: &str, load: Load) -> io::Result<Found> {
    let (concurrency, url) = (load.concurrency.to_string(), format!("{server}{path}"));
    let arguments = ["--threads", "1", "--connections", &concurrency, "--duration", "1s", "--latency", &url];
    let report = said(program, &arguments)?;
    let after =
        |starts: &str| report.lines().find_map(|line| line.trim_start().strip_prefix(starts)).map(str::trim);
    let speed = after("Requests/sec:").and_then(|speed| speed.parse().ok());
    if report.contains("Socket errors") || report.contains("Non-2xx") {
        return Err(io::Error::other(format!("wrk did not get every answer: {report}")));
    }
    let requests = report.lines().find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok());
    // It does not tell p95.
    let latency = |percentile: &str| match percentile {
        "95%" => Some(f64::NAN),
        percentile => after(percentile).and_then(millis),
    };
    let (Some(requests_per_second), Some(requests), Some(latency)) =
        (speed, requests, each(["50%", "90%", "95%", "99%"], latency))
    else {
        return Err(io::Error::other(format!("wrk said something else: {report}")));
    };
    Ok(Found { requests_per_second, requests, server: f64::NAN, latency })
}

/// All of them, where each is told.
fn each(names: [&str; 4], told: impl Fn(&str) -> Option<f64>) -> Option<[f64; 4]> {
    let [first, second, third, fourth] = names.map(told);
    Some([first?, second?, third?, fourth?])
}

/// The first line that a program says of its version.
pub(super) fn version(program: &Path, argument: &str) -> io::Result<String> {
    // wrk says it with the status of an error.
    let ended = Command::new(program).arg(argument).output()?;
    let said = String::from_utf8_lossy(&ended.stdout);
    Ok(said.lines().next().unwrap_or_default().split(" Copyright").next().unwrap_or_default().to_owned())
}

/// A time as wrk writes it: `1.02ms`, `64.00us`, `1.20s`.
fn millis(text: &str) -> Option<f64> {
    [("us", 0.001), ("ms", 1.0), ("s", 1000.0)]
        .iter()
        .find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor))
}

fn said(program: &Path, arguments: &[&str]) -> io::Result<String> {
    let ended = Command::new(program).args(arguments).output().map_err(|error| {
        let program = program.display();
        io::Error::other(format!("`{program}` cannot be started ({error}): `bench/run probe` installs it"))
    })?;
    if !ended.status.success() {
        let errors = String::from_utf8_lossy(&ended.stderr);
        return Err(io::Error::other(format!("`{}` {}: {errors}", program.display(), ended.status)));
    }
    Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
}
