//! What must hold of any file that a deployment is read from.

use std::collections::BTreeMap;

use super::{Examined, examined, report, sarif, show};
use crate::rehearsal::subject::{self, File, Options, Source, document};
use crate::wiring;

/// What the file is called.
const NAME: &str = "fuzzed.yaml";

/// A file is judged by the doctor and read for a rehearsal, or refused with the reason; what is found has a line of the
/// file; and whether a document is written in YAML or in JSON makes no difference.
///
/// # Panics
/// Where that does not hold.
pub fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let told = tell(text);
    let Ok(read) = document(&File { name: NAME, text }) else {
        assert!(told.is_empty(), "what cannot be read is not judged");
        return;
    };
    // The same document as JSON, unless a number has no exact text.
    let again = read.to_string();
    if serde_json::from_str(&again).is_ok_and(|same: serde_json::Value| same == read) {
        assert_eq!(told, tell(&again), "the same document, as JSON, is something else");
    }
}

/// Everything that is said of a file but for its lines, which depend on how it is written.
fn tell(text: &str) -> Vec<String> {
    let file = File { name: NAME, text };
    let mut told = Vec::new();
    if document(&file).is_err() {
        assert!(wiring::read(&[file], &BTreeMap::new()).is_err() && Source::detect(file).is_err());
        return told;
    }
    match wiring::read(&[file], &BTreeMap::new()) {
        Ok(wirings) => {
            let rules = examined::rules(&[]).unwrap_or_default();
            let examined = Examined::new(&wirings, &rules);
            assert_eq!(wirings.all.len(), examined.services.len());
            // A carriage return ends a line by itself, too: for YAML, and for editors.
            let breaks = text.replace("\r\n", "\n").matches(['\n', '\r']).count();
            let lines = u64::try_from(breaks).unwrap_or(u64::MAX).saturating_add(1);
            for (_, finding, _) in examined.findings() {
                let line = wirings.line(&finding.at);
                assert!(line.is_none_or(|line| (1..=lines).contains(&line)), "{line:?} of {lines} lines");
                told.push(format!("{} {}: {}", finding.rule.id, finding.at.path, finding.observed));
            }
            let _ = (report::report(&examined), sarif::report(&examined), show::text(&examined, true));
            told.extend(wirings.notes.iter().cloned());
        }
        Err(problems) => told.extend(refused(&problems)),
    }
    match Source::detect(file).map_err(|problem| vec![problem]).and_then(|source| {
        // A service whose name stands elsewhere is named by a flag.
        let named = Options { service: Some("fuzzed".to_owned()), ..Options::default() };
        subject::read(&source, &Options::default()).or_else(|_| subject::read(&source, &named))
    }) {
        Ok(subject) => told.push(format!("{subject:?}")),
        Err(problems) => told.extend(refused(&problems)),
    }
    told
}

/// Every problem says where it is and what is expected instead.
fn refused(problems: &[subject::Problem]) -> Vec<String> {
    assert!(!problems.is_empty(), "a file is refused for something");
    for problem in problems {
        assert!(!problem.file.is_empty() && !problem.observed.is_empty() && !problem.expected.is_empty());
    }
    problems.iter().map(ToString::to_string).collect()
}
