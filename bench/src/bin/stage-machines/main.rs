//! Deployments by the thousand, through the stage machines of ECS and CodeDeploy on virtual time.
//!
//! Nothing is waited for and nothing is called: this is what the controller costs by itself. Every
//! deployment is drawn from a seed of its own, so that each can be played again alone. The floor is the
//! queue of what is yet to happen, with nobody to decide. Every deployment is checked: it ends, each
//! execution of a hook has exactly one verdict, and after a rollback green has no traffic.

mod draw;
mod drive;
mod queue;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use greenlight_bench::{numbers::rounded, results};
use greenlight_cli::rehearsal::controller::{Input, Status};
use greenlight_tests::drawn::{Chance, Kind};
use serde_json::{Value, json};
use tokio::time::Instant;

use self::drive::{Drive, Played};
use self::queue::Queue;

/// What 1,000 deployments may take.
const BAR: Duration = Duration::from_secs(10);
const STATUSES: [Status; 5] =
    [Status::Successful, Status::RollbackSuccessful, Status::RollbackFailed, Status::Stopped, Status::Failed];

/// Plays deployments on virtual time, and prints how fast.
#[derive(Parser)]
struct Options {
    /// How many deployments.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    deployments: u64,
    /// The seed of the first; each of the others has the next number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A few deployments: whether everything works.
    #[arg(long)]
    short: bool,
}

/// What the deployments of a kind came to.
#[derive(Default)]
struct Sum {
    deployments: u64,
    steps: u64,
    executions: u64,
    simulated: Duration,
    real: Duration,
    statuses: BTreeMap<&'static str, u64>,
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.short {
        options.deployments = options.deployments.min(200);
    }
    let mut sums: BTreeMap<Kind, Sum> = BTreeMap::new();
    let began = Instant::now();
    for number in 0..options.deployments {
        let seed = options.seed.wrapping_add(number);
        let kind = Kind::of(seed);
        let mut chance = Chance::new(seed);
        let deployment = draw::deployment(kind, &mut chance);
        let started = Instant::now();
        match Drive::new(deployment, chance).play() {
            Ok(played) => sums.entry(kind).or_default().add(&played, started.elapsed()),
            Err(broken) => {
                complain(seed, kind, &broken);
                return ExitCode::FAILURE;
            }
        }
    }
    let took = began.elapsed();
    let steps: u64 = sums.values().map(|sum| sum.steps).sum();
    // What a step takes without a controller.
    let floor = floor(steps).as_secs_f64() / steps.max(1) as f64;
    print(&options, &sums, took, floor);
    match results::write("stage-machines", options.short, json(&options, &sums, took, floor)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: the results could not be written: {error}"));
            ExitCode::FAILURE
        }
    }
}

impl Sum {
    fn add(&mut self, played: &Played, real: Duration) {
        self.deployments += 1;
        self.steps += played.steps;
        self.executions += played.executions;
        self.simulated += played.simulated;
        self.real += real;
        *self.statuses.entry(played.status.ecs()).or_default() += 1;
    }

    fn include(&mut self, other: &Self) {
        self.deployments += other.deployments;
        self.steps += other.steps;
        self.executions += other.executions;
        self.simulated += other.simulated;
        self.real += other.real;
        for (status, count) in &other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
    }
}

/// What as many steps take without a controller.
fn floor(steps: u64) -> Duration {
    let began = Instant::now();
    let mut queue = Queue::default();
    queue.add(Duration::MAX, Input::Time);
    for step in 0..steps {
        queue.add(Duration::from_secs(step), Input::Time);
        black_box(queue.take_until(None));
    }
    began.elapsed()
}

fn complain(seed: u64, kind: Kind, broken: &str) {
    say(&format!("error: the deployment of seed {seed} ({}) {broken}", kind.name()));
    say(&format!("hint: `stage-machines --seed {seed} --deployments 1` plays it again"));
}

#[expect(clippy::print_stderr, reason = "this is the error")]
fn say(what: &str) {
    eprintln!("{what}");
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn json(options: &Options, sums: &BTreeMap<Kind, Sum>, took: Duration, floor: f64) -> Value {
    let rows = sums.iter().map(|(kind, sum)| {
        let number = sum.deployments as f64;
        json!({
            "deployments": kind.name(),
            "number": sum.deployments,
            "steps_each": rounded(sum.steps as f64 / number),
            "executions_each": rounded(sum.executions as f64 / number),
            "us_each": rounded(sum.real.as_secs_f64() * 1e6 / number),
            "statuses": sum.statuses,
        })
    });
    let rows: Vec<Value> = rows.collect();
    let steps: u64 = sums.values().map(|sum| sum.steps).sum();
    let real: Duration = sums.values().map(|sum| sum.real).sum();
    let thousand = 1000.0 * took.as_secs_f64() / options.deployments as f64;
    json!({
        "deployments": options.deployments,
        "seed": options.seed,
        "steps_per_second": rounded(steps as f64 / real.as_secs_f64()),
        "floor_us_per_step": rounded(floor * 1e6),
        "deployments_per_second": rounded(options.deployments as f64 / took.as_secs_f64()),
        "rows": rows,
        "bars": [results::bar("1,000 deployments in under 10 s", thousand, thousand < BAR.as_secs_f64())],
    })
}

#[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "these are the tables")]
fn print(options: &Options, sums: &BTreeMap<Kind, Sum>, took: Duration, floor: f64) {
    let mut all = Sum::default();
    for sum in sums.values() {
        all.include(sum);
    }
    let rows = || sums.iter().map(|(kind, sum)| (kind.name(), sum)).chain([("all", &all)]);

    println!("{} deployments from seed {}, one thread\n", options.deployments, options.seed);
    println!(
        "| deployments | number | steps each | executions each | days each, simulated | µs each | µs per step | × floor |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, sum) in rows() {
        let number = sum.deployments as f64;
        let per_step = sum.real.as_secs_f64() / sum.steps.max(1) as f64;
        println!(
            "| {name} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.3} | {:.0} |",
            sum.deployments,
            sum.steps as f64 / number,
            sum.executions as f64 / number,
            sum.simulated.as_secs_f64() / 86_400.0 / number,
            sum.real.as_secs_f64() * 1e6 / number,
            per_step * 1e6,
            per_step / floor
        );
    }
    println!("| floor: the queue alone | | | | | | {:.3} | 1 |\n", floor * 1e6);

    println!("| deployments | {} |", STATUSES.map(Status::ecs).join(" | "));
    println!("|---|---|---|---|---|---|");
    for (name, sum) in rows() {
        let counts = STATUSES.map(|status| sum.statuses.get(status.ecs()).unwrap_or(&0).to_string());
        println!("| {name} | {} |", counts.join(" | "));
    }

    let per_second = options.deployments as f64 / took.as_secs_f64();
    println!("\n{per_second:.0} deployments/s, drawn, played and checked in {:.3} s", took.as_secs_f64());
    println!("bar: 1,000 in under {} s; at this rate {:.3} s", BAR.as_secs(), 1000.0 / per_second);
}
