//! Finds the binaries under test: the command and the hooks.
//!
//! `GREENLIGHT_BIN_DIR` names the folder where it is set, so that the same tests run against release
//! artefacts. Otherwise it is the folder that Cargo built this very test into. A missing binary is an
//! error that says what to run: a test that built it by itself would wait for Cargo's lock, which the
//! `cargo test` around it may hold.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of the binaries under test.
pub const FOLDER_VARIABLE: &str = "GREENLIGHT_BIN_DIR";

/// The command, `greenlight`.
pub fn command() -> io::Result<PathBuf> {
    find("greenlight", "greenlight-cli")
}

/// The hook `test-traffic`.
pub fn test_traffic() -> io::Result<PathBuf> {
    find("test-traffic", "greenlight-test-traffic")
}

/// The hook `health`.
pub fn health() -> io::Result<PathBuf> {
    find("health", "greenlight-health")
}

/// The hook `metrics`.
pub fn metrics() -> io::Result<PathBuf> {
    find("metrics", "greenlight-metrics")
}

/// The hook `preflight`.
pub fn preflight() -> io::Result<PathBuf> {
    find("preflight", "greenlight-preflight")
}

/// The hook of these tests, whose validation does what it is told.
pub fn faulty_hook() -> io::Result<PathBuf> {
    find("faulty-hook", "greenlight-tests")
}

fn find(name: &str, package: &str) -> io::Result<PathBuf> {
    let folder = env::var_os(FOLDER_VARIABLE);
    let executable = env::current_exe()?;
    find_in(&folder_of(folder.map(PathBuf::from), &executable)?, name, package)
}

/// A folder that was named is taken from the workspace's root where it is relative, because Cargo runs
/// a package's tests in that package's folder.
fn folder_of(named: Option<PathBuf>, executable: &Path) -> io::Result<PathBuf> {
    if let Some(named) = named.filter(|folder| !folder.as_os_str().is_empty()) {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        return Ok(workspace.join(named));
    }
    // …/target/debug/deps/it-0123456789abcdef is beside …/target/debug/test-traffic.
    let folder = executable.parent().and_then(|folder| match folder.file_name() {
        Some(name) if name == "deps" => folder.parent(),
        _ => Some(folder),
    });
    folder.map(Path::to_path_buf).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "`{}` has no folder to look for binaries in; set {FOLDER_VARIABLE}",
                executable.display()
            ),
        )
    })
}

fn find_in(folder: &Path, name: &str, package: &str) -> io::Result<PathBuf> {
    let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if path.is_file() {
        return Ok(path);
    }
    let profile = if folder.ends_with("release") { " --release" } else { "" };
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        format!(
            "`{}` does not exist: run `cargo build{profile} -p {package} --bin {name}` first, or set \
             {FOLDER_VARIABLE} to the folder that holds `{name}`",
            path.display()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_named_comes_first() {
        let executable = Path::new("/build/debug/deps/it-1");
        let named = folder_of(Some(PathBuf::from("/elsewhere")), executable).unwrap();
        assert_eq!(named, Path::new("/elsewhere"));
    }

    #[test]
    fn a_relative_folder_starts_at_the_workspace() {
        let named = folder_of(Some(PathBuf::from("shared")), Path::new("/build/debug/deps/it-1")).unwrap();
        assert!(named.join("Cargo.toml").is_file(), "{} is not the package `shared`", named.display());
    }

    #[test]
    fn binaries_are_beside_the_folder_of_the_test() {
        for (executable, folder) in [
            ("/build/debug/deps/it-1", "/build/debug"),
            ("/build/release/deps/it-1", "/build/release"),
            ("/build/debug/it", "/build/debug"),
        ] {
            assert_eq!(folder_of(None, Path::new(executable)).unwrap(), Path::new(folder));
            let empty = Some(PathBuf::new());
            assert_eq!(folder_of(empty, Path::new(executable)).unwrap(), Path::new(folder));
        }
    }

    #[test]
    fn a_missing_binary_says_what_to_run() {
        let folder = tempfile::tempdir().unwrap();
        let release = folder.path().join("release");
        let error = find_in(&release, "test-traffic", "greenlight-test-traffic").unwrap_err().to_string();
        let command = "cargo build --release -p greenlight-test-traffic --bin test-traffic";
        assert!(error.contains(command), "{error}");
        assert!(error.contains(FOLDER_VARIABLE), "{error}");
    }

    #[test]
    fn a_binary_that_is_there_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("test-traffic{}", env::consts::EXE_SUFFIX));
        std::fs::write(&path, "").unwrap();
        let found = find_in(folder.path(), "test-traffic", "greenlight-test-traffic").unwrap();
        assert_eq!(found, path);
    }
}
