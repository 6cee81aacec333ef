//! Parameters, references and functions of a template, as far as they can be known.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::names::{ACCOUNT, REGION};
use greenlight_preflight::Unknown;

/// What a rehearsed stack is called.
pub(super) const STACK: &str = "rehearsal";

/// The transform that makes nothing by itself.
const LANGUAGE: &str = "AWS::LanguageExtensions";

/// A template that refers deeper than this refers to itself.
const MAX_DEPTH: usize = 64;
/// Nor does one that people wrote take more steps, or make longer texts.
const MAX_STEPS: u32 = 100_000;
const MAX_TEXT: usize = 64 * 1024;

/// A template, and what its parameters are given.
pub(crate) struct Template<'a> {
    document: &'a Value,
    parameters: &'a BTreeMap<String, String>,
    steps: Cell<u32>,
    names_stack: Cell<bool>,
    missing: RefCell<BTreeSet<String>>,
}

impl<'a> Template<'a> {
    pub(crate) fn new(document: &'a Value, parameters: &'a BTreeMap<String, String>) -> Self {
        Self {
            document,
            parameters,
            steps: Cell::new(0),
            names_stack: Cell::new(false),
            missing: RefCell::default(),
        }
    }

    pub(crate) fn section(&self, name: &str) -> &'a Value {
        self.document.get(name).unwrap_or(&Value::Null)
    }

    /// Whether anything that was read is named after the stack.
    pub(super) fn names_stack(&self) -> bool {
        self.names_stack.get()
    }

    /// What was referred to in all that was read, and is not there.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.missing.borrow().iter().cloned().collect()
    }

    /// The marker of what a template refers to and does not have.
    pub(super) fn no_such(&self, reference: &str, id: &str) -> Value {
        // Macros add resources of their own.
        let is_whole = match self.section("Transform") {
            Value::Null => true,
            Value::Array(all) => all.iter().all(|it| it == LANGUAGE),
            one => one == LANGUAGE,
        };
        if !is_whole {
            let why = format!("the template has no {id}, unless its transform makes one");
            return Unknown::new(reference, why).mark();
        }
        self.missing.borrow_mut().insert(id.to_owned());
        Unknown::new(reference, format!("the template has no {id}")).mark()
    }

    fn resource(&self, id: &str) -> Option<&'a Value> {
        self.section("Resources").get(id)
    }

    pub(crate) fn kind(&self, id: &str) -> &'a str {
        self.resource(id).and_then(|it| it.get("Type")).and_then(Value::as_str).unwrap_or_default()
    }

    /// The resources of a type, but for those whose condition does not hold.
    pub(crate) fn of_kind(&self, kind: &str) -> Vec<String> {
        let Some(resources) = self.section("Resources").as_object() else {
            return Vec::new();
        };
        let is_made = |resource: &Value| match resource.get("Condition").and_then(Value::as_str) {
            Some(condition) => self.condition(&json!({"Condition": condition}), 0) != Some(false),
            None => true,
        };
        resources
            .iter()
            .filter(|(id, resource)| self.kind(id) == kind && is_made(resource))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// The properties of a resource, with everything in its place that can be known.
    pub(crate) fn properties(&self, id: &str) -> Value {
        let properties = self.resource(id).and_then(|resource| resource.get("Properties"));
        properties.and_then(|it| self.resolve(it, 0)).unwrap_or(Value::Null)
    }

    /// A value with everything in its place that can be known.
    pub(crate) fn known(&self, value: &Value) -> Value {
        self.resolve(value, 0).unwrap_or(Value::Null)
    }

    /// None is `AWS::NoValue`.
    fn resolve(&self, value: &Value, depth: usize) -> Option<Value> {
        self.steps.set(self.steps.get().saturating_add(1));
        if depth > MAX_DEPTH || self.steps.get() > MAX_STEPS {
            return Some(Unknown::new("this", "the template refers too deep, or to itself").mark());
        }
        match value {
            Value::Array(items) => {
                Some(items.iter().filter_map(|item| self.resolve(item, depth + 1)).collect())
            }
            Value::Object(fields) => {
                if let (1, Some((name, argument))) = (fields.len(), fields.iter().next())
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.function(name, argument, depth + 1);
                }
                let resolved = |(key, value): (&String, &Value)| {
                    self.resolve(value, depth + 1).map(|value| (key.clone(), value))
                };
                Some(Value::Object(fields.iter().filter_map(resolved).collect()))
            }
            other => Some(other.clone()),
        }
    }

    fn function(&self, name: &str, argument: &Value, depth: usize) -> Option<Value> {
        let items = || self.resolve(argument, depth).unwrap_or(Value::Null);
        let elsewhere =
            |reference: &str| Unknown::new(reference, format!("`{name}` takes it from elsewhere"));
        Some(match (name, argument) {
            ("Ref", Value::String(id)) => return self.reference(id, depth),
            ("Fn::GetAtt", Value::String(text)) => {
                let (id, attribute) = text.split_once('.').unwrap_or((text, ""));
                self.attribute(id, attribute, depth)
            }
            ("Fn::GetAtt", Value::Array(parts)) => {
                let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                self.attribute(
                    parts.first().unwrap_or(&""),
                    &parts.get(1..).unwrap_or_default().join("."),
                    depth,
                )
            }
            ("Fn::Sub", _) => self.substitute(argument, depth),
            ("Fn::If", Value::Array(branches)) => {
                let chosen = branches.first().and_then(|name| {
                    self.condition(&json!({"Condition": name}), depth).map(|holds| if holds { 1 } else { 2 })
                });
                match chosen {
                    Some(index) => return self.resolve(branches.get(index).unwrap_or(&Value::Null), depth),
                    None => Unknown::new("Fn::If", "it depends on a condition that is not known").mark(),
                }
            }
            ("Fn::Join", _) => joined(&items()),
            ("Fn::Select", _) => selected(&items()),
            ("Fn::Split", _) => split(&items()),
            ("Fn::FindInMap", _) => self.found(&items(), depth),
            ("Fn::ImportValue", _) => {
                let name = items();
                let shown = name.as_str().map_or_else(|| "an import".to_owned(), str::to_owned);
                elsewhere(&shown).mark()
            }
            _ => elsewhere(name).mark(),
        })
    }

    fn reference(&self, id: &str, depth: usize) -> Option<Value> {
        let parameter = self.section("Parameters").get(id);
        if let Some(given) = self.parameters.get(id) {
            return Some(typed(parameter, &Value::String(given.clone())));
        }
        Some(match id {
            "AWS::NoValue" => return None,
            "AWS::Region" => REGION.into(),
            "AWS::AccountId" => ACCOUNT.into(),
            "AWS::Partition" => "aws".into(),
            "AWS::URLSuffix" => "amazonaws.com".into(),
            "AWS::StackName" => {
                self.names_stack.set(true);
                STACK.into()
            }
            _ => match parameter {
                Some(declared) => match declared.get("Default") {
                    Some(default) => typed(parameter, default),
                    None => Unknown {
                        fix: Some(format!("give it: --parameter {id}=VALUE")),
                        ..Unknown::new(id, format!("the parameter {id} has no default"))
                    }
                    .mark(),
                },
                None => self.physical(id, depth),
            },
        })
    }

    /// A property of a resource as a text, if it is known.
    pub(super) fn named(&self, id: &str, property: &str, depth: usize) -> Option<String> {
        let value = self.resource(id)?.get("Properties")?.get(property)?;
        self.resolve(value, depth + 1)?.as_str().map(str::to_owned)
    }

    /// What a text with `${…}` becomes.
    fn substitute(&self, argument: &Value, depth: usize) -> Value {
        let (text, own) = match argument {
            Value::String(text) => (&**text, None),
            Value::Array(parts) => (parts.first().and_then(Value::as_str).unwrap_or_default(), parts.get(1)),
            _ => return Unknown::new("Fn::Sub", "it has no text").mark(),
        };
        let (mut made, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            made.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                made.push_str("${");
                rest = after;
                continue;
            };
            rest = behind;
            if let Some(literal) = name.strip_prefix('!') {
                made.extend(["${", literal, "}"]);
                continue;
            }
            let value = match (own.and_then(|own| own.get(name)), name.split_once('.')) {
                (Some(value), _) => self.resolve(value, depth + 1),
                (None, Some((id, attribute))) => Some(self.attribute(id, attribute, depth + 1)),
                (None, None) => self.reference(name, depth + 1),
            };
            match value.as_ref().map(text_of) {
                Some(Ok(value)) if made.len() + value.len() <= MAX_TEXT => made.push_str(&value),
                Some(Err(unknown)) => return unknown.mark(),
                _ => return Unknown::new(name, "it is no text").mark(),
            }
        }
        made.push_str(rest);
        made.into()
    }

    fn found(&self, keys: &Value, depth: usize) -> Value {
        let key = |index: usize| keys.get(index).and_then(|key| text_of(key).ok());
        let (Some(map), Some(first), Some(second)) = (key(0), key(1), key(2)) else {
            return Unknown::within(keys)
                .unwrap_or_else(|| Unknown::new("Fn::FindInMap", "it has no keys"))
                .mark();
        };
        let value = self.section("Mappings").get(&map).and_then(|it| it.get(&first)?.get(&second));
        value.and_then(|value| self.resolve(value, depth + 1)).unwrap_or_else(|| {
            Unknown::new("Fn::FindInMap", format!("the mapping {map} has no {first}.{second}")).mark()
        })
    }

    /// Whether a condition holds; none if that is not known.
    fn condition(&self, condition: &Value, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH || self.steps.get() > MAX_STEPS {
            return None;
        }
        self.steps.set(self.steps.get() + 1);
        let fields = condition.as_object().filter(|fields| fields.len() == 1)?;
        let (name, argument) = fields.iter().next()?;
        let operands = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let all = || operands.iter().map(|it| self.condition(it, depth + 1)).collect::<Vec<_>>();
        match &**name {
            "Condition" => self.condition(self.section("Conditions").get(argument.as_str()?)?, depth + 1),
            "Fn::Equals" => {
                let [one, other] = operands else { return None };
                let text = |value: &Value| text_of(&self.resolve(value, depth + 1)?).ok();
                Some(text(one)? == text(other)?)
            }
            "Fn::Not" => all().first().copied()?.map(|holds| !holds),
            "Fn::And" => {
                let all = all();
                if all.contains(&Some(false)) {
                    Some(false)
                } else {
                    all.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
                }
            }
            "Fn::Or" => {
                let all = all();
                if all.contains(&Some(true)) {
                    Some(true)
                } else {
                    all.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
                }
            }
            _ => None,
        }
    }
}

/// A parameter's value: lists are written as texts with commas.
fn typed(parameter: Option<&Value>, value: &Value) -> Value {
    let kind = parameter.and_then(|it| it.get("Type")).and_then(Value::as_str).unwrap_or_default();
    match value.as_str() {
        Some(text) if kind == "CommaDelimitedList" || kind.starts_with("List<") => {
            text.split(',').map(|item| Value::from(item.trim())).collect()
        }
        _ => value.clone(),
    }
}

fn text_of(value: &Value) -> Result<String, Unknown> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        other => Err(Unknown::within(other).unwrap_or_else(|| Unknown::new("this", "it is no text"))),
    }
}

fn joined(arguments: &Value) -> Value {
    if let Some(unknown) = Unknown::within(arguments) {
        return unknown.mark();
    }
    let parts: Option<Vec<String>> = arguments
        .get(1)
        .and_then(Value::as_array)
        .and_then(|parts| parts.iter().map(|part| text_of(part).ok()).collect());
    match (arguments.get(0).and_then(Value::as_str), parts) {
        (Some(by), Some(parts)) if parts.iter().map(|it| it.len() + by.len()).sum::<usize>() <= MAX_TEXT => {
            parts.join(by).into()
        }
        _ => Unknown::new("Fn::Join", "it does not join texts").mark(),
    }
}

fn selected(arguments: &Value) -> Value {
    let index = arguments.get(0).and_then(|index| text_of(index).ok()?.parse::<usize>().ok());
    let list = arguments.get(1);
    let value = index.and_then(|index| list?.as_array()?.get(index)).cloned();
    value.unwrap_or_else(|| {
        list.and_then(Unknown::within)
            .unwrap_or_else(|| Unknown::new("Fn::Select", "there is no such item"))
            .mark()
    })
}

fn split(arguments: &Value) -> Value {
    match (arguments.get(0).and_then(Value::as_str), arguments.get(1).map(text_of)) {
        (Some(by), Some(Ok(text))) if !by.is_empty() => text.split(by).map(Value::from).collect(),
        (_, Some(Err(unknown))) => unknown.mark(),
        _ => Unknown::new("Fn::Split", "it does not split a text").mark(),
    }
}
