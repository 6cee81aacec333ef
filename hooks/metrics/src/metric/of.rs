//! What a metric check looks at.

use std::collections::BTreeMap;

use greenlight::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    place::Place,
    query::{Statistic, What},
};
use greenlight::deployment::Sides;

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(rename_all = "snake_case")]
pub(super) enum Of {
    /// Target 5xx and target connection errors over requests.
    ErrorRate,
    /// `TargetResponseTime`.
    ResponseTime,
    /// `RequestCount`.
    Requests,
    /// The most of `UnHealthyHostCount`.
    UnhealthyHosts,
    /// Any metric of CloudWatch.
    Metric(Custom),
    /// An expression of metric math.
    Expression(Expression),
}

/// A metric of the user's own. In its dimensions `{load_balancer}`, `{target_group}`, `{cluster}` and
/// `{service}` stand for what the deployment has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(deny_unknown_fields)]
pub(super) struct Custom {
    /// `AWS/ECS` and the like.
    namespace: String,
    /// Its name.
    name: String,
    /// All its dimensions by name; a metric with others is another metric.
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    /// `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount` or a percentile.
    #[serde(default = "average")]
    pub(super) statistic: String,
}

/// An expression, with the metrics that it names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(deny_unknown_fields)]
pub(super) struct Expression {
    /// The expression, e.g. `errors / requests`.
    pub(super) is: String,
    /// The metrics by the ids that it names them by.
    #[serde(default)]
    pub(super) metrics: BTreeMap<String, Custom>,
}

fn average() -> String {
    "Average".to_owned()
}

/// In a dimension: the target group of the side that is looked at.
const TARGET_GROUP: &str = "{target_group}";
const LOAD_BALANCER: &str = "{load_balancer}";

impl Custom {
    fn uses(&self, placeholder: &str) -> bool {
        self.dimensions.values().any(|value| value.contains(placeholder))
    }

    fn filled(&self, sides: &Sides, place: Option<&Place>, target_group: Option<&str>) -> Statistic {
        let fill = |value: &String| {
            let mut value = value.replace("{cluster}", &sides.cluster).replace("{service}", &sides.service);
            if let Some(place) = place {
                value = value.replace(LOAD_BALANCER, &place.load_balancer);
            }
            match target_group {
                Some(group) => value.replace(TARGET_GROUP, group),
                None => value,
            }
        };
        Statistic {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            dimensions: self.dimensions.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
            stat: self.statistic.clone(),
        }
    }
}

impl Of {
    /// The word for it, as it stands in a plan.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::ErrorRate => "error_rate",
            Self::ResponseTime => "response_time",
            Self::Requests => "requests",
            Self::UnhealthyHosts => "unhealthy_hosts",
            Self::Metric(_) => "metric",
            Self::Expression(_) => "expression",
        }
    }

    /// What it is called in a sentence.
    pub(super) fn name(&self) -> String {
        match self {
            Self::ErrorRate => "error rate".to_owned(),
            Self::ResponseTime => "response time".to_owned(),
            Self::Requests => "requests".to_owned(),
            Self::UnhealthyHosts => "unhealthy hosts".to_owned(),
            Self::Metric(custom) => format!("{} {}", custom.statistic, custom.name),
            Self::Expression(expression) => expression.is.clone(),
        }
    }

    /// The metrics of the user's own that are in it.
    pub(super) fn customs(&self) -> Vec<&Custom> {
        match self {
            Self::Metric(custom) => vec![custom],
            Self::Expression(expression) => expression.metrics.values().collect(),
            Self::ErrorRate | Self::ResponseTime | Self::Requests | Self::UnhealthyHosts => Vec::new(),
        }
    }

    /// Whether blue and green have one each.
    pub(super) fn has_sides(&self) -> bool {
        match self {
            Self::Metric(_) | Self::Expression(_) => {
                self.customs().iter().any(|custom| custom.uses(TARGET_GROUP))
            }
            Self::ErrorRate | Self::ResponseTime | Self::Requests | Self::UnhealthyHosts => true,
        }
    }

    /// Whether each load balancer has one.
    pub(super) fn has_places(&self) -> bool {
        self.has_sides() || self.customs().iter().any(|custom| custom.uses(LOAD_BALANCER))
    }

    /// Whether it counts requests or what becomes of them, which a Network Load Balancer knows nothing of.
    pub(super) fn is_of_requests(&self) -> bool {
        matches!(self, Self::ErrorRate | Self::ResponseTime | Self::Requests)
    }

    /// A metric or an expression of the user's own, filled in.
    pub(super) fn custom(
        &self,
        sides: &Sides,
        place: Option<&Place>,
        target_group: Option<&str>,
    ) -> Option<What> {
        match self {
            Self::Metric(custom) => Some(What::Metric(custom.filled(sides, place, target_group))),
            Self::Expression(Expression { is, metrics }) => Some(What::Expression {
                expression: is.clone(),
                of: metrics
                    .iter()
                    .map(|(name, custom)| (name.clone(), custom.filled(sides, place, target_group)))
                    .collect(),
            }),
            Self::ErrorRate | Self::ResponseTime | Self::Requests | Self::UnhealthyHosts => None,
        }
    }
}
