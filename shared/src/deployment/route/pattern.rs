//! What one condition compares a text with: wildcards and regular expressions, any of which may match.
//!
//! A regular expression may match anywhere in the text: rules in the field say `^/api/` and mean every
//! path below. Whether one minds the case of host names and header values is not documented, so what
//! depends on that is neither a match nor none.

use regex_lite::{Regex, RegexBuilder};

use super::{
    super::load_balancing::Patterns,
    matching::Match,
    text::{decode, quoted},
};
use crate::wildcard::{Token, Wildcard};

/// Whether upper and lower case differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Minded,
    Ignored,
}

/// The patterns of a condition, taken apart once.
#[derive(Debug)]
pub(super) struct Texts {
    wildcards: Vec<Wildcard>,
    regexes: Vec<Expression>,
}

#[derive(Debug)]
struct Expression {
    text: String,
    /// None where it is not understood.
    exact: Option<Regex>,
    /// The same without regard to case, where that may be meant.
    folded: Option<Regex>,
}

impl Expression {
    fn new(text: &str, case: Case) -> Self {
        let folded = (case == Case::Ignored)
            .then(|| RegexBuilder::new(text).case_insensitive(true).build().ok())
            .flatten();
        Self { text: text.to_owned(), exact: Regex::new(text).ok(), folded }
    }

    fn test(&self, text: &str) -> Match {
        let Some(exact) = &self.exact else {
            return Match::CannotTell(format!(
                "the regular expression {} is not understood here",
                quoted(&self.text)
            ));
        };
        if exact.is_match(text) {
            Match::Yes
        } else if self.folded.as_ref().is_some_and(|folded| folded.is_match(text)) {
            Match::CannotTell(format!(
                "the regular expression {} matches {} only if case is ignored, and whether it is is not documented",
                quoted(&self.text),
                quoted(text)
            ))
        } else {
            Match::No
        }
    }
}

impl Texts {
    pub(super) fn new(patterns: &Patterns, case: Case) -> Self {
        let wildcard = |text: &String| {
            let wildcard = Wildcard::questions(text);
            if case == Case::Ignored { wildcard.ignoring_case() } else { wildcard }
        };
        Self {
            wildcards: patterns.wildcards.iter().map(wildcard).collect(),
            regexes: patterns.regexes.iter().map(|text| Expression::new(text, case)).collect(),
        }
    }

    /// Whether any of them matches.
    pub(super) fn test(&self, text: &str) -> Match {
        if self.wildcards.is_empty() && self.regexes.is_empty() {
            return Match::CannotTell("the condition has no values that this version knows".to_owned());
        }
        if self.wildcards.iter().any(|wildcard| wildcard.matches(text)) {
            return Match::Yes;
        }
        Match::any(self.regexes.iter().map(|regex| regex.test(text)))
    }

    /// The same for a part of the URL, which may be percent-encoded.
    pub(super) fn test_encoded(&self, text: &str) -> Match {
        encoded(text, |text| self.test(text))
    }

    /// Whether one of them matches this text, however it goes on.
    pub(super) fn takes_whatever_begins_with(&self, text: &str) -> bool {
        let open = |wildcard: &&Wildcard| wildcard.tokens().last() == Some(&Token::Any);
        self.wildcards.iter().filter(open).any(|wildcard| wildcard.matches(text))
    }

    /// Whether a text that was made up for it may be sent: not where nothing is known about it.
    pub(super) fn takes_guess(&self, text: &str) -> bool {
        match self.test(text) {
            Match::Yes => true,
            Match::No => false,
            Match::CannotTell(_) => !self.is_beyond_us(),
        }
    }

    /// Whether one of its regular expressions is not understood.
    pub(super) fn is_beyond_us(&self) -> bool {
        self.regexes.iter().any(|regex| regex.exact.is_none())
    }
}

/// Tests a part of the URL as it is sent. That it matches only when decoded is not enough to rely on:
/// whether the load balancer decodes before it compares is not documented.
pub(super) fn encoded(text: &str, test: impl Fn(&str) -> Match) -> Match {
    match (test(text), decode(text)) {
        (Match::No, Some(decoded)) if test(&decoded) != Match::No => Match::CannotTell(format!(
            "{} matches only once its percent-encoding is undone, and whether the load balancer does that first is not documented",
            quoted(text)
        )),
        (tested, _) => tested,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(wildcards: &[&str], regexes: &[&str], case: Case) -> Texts {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Texts::new(&Patterns { wildcards: owned(wildcards), regexes: owned(regexes) }, case)
    }

    #[test]
    fn any_of_the_values_is_enough() {
        let word = |tested: &Match| match tested {
            Match::Yes => "yes",
            Match::No => "no",
            Match::CannotTell(_) => "unknown",
        };
        for (name, texts, text, expected) in [
            ("second wildcard", texts(&["/a", "/b*"], &[], Case::Minded), "/bc", "yes"),
            ("case of a path", texts(&["/A"], &[], Case::Minded), "/a", "no"),
            ("case of a host", texts(&["A.b"], &[], Case::Ignored), "a.B", "yes"),
            ("question mark", texts(&["/?"], &[], Case::Minded), "/ab", "no"),
            ("regex beside wildcard", texts(&["/a"], &["^/[bc]$"], Case::Minded), "/c", "yes"),
            ("regex anywhere", texts(&[], &["^/api/"], Case::Minded), "/api/x", "yes"),
            ("regex anchored", texts(&[], &["^/api/$"], Case::Minded), "/api/x", "no"),
            ("regex and case of a path", texts(&[], &["^/API"], Case::Minded), "/api", "no"),
            ("regex and case of a host", texts(&[], &["^API"], Case::Ignored), "api.x", "unknown"),
            ("regex not understood", texts(&[], &["(?=a)"], Case::Minded), "a", "unknown"),
            (
                "one regex not understood, the other matches",
                texts(&[], &["(", "a"], Case::Minded),
                "a",
                "yes",
            ),
            ("no values", texts(&[], &[], Case::Minded), "a", "unknown"),
            ("empty value", texts(&[""], &[], Case::Minded), "a", "no"),
        ] {
            let tested = texts.test(text);
            assert_eq!(word(&tested), expected, "{name}: {tested:?}");
        }
        assert!(texts(&[], &["("], Case::Minded).is_beyond_us());
        assert!(matches!(texts(&["/a b"], &[], Case::Minded).test_encoded("/a%20b"), Match::CannotTell(_)));
        assert_eq!(texts(&["/a%20b"], &[], Case::Minded).test_encoded("/a%20b"), Match::Yes);
    }
}
