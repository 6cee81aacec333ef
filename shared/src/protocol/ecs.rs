//! ECS-native hooks: ECS invokes the function and reads `hookStatus` from what it returns.
//!
//! Source: ECS developer guide, *Lambda hooks for Amazon ECS service deployments*. What real functions
//! receive is the envelope with `executionDetails`; the flat form stood in the 2025 edition of that
//! page only and is tolerated with a warning.

use serde_json::{Map, Value};

use super::{Invocation, Protocol, Reply, Service, Situation, text};
use crate::stage::Stage;

/// Weights count as equal within this, in percent: ECS moves traffic in steps of 0.1.
const TOLERANCE: f64 = 0.01;

pub(super) fn is_event(fields: &Map<String, Value>) -> bool {
    ["executionDetails", "lifecycleStage", "targetServiceRevisionArn"]
        .iter()
        .any(|key| fields.contains_key(*key))
}

pub(super) fn parse(fields: &Map<String, Value>) -> Invocation {
    let mut warnings = Vec::new();
    let details = match fields.get("executionDetails") {
        Some(Value::Object(details)) => details,
        Some(_) => {
            warnings.push("the event's `executionDetails` is no object; taken as absent".to_owned());
            &Map::new()
        }
        None => {
            warnings.push(
                "the event has the flat form of the 2025 documentation, without `executionDetails`"
                    .to_owned(),
            );
            fields
        }
    };
    let stage = text(fields, "lifecycleStage", &mut warnings).map_or_else(
        || {
            warnings
                .push("the event names no `lifecycleStage`; treated as POST_TEST_TRAFFIC_SHIFT".to_owned());
            Stage::unnamed()
        },
        |name| Stage::from_ecs(&name),
    );
    if let (Stage::Unknown(name), true) = (&stage, fields.contains_key("lifecycleStage")) {
        warnings.push(format!(
            "the stage `{name}` is not known to this version; treated as POST_TEST_TRAFFIC_SHIFT"
        ));
    }
    let service_arn = text(details, "serviceArn", &mut warnings);
    let green = text(details, "targetServiceRevisionArn", &mut warnings);
    let deployment = text(fields, "resourceArn", &mut warnings);
    if deployment.is_none() {
        warnings.push("the event names no service deployment (`resourceArn`)".to_owned());
    }
    let weights_key = match stage {
        Stage::TestTrafficShift => "testTrafficWeights",
        _ => "productionTrafficWeights",
    };
    let weights = Weights::read(details.get(weights_key), weights_key, &mut warnings);
    let (situation, situation_because) = weights.situation(&stage, green.as_deref(), weights_key);
    let step = weights.of(green.as_deref()).filter(|_| is_shift(&stage)).map(|weight| weight.to_string());
    Invocation {
        protocol: Protocol::Ecs,
        stage,
        step,
        deployment: deployment
            .or_else(|| green.clone())
            .or_else(|| service_arn.clone())
            .unwrap_or_else(|| "unknown".to_owned()),
        service: service_arn.as_deref().and_then(Service::from_arn),
        names_blue: names_blue(details, green.as_deref()),
        green,
        situation,
        situation_because,
        hook_details: fields.get("hookDetails").cloned().unwrap_or(Value::Null),
        carried: None,
        expires_at: None,
        warnings,
        reply: Reply::Return,
    }
}

/// Whether one of the event's weights is another revision's than green's.
fn names_blue(details: &Map<String, Value>, green: Option<&str>) -> bool {
    ["testTrafficWeights", "productionTrafficWeights"].iter().any(|key| {
        let weights = details.get(*key).and_then(Value::as_object);
        weights.is_some_and(|weights| weights.keys().any(|revision| Some(revision.as_str()) != green))
    })
}

/// The stages that carry a step; at the two SHIFT stages a rollback shows, too.
fn is_shift(stage: &Stage) -> bool {
    matches!(
        stage,
        Stage::TestTrafficShift | Stage::PreProductionTrafficShift | Stage::ProductionTrafficShift
    )
}

/// Traffic per revision in percent. Numbers are read as f64: ECS documents steps of 0.1.
struct Weights {
    known: Vec<(String, f64)>,
    /// How many revisions the event names, those with an unreadable weight included.
    named: usize,
}

impl Weights {
    fn read(value: Option<&Value>, key: &str, warnings: &mut Vec<String>) -> Self {
        let fields = match value {
            None | Some(Value::Null) => return Self { known: Vec::new(), named: 0 },
            Some(Value::Object(fields)) => fields,
            Some(_) => {
                warnings.push(format!("the event's `{key}` is no object; taken as absent"));
                return Self { known: Vec::new(), named: 0 };
            }
        };
        let mut weights = Vec::new();
        for (revision, weight) in fields {
            let number = weight.as_f64().or_else(|| weight.as_str()?.trim().parse().ok());
            match number.filter(|number: &f64| (0.0..=100.0).contains(number)) {
                Some(number) => weights.push((revision.clone(), number)),
                None => warnings
                    .push(format!("the weight {weight} in the event's `{key}` is no percentage; left out")),
            }
        }
        Self { known: weights, named: fields.len() }
    }

    fn of(&self, revision: Option<&str>) -> Option<f64> {
        self.known.iter().find(|(name, _)| Some(name.as_str()) == revision).map(|(_, weight)| *weight)
    }

    /// The situation as far as an event tells it.
    ///
    /// ECS has no stage for a rollback: it calls the hooks of the two SHIFT stages again with green at
    /// 0 and another revision at 100. The trap: the *normal* first `PRE_PRODUCTION_TRAFFIC_SHIFT`
    /// carries the very same weights, so the rule holds at the two SHIFT stages only, and only as
    /// documented; anything less certain is judged, not waved through.
    fn situation(&self, stage: &Stage, green: Option<&str>, key: &str) -> (Situation, String) {
        let shift = matches!(stage, Stage::TestTrafficShift | Stage::ProductionTrafficShift);
        let (true, Some(weight)) = (shift, self.of(green)) else {
            return (
                Situation::Update,
                "assumed: the event does not tell a create from an update here".to_owned(),
            );
        };
        let others: f64 =
            self.known.iter().filter(|(name, _)| Some(name.as_str()) != green).map(|(_, other)| other).sum();
        if weight.abs() < TOLERANCE && (others - 100.0).abs() < TOLERANCE {
            return (
                Situation::Rollback,
                format!("`{key}` gives green 0 and another revision 100 at {stage}"),
            );
        }
        if self.named == 1 && (weight - 100.0).abs() < TOLERANCE {
            return (Situation::Create, format!("`{key}` names green alone at {stage}"));
        }
        (Situation::Update, format!("`{key}` gives green {weight} beside another revision at {stage}"))
    }
}
