//! Lists and counts for people.

use std::fmt::Display;

/// More than these are counted, not listed.
const LISTED: usize = 5;
/// A longer text of AWS's is cut.
const LONGEST: usize = 300;

/// `1 task`, `2 tasks`.
pub(crate) fn count<N: Copy + Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    if number == N::from(1) { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The first few, and how many more there are.
pub(crate) fn listed<T: Display>(entries: impl IntoIterator<Item = T>, between: &str) -> String {
    let entries: Vec<_> = entries.into_iter().map(|entry| entry.to_string()).collect();
    let shown = entries.iter().take(LISTED).cloned().collect::<Vec<_>>().join(between);
    match entries.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown}{between}and {more} more"),
    }
}

/// A text of AWS's in one line, without the full stop that it may end with.
pub(crate) fn one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches('.');
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end_somewhere() {
        assert_eq!(listed(["a", "b"], ", "), "a, b");
        assert_eq!(listed(1..=7, "; "), "1; 2; 3; 4; 5; and 2 more");
        assert_eq!((count(1, "task"), count(2, "task")), ("1 task".to_owned(), "2 tasks".to_owned()));
    }

    #[test]
    fn texts_of_others_are_one_short_line() {
        assert_eq!(one_line("Essential container in\n task exited."), "Essential container in task exited");
        assert_eq!(one_line(&"ä".repeat(400)), format!("{}…", "ä".repeat(300)));
    }
}
