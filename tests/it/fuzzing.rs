//! What fuzzing found worth keeping, and every file that a target begins with, held to the properties of the targets.

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use greenlight_tests::fuzzing::TARGETS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files below a folder, or the one that is named.
fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let mut inner: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    inner.sort();
    inner.iter().flat_map(|path| files(path)).collect()
}

/// What each target begins with beside its corpus: `fuzz/seeds.txt`.
fn seeds() -> BTreeMap<String, Vec<PathBuf>> {
    let text = fs::read_to_string(root().join("fuzz/seeds.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            (words.next().unwrap(), words.map(|path| root().join(path)).collect())
        })
        .collect()
}

#[test]
fn what_was_kept_holds() {
    let seeds = seeds();
    let mut broken = Vec::new();
    for (name, property) in TARGETS {
        let corpus = root().join("fuzz/corpus").join(name);
        let begun = seeds.get(name).into_iter().flatten();
        let files: Vec<PathBuf> = begun.chain([&corpus]).flat_map(|path| files(path)).collect();
        assert!(!files.is_empty(), "the target `{name}` has nothing to begin with");
        for file in files {
            let bytes = fs::read(&file).unwrap();
            if catch_unwind(|| property(&bytes)).is_err() {
                broken.push(format!("{name}: {}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "the panics above are of\n{}", broken.join("\n"));
}

#[test]
fn every_property_is_a_target() {
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let mut known: Vec<_> =
        manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")).collect();
    known.sort_unstable();
    assert_eq!(known, TARGETS.map(|(name, _)| format!("{name}.rs\"")), "fuzz/Cargo.toml");
    for (name, _) in TARGETS {
        let text = fs::read_to_string(root().join("fuzz/fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(
            text.contains(&format!("fuzzing::{name}(")),
            "fuzz/fuzz_targets/{name}.rs fuzzes something else"
        );
    }
}
