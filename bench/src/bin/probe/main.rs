//! The check `http` as a load: requests per second beside oha and wrk, and whether its percentiles are true.
//!
//! What is timed of ours is the check as a hook runs it: connections, judging and counting included. The server is a process of
//! its own on one core, and every client has the other core to itself. Rounds are interleaved, medians are printed;
//! nothing is asserted of them.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use clap::Parser;
use greenlight_bench::numbers::{median, percentile, rounded};
use greenlight_bench::results;
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::{Value, json};

mod clients;
mod server;

use self::clients::{Found, Load, PERCENTILES};
use self::server::Server;

/// How many at once, and how many requests a round has then.
const LOADS: [Load; 3] = [
    Load { requests: 5_000, concurrency: 1 },
    Load { requests: 20_000, concurrency: 50 },
    Load { requests: 20_000, concurrency: 200 },
];
/// Requests to the server whose latencies are known.
const KNOWN: Load = Load { requests: 4_000, concurrency: 50 };

/// Speed and truth of a probe beside oha and wrk.
#[derive(Parser)]
struct Options {
    /// The program of oha, 1.16; without it there is no comparison.
    #[arg(long)]
    oha: Option<PathBuf>,
    /// The program of wrk.
    #[arg(long)]
    wrk: Option<PathBuf>,
    /// How many rounds count, after one that does not.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// A few requests: whether everything works.
    #[arg(long)]
    short: bool,
    /// Be the server.
    #[arg(long, hide = true)]
    serve: bool,
    /// Stay on this core.
    #[arg(long, hide = true)]
    core: Option<usize>,
}

fn main() -> io::Result<()> {
    let options = Options::parse();
    if options.serve {
        stay_on(options.core)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(server::serve());
    }
    let several = std::thread::available_parallelism()?.get() > 1;
    // Before any thread is started, so that all stay there, and the programs that are started, too.
    stay_on(several.then_some(1))?;
    let server = Server::start(several.then_some(0))?;
    // As many workers as the runtime of a validation has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(&options, &server))
}

fn stay_on(core: Option<usize>) -> io::Result<()> {
    let Some(core) = core else { return Ok(()) };
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

async fn measure(options: &Options, server: &Server) -> io::Result<()> {
    let rounds = if options.short { 1 } else { options.rounds };
    let mut rows = Vec::new();
    for load in LOADS {
        let load = if options.short { Load { requests: 500, ..load } } else { load };
        let found = rounds_of(rounds, async |_| ask_all(options, server, load).await).await?;
        rows.extend(found.into_iter().map(|(client, found)| (client, load, found)));
    }
    let known = if options.short { Load { requests: 200, ..KNOWN } } else { KNOWN };
    let mut told = vec![("drawn", drawn(known))];
    told.extend(rounds_of(rounds, async |round| ask_known(options, server, round, known).await).await?);
    let bars = bars(&rows, &told);
    let mut versions = BTreeMap::new();
    for (client, program, argument) in [("oha", &options.oha, "--version"), ("wrk", &options.wrk, "-v")] {
        if let Some(program) = program {
            versions.insert(client, clients::version(program, argument)?);
        }
    }
    print(rounds, &versions, &rows, &told, &bars);
    let json_rows: Vec<Value> = rows.iter().map(|(client, load, found)| row(client, *load, found)).collect();
    let told: BTreeMap<_, _> = told.iter().map(|(client, found)| (*client, latencies(found))).collect();
    results::write(
        "probe",
        options.short,
        json!({ "rounds": rounds, "clients": versions, "rows": json_rows, "known_latencies_ms": told, "bars": bars }),
    )
}

/// Asks once more than counts, and takes the medians.
async fn rounds_of(
    rounds: u32,
    ask: impl AsyncFn(u32) -> io::Result<Vec<(&'static str, Found)>>,
) -> io::Result<BTreeMap<&'static str, Found>> {
    let mut found: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
    for round in 0..=rounds {
        for (client, one) in ask(round).await? {
            if round > 0 {
                found.entry(client).or_default().push(one);
            }
        }
    }
    Ok(found.into_iter().map(|(client, found)| (client, middle(&found))).collect())
}

async fn ask_all(options: &Options, server: &Server, load: Load) -> io::Result<Vec<(&'static str, Found)>> {
    let url = &server.url;
    let mut before = server.processor()?;
    let mut of_server = |found: Found| -> io::Result<Found> {
        let now = server.processor()?;
        let used = std::mem::replace(&mut before, now).abs_diff(now);
        let server = used.as_secs_f64() / found.requests * found.requests_per_second;
        Ok(Found { server, ..found })
    };
    let mut found = vec![("check `http`", of_server(clients::check(url, "/", load).await?)?)];
    if let Some(oha) = &options.oha {
        found.push(("oha", of_server(clients::oha(oha, url, "/", load)?)?));
    }
    if let Some(wrk) = &options.wrk {
        found.push(("wrk", of_server(clients::wrk(wrk, url, "/", load)?)?));
    }
    Ok(found)
}

/// Each client meets the same latencies, as a run of its own; wrk cannot be told how many requests that are.
async fn ask_known(
    options: &Options,
    server: &Server,
    round: u32,
    load: Load,
) -> io::Result<Vec<(&'static str, Found)>> {
    let (url, path) = (&server.url, |client: &str| format!("/after/{client}-{round}"));
    let mut found = vec![("check `http`", clients::check(url, &path("check"), load).await?)];
    if let Some(oha) = &options.oha {
        found.push(("oha", clients::oha(oha, url, &path("oha"), load)?));
    }
    Ok(found)
}

/// What a client that loses no time finds at the server whose latencies are known.
fn drawn(load: Load) -> Found {
    let latencies = || (1..=load.requests).map(|number| server::latency(number).as_secs_f64() * 1000.0);
    let latency = [50.0, 90.0, 95.0, 99.0].map(|percent| percentile(latencies(), percent));
    Found { requests_per_second: f64::NAN, requests: f64::NAN, server: f64::NAN, latency }
}

/// The median of each number.
fn middle(found: &[Found]) -> Found {
    let latency = |place: usize| median(found.iter().map(|found| found.latency[place]));
    Found {
        requests_per_second: median(found.iter().map(|found| found.requests_per_second)),
        requests: median(found.iter().map(|found| found.requests)),
        server: median(found.iter().map(|found| found.server)),
        latency: [latency(0), latency(1), latency(2), latency(3)],
    }
}

fn latencies(found: &Found) -> Value {
    PERCENTILES.iter().zip(found.latency).map(|(name, value)| (*name, json!(rounded(value)))).collect()
}

fn row(client: &str, load: Load, found: &Found) -> Value {
    json!({
        "client": client,
        "at_once": load.concurrency,
        "requests_per_second": found.requests_per_second.round(),
        "server_busy": rounded(found.server),
        "latency_ms": latencies(found),
    })
}

type Row = (&'static str, Load, Found);

fn bars(rows: &[Row], told: &[(&'static str, Found)]) -> Vec<Value> {
    let speed = |name: &str, load: &Load| {
        let of =
            |(client, other, _): &&Row| client.starts_with(name) && other.concurrency == load.concurrency;
        rows.iter().find(of).map(|(_, _, found)| found.requests_per_second)
    };
    let mut bars = Vec::new();
    for load in LOADS {
        if let (Some(ours), Some(oha)) = (speed("check", &load), speed("oha", &load)) {
            let what = format!("at least 0.8 × oha's rate, {} at once", load.concurrency);
            bars.push(results::bar(&what, ours / oha, ours / oha >= 0.8));
        }
    }
    let of = |name: &str| told.iter().find(|(client, _)| client.starts_with(name)).map(|(_, found)| found);
    for other in ["oha", "drawn"] {
        if let (Some(ours), Some(other_found)) = (of("check"), of(other)) {
            let pairs = ours.latency.iter().zip(other_found.latency);
            let apart = pairs.map(|(ours, other)| (ours / other - 1.0).abs() * 100.0).fold(0.0, f64::max);
            let what = format!("percentiles at most 5 % from {other}'s at known latencies");
            bars.push(results::bar(&what, apart, apart <= 5.0));
        }
    }
    bars
}

#[expect(clippy::print_stdout, reason = "these are the tables")]
fn print(
    rounds: u32,
    versions: &BTreeMap<&str, String>,
    rows: &[Row],
    told: &[(&'static str, Found)],
    bars: &[Value],
) {
    println!("medians of {rounds} interleaved rounds; the server on one core, the client on another");
    println!("{}\n", versions.values().cloned().collect::<Vec<_>>().join(", "));
    println!(
        "| client | at once | requests per second | × oha | p50, ms | p99, ms | the server's core, busy |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (client, load, found) in rows {
        let oha = rows
            .iter()
            .find(|(name, other, _)| name.starts_with("oha") && other.concurrency == load.concurrency);
        let ratio = oha.map_or(f64::NAN, |(_, _, oha)| found.requests_per_second / oha.requests_per_second);
        println!(
            "| {client} | {} | {:.0} | {ratio:.2} | {:.3} | {:.3} | {:.0} % |",
            load.concurrency,
            found.requests_per_second,
            found.latency[0],
            found.latency[3],
            100.0 * found.server
        );
    }
    println!("\n| latencies, ms | {} |\n|---|---|---|---|---|", PERCENTILES.join(" | "));
    let drawn =
        told.iter().find(|(client, _)| *client == "drawn").map_or([f64::NAN; 4], |(_, drawn)| drawn.latency);
    for (client, found) in told {
        let cell = |(found, drawn): (&f64, f64)| match *client {
            "drawn" => format!("{found:.2}"),
            _ => format!("{found:.2} ({:+.2})", found - drawn),
        };
        let cells: Vec<_> = found.latency.iter().zip(drawn).map(cell).collect();
        println!("| {client} | {} |", cells.join(" | "));
    }
    println!();
    for bar in bars {
        let held = if bar["holds"] == true { "holds" } else { "does not hold" };
        println!("bar: {}: {}, {held}", bar["what"].as_str().unwrap_or_default(), bar["measured"]);
    }
}
