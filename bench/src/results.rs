//! The results as JSON: `bench/results.json` below the target folder, one key for each benchmark that ran last.
//!
//! Numbers have their units in their keys. Beside each benchmark's own stands where and when it was measured, of what, and how
//! busy the machine was at its end: a table of a busy machine says less. Short forms, which measure nothing, write
//! `results-short.json`.

use std::fs;
use std::io;
use std::process::Command;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::programs;

/// The version of what stands in the file.
const SCHEMA: u32 = 1;

/// What must hold, what was measured, and whether it holds. Nothing fails for it: machines differ.
pub fn bar(what: &str, measured: f64, holds: bool) -> Value {
    json!({ "what": what, "measured": crate::numbers::rounded(measured), "holds": holds })
}

/// Puts a benchmark's results in the place of its last ones.
pub fn write(benchmark: &str, short: bool, results: Value) -> io::Result<()> {
    let name = if short { "results-short.json" } else { "results.json" };
    let path = programs::target()?.join("bench").join(name);
    // What cannot be read is of another version, and is made anew.
    let known = fs::read(&path).ok().and_then(|known| serde_json::from_slice::<Value>(&known).ok());
    let known = known.filter(|known| known["schema"] == SCHEMA).and_then(|known| match known {
        Value::Object(known) => Some(known),
        _ => None,
    });
    let mut all = known.unwrap_or_else(|| Map::from_iter([("schema".to_owned(), json!(SCHEMA))]));
    let mut entry = machine();
    if let Value::Object(results) = results {
        entry.extend(results);
    }
    all.insert(benchmark.to_owned(), Value::Object(entry));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, format!("{:#}\n", Value::Object(all)))
}

/// What was built, of which commit, and where the hooks and the command come from.
fn of_what() -> Value {
    let git =
        Command::new("git").args(["describe", "--always", "--dirty"]).current_dir(programs::root()).output();
    let commit = git.ok().filter(|ended| ended.status.success());
    json!({
        "commit": commit.map(|ended| String::from_utf8_lossy(&ended.stdout).trim().to_owned()),
        "profile": if cfg!(debug_assertions) { "development" } else { "release" },
        "hooks_and_command_from": programs::named(),
    })
}

fn machine() -> Map<String, Value> {
    let line = |path: &str, starts: &str| {
        let text = fs::read_to_string(path).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(starts))?;
        Some(line.trim_start_matches([' ', '\t', ':', '=']).trim_matches('"').to_owned())
    };
    let load = fs::read_to_string("/proc/loadavg").ok();
    let load = load.and_then(|load| load.split_whitespace().next()?.parse::<f64>().ok());
    // All of the machine: the benchmark itself may keep to one of them.
    let cores = fs::read_to_string("/proc/cpuinfo").ok();
    let cores = cores.map(|text| text.lines().filter(|line| line.starts_with("processor")).count());
    let machine = json!({
        "processor": line("/proc/cpuinfo", "model name"),
        "cores": cores,
        "system": line("/etc/os-release", "PRETTY_NAME"),
        "load_at_the_end": load,
    });
    Map::from_iter([
        ("measured_at".to_owned(), json!(Timestamp::now().to_string())),
        ("machine".to_owned(), machine),
        ("measured".to_owned(), of_what()),
    ])
}
