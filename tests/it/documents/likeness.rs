//! Whether what a command printed is what a document shows.

use std::sync::LazyLock;

use regex_lite::Regex;

const ANYTHING: &str = "…";

/// What differs from run to run and is shown as it once was: durations, and how much traffic there was in them.
static VARIES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(under )?\d+(\.\d+)? ?(µs|ms|s|min)\b( \d+ s\b)?|\b(in|asked) [\d,]+( requests)?|\b[\d,]+ requests\b")
        .expect("it is one")
});

/// What a machine says of itself that is slower than a reader's.
const SLOW: &str = "note     only ";

/// An error says which line of the document nothing was printed for.
pub(super) fn compare(shown: &[String], printed: &str) -> Result<(), String> {
    if shown.is_empty() {
        return Ok(());
    }
    let plain = |line: &str| VARIES.replace_all(line.trim_end(), "?").into_owned();
    let shown: Vec<String> = shown.iter().map(|line| plain(line)).collect();
    let printed = printed.trim_end().lines().filter(|line| !line.starts_with(SLOW));
    let printed: Vec<String> = printed.map(plain).collect();
    match furthest(&shown, &printed) {
        None => Ok(()),
        Some(line) => Err(shown.get(line).map_or_else(
            || "more was printed than is shown, and no `…` stands for it".to_owned(),
            |line| format!("nothing like this was printed there: {line}"),
        )),
    }
}

/// How many of the lines shown were found in order, where not all of both are.
fn furthest(shown: &[String], printed: &[String]) -> Option<usize> {
    let Some((first, rest)) = shown.split_first() else {
        return (!printed.is_empty()).then_some(0);
    };
    if first.trim() == ANYTHING {
        let mut best = 0;
        for skipped in 0..=printed.len() {
            match furthest(rest, &printed[skipped..]) {
                None => return None,
                Some(found) => best = best.max(found),
            }
        }
        return Some(best + 1);
    }
    match printed.split_first() {
        Some((line, after)) if is_like(first, line) => furthest(rest, after).map(|found| found + 1),
        _ => Some(0),
    }
}

/// Whether all parts between the `…` are there, in order, from end to end.
fn is_like(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split(ANYTHING);
    let Some(mut left) = printed.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return left.is_empty() };
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

#[test]
fn lines_are_compared_by_what_does_not_vary() {
    let cases: [(&str, &[&str], &str, bool); 9] = [
        ("the same", &["a", "b"], "a\nb\n", true),
        ("a duration", &["took 1.3 s here"], "took 12 s here", true),
        ("another word", &["a duration of 1 s"], "no duration of 1 s", false),
        ("a number that counts", &["3 tasks"], "2 tasks", false),
        ("a gap in a line", &["task …01: …"], "task abc01: gone", true),
        ("an end that differs", &["task …01"], "task abc02", false),
        ("a gap of lines", &["a", "…", "d"], "a\nb\nc\nd", true),
        ("a line too many", &["a"], "a\nb", false),
        ("a line too few", &["a", "b"], "a", false),
    ];
    for (name, shown, printed, is_same) in cases {
        let shown: Vec<String> = shown.iter().map(ToString::to_string).collect();
        assert_eq!(compare(&shown, printed).is_ok(), is_same, "{name}");
    }
}
