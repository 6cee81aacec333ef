//! A document of cases becomes the options of each, or all that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;

use greenlight::plan::decode::suggest;
use serde_json::{Map, Value};

use super::flags::{Flags, shape};
use crate::rehearse::options::RehearseOptions;

/// The keys of a document of cases.
const KEYS: [&str; 2] = ["cases", "defaults"];

/// A case: a name, and what the flags of `rehearse` would say.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) options: RehearseOptions,
}

/// What a case says, key by key. A key that leaves its flag out has no arguments.
type Arguments = BTreeMap<String, Vec<OsString>>;

/// Reads the cases of a document. The files that they name are relative to `folder`.
pub(super) fn read(document: &Value, folder: &Path) -> Result<Vec<Case>, Vec<String>> {
    let mut reader = Reader { flags: Flags::new(), folder, problems: Vec::new(), names: BTreeSet::new() };
    let cases = reader.document(document);
    if reader.problems.is_empty() { Ok(cases) } else { Err(reader.problems) }
}

struct Reader<'a> {
    flags: Flags,
    folder: &'a Path,
    problems: Vec<String>,
    names: BTreeSet<String>,
}

impl Reader<'_> {
    fn document(&mut self, document: &Value) -> Vec<Case> {
        for key in document.as_object().into_iter().flat_map(Map::keys) {
            if !KEYS.contains(&key.as_str()) {
                self.wrong(&format!("unknown key `{key}` ({})", suggest(key, &KEYS)));
            }
        }
        let defaults = self.defaults(document.get("defaults").unwrap_or(&Value::Null));
        match document.get("cases") {
            Some(Value::Array(cases)) if !cases.is_empty() => cases
                .iter()
                .enumerate()
                .filter_map(|(index, case)| self.case(index, case, &defaults))
                .collect(),
            cases => {
                let found = cases.map_or_else(|| "missing".to_owned(), shape);
                self.wrong(&format!("`cases` is {found}; expected a list of cases"));
                Vec::new()
            }
        }
    }

    fn defaults(&mut self, defaults: &Value) -> Arguments {
        match defaults {
            Value::Null => Arguments::new(),
            Value::Object(fields) => {
                if fields.contains_key("name") {
                    self.wrong("`defaults`: `name` is of a case: every one has its own");
                }
                self.arguments("`defaults`", fields)
            }
            other => {
                self.wrong(&format!("`defaults` is {}; expected an object", shape(other)));
                Arguments::new()
            }
        }
    }

    fn case(&mut self, index: usize, case: &Value, defaults: &Arguments) -> Option<Case> {
        let place = format!("`cases[{index}]`");
        let Value::Object(fields) = case else {
            self.wrong(&format!("{place} is {}; expected an object with a `name`", shape(case)));
            return None;
        };
        let name = self.name(&place, fields.get("name"));
        let place = name.as_ref().map_or(place, |name| format!("case `{name}`"));
        let before = self.problems.len();
        let own = self.arguments(&place, fields);
        if self.problems.len() > before {
            return None;
        }
        match self.flags.parse(merged(defaults, &own)) {
            Ok(options) => Some(Case { name: name?, options }),
            Err(why) => {
                let hint =
                    if defaults.is_empty() { "" } else { " (`KEY: null` leaves out what `defaults` say)" };
                self.wrong(&format!("{place}: {why}{hint}"));
                None
            }
        }
    }

    fn name(&mut self, place: &str, name: Option<&Value>) -> Option<String> {
        let name = match name {
            Some(Value::String(name)) if !name.trim().is_empty() => name.trim().to_owned(),
            Some(Value::String(_)) => {
                self.wrong(&format!("{place}: `name` is empty; expected what people call the case"));
                return None;
            }
            Some(other) => {
                let found = shape(other);
                self.wrong(&format!("{place}: `name` is {found}; expected text (put it in quotes)"));
                return None;
            }
            None => {
                self.wrong(&format!("{place} has no `name`"));
                return None;
            }
        };
        if !self.names.insert(name.clone()) {
            self.wrong(&format!("{place}: the name `{name}` is given to two cases"));
        }
        Some(name)
    }

    /// The arguments of each key, all but the name. What is wrong with one is said where it stands.
    fn arguments(&mut self, place: &str, fields: &Map<String, Value>) -> Arguments {
        let mut arguments = Arguments::new();
        for (key, value) in fields.iter().filter(|(key, _)| *key != "name") {
            match self.flags.arguments(key, value, self.folder) {
                Ok(of_key) => drop(arguments.insert(key.clone(), of_key)),
                Err(why) => self.wrong(&format!("{place}: {why}")),
            }
        }
        arguments
    }

    fn wrong(&mut self, problem: &str) {
        self.problems.push(problem.to_owned());
    }
}

/// What a case says goes before what the defaults say, key by key.
fn merged(defaults: &Arguments, own: &Arguments) -> Vec<OsString> {
    let mut merged: BTreeMap<_, _> = defaults.iter().collect();
    merged.extend(own);
    merged.into_values().flatten().cloned().collect()
}
