//! Where the programs are that are measured.
//!
//! The hooks and the command come from the folder that `GREENLIGHT_BIN_DIR` names, so that what is measured can be what a
//! release has. Everything else is beside the benchmark itself.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of the hooks and the command.
const FOLDER: &str = "GREENLIGHT_BIN_DIR";

/// The root of the repository.
pub fn root() -> &'static Path {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.parent().unwrap_or(bench)
}

/// Cargo's folder, which the benchmark stands in.
pub fn target() -> io::Result<PathBuf> {
    target_of(&env::current_exe()?)
}

/// Cargo's folder, which a program of it stands in: two levels up, or three where it was built for a named target.
pub fn target_of(program: &Path) -> io::Result<PathBuf> {
    let names_target = |folder: &Path| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix(env::consts::ARCH).is_some_and(|rest| rest.starts_with('-'))
    };
    let folder = program.ancestors().skip(2).find(|folder| !names_target(folder)).map(Path::to_owned);
    folder.ok_or_else(|| io::Error::other("the benchmark is in no folder of Cargo's"))
}

/// The folder that was named for the hooks and the command, if one was.
pub fn named() -> Option<PathBuf> {
    env::var_os(FOLDER).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// A hook or the command.
pub fn measured(name: &str) -> io::Result<PathBuf> {
    match named() {
        Some(folder) => existing(root().join(folder).join(name)),
        None => beside(name),
    }
}

/// A program that was built with the benchmark.
pub fn beside(name: &str) -> io::Result<PathBuf> {
    existing(env::current_exe()?.with_file_name(name))
}

fn existing(program: PathBuf) -> io::Result<PathBuf> {
    if program.is_file() {
        return Ok(program);
    }
    let path = program.display();
    Err(io::Error::other(format!(
        "there is no `{path}`; `bench/run` builds what it measures, {FOLDER} names where else it is"
    )))
}
