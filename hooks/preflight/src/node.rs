//! A place in a document, as a rule looks at it.

use std::fmt;

use greenlight::plan::decode::suggest;
use serde_json::Value;

use crate::{
    document::{Document, Spelling, Unknown},
    look::Look,
    rule::Place,
};

/// A place in a document. What is missing there is null.
///
/// What is unknown there is none of the things that can be asked: it is not absent, and it is no text. Whoever
/// asks leaves behind that he lacked it, so that the rule counts as not judged rather than as kept.
#[derive(Clone)]
pub struct Node<'a> {
    value: &'a Value,
    path: String,
    document: &'a Document,
    look: &'a Look<'a>,
    /// Whether it is within something unknown, so that nobody knows whether it is there at all.
    vague: bool,
    /// Whether it is only asked whether the rule applies.
    aside: bool,
}

impl<'a> Node<'a> {
    pub(crate) fn root(document: &'a Document, look: &'a Look<'a>) -> Self {
        Self {
            value: &document.value,
            path: document.path.clone(),
            document,
            look,
            vague: false,
            aside: false,
        }
    }

    /// The same place, asked only whether the rule applies: what is there is not what the rule is about.
    #[must_use]
    pub fn aside(&self) -> Self {
        Self { aside: true, ..self.clone() }
    }

    /// Notes that something is there.
    fn see(&self) {
        let is_empty = match self.value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        if !is_empty && !self.aside {
            self.look.see();
        }
    }

    /// What is there, if it is known and there; whoever takes it apart sees what he finds in it.
    fn known(&self) -> Option<&'a Value> {
        (!self.note() && !self.value.is_null()).then_some(self.value)
    }

    /// Notes it where the value is unknown.
    fn note(&self) -> bool {
        let unknown = Unknown::of(self.value);
        if let Some(unknown) = &unknown {
            self.lack(&unknown.why);
        }
        unknown.is_some()
    }

    /// Notes that what is there is not known, and why.
    pub(crate) fn lack(&self, why: &str) {
        let at = self.path.rsplit('.').next().unwrap_or_default();
        self.look.lack_value(format!("`{at}` is not known before the deployment ({why})"));
    }

    /// What is there, if it is known and there.
    pub fn value(&self) -> Option<&'a Value> {
        self.see();
        self.known()
    }

    /// Whether nothing is there, for sure.
    pub fn is_absent(&self) -> bool {
        self.see();
        !self.note() && self.value.is_null()
    }

    /// Whether no element is there for sure: it is absent, or an empty list.
    pub fn is_empty(&self) -> bool {
        self.is_absent() || self.value().and_then(Value::as_array).is_some_and(Vec::is_empty)
    }

    /// Whether something is there for sure, even if nobody knows what.
    pub fn is_present(&self) -> bool {
        self.see();
        let is_vague = self.vague && self.note();
        !is_vague && !self.value.is_null()
    }

    /// Whether all of it is known, what it holds included.
    pub fn is_known(&self) -> bool {
        self.see();
        match Unknown::within(self.value) {
            Some(unknown) => {
                self.look.lack_value(format!(
                    "`{}` is not known before the deployment ({})",
                    unknown.reference, unknown.why
                ));
                false
            }
            None => true,
        }
    }

    /// A field of an object; absent in whatever is none. Of something unknown every field is unknown.
    #[must_use]
    pub fn get(&self, key: &str) -> Self {
        let spelt = self.document.spelling.of(key);
        let path = if self.path.is_empty() { spelt } else { format!("{}.{spelt}", self.path) };
        if Unknown::of(self.value).is_some() {
            return Self { path, vague: true, ..self.clone() };
        }
        Self { value: self.value.get(key).unwrap_or(&Value::Null), path, ..*self }
    }

    /// A place further down: `a.b.c`.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        path.split('.').fold(self.clone(), |node, key| node.get(key))
    }

    /// The elements of a list; none in whatever is none.
    pub fn items(&self) -> Vec<Self> {
        let items = self.known().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items
            .iter()
            .enumerate()
            .map(|(index, value)| Self { value, path: format!("{}[{index}]", self.path), ..*self })
            .collect()
    }

    /// The entries of an object, by their keys.
    pub fn entries(&self) -> Vec<(&'a str, Self)> {
        let Some(fields) = self.known().and_then(Value::as_object) else { return Vec::new() };
        fields.keys().map(|key| (key.as_str(), self.get(key))).collect()
    }

    /// A text that is known.
    pub fn text(&self) -> Option<&'a str> {
        self.value()?.as_str()
    }

    /// A number that is known; some write it as a text.
    pub fn number(&self) -> Option<f64> {
        match self.value()? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// A whole number that is known and not negative.
    pub fn whole(&self) -> Option<u32> {
        let number = self.number().filter(|number| number.fract() == 0.0)?;
        let fits = (0.0..=f64::from(u32::MAX)).contains(&number);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and fits")]
        fits.then_some(number as u32)
    }

    /// `true` or `false`, if known; some write it as a text.
    pub fn flag(&self) -> Option<bool> {
        match self.value()? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => None,
        }
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        Place { source: self.document.source.clone(), path: self.path.clone() }
    }

    /// The document's source: a file, or an ARN.
    pub fn source(&self) -> &'a str {
        &self.document.source
    }

    /// Whether the document is to be given to AWS's API just as it stands.
    pub(crate) fn is_input(&self) -> bool {
        self.document.is_input
    }

    /// How the owner of the document spells its keys.
    pub fn spelling(&self) -> Spelling {
        self.document.spelling
    }

    /// A key as the owner of the document writes it, for messages.
    pub fn spelt(&self, key: &str) -> String {
        self.document.spelling.of(key)
    }

    /// Says that the rule is broken here, and what is here.
    pub fn wrong(&self, observed: impl Into<String>) {
        self.look.add(self.place(), observed.into(), None);
    }

    /// The same of a name that nobody knows, with the known one that it is most like, if it is like one.
    pub(crate) fn wrong_name(&self, observed: impl Into<String>, known: &[&str]) {
        self.wrong_key(&self.to_string(), observed, known);
    }

    /// The same of the key that this stands under.
    pub(crate) fn wrong_key(&self, name: &str, observed: impl Into<String>, known: &[&str]) {
        let near = suggest(name, known);
        match near.strip_prefix("did you mean ").and_then(|rest| rest.strip_suffix('?')) {
            Some(name) => self.wrong_fix(observed, format!("Write {name}, if that is what is meant.")),
            None => self.wrong(observed),
        }
    }

    /// The same, with a way to mend just this.
    pub fn wrong_fix(&self, observed: impl Into<String>, fix: impl Into<String>) {
        self.look.add(self.place(), observed.into(), Some(fix.into()));
    }
}

/// What is there, for people; cut where it is long.
impl fmt::Display for Node<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 160;
        let text = match Unknown::shown(self.value) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        match text.char_indices().nth(MOST) {
            Some((end, _)) => write!(formatter, "{}…", &text[..end]),
            None => formatter.write_str(&text),
        }
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} = {self}", self.place())
    }
}
