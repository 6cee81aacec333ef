//! Cold start, verdict, processor time, memory and size of hooks, beside the floor and beside the hooks that people write.
//!
//! Every run starts a new process of each program, in turn, behind the local Lambda service, against an application on
//! loopback and a local AWS endpoint that knows the deployment. Medians are printed; nothing is asserted of them.
//!
//! `NAME=PATH …` measures these programs in the place of all others, e.g. the same hook of other profiles.

use std::io;

use clap::Parser;
use greenlight_bench::{programs, results};
use greenlight_tests::drawn::Chance;
use serde_json::json;

mod candidate;
mod peers;
mod sample;
mod scene;
mod table;

use self::candidate::{Candidate, Maker, requests};
use self::sample::Sample;
use self::scene::{Application, Protocol};

/// Measures how soon hooks have a verdict after a cold start.
#[derive(Parser)]
struct Options {
    /// How many runs count, after one that does not.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Leave out the hooks in Node.js and Python.
    #[arg(long)]
    without_peers: bool,
    /// Three runs, without peers: whether everything works.
    #[arg(long)]
    short: bool,
    /// Programs of `test-traffic` to measure in the place of the one that was built.
    programs: Vec<String>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    let runs = if options.short { 3 } else { options.runs };
    let application = Application::serve().await?;
    let mut candidates = if options.programs.is_empty() {
        everything(!options.short && !options.without_peers)?
    } else {
        given(&options.programs)?
    };
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    // One round first that does not count: it warms the page cache.
    for round in 0..=runs {
        // Another order each time, so that nobody always comes after the same one.
        Chance::new(round.into()).shuffle(&mut order);
        for place in &order {
            let candidate = &mut candidates[*place];
            let sample = Sample::take(candidate, application).await?;
            if round > 0 {
                candidate.samples.push(sample);
            }
        }
    }
    let measured = table::print(runs, &candidates, !options.short)?;
    if options.programs.is_empty() {
        results::write("cold-start", options.short, measured)?;
    }
    Ok(())
}

fn floor() -> io::Result<Candidate> {
    let program = programs::beside("floor")?;
    Ok(Candidate::new("floor: empty lambda_runtime", Maker::Floor, Protocol::Ecs, program))
}

fn given(programs: &[String]) -> io::Result<Vec<Candidate>> {
    let mut candidates = vec![floor()?];
    for given in programs {
        let (name, program) = given
            .split_once('=')
            .ok_or_else(|| io::Error::other(format!("`{given}` is no NAME=PATH of a program")))?;
        candidates.push(Candidate::hook(name, Protocol::Ecs, program.into(), Some(&requests(1))));
        let reporting = format!("{name}, reporting");
        candidates.push(Candidate::hook(
            &reporting,
            Protocol::CodeDeploy,
            program.into(),
            Some(&requests(1)),
        ));
    }
    Ok(candidates)
}

fn everything(with_peers: bool) -> io::Result<Vec<Candidate>> {
    let test_traffic = programs::measured("test-traffic")?;
    let health = programs::measured("health")?;
    let mut candidates = vec![floor()?];
    for protocol in Protocol::ALL {
        let (name, plan) = ("test-traffic, 1 request", requests(1));
        candidates.push(Candidate::hook(name, protocol, test_traffic.clone(), Some(&plan)));
        if with_peers {
            candidates.extend(peers::of_test_traffic(protocol)?);
        }
    }
    let plan = requests(50);
    let many = Candidate::hook("test-traffic, 50 requests", Protocol::Ecs, test_traffic.clone(), Some(&plan));
    candidates.push(many);
    for protocol in Protocol::ALL {
        let name = "test-traffic, by default";
        let hook = Candidate::hook(name, protocol, test_traffic.clone(), None);
        candidates.push(Candidate { told: false, ..hook });
    }
    // The one check that the peers make, then all of them.
    let plan = json!({ "checks": [{ "targets": {} }] });
    for protocol in Protocol::ALL {
        let hook = Candidate::hook("health, `targets`", protocol, health.clone(), Some(&plan));
        candidates.push(Candidate { told: false, ..hook });
        if with_peers {
            candidates.extend(peers::of_health(protocol)?);
        }
    }
    for protocol in Protocol::ALL {
        let hook = Candidate::hook("health, by default", protocol, health.clone(), None);
        candidates.push(Candidate { told: false, ..hook });
    }
    Ok(candidates)
}
