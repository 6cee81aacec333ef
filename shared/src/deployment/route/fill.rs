//! Concrete texts for patterns: what stands where a `*` or a `?` was.
//!
//! A few per pattern, the most natural one first. The others differ where they can, because the first
//! may be one that another rule takes. Whoever uses them tests them: nothing here promises a match.

use crate::wildcard::{Token, Wildcard};

/// Stands where a name is needed.
const WORD: &str = "greenlight";

/// The ways of filling: the word for names, the character for `?`, and whether every `*` becomes the word.
const WAYS: [(&str, char, bool); 3] = [(WORD, '1', false), (WORD, '2', true), ("green", 'x', true)];

/// Host names.
pub(super) fn host(pattern: &Wildcard) -> Vec<String> {
    fill(pattern, |before, after, word| {
        let starts_label = before.is_empty() || before.ends_with('.');
        let ends_label = matches!(after, None | Some(Token::Is('.')));
        let beside_hyphen = before.ends_with(['-', '_']) || matches!(after, Some(Token::Is('-' | '_')));
        if (starts_label && ends_label) || beside_hyphen { word.to_owned() } else { String::new() }
    })
}

/// Paths.
pub(super) fn path(pattern: &Wildcard) -> Vec<String> {
    let mut paths = fill(pattern, |before, after, word| match after {
        Some(Token::Is('.')) if before.is_empty() => format!("/{word}"),
        Some(Token::Is('/')) if before.is_empty() => String::new(),
        _ if before.is_empty() => "/".to_owned(),
        // An empty segment (`/a//b`) or a name that is all extension (`/.png`) is not what was meant.
        Some(Token::Is('/' | '.')) if before.ends_with('/') => word.to_owned(),
        _ => String::new(),
    });
    for path in &mut paths {
        if !path.starts_with('/') && matches!(pattern.tokens().first(), Some(Token::Any)) {
            path.insert(0, '/');
        } else if !path.starts_with('/') && matches!(pattern.tokens().first(), Some(Token::One)) {
            path.replace_range(..path.chars().next().map_or(0, char::len_utf8), "/");
        }
    }
    paths.retain(|path| path.starts_with('/'));
    paths
}

/// Header values, keys and values of the query. Empty only where nothing else fits.
pub(super) fn value(pattern: &Wildcard) -> Vec<String> {
    let mut values = fill(pattern, |_, _, _| String::new());
    if let Some(empty) = values.iter().position(String::is_empty) {
        let empty = values.remove(empty);
        values.push(empty);
    }
    values
}

fn fill(pattern: &Wildcard, star: impl Fn(&str, Option<Token>, &str) -> String) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for (word, character, always) in WAYS {
        let mut text = String::new();
        for (at, token) in pattern.tokens().iter().enumerate() {
            match token {
                Token::Is(character) => text.push(*character),
                Token::One => text.push(character),
                Token::Any if always => text.push_str(word),
                Token::Any => text.push_str(&star(&text, pattern.tokens().get(at + 1).copied(), word)),
            }
        }
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// The text that a regular expression plainly says: without anchors and what may be left out at its
/// end. None where it says more than one.
pub(super) fn literal(regex: &str) -> Option<String> {
    // Longer endings first: a part of one may be another.
    const OPTIONAL: [&str; 6] = ["(/.*)?", "(.*)", ".*", "/?", "^", "$"];
    let mut rest = regex.strip_prefix("(?i)").unwrap_or(regex);
    rest = rest.strip_prefix('^').unwrap_or(rest);
    while let Some(shorter) = OPTIONAL
        .iter()
        .find_map(|ending| rest.strip_suffix(ending))
        .filter(|shorter| !shorter.ends_with('\\'))
    {
        rest = shorter;
    }
    let mut text = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => text.push(escaped),
                _ => return None,
            },
            // `[.]` is how dots are often escaped.
            '[' => {
                let (inside, end) = (characters.next()?, characters.next()?);
                if end != ']' || inside == '^' || inside == '\\' {
                    return None;
                }
                text.push(inside);
            }
            '.' | '+' | '*' | '?' | '(' | ')' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
            plain => text.push(plain),
        }
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_natural_filling_comes_first() {
        let hosts: fn(&Wildcard) -> Vec<String> = host;
        for (kind, pattern, first) in [
            (hosts, "*.example.com", Some("greenlight.example.com")),
            (hosts, "*example.com", Some("example.com")),
            (hosts, "api-*.example.com", Some("api-greenlight.example.com")),
            (hosts, "api*.example.com", Some("api.example.com")),
            (hosts, "a?.example.com", Some("a1.example.com")),
            (hosts, "orders.*", Some("orders.greenlight")),
            (path, "/api/*", Some("/api/")),
            (path, "/api*", Some("/api")),
            (path, "/*", Some("/")),
            (path, "*", Some("/")),
            (path, "*.php", Some("/greenlight.php")),
            (path, "*/health", Some("/health")),
            (path, "*health", Some("/health")),
            (path, "/img/*.png", Some("/img/greenlight.png")),
            (path, "/a/*/b", Some("/a/greenlight/b")),
            (path, "?api", Some("/api")),
            (path, "api/*", None),
            (path, "", None),
            (value, "*", Some("greenlight")),
            (value, "*Chrome*", Some("Chrome")),
            (value, "v?", Some("v1")),
            (value, "", Some("")),
        ] {
            let filled = kind(&Wildcard::questions(pattern));
            assert_eq!(filled.first().map(String::as_str), first, "{pattern}");
        }
    }

    #[test]
    fn plain_regexes_say_one_text() {
        for (regex, text) in [
            ("^/api/$", Some("/api/")),
            ("^/api/", Some("/api/")),
            ("/api", Some("/api")),
            (r"^shop\.example\.com$", Some("shop.example.com")),
            ("^shop[.]example[.]com$", Some("shop.example.com")),
            ("^/api/?(.*)$", Some("/api")),
            ("^/api(/.*)?$", Some("/api")),
            ("^/api/.*", Some("/api/")),
            (r"^\$.*$", Some("$")),
            (r"^a\$", Some("a$")),
            ("^/[a-z]{2}/", None),
            ("^(a|b)$", None),
            (r"^\d+$", None),
            ("a.b", None),
            ("(", None),
            ("[", None),
            (r"\", None),
            ("^$", None),
            ("", None),
        ] {
            assert_eq!(literal(regex).as_deref(), text, "{regex}");
        }
    }
}
