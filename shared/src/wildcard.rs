//! Texts that may look like several: `*` for anything and, where asked for, `?` for one character.
//!
//! One matcher serves `GREENLIGHT_PAUSE` and the conditions of listener rules. It never backtracks
//! further than to the last `*`, so its time is bounded by the product of the two lengths: patterns
//! come from outside, and the naive recursion takes exponential time on some of them.

/// One piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// Anything, also nothing.
    Any,
    /// Exactly one character.
    One,
    /// This character.
    Is(char),
}

/// A pattern, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wildcard {
    tokens: Vec<Token>,
    folds_case: bool,
}

impl Wildcard {
    /// Only `*` is special.
    pub(crate) fn stars(pattern: &str) -> Self {
        Self::new(
            pattern.chars().map(|character| if character == '*' { Token::Any } else { Token::Is(character) }),
        )
    }

    /// `*` and `?` are special.
    pub(crate) fn questions(pattern: &str) -> Self {
        Self::new(pattern.chars().map(token))
    }

    /// `*` and `?` are special, unless a `\` stands before them.
    pub(crate) fn escaped(pattern: &str) -> Self {
        let mut characters = pattern.chars().peekable();
        Self::new(std::iter::from_fn(move || {
            let character = characters.next()?;
            let escaped = match character {
                '\\' => characters.next_if(|next| matches!(next, '*' | '?' | '\\')),
                _ => None,
            };
            Some(escaped.map_or_else(|| token(character), Token::Is))
        }))
    }

    fn new(tokens: impl Iterator<Item = Token>) -> Self {
        let mut tokens: Vec<_> = tokens.collect();
        tokens.dedup_by(|next, token| (*next, *token) == (Token::Any, Token::Any));
        Self { tokens, folds_case: false }
    }

    /// The same, whatever the case of ASCII letters.
    pub(crate) fn ignoring_case(mut self) -> Self {
        self.folds_case = true;
        self
    }

    /// Its pieces.
    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The only text that it matches, where it has no wildcards.
    pub(crate) fn literal(&self) -> Option<String> {
        let character = |token: &Token| match token {
            Token::Is(character) => Some(*character),
            Token::Any | Token::One => None,
        };
        self.tokens.iter().map(character).collect()
    }

    /// Whether all of `text` has this form.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut token, mut at) = (0, 0);
        // Where to go on when the last `*` has to swallow one character more.
        let mut last_star = None;
        while let Some(character) = text.get(at) {
            match self.tokens.get(token) {
                Some(Token::Any) => {
                    token += 1;
                    last_star = Some((token, at));
                }
                Some(wanted) if self.takes(*wanted, *character) => {
                    token += 1;
                    at += 1;
                }
                _ => match last_star {
                    Some((after, swallowed)) => {
                        token = after;
                        at = swallowed + 1;
                        last_star = Some((after, at));
                    }
                    None => return false,
                },
            }
        }
        self.tokens.iter().skip(token).all(|rest| *rest == Token::Any)
    }

    fn takes(&self, token: Token, character: char) -> bool {
        match token {
            Token::Any => false,
            Token::One => true,
            Token::Is(wanted) if self.folds_case => wanted.eq_ignore_ascii_case(&character),
            Token::Is(wanted) => wanted == character,
        }
    }
}

fn token(character: char) -> Token {
    match character {
        '*' => Token::Any,
        '?' => Token::One,
        other => Token::Is(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, matches) in [
            ("*", "anything", true),
            ("*", "", true),
            ("orders", "orders", true),
            ("orders", "orders2", false),
            ("orders*", "orders-api", true),
            ("*api", "orders-api", true),
            ("o*s*i", "orders-api", true),
            ("a*a", "a", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a*ab", "aab", true),
            ("", "x", false),
            ("", "", true),
            ("a?c", "abc", false),
            ("a?c", "a?c", true),
        ] {
            assert_eq!(Wildcard::stars(pattern).matches(text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn questions_stand_for_one_character_and_escapes_for_themselves() {
        for (pattern, text, matches) in [
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("?", "", false),
            ("*?", "", false),
            ("*?", "é", true),
            (r"a\*c", "a*c", true),
            (r"a\*c", "abc", false),
            (r"a\?", "a?", true),
            (r"a\?", "ab", false),
            (r"a\b", r"a\b", true),
            (r"a\\*", r"a\xyz", true),
            (r"\", r"\", true),
        ] {
            assert_eq!(Wildcard::escaped(pattern).matches(text), matches, "{pattern} {text}");
        }
        // Without escapes a backslash is a character like any other.
        assert!(Wildcard::questions(r"a\*").matches(r"a\bc"));
        assert!(!Wildcard::questions("ABC").matches("abc"));
        assert!(Wildcard::questions("A?C").ignoring_case().matches("aBc"));
        assert_eq!(Wildcard::questions("abc").literal().as_deref(), Some("abc"));
        assert_eq!(Wildcard::questions("a*c").literal(), None);
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = Wildcard::questions(&"a*".repeat(2_000));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(1_999))));
        assert!(pattern.matches(&"a".repeat(2_000)));
    }

    /// The definition, written down; it takes exponential time.
    fn naive(tokens: &[Token], text: &[char]) -> bool {
        match (tokens.split_first(), text.split_first()) {
            (None, None) => true,
            (None, Some(_)) | (Some((Token::One | Token::Is(_), _)), None) => false,
            (Some((Token::Any, rest)), _) => {
                naive(rest, text) || text.split_first().is_some_and(|(_, after)| naive(tokens, after))
            }
            (Some((Token::One, rest)), Some((_, after))) => naive(rest, after),
            (Some((Token::Is(wanted), rest)), Some((character, after))) => {
                wanted == character && naive(rest, after)
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in r"[ab*?\\]{0,9}", text in r"[ab*\\]{0,9}") {
            let characters: Vec<char> = text.chars().collect();
            for wildcard in [Wildcard::stars(&pattern), Wildcard::questions(&pattern), Wildcard::escaped(&pattern)] {
                prop_assert_eq!(wildcard.matches(&text), naive(wildcard.tokens(), &characters));
            }
        }

        #[test]
        fn a_text_matches_itself_and_a_star(text in "[^*?]{0,40}") {
            prop_assert!(Wildcard::questions(&text).matches(&text));
            prop_assert!(Wildcard::questions("*").matches(&text));
        }
    }
}
