//! Takes what answers gave out of texts that are shown, in whatever form it comes back.
//!
//! An application may send a token back percent-encoded, in base64 behind a name, or but half of it. So not only
//! whole values are looked for: a few characters in a row are enough, in any case and either alphabet of base64.
//! Rather a word too many is hidden than a part of a session shown.

use std::collections::HashMap;

use super::template::Encoding;

/// What stands in the place of what is not shown.
pub(super) const HIDDEN: &str = "***";
/// So many characters of a value in a row give it away.
const TELLING: usize = 8;
/// So much of a text is looked at; the rest is left out.
const LOOKED_AT: usize = 4096;

/// The beginning of `text` without these values.
pub(super) fn without<'a>(text: &str, values: impl Iterator<Item = &'a str>) -> String {
    let text: Vec<char> = text.chars().take(LOOKED_AT).collect();
    let alike: Vec<char> = text.iter().copied().map(alike).collect();
    let mut windows: HashMap<&[char], Vec<usize>> = HashMap::new();
    for (at, window) in alike.windows(TELLING).enumerate() {
        windows.entry(window).or_default().push(at);
    }
    let mut is_hidden = vec![false; text.len()];
    let mut hide = |at: usize, length: usize| is_hidden[at..at + length].fill(true);
    for form in values.flat_map(forms) {
        let form: Vec<char> = form.chars().map(self::alike).collect();
        for window in form.windows(TELLING) {
            windows.get(window).into_iter().flatten().for_each(|at| hide(*at, TELLING));
        }
        if (1..TELLING).contains(&form.len()) {
            let found = alike.windows(form.len()).enumerate().filter(|(_, window)| *window == form);
            found.for_each(|(at, _)| hide(at, form.len()));
        }
    }
    let mut shown = String::new();
    for (at, character) in text.iter().enumerate() {
        match (is_hidden[at], at.checked_sub(1).is_some_and(|before| is_hidden[before])) {
            (false, _) => shown.push(*character),
            (true, false) => shown.push_str(HIDDEN),
            (true, true) => {}
        }
    }
    shown
}

/// Characters that are taken for each other: cases, and the two alphabets of base64.
fn alike(character: char) -> char {
    match character {
        '-' => '+',
        '_' => '/',
        other => other.to_ascii_lowercase(),
    }
}

/// A value, and how it may be written.
fn forms(value: &str) -> Vec<String> {
    let url = Encoding::Url.apply(value);
    let mut forms = vec![value.to_owned(), url.replace("%20", "+"), url, Encoding::Json.apply(value)];
    // A part of a text that is encoded as a whole looks different by where in it the part begins.
    forms.extend(
        (0..3).filter_map(|before| base64(value.as_bytes(), before)).filter(|form| form.len() >= TELLING),
    );
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// The characters of base64 (RFC 4648) that these bytes alone decide, where so many others come before them.
fn base64(bytes: &[u8], before: usize) -> Option<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| usize::from(byte >> bit & 1)));
    let bits: Vec<usize> = std::iter::repeat_n(0, before * 8).chain(bits).collect();
    let letter = |six: &[usize]| {
        let index = six.iter().fold(0, |number, bit| number * 2 + bit);
        ALPHABET.get(index).copied().map(char::from)
    };
    let encoded: Option<String> = bits.chunks_exact(6).map(letter).collect();
    encoded?.get((before * 8).div_ceil(6)..).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "tok/kT9vQ2\"mZx7 Lw";

    #[test]
    fn a_value_is_taken_out_in_every_form() {
        for (text, shown) in [
            ("nothing of it", "nothing of it"),
            ("Bearer tok/kT9vQ2\"mZx7 Lw!", "Bearer ***!"),
            ("{\"t\":\"tok/kT9vQ2\\\"mZx7 Lw\"}", "{\"t\":\"***\"}"),
            ("/a?t=tok%2FkT9vQ2%22mZx7%20Lw&b", "/a?t=***&b"),
            ("/a?t=tok%2fkT9vQ2%22mZx7%20Lw&b", "/a?t=***&b"),
            ("t=tok%2FkT9vQ2%22mZx7+Lw&b", "t=***&b"),
            // The first half, the second half, another case.
            ("invalid token tok/kT9v…", "invalid token ***…"),
            ("…Q2\"mZx7 Lw is invalid", "…*** is invalid"),
            ("TOK/KT9VQ2", "***"),
            // user:TOKEN, us:TOKEN and TOKEN in base64.
            ("Basic dXNlcjp0b2sva1Q5dlEyIm1aeDcgTHc=", "Basic dXNlcjp***c="),
            ("Basic dXM6dG9rL2tUOXZRMiJtWng3IEx3", "Basic dXM6***"),
            ("dG9rL2tUOXZRMiJtWng3IEx3", "***"),
            ("", ""),
        ] {
            assert_eq!(without(text, [TOKEN].into_iter()), shown, "{text}");
        }
        assert_eq!(without("a 7 of 17, ab-cd", ["7", "", "b_c"].into_iter()), "a *** of 1***, ab-cd");
        assert_eq!(without("é é", ["é"].into_iter()), "*** ***");
    }

    #[test]
    fn a_long_text_is_cut_before_it_is_searched() {
        let long = "x".repeat(1 << 20);
        assert_eq!(without(&long, [TOKEN].into_iter()).len(), LOOKED_AT);
    }
}
