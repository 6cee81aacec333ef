//! Patterns with `*`, which stands for any characters, and `?`, which stands for exactly one.

/// Matches the whole of `text`.
///
/// `escapes` says whether `\*` and `\?` are the characters themselves, as they are in query strings
/// alone.
pub(super) fn matches(pattern: &str, text: &str, case: Case, escapes: bool) -> bool {
    let pattern = parse(pattern, escapes);
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut of) = (0, 0);
    // Where the last `*` stands, and up to where it has swallowed the text.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(of) {
            Some(Part::Any) => {
                star = Some((of, at));
                of += 1;
            }
            Some(part) if part.is(text[at], case) => {
                at += 1;
                of += 1;
            }
            // Only the last `*` ever needs to swallow more: the ones before it have found their text.
            _ => match &mut star {
                Some((of_star, swallowed)) => {
                    *swallowed += 1;
                    at = *swallowed;
                    of = *of_star + 1;
                }
                None => return false,
            },
        }
    }
    pattern[of..].iter().all(|part| *part == Part::Any)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Matters,
    Ignored,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Is(char),
}

impl Part {
    fn is(&self, character: char, case: Case) -> bool {
        match (self, case) {
            (Self::Any, _) => false,
            (Self::One, _) => true,
            (Self::Is(wanted), Case::Matters) => *wanted == character,
            (Self::Is(wanted), Case::Ignored) => wanted.eq_ignore_ascii_case(&character),
        }
    }
}

fn parse(pattern: &str, escapes: bool) -> Vec<Part> {
    let mut characters = pattern.chars().peekable();
    let mut parts = Vec::new();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '*' => Part::Any,
            '?' => Part::One,
            '\\' if escapes => match characters.next_if(|next| matches!(next, '*' | '?')) {
                Some(escaped) => Part::Is(escaped),
                None => Part::Is('\\'),
            },
            other => Part::Is(other),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_what_they_should() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*ab", "aab", true),
            ("*aab", "aaab", true),
            ("*a?b", "aaab", true),
            ("a*b*c", "abcbc", true),
            ("*.example.com", "example.com", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text, Case::Matters, false), expected, "{pattern} and {text}");
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let text = "a".repeat(4000);
        assert!(!matches("*a*a*a*a*a*b", &text, Case::Matters, false));
    }

    #[test]
    fn escapes_are_characters_where_there_are_escapes() {
        assert!(matches(r"a\*", "a*", Case::Matters, true));
        assert!(!matches(r"a\*", "ab", Case::Matters, true));
        assert!(matches(r"a\b", r"a\b", Case::Matters, true));
        assert!(matches(r"a\*", r"a\b", Case::Matters, false));
    }
}
