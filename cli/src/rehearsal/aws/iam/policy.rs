//! A policy document, and what it decides of a request. Pure.
//!
//! A statement that denies wins over any that allow; what no statement speaks of is denied. Documents decode
//! strictly: an element or an operator that is not known here is an error that names it, never something that is
//! passed over, since a policy that is read half allows what its owner forbade.
//!
//! Source: IAM user guide, *IAM JSON policy reference* and *Policy evaluation logic*.

mod condition;
mod foreseen;
mod pattern;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use self::condition::{Condition, conditions};
pub(crate) use self::foreseen::foresee;
use self::pattern::{matches, matches_arn};

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    statements: Vec<Statement>,
    document: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Statement {
    allows: bool,
    actions: Chosen,
    resources: Chosen,
    conditions: Vec<Condition>,
}

/// What a statement names: these, or all but these.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chosen {
    patterns: Vec<String>,
    but_these: bool,
}

/// What is asked for: an action on a resource, with what is known of the request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `ecs:DescribeTasks`.
    pub action: &'a str,
    /// An ARN, or `*` where the action has none.
    pub resource: &'a str,
    /// The values of condition keys, whose names are in lower case.
    pub context: &'a BTreeMap<String, Vec<String>>,
}

/// What policies say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed,
    /// No statement speaks of it.
    ImplicitDeny,
    /// A statement denies it.
    ExplicitDeny,
}

/// A decision with what led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Evaluation {
    pub(super) decision: Decision,
    /// The policies, by their places, whose statements decided.
    pub(super) by: BTreeSet<usize>,
    /// Condition keys of statements about this request whose values are not known.
    pub(super) missing: BTreeSet<String>,
}

impl Policy {
    /// Reads a document of a role or a user. The error says what is wrong with which statement.
    pub fn parse(document: &Value) -> Result<Self, String> {
        let read: Document = Document::deserialize(document).map_err(|error| error.to_string())?;
        if !matches!(read.version.as_deref(), None | Some("2012-10-17" | "2008-10-17")) {
            return Err("`Version` is no version of policies; expected `2012-10-17`".to_owned());
        }
        let statements =
            read.statement.into_iter().enumerate().map(|(index, written)| {
                written.read().map_err(|why| format!("statement {}: {why}", index + 1))
            });
        Ok(Self { statements: statements.collect::<Result<_, _>>()?, document: document.clone() })
    }

    /// The document as it was read.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// What policies together decide of a request.
    pub fn decide(policies: &[Self], request: Request<'_>) -> Decision {
        evaluate(policies, request).decision
    }
}

/// Evaluates every statement.
pub(super) fn evaluate(policies: &[Policy], request: Request<'_>) -> Evaluation {
    let mut decision = Decision::ImplicitDeny;
    let (mut by, mut missing) = (BTreeSet::new(), BTreeSet::new());
    for (place, policy) in policies.iter().enumerate() {
        for statement in policy.statements.iter().filter(|statement| statement.is_about(request)) {
            missing.extend(
                statement.conditions.iter().filter_map(|condition| condition.unknown(request.context)),
            );
            if !statement.conditions.iter().all(|condition| condition.holds(request.context)) {
                continue;
            }
            let says = if statement.allows { Decision::Allowed } else { Decision::ExplicitDeny };
            match (decision, says) {
                (Decision::ExplicitDeny, Decision::Allowed) => {}
                (now, says) if now == says => drop(by.insert(place)),
                _ => (decision, by) = (says, BTreeSet::from([place])),
            }
        }
    }
    Evaluation { decision, by, missing }
}

impl Statement {
    fn is_about(&self, request: Request<'_>) -> bool {
        let action = request.action.to_ascii_lowercase();
        self.actions.names(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
            && self.resources.names(|pattern| matches_arn(pattern, request.resource))
    }
}

impl Chosen {
    fn names(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.patterns.iter().any(|pattern| is_it(pattern)) != self.but_these
    }

    /// The one of an element and its opposite that is written.
    fn read(what: &str, these: Option<Many>, but_these: Option<Many>) -> Result<Self, String> {
        let (Many(patterns), but_these) = match (these, but_these) {
            (Some(these), None) => (these, false),
            (None, Some(but_these)) => (but_these, true),
            (Some(_), Some(_)) => {
                return Err(format!("has both `{what}` and `Not{what}`; expected one of them"));
            }
            (None, None) => return Err(format!("has neither `{what}` nor `Not{what}`")),
        };
        if patterns.is_empty() {
            return Err(format!("`{what}` is empty"));
        }
        match patterns.iter().find(|pattern| pattern.contains("${")) {
            Some(pattern) => {
                Err(format!("`{pattern}` holds a policy variable, and those are not known here"))
            }
            None => Ok(Self { patterns, but_these }),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    #[serde(deserialize_with = "one_or_many")]
    statement: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: String,
    action: Option<Many>,
    not_action: Option<Many>,
    resource: Option<Many>,
    not_resource: Option<Many>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, Many>>,
}

impl Written {
    fn read(self) -> Result<Statement, String> {
        let allows = match &*self.effect {
            "Allow" => true,
            "Deny" => false,
            other => return Err(format!("`Effect` is `{other}`; expected `Allow` or `Deny`")),
        };
        let actions = Chosen::read("Action", self.action, self.not_action)?;
        if let Some(wrong) =
            actions.patterns.iter().find(|action| *action != "*" && action.split_once(':').is_none())
        {
            return Err(format!("`{wrong}` is no action; expected one such as `ecs:DescribeTasks`"));
        }
        Ok(Statement {
            allows,
            actions,
            resources: Chosen::read("Resource", self.resource, self.not_resource)?,
            conditions: conditions(self.condition)?,
        })
    }
}

/// One value, or a list of them, as text.
struct Many(Vec<String>);

impl<'de> Deserialize<'de> for Many {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                Err(de::Error::custom(format!("`{value}` is no text; expected one or a list of them")))
            }
        };
        match Value::deserialize(deserializer)? {
            Value::Array(values) => values.iter().map(text).collect::<Result<_, _>>().map(Self),
            value => Ok(Self(vec![text(&value)?])),
        }
    }
}

/// A list, which may be left out around one entry.
fn one_or_many<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: de::DeserializeOwned,
    D: Deserializer<'de>,
{
    let values = match Value::deserialize(deserializer)? {
        Value::Array(values) => values,
        value => vec![value],
    };
    values.into_iter().map(|value| T::deserialize(value).map_err(de::Error::custom)).collect()
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
