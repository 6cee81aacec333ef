//! The rules, grouped by subject. Adding one is an item in the list of its file.

mod load_balancer;

use crate::rule::Rule;

/// Rules of one subject.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// What they are about, as a title.
    pub title: &'static str,
    /// The rules.
    pub rules: &'static [Rule],
}

/// Every subject, in the order of the documentation.
pub(crate) static SUBJECTS: &[Subject] = &[load_balancer::SUBJECT];

/// Every subject, in the order of the documentation.
pub fn subjects() -> &'static [Subject] {
    SUBJECTS
}
