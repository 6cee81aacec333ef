//! A file of named cases: `greenlight rehearse rehearsal.yaml`.
//!
//! A case says what the flags of one rehearsal say, and is read by the same parser, so there is nothing
//! that only one of them can do. Every case is read, and every file that it names, before the first one
//! is played; then they are played one after the other, whatever became of the others.

mod file;
mod flags;
mod show;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use self::file::Case;
use super::options::RehearseOptions;
use super::playing::{self, Prepared};
use super::preparation::Text;
use super::rehearsed::{Rehearsed, total};
use super::{Given, report};
use crate::failure::Failure;
use crate::output;
use crate::rehearsal::subject::{self, File};

/// What may stand beside a file of cases: how to report, and `--speed`, which goes before the cases' own.
const BESIDE: [&str; 3] = ["json", "junit", "speed"];

/// The document of a file of cases; none where it is a file of another kind.
pub(super) fn document((name, text): &Text) -> Option<Value> {
    // Whoever reads it as what it is says what is wrong with it.
    subject::document(&File { name, text }).ok().filter(|document| document.get("cases").is_some())
}

/// Rehearses every case.
pub(super) async fn run(document: &Value, given: &Given<RehearseOptions>) -> Result<ExitCode, Failure> {
    let options = &given.options;
    let path = options.file.as_deref().unwrap_or(Path::new("-"));
    let name = path.display().to_string();
    alone(&name, &given.flags)?;
    let prepared = prepare(path, document, given)?;
    let mut rehearsals = Vec::with_capacity(prepared.len());
    for case in prepared {
        let (play, rehearsed) = playing::play(case, !options.json, |_| ()).await;
        if let Some(play) = play {
            play.end().await;
        }
        if !options.json {
            output::data(&show::case(&rehearsed))?;
        }
        rehearsals.push(rehearsed);
    }
    if options.json {
        output::json(&show::document(&rehearsals))?;
    } else {
        output::data(&format!("\n{}", total(&rehearsals)))?;
    }
    report(options, &name, &rehearsals)?;
    Ok(exit_code(&rehearsals))
}

/// Flags of one rehearsal would be lost beside several.
fn alone(name: &str, flags: &[String]) -> Result<(), Failure> {
    let lost: Vec<&str> = flags.iter().map(String::as_str).filter(|flag| !BESIDE.contains(flag)).collect();
    if lost.is_empty() {
        return Ok(());
    }
    let listed = lost.iter().map(|flag| format!("`--{flag}`")).collect::<Vec<_>>().join(", ");
    let failure = Failure::wrong(format!("{listed} cannot stand beside `{name}`, which is a file of cases"));
    Err(if lost == ["keep"] {
        failure.hint("to look at a deployment further, rehearse it alone, with the flags of its case")
    } else {
        failure.hint("say it in the file: in a case, or under `defaults` for all of them")
    })
}

/// Reads every case and every file that it names; all that is wrong, at once.
fn prepare(path: &Path, document: &Value, given: &Given<RehearseOptions>) -> Result<Vec<Prepared>, Failure> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let cases = file::read(document, folder);
    let cases = cases.map_err(|problems| wrong(path, &problems))?;
    let mut prepared = Vec::new();
    let mut problems = Vec::new();
    for Case { name, mut options } in cases {
        if given.flags.iter().any(|flag| flag == "speed") {
            options.speed = given.options.speed;
        }
        match Prepared::new(Some(name.clone()), &options, None) {
            Ok(case) => prepared.push(case),
            Err(failure) => problems.push(format!("case `{name}`: {failure}").replace('\n', "\n  ")),
        }
    }
    if problems.is_empty() { Ok(prepared) } else { Err(wrong(path, &problems)) }
}

fn wrong(path: &Path, problems: &[String]) -> Failure {
    let lines = problems.iter().map(|problem| format!("`{}`: {problem}", path.display()));
    Failure::wrong(lines.collect::<Vec<_>>().join("\n"))
}

/// What could not be played says more than what does not hold: there, nobody knows.
fn exit_code(rehearsals: &[Rehearsed]) -> ExitCode {
    match rehearsals.iter().find_map(|rehearsed| rehearsed.came_to.as_ref().err()) {
        Some(failure) => failure.exit_code(),
        None => output::exit_code(rehearsals.iter().all(Rehearsed::holds)),
    }
}
