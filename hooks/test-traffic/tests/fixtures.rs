//! Each check has a plan that decodes, and one that does not, with exactly these problems.

use std::fs;
use std::path::Path;

use greenlight::Hook;
use serde_json::Value;

/// The problems of a plan, one a line; none where it decodes.
fn problems(hook: &Hook, file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let Value::Object(plan) = serde_json::from_str(&text).unwrap() else { panic!("{}", file.display()) };
    let problems = hook.plan(plan).err().unwrap_or_default();
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn each_check_has_a_valid_plan_and_an_invalid_one() {
    let hook = greenlight_test_traffic::hook();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for check in hook.check_names() {
        assert_eq!(problems(&hook, &folder.join(format!("{check}.json"))), "", "{check}.json");
        assert!(folder.join(format!("invalid-{check}.json")).exists(), "invalid-{check}.json");
    }
    for file in fs::read_dir(&folder).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("invalid-") && name.ends_with(".json") {
            let expected = fs::read_to_string(file.with_extension("txt")).unwrap_or_default();
            let found = problems(&hook, &file);
            assert!(!found.is_empty(), "{name} decodes");
            assert_eq!(found, expected, "{name}");
        }
    }
}
