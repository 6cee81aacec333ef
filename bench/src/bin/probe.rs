//! A probe of 1,000 requests, 50 at once, beside `oha` with the same, in one run.
//!
//! What is timed of ours is the check `http` as a hook runs it: connections, judging and counting included. `oha`
//! times itself, from its first request to its last; it does not judge. The server is a process of its own, so
//! that neither shares a runtime with it. Rounds are interleaved, medians are printed; nothing is asserted.

use std::{
    io,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use axum::{Router, routing::get};
use clap::Parser;
use greenlight::{Check, Kind, Scope, plan::Target};
use greenlight_test_traffic::Http;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};

/// Speed of a probe beside oha.
#[derive(Parser)]
struct Options {
    /// The program of oha, 1.16.
    #[arg(long, default_value = "oha")]
    oha: PathBuf,
    #[arg(long, default_value_t = 1000)]
    requests: u64,
    #[arg(long, default_value_t = 50)]
    concurrency: usize,
    #[arg(long, default_value_t = 31)]
    rounds: usize,
    /// Be the server.
    #[arg(long, hide = true)]
    serve: bool,
}

/// As many workers as the runtime of a validation has.
#[tokio::main(worker_threads = 2)]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    if options.serve {
        return serve().await;
    }
    let mut server = Command::new(std::env::current_exe()?)
        .arg("--serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut url = String::new();
    let output = server.stdout.take().ok_or_else(|| io::Error::other("the server has no output"))?;
    io::BufRead::read_line(&mut io::BufReader::new(output), &mut url)?;
    let measured = measure(&options, url.trim()).await;
    server.kill()?;
    server.wait()?;
    let (ours, theirs) = measured?;
    print(&options, ours, theirs);
    Ok(())
}

/// Serves a short text until it is killed; its first line of output is where.
#[expect(clippy::print_stdout, reason = "this is how the address gets out")]
async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/", get(async || "hello"))).await
}

/// Medians of requests per second: ours, theirs.
async fn measure(options: &Options, url: &str) -> io::Result<(f64, f64)> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // One round first that does not count.
    for round in 0..=options.rounds {
        let (own, other) = (probe(options, url).await?, oha(options, url)?);
        if round > 0 {
            ours.push(own);
            theirs.push(other);
        }
    }
    Ok((median(ours), median(theirs)))
}

#[expect(clippy::cast_precision_loss, reason = "requests are few")]
async fn probe(options: &Options, url: &str) -> io::Result<f64> {
    let settings = json!({ "path": "/", "requests": options.requests, "concurrency": options.concurrency,
                           "allow_load": true });
    let check: Http = serde_json::from_value(settings)?;
    let target: Target = serde_json::from_value(json!({ "url": url }))?;
    let scope = Scope::for_target(target, Instant::now() + Duration::from_mins(1));
    let began = Instant::now();
    let outcome = check.run(&scope).await;
    let took = began.elapsed();
    if outcome.kind != Kind::Pass {
        return Err(io::Error::other(outcome.words()));
    }
    Ok(options.requests as f64 / took.as_secs_f64())
}

fn oha(options: &Options, url: &str) -> io::Result<f64> {
    let (requests, concurrency) = (options.requests.to_string(), options.concurrency.to_string());
    let ended = Command::new(&options.oha)
        .args(["-n", &requests, "-c", &concurrency, "--no-tui", "--output-format", "json", url])
        .output()
        .map_err(|error| {
            io::Error::other(format!(
                "`{}` cannot be started ({error}): `cargo install oha --locked --version 1.16.0`, or name it with --oha",
                options.oha.display()
            ))
        })?;
    let report: Value = serde_json::from_slice(&ended.stdout)?;
    let good = report["summary"]["successRate"].as_f64() == Some(1.0);
    let speed = report["summary"]["requestsPerSec"].as_f64().filter(|_| good);
    speed.ok_or_else(|| io::Error::other(format!("oha did not get every answer: {report}")))
}

#[expect(clippy::print_stdout, reason = "this is the table")]
fn print(options: &Options, ours: f64, theirs: f64) {
    let Options { requests, concurrency, rounds, .. } = options;
    println!("medians of {rounds} interleaved rounds of {requests} requests, {concurrency} at once\n");
    println!("| program | requests per second | × oha |");
    println!("|---|---|---|");
    println!("| oha 1.16.0 | {theirs:.0} | 1.00 |");
    println!("| check `http` | {ours:.0} | {:.2} |", ours / theirs);
    println!("\nbar: at least 0.6 × oha");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
