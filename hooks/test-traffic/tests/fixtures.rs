//! Each check has a plan that decodes, and one that does not, with exactly these problems.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::Value;

#[test]
fn each_check_has_a_valid_plan_and_an_invalid_one() {
    let hook = greenlight_test_traffic::hook();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    // One a line; none where the plan decodes.
    let problems = |file: &Path| -> Vec<String> {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let Value::Object(plan) = serde_json::from_str(&text).unwrap() else { panic!("{}", file.display()) };
        hook.plan(plan).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    };
    for check in hook.check_names() {
        assert_eq!(problems(&folder.join(format!("{check}.json"))), [""; 0], "{check}.json");
        assert!(folder.join(format!("invalid-{check}.json")).exists(), "invalid-{check}.json");
    }
    for file in fs::read_dir(&folder).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("invalid-") && file.extension() == Some(OsStr::new("json")) {
            let expected = fs::read_to_string(file.with_extension("txt")).unwrap_or_default();
            let found = problems(&file);
            assert!(!found.is_empty(), "{name} decodes");
            assert_eq!(found, expected.lines().collect::<Vec<_>>(), "{name}");
        }
    }
}
