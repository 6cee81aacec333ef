//! Every check has a plan that decodes, and one that does not, with exactly the problems beside it.

use std::error::Error;
use std::fs;
use std::path::Path;

use greenlight_health::hook;
use serde_json::{Map, Value};

fn read(name: &str) -> Result<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The problems of a plan's file, one on a line, in order; nothing where it decodes.
fn problems(name: &str) -> Result<String, Box<dyn Error>> {
    let document: Map<String, Value> = serde_json::from_str(&read(name)?)?;
    let problems = hook().plan(document).err().unwrap_or_default();
    let mut lines: Vec<_> = problems.iter().map(|problem| format!("{problem}\n")).collect();
    lines.sort();
    Ok(lines.concat())
}

#[test]
fn every_check_has_a_plan_that_decodes() {
    for check in hook().check_names() {
        assert_eq!(problems(&format!("{check}.json")).unwrap(), "", "{check}");
    }
}

#[test]
fn every_check_has_a_plan_whose_problems_are_all_said() {
    for check in hook().check_names() {
        let expected = read(&format!("invalid-{check}.txt")).unwrap();
        assert!(!expected.is_empty(), "{check}: no problem is expected");
        assert_eq!(problems(&format!("invalid-{check}.json")).unwrap(), expected, "{check}");
    }
}
