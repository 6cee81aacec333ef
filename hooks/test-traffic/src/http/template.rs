//! Texts of a step that refer to what earlier answers gave: `/orders/${id}`.
//!
//! Only the texts of `steps` are read so; everywhere else `${` is two characters like any others, as it always
//! was. Within a step `$${` stands for `${`. A value is encoded for the place where it is put, so that no value
//! can end the text that it stands in.

use std::collections::BTreeMap;

/// What the answers of one run gave, by the names that the plan gave them.
pub(super) type Captured = BTreeMap<String, String>;

/// A text, and the places in it for captured values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Captured(String),
}

/// How a value is written where it is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is: headers, cookies, and bodies of no known kind.
    Plain,
    /// Percent-encoded, all but RFC 3986's unreserved characters: paths, queries and forms.
    Url,
    /// Escaped as within a JSON string.
    Json,
}

impl Template {
    /// A text without references.
    pub(super) fn literal(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// Finds the references in a text. The error says which is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, after) = (&rest[..at], &rest[at + 2..]);
            if let Some(before) = before.strip_suffix('$') {
                plain.push_str(before);
                plain.push_str("${");
                rest = after;
                continue;
            }
            let Some((name, after)) = after.split_once('}') else {
                return Err("holds a `${` that no `}` ends".to_owned());
            };
            if !is_name(name) {
                return Err(format!(
                    "holds `${{{}}}`, which is no name of a captured value",
                    name.chars().take(64).collect::<String>().escape_debug()
                ));
            }
            plain.push_str(before);
            parts.push(Part::Text(std::mem::take(&mut plain)));
            parts.push(Part::Captured(name.to_owned()));
            rest = after;
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self(parts))
    }

    /// The names that it refers to.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Captured(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// What stands in it beside the references.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Captured(_) => None,
        })
    }

    /// The text with its values. A name without a value is a mistake that is found with the plan.
    pub(super) fn fill(&self, captured: &Captured, encoding: Encoding) -> String {
        let filled = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Captured(name) => encoding.apply(captured.get(name).map_or("", String::as_str)),
        });
        filled.collect()
    }
}

impl Encoding {
    /// Writes a value.
    pub(super) fn apply(self, value: &str) -> String {
        match self {
            Self::Plain => value.to_owned(),
            Self::Url => value.bytes().fold(String::new(), |mut encoded, byte| {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    encoded.push(byte.into());
                } else {
                    encoded.extend(["%".to_owned(), format!("{byte:02X}")]);
                }
                encoded
            }),
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
        }
    }
}

/// Whether a captured value can have this name.
pub(super) fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.len() <= 64
        && name.bytes().next().is_some_and(letter)
        && name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_and_filled_for_their_place() {
        let captured =
            Captured::from([("t".to_owned(), "a/b \"é\"".to_owned()), ("_n1".to_owned(), "7".to_owned())]);
        for (text, encoding, filled) in [
            ("plain", Encoding::Plain, "plain"),
            ("", Encoding::Plain, ""),
            ("${t}", Encoding::Plain, "a/b \"é\""),
            ("/x/${t}?n=${_n1}&t=${t}", Encoding::Url, "/x/a%2Fb%20%22%C3%A9%22?n=7&t=a%2Fb%20%22%C3%A9%22"),
            ("{\"t\": \"${t}\", \"n\": ${_n1}}", Encoding::Json, "{\"t\": \"a/b \\\"é\\\"\", \"n\": 7}"),
            ("$${t} $ { $t {t} ${t}", Encoding::Plain, "${t} $ { $t {t} a/b \"é\""),
            ("$$${t}", Encoding::Plain, "$${t}"),
        ] {
            assert_eq!(Template::parse(text).unwrap().fill(&captured, encoding), filled, "{text}");
        }
        let names: Vec<String> =
            Template::parse("${a}-${b}").unwrap().names().map(ToOwned::to_owned).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(Template::literal("${t}").fill(&captured, Encoding::Plain), "${t}");
    }

    #[test]
    fn what_is_no_reference_is_said() {
        for (text, words) in [
            ("${t", "holds a `${` that no `}` ends"),
            ("${}", "holds `${}`, which is no name of a captured value"),
            ("${a b}", "holds `${a b}`, which"),
            ("${1}", "holds `${1}`, which"),
            ("${a-b}", "holds `${a-b}`, which"),
        ] {
            assert!(Template::parse(text).unwrap_err().starts_with(words), "{text}");
        }
    }
}
