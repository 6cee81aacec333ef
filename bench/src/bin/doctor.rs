//! The static doctor on the examples, beside the floor: the command that only says its version.

use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Parser;
use greenlight_bench::{numbers::rounded, programs, results};
use serde_json::json;
use tokio::time::Instant;

/// What judging the examples may take.
const BAR: Duration = Duration::from_millis(50);

/// Runs the doctor on the examples, and prints what it takes.
#[derive(Parser)]
struct Options {
    /// How many runs count, after one that does not.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// One run of each: whether everything works.
    #[arg(long)]
    short: bool,
}

/// What is run, with its arguments.
const CANDIDATES: [(&str, &[&str]); 4] = [
    ("floor: --version", &["--version"]),
    (
        "ecs-native",
        &["doctor", "examples/ecs-native/service.json", "examples/ecs-native/task-definition.json"],
    ),
    ("ecs-native, canary", &["doctor", "examples/ecs-native/canary.json"]),
    ("codedeploy", &["doctor", "examples/codedeploy/appspec.yaml"]),
];

#[expect(clippy::print_stdout, reason = "this is the table")]
fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let runs = if options.short { 1 } else { options.runs };
    let command = programs::measured("greenlight")?;
    let mut samples = vec![Vec::new(); CANDIDATES.len()];
    // Side by side, so that a noisy moment is everybody's.
    for run in 0..=runs {
        for ((_, arguments), samples) in CANDIDATES.iter().zip(&mut samples) {
            let began = Instant::now();
            let status = Command::new(&command)
                .current_dir(programs::root())
                .args(*arguments)
                .stdout(Stdio::null())
                .status()?;
            let took = began.elapsed();
            if !status.success() {
                return Err(std::io::Error::other(format!("{arguments:?} ended with {status}")));
            }
            if run > 0 {
                samples.push(took);
            }
        }
    }
    println!("| what | median | slowest | to the floor |\n|---|---|---|---|");
    let medians: Vec<(Duration, Duration)> = samples
        .iter_mut()
        .map(|samples| {
            samples.sort_unstable();
            (samples[samples.len() / 2], samples[samples.len() - 1])
        })
        .collect();
    let floor = medians[0].0.as_secs_f64();
    for ((name, _), (median, slowest)) in CANDIDATES.iter().zip(&medians) {
        let ratio = median.as_secs_f64() / floor;
        let millis = |time: &Duration| time.as_secs_f64() * 1e3;
        println!("| {name} | {:.1} ms | {:.1} ms | {ratio:.2} |", millis(median), millis(slowest));
    }
    let rows = CANDIDATES.iter().zip(&medians).map(|((name, _), (median, slowest))| {
        let millis = |time: &Duration| rounded(time.as_secs_f64() * 1e3);
        json!({ "what": name, "median_ms": millis(median), "slowest_ms": millis(slowest) })
    });
    let rows: Vec<_> = rows.collect();
    let held = medians[1..].iter().all(|(median, _)| *median < BAR);
    println!(
        "\nbar: each median below {} ms: {}",
        BAR.as_millis(),
        if held { "holds" } else { "does not hold" }
    );
    let most = medians[1..].iter().map(|(median, _)| median.as_secs_f64() * 1e3).fold(0.0, f64::max);
    let bar = results::bar("each median below 50 ms", most, held);
    results::write("doctor", options.short, json!({ "runs": runs, "rows": rows, "bars": [bar] }))?;
    Ok(())
}
