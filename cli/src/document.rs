//! Files and values that people give: plans, events, secrets.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use serde_json::{Map, Value};

use crate::{failure::Failure, rehearsal::aws::World, yaml};

/// Larger files are given by mistake.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    let wrong =
        |error: io::Error| Failure::wrong(format!("cannot read the {what} `{}`: {error}", path.display()));
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(wrong)?;
    } else {
        fs::File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(wrong)?;
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::wrong(format!("the {what} `{}` is larger than 16 MiB", path.display())));
    }
    Ok(bytes)
}

/// A plan in JSON or YAML: an object.
pub(crate) fn plan(path: &Path) -> Result<Map<String, Value>, Failure> {
    let bytes = read(path, "plan")?;
    let wrong = |why: String| Failure::wrong(format!("the plan `{}` {why}", path.display()));
    let text = String::from_utf8(bytes).map_err(|error| wrong(format!("is not UTF-8: {error}")))?;
    match object(&text) {
        Ok(Some(fields)) => Ok(fields),
        Ok(None) => Err(wrong("is no object".to_owned())
            .hint("a plan looks like {\"checks\": [{\"http\": {\"path\": \"/ping\"}}]}")),
        Err(why) => Err(wrong(why)),
    }
}

/// Any object in JSON or YAML.
pub(crate) fn any(path: &Path, what: &str) -> Result<Value, Failure> {
    let wrong = |why: String| Failure::wrong(format!("the {what} `{}` {why}", path.display()));
    let text =
        String::from_utf8(read(path, what)?).map_err(|error| wrong(format!("is not UTF-8: {error}")))?;
    match object(&text) {
        Ok(Some(fields)) => Ok(Value::Object(fields)),
        Ok(None) => Err(wrong("is no object".to_owned())),
        Err(why) => Err(wrong(why)),
    }
}

/// The object in a text of JSON or YAML; none where it has anything else. Nesting is bounded by both.
pub(crate) fn object(text: &str) -> Result<Option<Map<String, Value>>, String> {
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    let value = match serde_json::from_str::<Value>(text) {
        Ok(value) => value,
        Err(error) if looks_like_json => return Err(format!("is not JSON: {error}")),
        Err(_) => yaml::read(text).map_err(|error| format!("is neither JSON nor YAML: {error}"))?,
    };
    Ok(match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    })
}

/// One `--secret`: what a plan names, and the value that it gets here.
pub(crate) struct GivenSecret {
    /// The name of the parameter or secret.
    pub(crate) name: String,
    /// The key of a JSON secret, for `ID#key`.
    pub(crate) key: Option<String>,
    /// The value.
    pub(crate) value: String,
}

/// Reads one `--secret NAME=env:VAR` or `NAME=file:PATH`; NAME is written as a plan writes it.
pub(crate) fn secret(argument: &str) -> Result<GivenSecret, Failure> {
    let form = || {
        // The value may be a secret given in the wrong form, so it is not repeated.
        Failure::wrong("a `--secret` has the wrong form").hint("expected NAME=env:VAR or NAME=file:PATH")
    };
    let (name, source) = argument.split_once('=').ok_or_else(form)?;
    let name = name.trim_start_matches("secretsmanager:").trim_start_matches("ssm:");
    let (name, key) = name.split_once('#').map_or((name, None), |(name, key)| (name, Some(key.to_owned())));
    let value = match source.split_once(':') {
        Some(("env", variable)) => std::env::var(variable).map_err(|_| {
            Failure::wrong(format!("the variable `{variable}` of the secret `{name}` is not set"))
        })?,
        Some(("file", path)) => {
            let bytes = read(Path::new(path), "secret's file")?;
            String::from_utf8(bytes)
                .map_err(|_| Failure::wrong(format!("the file of the secret `{name}` is not UTF-8")))?
                .trim_end_matches(['\r', '\n'])
                .to_owned()
        }
        _ => return Err(form()),
    };
    if name.is_empty() {
        return Err(form());
    }
    Ok(GivenSecret { name: name.to_owned(), key, value })
}

/// Reads a world from a file.
pub(crate) fn world(path: &Path) -> Result<World, Failure> {
    let bytes = read(path, "world")?;
    World::from_json(&bytes).map_err(|why| Failure::wrong(format!("the world `{}`: {why}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_objects_in_json_or_yaml() {
        let json = object(r#"{"checks": [{"http": {"path": "/ping"}}]}"#).unwrap();
        let yaml = object("checks:\n  - http:\n      path: /ping\n").unwrap();
        assert!(json.is_some());
        assert_eq!(json, yaml);
        assert_eq!(object("- a"), Ok(None));
    }

    #[test]
    fn plans_that_nest_too_deep_are_refused() {
        let brackets = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let flow = format!("a: {brackets}");
        let block = (0..2_000).map(|depth| " ".repeat(depth)).collect::<Vec<_>>().join("a:\n");
        let list = "- ".repeat(100_000);
        for text in [&brackets, &flow, &block, &list] {
            assert!(object(text).is_err(), "{text:.40}");
        }
    }
}
