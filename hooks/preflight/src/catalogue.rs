//! The rules as a whole: all of them, one by its id, all that facts break, all that a message tells of.

use std::collections::BTreeSet;

use greenlight::plan::decode::suggest;

use crate::{
    facts::{Facts, Key},
    look::{Look, Seen},
    message::{self, Explained},
    rule::{Finding, Rule},
    rules::SUBJECTS,
};

/// Every rule, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    SUBJECTS.iter().flat_map(|subject| subject.rules.iter())
}

/// The rule of that id, whatever the case of its letters.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// The rules that a pattern means: an id, or `LB-*` for all that begin so, whatever the case.
pub fn matching(pattern: &str) -> impl Iterator<Item = &'static Rule> {
    let pattern = pattern.to_ascii_uppercase();
    all().filter(move |rule| match pattern.strip_suffix('*') {
        Some(begin) => rule.id.starts_with(begin),
        None => rule.id == pattern,
    })
}

/// What to do where a pattern means no rule.
pub fn nearest(pattern: &str) -> String {
    let known: Vec<&str> = all().map(|rule| rule.id).collect();
    let suggested = suggest(pattern, &known);
    // All of them are no help.
    if suggested.starts_with("did you mean") { suggested } else { "docs/rules.md lists them".to_owned() }
}

/// What a rule asked for and did not get.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lack {
    /// The document, where it was one; a live look can fetch it.
    pub key: Option<Key>,
    /// Why it was not to be had, in words.
    pub why: String,
    /// Whether it may be had by asking again: AWS was busy, or was not reached.
    pub may_heal: bool,
}

/// What came of judging facts by rules.
#[derive(Debug, Default)]
pub struct Judged {
    /// The rules that are broken, in the order of the rules.
    pub findings: Vec<Finding>,
    /// The rules that could not be judged in full, with what they lacked. A rule may have findings all the same.
    pub lacks: Vec<(&'static Rule, Vec<Lack>)>,
    /// The rules that were judged in full.
    pub full: Vec<&'static Rule>,
    /// The rules that nothing was there for, which is neither kept nor broken.
    pub not_applicable: Vec<&'static Rule>,
}

impl Judged {
    /// The documents that were asked for and are not known yet.
    pub fn wanted(&self, facts: &Facts) -> BTreeSet<Key> {
        let keys = self.lacks.iter().flat_map(|(_, lacks)| lacks).filter_map(|lack| lack.key.clone());
        keys.filter(|key| !facts.has(key)).collect()
    }
}

/// Judges facts by rules; those that are found by messages alone are left out.
pub fn judge(rules: impl IntoIterator<Item = &'static Rule>, facts: &Facts) -> Judged {
    let mut judged = Judged::default();
    for rule in rules {
        let Some(judge) = rule.judge else { continue };
        let look = Look::new(facts, rule);
        judge(&look);
        let Seen { findings, lacks, anything } = look.finish();
        judged.findings.extend(findings);
        match (lacks.is_empty(), anything) {
            (false, _) => judged.lacks.push((rule, lacks)),
            (true, true) => judged.full.push(rule),
            (true, false) => judged.not_applicable.push(rule),
        }
    }
    judged
}

/// The rules that a message tells of, the one that fits it closest first. None is "not known here".
pub fn explain(message: &str) -> Vec<Explained> {
    message::explain(all(), message)
}
