//! Texts become documents: JSON, or YAML with the short tags of CloudFormation.

use serde_json::Value;

use super::File;
use super::problem::Problem;
use crate::yaml;

/// Larger files are given by mistake.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Reads JSON or YAML: an object. Nesting is bounded by both parsers, what aliases may make by YAML's.
pub(crate) fn read(file: &File<'_>) -> Result<Value, Problem> {
    if file.text.len() > MAX_BYTES {
        return Err(Problem::of_file(file.name, "is larger than 16 MiB", "a file that people write"));
    }
    let value = match serde_json::from_str::<Value>(file.text) {
        Ok(value) => value,
        Err(error) if file.text.trim_start().starts_with(['{', '[']) => {
            return Err(Problem::of_file(file.name, format!("is not JSON ({error})"), "JSON or YAML"));
        }
        Err(_) => yaml::read(file.text).map_err(|error| {
            Problem::of_file(file.name, format!("is neither JSON nor YAML ({error})"), "JSON or YAML")
        })?,
    };
    if value.is_object() {
        Ok(value)
    } else {
        Err(Problem::of_file(file.name, "is no object", "an object in JSON or YAML"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, Problem> {
        super::read(&File { name: "a.yaml", text })
    }

    #[test]
    fn hostile_texts_are_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let deep_yaml = (0..2_000).map(|depth| " ".repeat(depth)).collect::<Vec<_>>().join("a:\n");
        let laughs = (1..40).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
            format!("{text}a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)
        });
        for text in [&*deep, &deep_yaml, &laughs, "{", "[]", "5", "", "a: !Ref [", "\u{0}", "- a\n- b"] {
            assert!(read(text).is_err(), "{text:.40}");
        }
    }
}
