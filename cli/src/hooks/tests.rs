//! Each check of each hook has a plan that decodes, and one that does not, with exactly the problems beside it.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use greenlight::Hook;
use serde_json::Value;

use super::all;

fn fixtures(hook: &Hook) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../hooks").join(hook.name()).join("fixtures")
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The problems of a plan's file, in their order; none where it decodes.
fn problems(hook: &Hook, file: &Path) -> Vec<String> {
    let Value::Object(plan) = serde_json::from_str(&read(file)).unwrap() else {
        panic!("{}", file.display())
    };
    hook.plan(plan).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn every_check_has_a_plan_that_decodes_and_one_that_does_not() {
    for hook in all() {
        let folder = fixtures(&hook);
        for check in hook.check_names() {
            let found = problems(&hook, &folder.join(format!("{check}.json")));
            assert_eq!(found, [""; 0], "{}: {check}.json", hook.name());
            let invalid = folder.join(format!("invalid-{check}.json"));
            assert!(invalid.exists(), "{}", invalid.display());
        }
    }
}

#[test]
fn all_problems_of_a_plan_are_said() {
    for hook in all() {
        for file in fs::read_dir(fixtures(&hook)).unwrap() {
            let file = file.unwrap().path();
            let is_invalid =
                file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("invalid-"));
            if is_invalid && file.extension() == Some(OsStr::new("json")) {
                let found = problems(&hook, &file);
                assert!(!found.is_empty(), "{} decodes", file.display());
                let expected = read(&file.with_extension("txt"));
                assert_eq!(found, expected.lines().collect::<Vec<_>>(), "{}", file.display());
            }
        }
    }
}
