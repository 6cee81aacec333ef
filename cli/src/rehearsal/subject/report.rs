//! Reads a document field by field, and gathers all that is wrong with it.

use std::cell::RefCell;
use std::time::Duration;

use greenlight_preflight::Spelling;
use serde_json::Value;

use super::problem::Problem;
use greenlight_preflight::Unknown;

/// All that is wrong with a document, and what was assumed.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    spelling: Spelling,
    problems: RefCell<Vec<Problem>>,
    notes: RefCell<Vec<String>>,
}

impl Report {
    pub(super) fn new(file: &str, spelling: Spelling) -> Self {
        Self { file: file.to_owned(), spelling, problems: RefCell::default(), notes: RefCell::default() }
    }

    pub(super) fn spelling(&self) -> Spelling {
        self.spelling
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// A document, where it begins.
    pub(super) fn root<'a>(&'a self, value: &'a Value, path: &str) -> Field<'a> {
        Field { value, path: path.to_owned(), report: self }
    }

    pub(super) fn add(&self, problem: Problem) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    pub(super) fn note(&self, note: impl Into<String>) {
        let note = note.into();
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// What was assumed, or all that is wrong.
    pub(super) fn finish(self) -> Result<Vec<String>, Vec<Problem>> {
        let problems = self.problems.into_inner();
        if problems.is_empty() { Ok(self.notes.into_inner()) } else { Err(problems) }
    }
}

/// A place in a document. What is missing there is null.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    value: &'a Value,
    path: String,
    report: &'a Report,
}

impl<'a> Field<'a> {
    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn report(&self) -> &'a Report {
        self.report
    }

    pub(super) fn is_absent(&self) -> bool {
        self.value.is_null()
    }

    pub(super) fn unknown(&self) -> Option<Unknown> {
        Unknown::of(self.value)
    }

    /// A field of an object; absent in whatever is none.
    pub(super) fn get(&self, key: &str) -> Self {
        let spelt = self.report.spelling.of(key);
        let path = if self.path.is_empty() { spelt } else { format!("{}.{spelt}", self.path) };
        Self { value: self.value.get(key).unwrap_or(&Value::Null), path, report: self.report }
    }

    /// An object within this one; anything else there is a problem, and absent.
    pub(super) fn section(&self, key: &str) -> Self {
        let field = self.get(key);
        match field.value {
            Value::Object(_) if field.unknown().is_none() => field,
            Value::Null => field,
            _ => {
                field.wrong("an object");
                Self { value: &Value::Null, ..field }
            }
        }
    }

    /// The elements of a list; none where it is absent.
    pub(super) fn items(&self) -> Vec<Self> {
        match self.value {
            Value::Null => Vec::new(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, value)| Self {
                    value,
                    path: format!("{}[{index}]", self.path),
                    report: self.report,
                })
                .collect(),
            _ => {
                self.wrong("a list");
                Vec::new()
            }
        }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        match self.value {
            Value::Null => None,
            Value::String(text) => Some(text),
            _ => {
                self.wrong("a text");
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn needed(&self, expected: &str) -> Option<&'a str> {
        match self.value {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => {
                self.wrong(expected);
                None
            }
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match (self.value, self.report.spelling) {
            (Value::Null, _) => None,
            (Value::Bool(flag), _) => Some(*flag),
            (Value::String(text), Spelling::CloudFormation | Spelling::Terraform)
                if text == "true" || text == "false" =>
            {
                Some(text == "true")
            }
            _ => {
                self.of_another_kind("`true` or `false`");
                None
            }
        }
    }

    fn as_number(&self) -> Option<f64> {
        match (self.value, self.report.spelling) {
            (Value::Number(number), _) => number.as_f64(),
            (Value::String(text), Spelling::CloudFormation | Spelling::Terraform) => {
                text.trim().parse().ok().filter(|number: &f64| number.is_finite())
            }
            _ => None,
        }
    }

    /// A number between bounds, both inclusive.
    pub(super) fn number(&self, least: f64, most: f64) -> Option<f64> {
        if self.is_absent() {
            return None;
        }
        let number = self.as_number().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.of_another_kind(&format!("a number from {least} to {most}"));
        }
        number
    }

    /// So many percent, up to 100, in tenths.
    pub(super) fn percent(&self, least: f64) -> Option<f64> {
        let tenths = self.number(least, 100.0)? * 10.0;
        // Tenths are no binary fractions, so that only those near a whole number are meant.
        if (tenths - tenths.round()).abs() > 1e-6 {
            self.wrong("a multiple of 0.1");
            return None;
        }
        Some(tenths.round() / 10.0)
    }

    /// A whole number between bounds, both inclusive.
    pub(super) fn whole(&self, least: u32, most: u32) -> Option<u32> {
        if self.is_absent() {
            return None;
        }
        let number = self.as_number().filter(|number| number.fract() == 0.0);
        let bounds = f64::from(least)..=f64::from(most);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // It is whole and between two `u32`.
        let number = number.filter(|number| bounds.contains(number)).map(|number| number as u32);
        if number.is_none() {
            self.of_another_kind(&format!("a whole number from {least} to {most}"));
        }
        number
    }

    /// A port.
    pub(super) fn port(&self) -> Option<u16> {
        self.whole(1, u16::MAX.into()).and_then(|port| u16::try_from(port).ok())
    }

    /// So many minutes.
    pub(super) fn minutes(&self, least: u32, most: u32) -> Option<Duration> {
        self.whole(least, most).map(|minutes| Duration::from_secs(u64::from(minutes) * 60))
    }

    /// Says that something else should stand here.
    pub(super) fn wrong(&self, expected: &str) {
        self.report.add(self.problem(expected));
    }

    /// The same of what is no text: where one stands here, that is what is wrong, whatever it says.
    fn of_another_kind(&self, expected: &str) {
        let mut problem = self.problem(expected);
        if self.value.is_string() {
            problem.observed = problem.observed.replacen("is `", "is the text `", 1);
        }
        self.report.add(problem);
    }

    /// The problem that something else should stand here.
    pub(super) fn problem(&self, expected: impl Into<String>) -> Problem {
        let unknown = self.unknown();
        Problem {
            file: self.report.file.clone(),
            path: self.path.clone(),
            observed: match &unknown {
                Some(unknown) => format!("is not known before the deployment ({})", unknown.why),
                None => observed(self.value),
            },
            expected: expected.into(),
            fix: unknown.and_then(|unknown| unknown.fix),
        }
    }
}

/// What stands somewhere, cut where it is long.
fn observed(value: &Value) -> String {
    const MOST: usize = 160;
    let text = match value {
        Value::Null => return "is missing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(_) => return "is a list".to_owned(),
        Value::Object(_) => return "is an object".to_owned(),
        other => other.to_string(),
    };
    if text.chars().count() > MOST {
        format!("is `{}…`", text.chars().take(MOST).collect::<String>())
    } else {
        format!("is `{text}`")
    }
}
