//! Requests in order: `steps` of the check `http`, and what can be wrong with how they refer to each other.
//!
//! Whatever a plan asks for becomes steps: a check without `steps` is one that stands alone. So there is one way
//! from settings to requests. Only in `steps` is `${name}` a reference.

use std::collections::{BTreeMap, BTreeSet};

use greenlight::plan::{Headers, Problem, Text, with_hint};
use greenlight::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Http,
    capture::Capture,
    expect::Expect,
    line::{PathAndQuery, Verb},
    request::cookie_problems,
    template::{Encoding, Template, is_name},
};

/// Enough for a login, a basket and a way back; each is sent in every run.
pub(super) const MOST_STEPS: usize = 20;

/// One request of several.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// Path and query; values are percent-encoded.
    pub(super) path: PathAndQuery,
    /// The method. Others than GET and HEAD change things and need `allow_load`.
    #[serde(default)]
    pub(super) method: Verb,
    /// Request headers, over the check's; `null` drops one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Headers")]
    pub(super) headers: BTreeMap<String, Option<Text>>,
    /// Cookies by name, over the check's, and over those that answers set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) cookies: BTreeMap<String, Text>,
    /// The request's body. Values are written as its `content-type` wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Text>,
    /// What is expected of the answer.
    #[serde(default)]
    pub(super) expect: Expect,
    /// What later steps need of the answer, by the name that they use.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) capture: BTreeMap<String, Capture>,
}

/// A place of a step where a reference may stand.
struct Place<'a> {
    /// The key, e.g. `headers.x-csrf`.
    key: String,
    text: &'a Text,
}

impl Http {
    /// The requests of one run, in order, with what the check says of all of them.
    pub(super) fn sequence(&self) -> Vec<Step> {
        if self.steps.is_empty() {
            return vec![Step {
                path: self.path.clone(),
                method: self.method.clone(),
                headers: self.headers.0.clone(),
                cookies: self.cookies.clone(),
                body: self.body.clone(),
                expect: self.expect.clone(),
                capture: BTreeMap::new(),
            }];
        }
        let over = |step: &Step| {
            let mut whole =
                Step { headers: self.headers.0.clone(), cookies: self.cookies.clone(), ..step.clone() };
            let lower = |(name, value): (&String, &Option<Text>)| (name.to_ascii_lowercase(), value.clone());
            whole.headers.extend(step.headers.iter().map(lower));
            whole.cookies.extend(step.cookies.clone());
            whole
        };
        self.steps.iter().map(over).collect()
    }

    /// Whether requests depend on each other.
    pub(super) fn is_sequence(&self) -> bool {
        !self.steps.is_empty()
    }
}

impl Step {
    /// What people call it.
    pub(super) fn label(&self, index: usize) -> String {
        format!("step {} ({} {})", index + 1, self.method.0, self.path.0)
    }

    /// How captured values are written in its body.
    pub(super) fn body_encoding(&self) -> Encoding {
        match self.headers.get("content-type") {
            Some(Some(Text::Literal(kind))) => match kind.to_ascii_lowercase() {
                kind if kind.contains("json") => Encoding::Json,
                kind if kind.contains("x-www-form-urlencoded") => Encoding::Url,
                _ => Encoding::Plain,
            },
            _ => Encoding::Plain,
        }
    }

    /// Whether it needs what earlier answers gave.
    pub(super) fn has_references(&self) -> bool {
        let refers = |text: &str| Template::parse(text).is_ok_and(|text| text.names().next().is_some());
        refers(&self.path.0)
            || self.places().any(|place| matches!(place.text, Text::Literal(text) if refers(text)))
    }

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let place = |of: &str, (name, text)| Place { key: format!("{of}.{name}"), text };
        let headers = self.headers.iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        let headers = headers.map(move |header| place("headers", header));
        let cookies = self.cookies.iter().map(move |cookie| place("cookies", cookie));
        let body = self.body.iter().map(|text| Place { key: "body".to_owned(), text });
        headers.chain(cookies).chain(body)
    }

    /// What is wrong with it by itself; paths are its own.
    fn own_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !self.path.is_given() {
            problems.push(Problem::new("path", "is empty; expected a path such as `/login`"));
        }
        for (name, value) in &self.headers {
            let lower = name.to_ascii_lowercase();
            let checked = match value {
                Some(Text::Literal(literal)) if is_reference_alone(literal) => Headers::check(&lower, None),
                value => Headers::check(&lower, value.as_ref()),
            };
            if let Err(message) = checked {
                problems.push(Problem::new(format!("headers.{}", name.escape_debug()), message));
            }
        }
        problems.extend(cookie_problems(&self.cookies));
        problems.extend(self.expect.problems().into_iter().map(|problem| within("expect", problem)));
        if self.expect.failures.is_some() {
            problems.push(
                Problem::new("expect.failures", "is no question of one step; a step that fails ends its run")
                    .hint("put it into the check's own `expect`: the share of runs that may fail"),
            );
        }
        for (name, capture) in &self.capture {
            let path = format!("capture.{}", name.escape_debug());
            if !is_name(name) {
                problems.push(Problem::new(
                    &path,
                    "is no name; expected letters, digits and `_`, such as `token`",
                ));
            }
            problems.extend(capture.problem(&path));
        }
        problems
    }
}

/// Whether a credential is nothing but a captured value, behind a word such as `Bearer`.
fn is_reference_alone(literal: &str) -> bool {
    Template::parse(literal).is_ok_and(|template| {
        template.names().next().is_some()
            && template
                .texts()
                .all(|text| text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b' '))
    })
}

/// A problem of what stands at a key.
pub(super) fn within(key: &str, problem: Problem) -> Problem {
    let dot = if problem.path.is_empty() { "" } else { "." };
    Problem { path: format!("{key}{dot}{}", problem.path), ..problem }
}

/// Everything that is wrong with the steps of a check.
pub(super) fn problems(http: &Http) -> Vec<Problem> {
    let mut problems = Vec::new();
    if http.steps.len() > MOST_STEPS {
        problems.push(Problem::new(
            "steps",
            format!("holds {} steps; expected at most {MOST_STEPS}", http.steps.len()),
        ));
    }
    for (index, step) in http.steps.iter().enumerate() {
        let own = step.own_problems();
        problems.extend(own.into_iter().map(|problem| within(&format!("steps[{index}]"), problem)));
        if step.method.changes_things() && !http.allow_load {
            problems.push(super::problems::changes_things(&format!("steps[{index}].method"), &step.method));
        }
    }
    problems.extend(reference_problems(http));
    problems
}

/// References to what no earlier step captures, and captures that nobody uses.
fn reference_problems(http: &Http) -> Vec<Problem> {
    let mut problems = Vec::new();
    let shared =
        http.headers.0.iter().filter_map(|(name, text)| Some((format!("headers.{name}"), text.as_ref()?)));
    let shared = shared.chain(http.cookies.iter().map(|(name, text)| (format!("cookies.{name}"), text)));
    for (key, text) in shared {
        if let Text::Literal(text) = text
            && !Template::parse(text).is_ok_and(|text| text.names().next().is_none())
        {
            problems.push(
                Problem::new(
                    key,
                    "refers to a captured value, but is sent with every step, the first included",
                )
                .hint("write it in the steps that need it, or `$${` for the characters themselves"),
            );
        }
    }
    // Which step, counted from 0, captures a name first.
    let mut captured: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, step) in http.steps.iter().enumerate() {
        for name in step.capture.keys() {
            if let Some(first) = captured.get(name.as_str()) {
                problems.push(
                    Problem::new(
                        format!("steps[{index}].capture.{name}"),
                        format!("is captured by `steps[{first}]` already; expected one step for each name"),
                    )
                    .hint("give one of them another name"),
                );
            } else {
                captured.insert(name, index);
            }
        }
    }
    let (mut used, mut is_readable) = (BTreeSet::new(), true);
    for (index, step) in http.steps.iter().enumerate() {
        let path = Text::Literal(step.path.0.clone());
        let path = Place { key: "path".to_owned(), text: &path };
        for place in std::iter::once(path).chain(step.places()) {
            let Text::Literal(text) = place.text else { continue };
            let at = format!("steps[{index}].{}", place.key);
            let template = match Template::parse(text) {
                Ok(template) => template,
                Err(message) => {
                    is_readable = false;
                    let hint =
                        "expected a reference such as `${token}`, or `$${` for the characters themselves";
                    problems.push(Problem::new(at, with_hint(message, hint)));
                    continue;
                }
            };
            for name in template.names() {
                used.insert(name.to_owned());
                match captured.get(name) {
                    Some(from) if *from < index => {}
                    Some(from) => problems.push(
                        Problem::new(&at, format!("uses `${{{name}}}`, which only `steps[{from}]` captures"))
                            .hint("a value can be used by the steps after the one that captures it"),
                    ),
                    None => problems.push(
                        Problem::new(&at, format!("uses `${{{name}}}`, which no step captures"))
                            .hint(known(&captured)),
                    ),
                }
            }
        }
    }
    for (name, from) in captured.iter().filter(|(name, _)| is_readable && !used.contains(**name)) {
        problems.push(
            Problem::new(format!("steps[{from}].capture.{name}"), "is captured and never used").hint(
                format!("use it as `${{{name}}}` in a later step, or assert what you expect in `expect`"),
            ),
        );
    }
    problems
}

fn known(captured: &BTreeMap<&str, usize>) -> String {
    if captured.is_empty() {
        return "add `\"capture\": {\"NAME\": {\"jsonpath\": \"$.…\"}}` to an earlier step, or write `$${` for the characters themselves"
            .to_owned();
    }
    let names: Vec<_> = captured.keys().map(|name| format!("`{name}`")).collect();
    format!("captured are {}", names.join(", "))
}
