//! Plays deployments by their seeds, and prints what came of them, or what was broken and how to see it again.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::Parser;
use greenlight_tests::drawn::Kind;
use greenlight_tests::simulation::{Played, Tally, describe, play};
use tokio::time::Instant;

/// Plays deployments on virtual time with the hooks' own code.
#[derive(Parser)]
struct Options {
    /// How many deployments, from seed 1.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// Only this one, with everything that happens in it.
    #[arg(long)]
    seed: Option<u64>,
    /// Go on after a broken promise, and name each seed that breaks one in a line.
    #[arg(long)]
    keep_going: bool,
    /// How many at a time.
    #[arg(long, default_value_t = 1)]
    threads: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(seed) = options.seed {
        return match play(seed) {
            Ok(played) => tell(seed, &played, true),
            Err(error) => complain(&error.to_string()),
        };
    }
    let began = Instant::now();
    let (next, stop) = (AtomicU64::new(1), AtomicBool::new(false));
    let (sum, broken) = (Mutex::new(Tally::default()), Mutex::new(None));
    let told = AtomicU64::new(0);
    let work = || {
        let mut own = Tally::default();
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > options.seeds {
                break;
            }
            match play(seed) {
                Ok(Played { tally, broken: None, .. }) => own.add(&tally),
                Ok(Played { tally, broken: Some(broken), .. }) if options.keep_going => {
                    own.add(&tally);
                    told.fetch_add(1, Ordering::Relaxed);
                    complain(&format!("seed {seed}: {broken}"));
                }
                other => {
                    stop.store(true, Ordering::Relaxed);
                    broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((seed, other));
                }
            }
        }
        sum.lock().unwrap_or_else(PoisonError::into_inner).add(&own);
    };
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(work);
        }
    });
    match broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        None => {
            let told = told.into_inner();
            print(&sum.into_inner().unwrap_or_else(PoisonError::into_inner), told, began.elapsed());
            if told == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Some((seed, Ok(played))) => tell(seed, &played, false),
        Some((_, Err(error))) => complain(&error.to_string()),
    }
}

#[expect(clippy::print_stderr, reason = "this is the error")]
fn complain(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

/// Shows a deployment: its world, all that happened, and what was broken.
#[expect(clippy::print_stdout, reason = "this is what was asked for")]
fn tell(seed: u64, played: &Played, asked: bool) -> ExitCode {
    println!("The world of seed {seed}:\n{}\n\nWhat happened:", describe(seed));
    for line in &played.trace {
        println!("{line}");
    }
    let Some(broken) = &played.broken else { return ExitCode::SUCCESS };
    println!("\nseed {seed}: broken: {broken}");
    if !asked {
        println!(
            "again: cargo run --profile simulation -p greenlight-tests --bin simulation -- --seed {seed}"
        );
    }
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "these are the tables")]
fn print(tally: &Tally, broken: u64, took: Duration) {
    let all: u64 = tally.deployments.values().sum();
    println!("| deployments | number | ended |\n|---|---|---|");
    for kind in [Kind::Rolling, Kind::BlueGreen, Kind::Linear, Kind::Canary, Kind::CodeDeploy] {
        let of = || tally.deployments.iter().filter(|((other, _), _)| *other == kind);
        let number: u64 = of().map(|(_, count)| count).sum();
        let ends: Vec<_> = of().map(|((_, status), count)| format!("{count} {status}")).collect();
        println!("| {} | {number} | {} |", kind.name(), ends.join(", "));
    }
    println!("\n| what | number |\n|---|---|");
    for (name, count) in [
        ("deployments", all),
        ("invocations of functions", tally.invocations),
        ("runs of checks", tally.runs),
        ("attempts of calls to AWS", tally.calls),
        ("self-invocations", tally.hops),
    ] {
        println!("| {name} | {count} |");
    }
    println!("\n| verdict | ecs | codedeploy | pause |\n|---|---|---|---|");
    let mut kinds: Vec<_> = tally.verdicts.keys().map(|(_, kind)| *kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of = |protocol| tally.verdicts.get(&(protocol, kind)).copied().unwrap_or_default();
        println!("| {kind} | {} | {} | {} |", of("ecs"), of("codedeploy"), of("pause"));
    }
    println!("\n| executions of hooks, as the controllers have them | number |\n|---|---|");
    tally.executions.iter().for_each(|(name, count)| println!("| {name} | {count} |"));
    println!("\n| fault | injected |\n|---|---|");
    tally.faults.iter().for_each(|(name, count)| println!("| {name} | {count} |"));
    println!("\n| promise | looked at |\n|---|---|");
    tally.promises.iter().for_each(|(name, count)| println!("| {name} | {count} |"));
    println!("| deployments in which one was broken | {broken} |");
    let rate = all as f64 / took.as_secs_f64();
    println!("\n{all} deployments in {:.1} s: {rate:.0} a second", took.as_secs_f64());
}
