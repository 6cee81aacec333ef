//! A plan, drawn: what it means, and the document that says so.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::truth::Truth;
use crate::drawn::Chance;

/// How long patience lasts where nobody says.
const DEFAULT_PATIENCE: Duration = Duration::from_mins(10);

/// What a function's plan means.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) checks: Vec<Planned>,
    pub(super) on_create_pass: bool,
    pub(super) shadow: bool,
    /// How it is broken, if it is.
    pub(super) broken: Option<Broken>,
    pub(super) kept: Kept,
    patience: Option<Duration>,
    lets_pass: bool,
}

/// A check of a plan.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) advisory: bool,
    /// How long it may stay undecided, by itself or by the plan.
    pub(super) patience: Duration,
    /// Whether it is left out if it cannot be told.
    pub(super) lets_pass: bool,
    own_patience: Option<Duration>,
    own_lets_pass: Option<bool>,
    /// What is true, at one execution after the other.
    truths: Vec<Truth>,
}

/// Where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// In `GREENLIGHT_PLAN`.
    Environment,
    /// In a parameter that `GREENLIGHT_PLAN` names.
    Parameter,
    /// As the event's `hookDetails`.
    Details,
    /// Beside other keys of the event's `hookDetails`.
    Beside,
    /// As a text in the event's `hookDetails`.
    Text,
    /// In a parameter that the event's `hookDetails` name.
    DetailsParameter,
}

/// How a plan is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    NoChecks,
    UnknownKey,
    UnknownCheck,
    Patience,
    AllAdvisory,
}

impl Planned {
    /// What is true at an execution.
    pub(super) fn truth(&self, execution: usize) -> Option<&Truth> {
        self.truths.get(execution % self.truths.len().max(1))
    }
}

impl Kept {
    /// Whether a call has to be made for it.
    pub(super) fn is_parameter(self) -> bool {
        matches!(self, Self::Parameter | Self::DetailsParameter)
    }
}

impl Plan {
    /// One that a hook of ECS may also have in its details.
    pub(super) fn draw(chance: &mut Chance, is_bad: bool, has_details: bool) -> Self {
        const PATIENCES: [u64; 8] = [0, 5, 30, 120, 300, 600, 1200, 2400];
        let patience =
            |chance: &mut Chance| chance.one_in(2).then(|| Duration::from_secs(chance.one_of(PATIENCES)));
        let (of_plan, lets_pass) = (patience(chance), chance.one_in(4));
        let count = chance.number(1..=4);
        let mut checks: Vec<Planned> = (0..count)
            .map(|number| {
                let own_patience = patience(chance).filter(|_| chance.one_in(3));
                let own_lets_pass = chance.one_in(5).then(|| chance.one_in(2));
                let truths = (0..chance.number(1..=3)).map(|_| Truth::draw(chance, is_bad)).collect();
                Planned {
                    name: format!("c{number}"),
                    advisory: chance.one_in(5),
                    patience: own_patience.or(of_plan).unwrap_or(DEFAULT_PATIENCE),
                    lets_pass: own_lets_pass.unwrap_or(lets_pass),
                    own_patience,
                    own_lets_pass,
                    truths,
                }
            })
            .collect();
        if let Some(first) = checks.first_mut() {
            first.advisory = false;
        }
        let kept = if has_details {
            chance.one_of([
                Kept::Environment,
                Kept::Details,
                Kept::Beside,
                Kept::Text,
                Kept::Parameter,
                Kept::DetailsParameter,
            ])
        } else {
            chance.one_of([Kept::Environment, Kept::Environment, Kept::Environment, Kept::Parameter])
        };
        let all = [
            Broken::NoChecks,
            Broken::UnknownKey,
            Broken::UnknownCheck,
            Broken::Patience,
            Broken::AllAdvisory,
        ];
        Self {
            checks,
            on_create_pass: chance.one_in(6),
            shadow: chance.one_in(15),
            broken: (is_bad && chance.one_in(12)).then(|| chance.one_of(all)),
            kept,
            patience: of_plan,
            lets_pass,
        }
    }

    /// The check of this name.
    pub(super) fn check(&self, name: &str) -> Option<(usize, &Planned)> {
        self.checks.iter().enumerate().find(|(_, check)| check.name == name)
    }

    /// The checks that decide.
    pub(super) fn deciding(&self) -> impl Iterator<Item = (usize, &Planned)> {
        self.checks.iter().enumerate().filter(|(_, check)| !check.advisory)
    }

    /// The document that says all this.
    pub(super) fn document(&self) -> Value {
        let policy = |lets_pass: bool| if lets_pass { "pass" } else { "fail" };
        let seconds = |time: Duration| format!("{}s", time.as_secs());
        let checks: Vec<_> = self
            .checks
            .iter()
            .enumerate()
            .map(|(number, check)| {
                let advisory = check.advisory || self.broken == Some(Broken::AllAdvisory);
                let mut fields = json!({ "n": number, "name": check.name, "advisory": advisory });
                if let Some(patience) = check.own_patience {
                    fields["patience"] = seconds(patience).into();
                }
                if let Some(lets_pass) = check.own_lets_pass {
                    fields["on_inconclusive"] = policy(lets_pass).into();
                }
                let kind = if self.broken == Some(Broken::UnknownCheck) { "valdiate" } else { "validate" };
                Value::Object(Map::from_iter([(kind.to_owned(), fields)]))
            })
            .collect();
        let mut document = json!({ "checks": checks, "on_inconclusive": policy(self.lets_pass) });
        if let Some(patience) = self.patience {
            document["patience"] = seconds(patience).into();
        }
        if self.on_create_pass {
            document["on_create"] = "pass".into();
        }
        if self.shadow {
            document["mode"] = "shadow".into();
        }
        match self.broken {
            Some(Broken::NoChecks) => document["checks"] = json!([]),
            Some(Broken::UnknownKey) => document["cheks"] = json!([]),
            Some(Broken::Patience) => document["patience"] = "soon".into(),
            Some(Broken::UnknownCheck | Broken::AllAdvisory) | None => {}
        }
        document
    }
}
