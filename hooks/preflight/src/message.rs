//! Patterns of what AWS and Envoy say.
//!
//! A pattern is the message itself, with `{name}` for what differs each time. It is looked for anywhere in a text,
//! since people paste whole lines, and terminals break them: space is space, and case does not matter.

use std::collections::BTreeMap;

use crate::rule::Rule;

/// A message that is known, and the rule that it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The rule.
    pub rule: &'static Rule,
    /// The pattern that fits.
    pub pattern: &'static str,
    /// What stands in the places of the pattern's names.
    pub values: BTreeMap<&'static str, String>,
}

/// More of a text than this is not looked at: a message is a few lines.
const MOST: usize = 64 * 1024;

/// The rules that a text tells of, the one whose pattern says most first.
pub(crate) fn explain(rules: impl Iterator<Item = &'static Rule>, text: &str) -> Vec<Explained> {
    let text = flat(text);
    let mut found: Vec<(usize, Explained)> = rules
        .filter_map(|rule| {
            let fits = rule.messages.iter().filter_map(|pattern| {
                let values = fit(pattern, &text)?;
                Some((said(pattern), Explained { rule, pattern, values }))
            });
            fits.max_by_key(|(said, _)| *said)
        })
        .collect();
    found.sort_by_key(|(said, _)| std::cmp::Reverse(*said));
    found.into_iter().map(|(_, explained)| explained).collect()
}

/// The text on one line, with single spaces and plain quotes: without what mail and Markdown quote with, and with
/// what JSON writes for a new line taken for one.
fn flat(text: &str) -> String {
    let end = text.char_indices().nth(MOST).map_or(text.len(), |(end, _)| end);
    let text = text[..end].replace("\\r", " ").replace("\\n", "\n").replace("\\\"", "\"");
    let lines = text.lines().map(|line| line.trim_start_matches(['>', ' ', '\t']));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").replace(['’', '‘'], "'").replace(['“', '”'], "\"")
}

/// What a pattern consists of.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Said(&'static str),
    Differs(&'static str),
}

fn pieces(pattern: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((said, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        if !said.is_empty() {
            pieces.push(Piece::Said(said));
        }
        pieces.push(Piece::Differs(name));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Said(rest));
    }
    pieces
}

/// How much a pattern says by itself.
fn said(pattern: &'static str) -> usize {
    let said = |piece: &Piece| if let Piece::Said(said) = piece { said.len() } else { 0 };
    pieces(pattern).iter().map(said).sum()
}

/// What stands in the places of a pattern's names, if the pattern is in the text. Each name takes as little as it
/// can; the last one takes a word.
fn fit(pattern: &'static str, text: &str) -> Option<BTreeMap<&'static str, String>> {
    let lower = text.to_ascii_lowercase();
    let (mut values, mut at, mut open, mut begins) = (BTreeMap::new(), 0, None, String::new());
    for piece in pieces(pattern) {
        match piece {
            Piece::Said(said) => {
                let found = at + lower.get(at..)?.find(&said.to_ascii_lowercase())?;
                if let Some(name) = open.take() {
                    // What the pattern begins with may stand before, about something else.
                    let again = lower
                        .get(at..found)?
                        .rfind(&begins)
                        .filter(|_| values.is_empty() && !begins.is_empty());
                    let from = again.map_or(at, |again| at + again + begins.len());
                    values.insert(name, bare(text.get(from..found)?));
                }
                if at == 0 {
                    begins = said.to_ascii_lowercase();
                }
                at = found + said.len();
            }
            Piece::Differs(name) => open = Some(name),
        }
    }
    if let Some(name) = open {
        values.insert(name, bare(text.get(at..)?.split(' ').next().unwrap_or_default()));
    }
    Some(values)
}

/// A value without the quotes and brackets around it, and without the end of the sentence that it is in.
fn bare(value: &str) -> String {
    let quotes = ['"', '\'', '`', '(', ')', '<', '>', ' '];
    value.trim_matches(quotes).trim_end_matches(['.', ',', ';', ':']).trim_matches(quotes).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_fits_wherever_it_stands_and_however_it_is_broken() {
        let pattern = "ECS was unable to assume role {role}";
        for text in [
            "ECS was unable to assume role arn:aws:iam::1:role/hooks",
            "Service deployment rolled back. ECS was\n  unable to assume role\tarn:aws:iam::1:role/hooks.",
            "ecs WAS unable to assume role arn:aws:iam::1:role/hooks, said ECS",
            "> ECS was unable to\n> assume role `arn:aws:iam::1:role/hooks`.",
            "\"ECS was unable\\nto assume role \\\"arn:aws:iam::1:role/hooks\\\".\"",
        ] {
            let values = fit(pattern, &flat(text)).unwrap();
            assert_eq!(values["role"], "arn:aws:iam::1:role/hooks", "{text}");
        }
        assert_eq!(fit(pattern, "ECS was unable to do anything"), None);
    }

    #[test]
    fn names_take_as_little_as_they_can() {
        let values = fit(
            "service {service} failed to {what} in {group} with",
            "service a b failed to x in y in z with",
        )
        .unwrap();
        assert_eq!(values["service"], "a b");
        assert_eq!(values["group"], "y in z");
        let two = "ECS was unable to parse the response from a due to x. ECS was unable to parse the response from 'b' due to null";
        assert_eq!(
            fit("ECS was unable to parse the response from {function} due to null", two).unwrap()["function"],
            "b"
        );
    }

    #[test]
    fn texts_of_any_kind_are_looked_at() {
        for text in ["", "İİİİ service", "{", "}", "\u{0}", &"é".repeat(100_000)] {
            assert_eq!(explain(crate::catalogue::all(), text), [], "{text:.10}");
        }
    }
}
