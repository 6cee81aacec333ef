//! The wiring of deployments, read from the files that their owners have: facts for the rules.
//!
//! Every kind of file becomes documents in the shape of AWS's APIs ([`greenlight_preflight::Facts`]). What a template
//! or a plan takes from elsewhere stays unknown in them; nothing is guessed.

mod cloud_formation;
mod kind;
mod lines;
mod parts;
mod roles;
mod terraform;

use std::collections::BTreeMap;

use greenlight_preflight::{Facts, Place};

pub(crate) use self::lines::Lines;
use crate::rehearsal::subject::{File, Problem, document};

/// What is known of one service's deployment.
#[derive(Debug)]
pub(crate) struct Wiring {
    /// What it is called: a service, or a task definition without one.
    pub(crate) name: String,
    pub(crate) facts: Facts,
}

/// What was read from files.
#[derive(Debug, Default)]
pub(crate) struct Wirings {
    pub(crate) all: Vec<Wiring>,
    /// Where places are in the files, by their names.
    pub(crate) lines: BTreeMap<String, Lines>,
    /// What of the files is not looked at, or is wrong with them whatever the rules say.
    pub(crate) notes: Vec<String>,
}

impl Wirings {
    /// The line of a place, counted from one; none where the file does not tell.
    pub(crate) fn line(&self, place: &Place) -> Option<u64> {
        self.lines.get(&place.source)?.of(&place.path)
    }

    /// Whether a place is in a file, and not in an account.
    pub(crate) fn is_file(&self, place: &Place) -> bool {
        self.lines.contains_key(&place.source)
    }
}

/// Reads files, or says all that is wrong with them.
pub(crate) fn read(
    files: &[File<'_>],
    parameters: &BTreeMap<String, String>,
) -> Result<Wirings, Vec<Problem>> {
    let mut parts = parts::Parts::default();
    let mut problems = Vec::new();
    for file in files {
        match document(file).and_then(|document| kind::read(file, &document, parameters, &mut parts)) {
            Ok(()) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let (all, notes) = parts.wirings();
    if let (Some(file), true) = (files.first(), all.is_empty()) {
        return Err(vec![Problem::of_file(
            file.name,
            "has no service and nothing else that rules look at",
            "at least one, so that a wrong file is not taken for a correct one",
        )]);
    }
    let lines = files.iter().map(|file| (file.name.to_owned(), Lines::new(file.text))).collect();
    Ok(Wirings { all, lines, notes })
}

#[cfg(test)]
mod tests;
