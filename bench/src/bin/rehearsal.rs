//! The default rehearsal, from the start of the command to its end, beside the floor: the same without hooks and
//! without users, which has nothing left to do but to wait.
//!
//! A rehearsal waits for what people wait for on AWS, only faster. So its wall time is told apart: what it waits
//! by design at its speed, and the rest, which is overhead.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clap::Parser;
use greenlight_bench::numbers::{median, rounded};
use greenlight_bench::{programs, results};
use rustix::process::{WaitOptions, getpid, set_child_subreaper, wait};
use serde_json::{Value, json};
use tokio::time::Instant;

/// What the default rehearsal may take.
const BAR: Duration = Duration::from_secs(5);
/// What green's tasks take by design, in simulated seconds: half a minute until they are started, then the next
/// health check.
const SCALE_UP: f64 = 60.0;
/// Ticks of a second in `/proc`, which are the same on every Linux.
const TICKS: f64 = 100.0;

/// Rehearses as people do, and prints what it takes.
#[derive(Parser)]
struct Options {
    /// How many runs count, after one that does not.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// One run of each at ten times the speed: whether everything works.
    #[arg(long)]
    short: bool,
}

/// One way to rehearse.
struct Candidate {
    name: &'static str,
    speed: f64,
    arguments: &'static [&'static str],
    samples: Vec<Sample>,
}

/// One rehearsal, in seconds.
struct Sample {
    wall: f64,
    processor: f64,
    /// What the command says of itself.
    simulated: f64,
    told: f64,
    /// What it had to wait for.
    by_design: f64,
    /// What hooks took.
    hooks: f64,
}

const CANDIDATES: [(&str, f64, &[&str]); 4] = [
    ("floor: no hooks, no users, 60x", 60.0, &["--hooks", "none", "--users", "0"]),
    ("default, 60x", 60.0, &[]),
    ("floor: no hooks, no users, 600x", 600.0, &["--hooks", "none", "--users", "0", "--speed", "600x"]),
    ("default, 600x", 600.0, &["--speed", "600x"]),
];

fn main() -> io::Result<()> {
    let options = Options::parse();
    let runs = if options.short { 1 } else { options.runs };
    let program = programs::measured("greenlight")?;
    // Hooks that the command did not outlive come to us, so that their time is counted, too.
    set_child_subreaper(Some(getpid()))?;
    let candidates = CANDIDATES.into_iter().filter(|(_, speed, _)| !options.short || *speed > 60.0);
    let mut candidates: Vec<_> = candidates
        .map(|(name, speed, arguments)| Candidate { name, speed, arguments, samples: Vec::new() })
        .collect();
    // One round first that does not count: it warms the page cache.
    for round in u32::from(options.short)..=runs {
        for candidate in &mut candidates {
            let sample = candidate.run(&program)?;
            if round > 0 {
                candidate.samples.push(sample);
            }
        }
    }
    print(runs, &candidates);
    results::write("rehearsal", options.short, json(runs, &candidates))?;
    Ok(())
}

impl Candidate {
    fn run(&self, program: &Path) -> io::Result<Sample> {
        let before = processor()?;
        let started = Instant::now();
        let output = Command::new(program).args(["rehearse", "--json"]).args(self.arguments).output()?;
        let wall = started.elapsed().as_secs_f64();
        // They were killed, so this does not take long; the error is that none is left.
        while wait(WaitOptions::empty()).is_ok() {}
        let processor = processor()? - before;
        let wrong = |what: &str| {
            let (status, errors) = (output.status, String::from_utf8_lossy(&output.stderr));
            io::Error::other(format!("{}: {what}, {status}: {errors}", self.name))
        };
        if !output.status.success() {
            return Err(wrong("the deployment was to succeed"));
        }
        let document: Value =
            serde_json::from_slice(&output.stdout).map_err(|_| wrong("no JSON document"))?;
        let seconds = |key: &str| document[key].as_f64().ok_or_else(|| wrong(&format!("no `{key}`")));
        let events = document["events"].as_array().ok_or_else(|| wrong("no `events`"))?;
        Ok(Sample {
            wall,
            processor,
            simulated: seconds("simulated_seconds")?,
            told: seconds("real_seconds")?,
            by_design: (SCALE_UP + sum(events, "waiting", "seconds") + sum(events, "hook_waits", "delay"))
                / self.speed,
            hooks: (sum(events, "hook_ended", "at")
                - sum(events, "hook_started", "at")
                - sum(events, "hook_waits", "delay"))
                / self.speed,
        })
    }

    fn median(&self, value: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(value))
    }
}

/// What the events of a kind add up to.
fn sum(events: &[Value], event: &str, key: &str) -> f64 {
    events.iter().filter(|entry| entry["event"] == event).filter_map(|entry| entry[key].as_f64()).sum()
}

/// The processor time of all processes that were started here and have ended, in seconds.
fn processor() -> io::Result<f64> {
    let status = fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in parentheses, which may hold anything.
    let fields = status.rsplit_once(')').map(|(_, fields)| fields.split_whitespace());
    // `cutime` and `cstime` are the fields 16 and 17.
    let ticks: Option<f64> = fields.and_then(|fields| {
        let times: Vec<f64> = fields.skip(13).take(2).map_while(|field| field.parse().ok()).collect();
        (times.len() == 2).then(|| times.iter().sum())
    });
    ticks.map(|ticks| ticks / TICKS).ok_or_else(|| io::Error::other("no `cutime` in /proc/self/stat"))
}

fn json(runs: u32, candidates: &[Candidate]) -> Value {
    let rows = candidates.iter().map(|candidate| {
        let median = |value: fn(&Sample) -> f64| rounded(candidate.median(value));
        json!({
            "rehearsal": candidate.name,
            "wall_s": median(|sample| sample.wall),
            "cpu_s": median(|sample| sample.processor),
            "simulated_s": median(|sample| sample.simulated),
            "waits_by_design_s": median(|sample| sample.by_design),
            "hooks_s": median(|sample| sample.hooks),
        })
    });
    let default = candidates.iter().find(|candidate| candidate.name == "default, 60x");
    let wall = default.map(|default| default.median(|sample| sample.wall));
    let bar =
        wall.map(|wall| results::bar("the default rehearsal within 5 s", wall, wall <= BAR.as_secs_f64()));
    json!({ "runs": runs, "rows": rows.collect::<Vec<_>>(), "bars": Vec::from_iter(bar) })
}

#[expect(clippy::print_stdout, reason = "this is the table")]
fn print(runs: u32, candidates: &[Candidate]) {
    println!("medians of {runs} interleaved runs\n");
    println!(
        "| rehearsal | wall, s | min | max | × floor | CPU, s | simulated, s | real by itself, s | waits by design, s | share | overhead, ms | of it hooks, ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut floor = f64::NAN;
    for candidate in candidates {
        let wall = candidate.median(|sample| sample.wall);
        if candidate.name.starts_with("floor") {
            floor = wall;
        }
        let all = || candidate.samples.iter().map(|sample| sample.wall);
        println!(
            "| {} | {wall:.3} | {:.3} | {:.3} | {:.2} | {:.2} | {:.1} | {:.3} | {:.3} | {:.0} % | {:.0} | {:.0} |",
            candidate.name,
            all().fold(f64::INFINITY, f64::min),
            all().fold(0.0, f64::max),
            wall / floor,
            candidate.median(|sample| sample.processor),
            candidate.median(|sample| sample.simulated),
            candidate.median(|sample| sample.told),
            candidate.median(|sample| sample.by_design),
            candidate.median(|sample| sample.by_design / sample.wall) * 100.0,
            candidate.median(|sample| sample.wall - sample.by_design) * 1000.0,
            candidate.median(|sample| sample.hooks) * 1000.0,
        );
    }
    println!("\nbar: the default rehearsal within {} s", BAR.as_secs());
}
