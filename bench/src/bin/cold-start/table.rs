//! The table of what was measured, the same as JSON, and the bars.

use std::io;

use greenlight_bench::{numbers::rounded, results};
use serde_json::{Value, json};

use super::candidate::{Candidate, Maker};
use super::scene::Protocol;

const MIB: f64 = 1024.0 * 1024.0;

/// Prints the table; what is written as JSON. A zip takes seconds to make, and so is made where it was asked for.
#[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "this is the table")]
pub(super) fn print(runs: u32, candidates: &[Candidate], with_zip: bool) -> io::Result<Value> {
    println!("medians of {runs} interleaved runs\n");
    println!(
        "| program | protocol | first /next, ms | start → verdict, ms | CPU, ms | peak memory, MiB | file, MiB | zip, MiB | AWS calls |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut rows = Vec::new();
    for candidate in candidates {
        let Candidate { name, protocol, .. } = candidate;
        let (next, verdict, processor, peak) =
            (candidate.first_next(), candidate.verdict(), candidate.processor(), candidate.peak());
        let file = candidate.size()? as f64 / MIB;
        let zip = if with_zip { candidate.zipped()? as f64 / MIB } else { f64::NAN };
        let calls = candidate.calls();
        println!(
            "| {name} | {} | {next:.2} | {verdict:.2} | {processor:.1} | {peak:.1} | {file:.2} | {zip:.2} | {} |",
            protocol.name(),
            calls.len()
        );
        rows.push(json!({
            "program": name,
            "protocol": protocol.name(),
            "first_next_ms": rounded(next),
            "verdict_ms": rounded(verdict),
            "cpu_ms": rounded(processor),
            "peak_memory_mib": rounded(peak),
            "file_mib": rounded(file),
            "zip_mib": rounded(zip),
            "aws_calls": calls,
        }));
    }
    let bars = bars(candidates);
    println!();
    for bar in &bars {
        let held = if bar["holds"] == true { "holds" } else { "does not hold" };
        println!("bar: {}: {}, {held}", bar["what"].as_str().unwrap_or_default(), bar["measured"]);
    }
    Ok(json!({ "runs": runs, "rows": rows, "bars": bars }))
}

/// What is to hold, of the candidates that were measured.
fn bars(candidates: &[Candidate]) -> Vec<Value> {
    let first = |maker: Maker, protocol: Protocol| {
        candidates.iter().find(|candidate| candidate.maker == maker && candidate.protocol == protocol)
    };
    let mut bars = Vec::new();
    let mut bar = |what: &str, measured: f64, holds: fn(f64) -> bool| {
        bars.push(results::bar(what, measured, holds(measured)));
    };
    if let (Some(floor), Some(ours)) =
        (first(Maker::Floor, Protocol::Ecs), first(Maker::Greenlight, Protocol::Ecs))
    {
        bar("first /next at most 1.2 × the floor's", ours.first_next() / floor.first_next(), |it| it <= 1.2);
    }
    let Some(ours) = first(Maker::Greenlight, Protocol::CodeDeploy) else { return bars };
    if let Some(node) = first(Maker::Node, Protocol::CodeDeploy) {
        bar(
            "a verdict for CodeDeploy at least 15 × sooner than Node.js's",
            node.verdict() / ours.verdict(),
            |it| it >= 15.0,
        );
        bar("peak memory at most a fifth of Node.js's", ours.peak() / node.peak(), |it| it <= 0.2);
    }
    if let Some(python) = first(Maker::Python, Protocol::CodeDeploy) {
        let ratio = python.verdict() / ours.verdict();
        bar("a verdict for CodeDeploy at least 30 × sooner than Python's", ratio, |it| it >= 30.0);
    }
    bars
}
