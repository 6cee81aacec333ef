//! The benchmarks run, and what they count is right; how long that takes is nobody's business here.
//!
//! What is measured comes from `GREENLIGHT_BIN_DIR`, else from the folder that this was built into.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use greenlight_bench::programs;
use serde_json::Value;

/// One at a time: they write one file.
static TURN: Mutex<()> = Mutex::new(());

/// Runs a benchmark in its short form; what it wrote of itself.
fn short(name: &str, program: &str) -> io::Result<Value> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let ended = Command::new(program).arg("--short").output()?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        return Err(io::Error::other(format!("{name} ended with {}: {said}", ended.status)));
    }
    let path = programs::target_of(Path::new(program))?.join("bench/results-short.json");
    let results: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    Ok(results[name].clone())
}

#[test]
fn cold_start() {
    let results = short("cold-start", env!("CARGO_BIN_EXE_cold-start")).unwrap();
    let rows = results["rows"].as_array().unwrap();
    let calls = |row: &Value| -> Vec<String> {
        let calls = row["aws_calls"].as_array().unwrap().iter();
        calls.map(|call| call.as_str().unwrap().to_owned()).collect()
    };
    for (protocol, report) in
        [("codedeploy", "PutLifecycleEventHookExecutionStatus"), ("pause", "ContinueServiceDeployment")]
    {
        let reporting: Vec<_> = rows.iter().filter(|row| row["protocol"] == protocol).collect();
        assert_eq!(reporting.len(), 4, "test-traffic, told and not, and health, one check and all");
        for row in reporting {
            assert_eq!(calls(row).iter().filter(|call| *call == report).count(), 1, "{row}");
        }
    }
}

#[test]
fn probe() {
    let results = short("probe", env!("CARGO_BIN_EXE_probe")).unwrap();
    assert_eq!(results["rows"].as_array().unwrap().len(), 3, "as many at once");
}

#[test]
fn stage_machines() {
    let results = short("stage-machines", env!("CARGO_BIN_EXE_stage-machines")).unwrap();
    assert_eq!(results["deployments"], 200);
}

#[test]
fn rehearsal_and_doctor() {
    for (name, program) in
        [("rehearsal", env!("CARGO_BIN_EXE_rehearsal")), ("doctor", env!("CARGO_BIN_EXE_doctor"))]
    {
        assert!(!short(name, program).unwrap()["rows"].as_array().unwrap().is_empty(), "{name}");
    }
}
