//! The plan: which checks, with which settings.
//!
//! A plan is a JSON document in layers ([`layers`]). Decoding it validates it: every problem is
//! reported at once, with its path, its layer and a hint ([`decode`]), and a [`Plan`] that exists can
//! run. `deny_unknown_fields` everywhere, externally tagged checks, units in the values ([`units`]).

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub mod decode;
pub mod layers;
mod pattern;
mod problem;
pub(crate) mod schema;
mod target;
mod text;
pub mod units;

pub(crate) use self::problem::sentence;
pub use self::{
    layers::{Layer, Layered, Source},
    pattern::Pattern,
    problem::{Problem, with_hint},
    target::{Authority, HostName, Target, TargetUrl, Tls},
    text::{Headers, Reference, Secret, Text},
};

use self::units::Span;
use crate::{
    check::{AnyCheck, Kind},
    deployment::Asks,
    verdict::OnInconclusive,
};

/// How long `pending` and `inconclusive` may last where nothing else is said.
pub const DEFAULT_PATIENCE: Duration = Duration::from_mins(10);

/// The same where a Network Load Balancer shifts the traffic, which takes it minutes.
pub const NETWORK_PATIENCE: Duration = Duration::from_mins(20);

/// The most checks that a plan may hold: they run side by side in a small function.
const MAX_CHECKS: usize = 50;

/// Whether verdicts count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They do.
    #[default]
    Enforce,
    /// The hook always proceeds, and says what it would have answered.
    Shadow,
}

/// Whether it must be proven that what answers is green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Proven where it can be; the reason says where it could not.
    #[default]
    Auto,
    /// What cannot be proven stops the deployment.
    Required,
    /// Not looked at; evidence records that.
    Off,
}

/// What happens when the service is being created, so that there is no blue side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnCreate {
    /// Checks run; those that need blue skip.
    #[default]
    Run,
    /// The deployment proceeds and nothing is validated.
    Pass,
}

/// The keys of a plan document.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Document {
    /// The checks, each an object with one key, its kind. They run side by side.
    checks: Vec<Value>,
    /// Where green is reached; what is not said is discovered.
    target: Target,
    /// Whether it must be proven that what answers is green.
    isolation: Isolation,
    /// How long `pending` and `inconclusive` may last, over all invocations, before they decide.
    patience: Option<Span>,
    /// What becomes of a check that stays `inconclusive` after its patience.
    on_inconclusive: OnInconclusive,
    /// What happens when the service is being created, so that there is no blue side.
    on_create: OnCreate,
    /// Whether verdicts count; `shadow` always proceeds and says what it would have answered.
    mode: Mode,
}

/// The keys that every check has beside its own.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Common {
    /// The name that reasons and evidence use; the kind where none is given.
    name: Option<String>,
    /// Recorded, never decides.
    advisory: bool,
    /// How long it may stay `pending` or `inconclusive`; the plan's where none is given.
    patience: Option<Span>,
    /// What becomes of it when it stays `inconclusive`; as the plan says where nothing is given.
    on_inconclusive: Option<OnInconclusive>,
}

/// The names of the fields of [`Common`].
pub(crate) const COMMON_KEYS: &[&str] = &["name", "advisory", "patience", "on_inconclusive"];

/// A plan that decoded without a problem.
#[derive(Clone)]
pub struct Plan {
    pub(crate) checks: Vec<Planned>,
    pub(crate) target: Target,
    pub(crate) isolation: Isolation,
    pub(crate) on_create: OnCreate,
    pub(crate) mode: Mode,
    pub(crate) layered: Layered,
}

/// One check of a plan.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) advisory: bool,
    /// None where the plan says nothing: how long is then a question of the deployment.
    pub(crate) patience: Option<Duration>,
    pub(crate) on_inconclusive: OnInconclusive,
    pub(crate) check: Arc<dyn AnyCheck>,
}

impl Plan {
    /// Decodes the merged layers with the kinds of checks that a hook knows.
    pub(crate) fn decode(layered: Layered, kinds: &[Kind]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let root = Value::Object(layered.document.clone());
        let document: Option<Document> = decode::decode(&root, "", &[], &mut problems);
        // The checks are decoded even when another key is wrong, so that nobody has to ask twice.
        let document = document.unwrap_or_else(|| Document {
            checks: match layered.document.get("checks") {
                Some(Value::Array(checks)) => checks.clone(),
                _ => Vec::new(),
            },
            ..Document::default()
        });
        let checks = decode_checks(&document, kinds, &mut problems);
        if !problems.is_empty() {
            return Err(with_layers(problems, &layered));
        }
        let mode = if layered.shadow { Mode::Shadow } else { document.mode };
        let Document { target, isolation, on_create, .. } = document;
        let plan = Self { checks, target, isolation, on_create, mode, layered };
        let problems = plan.problems_at_target();
        if problems.is_empty() { Ok(plan) } else { Err(with_layers(problems, &plan.layered)) }
    }

    /// The same plan with green at `url`, where the plan itself does not say where it is.
    pub(crate) fn at_url(mut self, url: Option<&TargetUrl>) -> Result<Self, Vec<Problem>> {
        let Some(url) = url.filter(|_| self.target.url.is_none()) else { return Ok(self) };
        self.target.url = Some(url.clone());
        let problems = self.problems_at_target();
        if problems.is_empty() { Ok(self) } else { Err(with_layers(problems, &self.layered)) }
    }

    /// What contradicts where green is reached.
    fn problems_at_target(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, planned) in self.checks.iter().enumerate() {
            let at = format!("checks[{index}].{}", planned.kind);
            problems.extend(planned.check.problems_at(&self.target).into_iter().map(|problem| Problem {
                path: if problem.path.is_empty() { at.clone() } else { format!("{at}.{}", problem.path) },
                ..problem
            }));
        }
        problems
    }

    /// The effective plan with every default written out, secrets as their names.
    pub fn effective(&self) -> Value {
        let checks = self.checks.iter().map(Planned::effective).collect();
        let mut settings = self.effective_settings();
        settings["checks"] = Value::Array(checks);
        settings
    }

    /// The effective plan without its checks.
    pub(crate) fn effective_settings(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("target".to_owned(), serde_json::to_value(&self.target).unwrap_or(Value::Null));
        for (key, value) in [
            ("isolation", serde_json::to_value(self.isolation)),
            ("on_create", serde_json::to_value(self.on_create)),
            ("mode", serde_json::to_value(self.mode)),
        ] {
            fields.insert(key.to_owned(), value.unwrap_or(Value::Null));
        }
        Value::Object(fields)
    }

    /// What its checks ask of AWS, at most, and what every hook asks.
    pub fn asks(&self) -> BTreeSet<Asks> {
        let of_checks = self.checks.iter().flat_map(|planned| planned.check.asks(&self.target));
        of_checks.chain([Asks::Status]).collect()
    }

    /// The secrets that its settings name, wherever they stand.
    pub fn secrets(&self) -> BTreeSet<Reference> {
        let mut found = BTreeSet::new();
        text::secrets_in(&self.effective(), &mut found);
        if let Some(Authority::Kept(reference)) = &self.target.tls.ca {
            found.insert(reference.clone());
        }
        found
    }

    /// The layer that a top-level key came from.
    pub fn origin(&self, key: &str) -> Layer {
        self.layered.origins.get(key).copied().unwrap_or(Layer::Defaults)
    }
}

impl Planned {
    fn effective(&self) -> Value {
        let mut settings = match self.check.settings() {
            Value::Object(settings) => settings,
            other => return other,
        };
        settings.insert("name".to_owned(), self.name.as_str().into());
        settings.insert("advisory".to_owned(), self.advisory.into());
        settings.insert(
            "patience".to_owned(),
            Span(self.patience.unwrap_or(DEFAULT_PATIENCE)).to_string().into(),
        );
        settings.insert(
            "on_inconclusive".to_owned(),
            serde_json::to_value(self.on_inconclusive).unwrap_or(Value::Null),
        );
        Value::Object(Map::from_iter([(self.kind.to_owned(), Value::Object(settings))]))
    }
}

/// Says of each problem which layer it stands in.
fn with_layers(problems: Vec<Problem>, layered: &Layered) -> Vec<Problem> {
    let of = |path: &str| {
        let key = path.split(['.', '[']).next().unwrap_or(path);
        layered.origins.get(key).copied()
    };
    problems.into_iter().map(|problem| Problem { layer: of(&problem.path), ..problem }).collect()
}

fn decode_checks(document: &Document, kinds: &[Kind], problems: &mut Vec<Problem>) -> Vec<Planned> {
    if document.checks.is_empty() && !problems.iter().any(|problem| problem.path.starts_with("checks")) {
        problems.push(
            Problem::new("checks", "is empty; expected at least one check").hint(
                "a plan without checks would validate nothing; remove the key to use the hook's defaults",
            ),
        );
    }
    if document.checks.len() > MAX_CHECKS {
        problems.push(Problem::new(
            "checks",
            format!("holds {} checks; expected at most {MAX_CHECKS}", document.checks.len()),
        ));
        return Vec::new();
    }
    let before = problems.len();
    let mut checks = Vec::new();
    let mut names = BTreeSet::new();
    for (index, value) in document.checks.iter().enumerate() {
        checks.extend(decode_check(document, value, index, kinds, &mut names, problems));
    }
    if problems.len() == before && !checks.is_empty() && checks.iter().all(|check: &Planned| check.advisory) {
        problems.push(
            Problem::new("checks", "are all advisory; expected at least one check that decides")
                .hint("remove `advisory` from one, or use `\"mode\": \"shadow\"` to only watch"),
        );
    }
    checks
}

fn decode_check(
    document: &Document,
    value: &Value,
    index: usize,
    kinds: &[Kind],
    names: &mut BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Option<Planned> {
    let at = format!("checks[{index}]");
    let known: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
    let form = format!(
        "a check is an object with one key, its kind: {{\"{}\": {{…}}}}",
        known.first().unwrap_or(&"http")
    );
    let Some((kind, settings)) =
        value.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.iter().next())
    else {
        problems.push(Problem::new(at, format!("is no check: {}", shape(value))).hint(form));
        return None;
    };
    let Some(kind) = kinds.iter().find(|known| known.name == kind) else {
        problems
            .push(Problem::new(at, format!("unknown check `{kind}`")).hint(decode::suggest(kind, &known)));
        return None;
    };
    let at = format!("{at}.{}", kind.name);
    let Some(fields) = settings.as_object() else {
        problems.push(Problem::new(at, format!("is no object: {}", shape(settings))).hint(form));
        return None;
    };
    let (common, own): (Map<_, _>, Map<_, _>) =
        fields.clone().into_iter().partition(|(key, _)| COMMON_KEYS.contains(&key.as_str()));
    let common: Option<Common> = decode::decode(&Value::Object(common), &at, &[], problems);
    let check = kind.decode(&Value::Object(own), &at, problems);
    let (common, check) = (common?, check?);
    Some(Planned {
        name: unique_name(common.name, kind.name, &at, names, problems)?,
        kind: kind.name,
        advisory: common.advisory,
        patience: common.patience.or(document.patience).map(|span| span.0),
        on_inconclusive: common.on_inconclusive.unwrap_or(document.on_inconclusive),
        check,
    })
}

/// The name that reasons and evidence use: given, or the kind with a number where it repeats.
fn unique_name(
    given: Option<String>,
    kind: &str,
    at: &str,
    names: &mut BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let name = match given {
        None => (1..=MAX_CHECKS)
            .map(|number| if number == 1 { kind.to_owned() } else { format!("{kind}-{number}") })
            .find(|name| !names.contains(name))?,
        Some(name) => {
            let plain = |letter: char| letter.is_alphanumeric() || "-_. /".contains(letter);
            if name.is_empty() || name.chars().count() > 64 || !name.chars().all(plain) {
                problems.push(Problem::new(
                    format!("{at}.name"),
                    "is no name; expected 1 to 64 letters, digits, blanks or any of `-_./`",
                ));
                return None;
            }
            name
        }
    };
    if !names.insert(name.clone()) {
        problems.push(Problem::new(format!("{at}.name"), format!("the name `{name}` is used twice")));
        return None;
    }
    Some(name)
}

fn shape(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            format!("an object with the keys {:?}", fields.keys().map(String::as_str).collect::<Vec<_>>())
        }
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests;
