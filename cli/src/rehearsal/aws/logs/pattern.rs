//! Filter patterns of terms: `ERROR`, `"time out"`, `?ERROR ?WARN`, `ERROR -debug`.
//!
//! Patterns of JSON (`{ … }`), of columns (`[ … ]`) and regular expressions (`%…%`) are refused: better no
//! answer than another one than AWS's.
//!
//! Source: CloudWatch Logs User Guide, *Filter pattern syntax*.

/// What a line must have, must not have, and of what it must have one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    all: Vec<String>,
    none: Vec<String>,
    any: Vec<String>,
}

impl Pattern {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut pattern = Self::default();
        let mut rest = text.trim_start();
        if rest.starts_with(['{', '[', '%']) {
            return Err(format!("Invalid filter pattern: only terms are known here, got `{text}`"));
        }
        while let Some(first) = rest.chars().next() {
            let (terms, term) = match first {
                '-' => (&mut pattern.none, &rest[1..]),
                '?' => (&mut pattern.any, &rest[1..]),
                _ => (&mut pattern.all, rest),
            };
            let (term, after) = match term.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').ok_or("Invalid filter pattern: unclosed quotation")?,
                None => term.split_once(char::is_whitespace).unwrap_or((term, "")),
            };
            if !term.is_empty() {
                terms.push(term.to_owned());
            }
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Terms are told apart by the case of their letters.
    pub(super) fn takes(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(&**term);
        // Beside terms that must be there, AWS does not look at those of which one would do.
        let any = !self.all.is_empty() || self.any.is_empty() || self.any.iter().any(has);
        self.all.iter().all(has) && !self.none.iter().any(has) && any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_found() {
        for (pattern, message, expected) in [
            ("", "anything", true),
            ("ERROR", "an ERROR", true),
            ("ERROR", "an error", false),
            ("\"timed out\"", "Task timed out after 3.00 seconds", true),
            ("\"timed out\"", "out timed", false),
            ("Task timed", "timed Task", true),
            ("Task gone", "timed Task", false),
            ("?ERROR ?WARN", "a WARN", true),
            ("?ERROR ?WARN", "an INFO", false),
            ("ERROR -debug", "ERROR debug", false),
            ("ERROR -debug", "ERROR", true),
        ] {
            assert_eq!(Pattern::read(pattern).unwrap().takes(message), expected, "{pattern} {message}");
        }
        for pattern in ["{ $.level = \"error\" }", "[a, b]", "%err%", "\"open"] {
            assert!(Pattern::read(pattern).is_err(), "{pattern}");
        }
    }
}
