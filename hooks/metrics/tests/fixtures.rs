//! Every check has a plan that decodes, and one that does not, with exactly the problems beside it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use greenlight::plan::Plan;
use greenlight_metrics::hook;
use serde_json::{Map, Value};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn read(name: &str) -> String {
    let path = fixture(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The plan of a file, or its problems, one on a line, in order.
fn decode(name: &str) -> Result<Plan, String> {
    let document: Map<String, Value> = serde_json::from_str(&read(name)).unwrap();
    hook().plan(document).map_err(|problems| {
        let mut lines: Vec<_> = problems.iter().map(|problem| format!("{problem}\n")).collect();
        lines.sort();
        lines.concat()
    })
}

#[test]
fn every_check_has_a_plan_that_decodes() {
    for check in hook().check_names() {
        if let Err(problems) = decode(&format!("{check}.json")) {
            panic!("{check}: {problems}");
        }
    }
}

#[test]
fn every_check_has_a_plan_whose_problems_are_all_said() {
    for check in hook().check_names() {
        let Err(problems) = decode(&format!("invalid-{check}.json")) else {
            panic!("{check}: the invalid plan decodes");
        };
        assert_eq!(problems, read(&format!("invalid-{check}.txt")), "{check}");
    }
}
