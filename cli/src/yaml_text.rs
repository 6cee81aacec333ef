//! A value as YAML, written as people write templates.

use std::fmt::Write;

use serde_json::{Map, Value};

/// What a template says first of a thing, in this order; the rest follows by the alphabet.
const FIRST: [&str; 7] = ["Type", "Version", "PolicyName", "Sid", "Effect", "Action", "Resource"];

/// Writes a value at a depth.
pub(crate) fn write(text: &mut String, value: &Value, depth: usize) {
    let indent = " ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (key, value) in in_order(fields) {
                let _ = write!(text, "{indent}{}:", scalar(key));
                behind(text, value, depth);
            }
        }
        Value::Array(values) => {
            for value in values {
                let _ = write!(text, "{indent}-");
                match short(value) {
                    Some(short) => {
                        let _ = writeln!(text, " {short}");
                    }
                    None if tagged(value).is_some() => behind(text, value, depth),
                    None => {
                        let mut inner = String::new();
                        write(&mut inner, value, depth + 2);
                        let _ = write!(text, " {}", inner.trim_start());
                    }
                }
            }
        }
        other => {
            let _ = writeln!(text, "{indent}{}", short(other).unwrap_or_default());
        }
    }
}

/// Writes what stands behind a key or a dash: on the same line if it is short.
fn behind(text: &mut String, value: &Value, depth: usize) {
    if let Some(short) = short(value) {
        let _ = writeln!(text, " {short}");
        return;
    }
    let inner = if let Some((tag, inner)) = tagged(value) {
        let _ = writeln!(text, " {tag}");
        inner
    } else {
        text.push('\n');
        value
    };
    write(text, inner, depth + 2);
}

/// A value of one line.
fn short(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(scalar(text)),
        Value::Array(values) if values.is_empty() => Some("[]".to_owned()),
        Value::Object(fields) if fields.is_empty() => Some("{}".to_owned()),
        Value::Array(_) => None,
        Value::Object(_) => {
            let (tag, inner) = tagged(value)?;
            Some(format!("{tag} {}", short(inner)?))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
    }
}

/// The short tag of an intrinsic function, and what it is given.
fn tagged(value: &Value) -> Option<(String, &Value)> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    let (name, inner) = fields.iter().next()?;
    match name.strip_prefix("Fn::") {
        Some(name) => Some((format!("!{name}"), inner)),
        None if name == "Ref" => Some(("!Ref".to_owned(), inner)),
        None => None,
    }
}

/// A text without quotes where it is safe: it reads as nothing but itself. Quoted else.
fn scalar(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_./:@*?${}-".contains(letter);
    let begins = text.chars().next().is_some_and(|first| first.is_ascii_alphabetic());
    let is_word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if begins && !is_word && !text.ends_with(':') && text.chars().all(plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A text as JSON quotes it, which YAML reads alike, but for letters that JSON lets stand and YAML does not print
/// (<https://yaml.org/spec/1.2.2/#51-character-set>), or that version 1.1 of it takes for the end of a line.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted
}

fn in_order(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(key, _)| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::write;

    #[test]
    fn what_is_written_reads_as_itself() {
        let value = json!({
            "Type": "AWS::IAM::Role", "sts:key": ["*", "yes", "2012-10-17", "a b", "-", "end:", "${a}", "#", "", 1, true, null],
            "Empty": { "list": [], "object": {} },
            "If": { "Fn::If": ["InVpc", { "Effect": "Allow", "Resource": { "Fn::Sub": "arn:${A::B}:*" } }, { "Ref": "AWS::NoValue" }] },
            "List": [{ "Fn::If": ["A", ["b"], { "Ref": "c" }] }, { "a": { "b": [["c"]] } }],
        });
        let mut text = String::new();
        write(&mut text, &value, 0);
        assert_eq!(crate::yaml::read(&text).unwrap(), value, "{text}");
        assert!(text.starts_with("Type: AWS::IAM::Role\n"), "{text}");
        assert!(text.contains("Resource: !Sub arn:${A::B}:*"), "{text}");
    }

    /// The first that fuzzing found was a name with U+007F in it.
    #[test]
    fn every_letter_reads_as_itself() {
        for letters in (0..0x11_0000).filter_map(char::from_u32).collect::<Vec<_>>().chunks(512) {
            let value = json!([letters.iter().collect::<String>()]);
            let mut text = String::new();
            write(&mut text, &value, 0);
            let read = crate::yaml::read(&text);
            assert_eq!(read.as_ref().ok(), Some(&value), "from {:#x}: {read:?}", u32::from(letters[0]));
        }
    }
}
