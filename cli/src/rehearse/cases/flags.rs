//! A key of a case becomes arguments of `rehearse`, which its own parser reads.
//!
//! Which keys there are, which of them are files, and which may be given several times is all known to
//! the parser: a new option is a new key.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Args, Command, Error, FromArgMatches};
use greenlight::plan::decode::suggest;
use serde_json::Value;

use crate::hooks;
use crate::rehearse::options::RehearseOptions;

/// Keys that no case has, and why.
const OF_THE_COMMAND: [(&str, &str); 5] = [
    ("file", "`service-definition`, `appspec`, `template` or `terraform-plan` says what is deployed"),
    ("junit", "give `--junit FILE` beside the file of cases"),
    ("json", "give `--json` beside the file of cases"),
    ("keep", "to look at a deployment further, rehearse it alone"),
    ("list-faults", "`greenlight rehearse --list-faults` lists them"),
];

/// The flags that cases may use.
pub(super) struct Flags(Command);

impl Flags {
    pub(super) fn new() -> Self {
        let command = Command::new("case").no_binary_name(true).disable_help_flag(true);
        Self(RehearseOptions::augment_args(command))
    }

    /// The keys that a case may have beside its name.
    pub(super) fn keys(&self) -> Vec<&str> {
        let flags = self.0.get_arguments().filter_map(Arg::get_long);
        flags.filter(|flag| OF_THE_COMMAND.iter().all(|(other, _)| flag != other)).collect()
    }

    /// The arguments that a key stands for; none where its value leaves the flag out.
    pub(super) fn arguments(&self, key: &str, value: &Value, folder: &Path) -> Result<Vec<OsString>, String> {
        if let Some((_, hint)) = OF_THE_COMMAND.iter().find(|(other, _)| *other == key) {
            return Err(format!("`{key}` is nothing that a case says ({hint})"));
        }
        let Some(flag) = self.0.get_arguments().find(|flag| flag.get_long() == Some(key)) else {
            return Err(format!("unknown key `{key}` ({})", suggest(key, &self.keys())));
        };
        let wrong =
            |found: &Value, expected: &str| format!("`{key}` is {}; expected {expected}", shape(found));
        let arguments = match (flag.get_action(), value) {
            (_, Value::Null | Value::Bool(false)) => return Ok(Vec::new()),
            (ArgAction::SetTrue, Value::Bool(true)) => vec![format!("--{key}").into()],
            (ArgAction::SetTrue, other) => return Err(wrong(other, "true or false")),
            (ArgAction::Append, Value::Array(items)) => {
                let items = items.iter().map(|item| match text(item) {
                    Some(text) => argument(flag, key, &text, folder),
                    None => Err(format!("an item of {}", wrong(item, "text or a number"))),
                });
                items.collect::<Result<_, _>>()?
            }
            (action, other) => match text(other) {
                Some(text) => vec![argument(flag, key, &text, folder)?],
                None if matches!(action, ArgAction::Append) => {
                    return Err(wrong(other, "text, a number or a list of them"));
                }
                None => return Err(wrong(other, "text or a number")),
            },
        };
        // Alone, so that every key that is wrong is found, and what is said of it is about no other.
        self.parse(arguments.clone()).map(|_| arguments).map_err(|why| format!("`{key}`: {why}"))
    }

    /// The options that arguments stand for.
    pub(super) fn parse(&self, arguments: Vec<OsString>) -> Result<RehearseOptions, String> {
        let matches = self.0.clone().try_get_matches_from(arguments);
        matches.and_then(|matches| RehearseOptions::from_arg_matches(&matches)).map_err(|error| plain(&error))
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `--KEY=VALUE` in one, so that no value is taken for a flag.
fn argument(flag: &Arg, key: &str, value: &str, folder: &Path) -> Result<OsString, String> {
    let mut argument = OsString::from(format!("--{key}="));
    if flag.get_value_parser().type_id() == TypeId::of::<PathBuf>() {
        argument.push(relative(key, value, folder)?);
        return Ok(argument);
    }
    // A part of these may be a path, too.
    let (before, path) = match key {
        "secret" => value.find("=file:").map_or((value, None), |at| {
            let (before, path) = value.split_at(at + "=file:".len());
            (before, Some(path))
        }),
        "bootstrap" => match value.split_once('=') {
            Some((hook, path)) => (value.get(..=hook.len()).unwrap_or(value), Some(path)),
            None => (value, None),
        },
        "plan" => match value.split_once('=').filter(|(hook, _)| hooks::names().contains(hook)) {
            Some((hook, path)) => (value.get(..=hook.len()).unwrap_or(value), Some(path)),
            None => ("", Some(value)),
        },
        _ => (value, None),
    };
    argument.push(before);
    if let Some(path) = path {
        argument.push(relative(key, path, folder)?);
    }
    Ok(argument)
}

/// A path as whoever wrote the file of cases means it.
fn relative(key: &str, path: &str, folder: &Path) -> Result<OsString, String> {
    match path {
        "-" => Err(format!("`{key}` is standard input, which cases do not read (give a file)")),
        // A folder would be no better.
        "" => Ok(OsString::new()),
        path => Ok(folder.join(path).into_os_string()),
    }
}

/// What the parser says, without how the command is used.
fn plain(error: &Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or(&text);
    let first = first.strip_prefix("error: ").unwrap_or(first);
    first.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// What a value is, for people.
pub(super) fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(_) => "text".to_owned(),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
