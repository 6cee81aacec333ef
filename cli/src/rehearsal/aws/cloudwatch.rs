//! CloudWatch: metrics that can be asked for, and alarms.
//!
//! What is kept of a metric is what was recorded, value by value, so that every statistic over every
//! window is computed from the values themselves, as CloudWatch does, and never from other statistics.

mod alarm;
mod metric_data;
mod statistic;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

pub use self::alarm::{Alarm, DESCRIBE_ALARMS};
pub use self::metric_data::GET_METRIC_DATA;

use super::operation::Service;
use super::protocol::Protocol;

pub(super) static SERVICE: Service = Service {
    name: "cloudwatch",
    protocol: Protocol::Cbor { target: "GraniteServiceVersion20100801" },
    operations: &[&GET_METRIC_DATA, &DESCRIBE_ALARMS],
};

/// What CloudWatch knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// Metrics, each with what was recorded of it.
    pub metrics: Vec<Metric>,
    /// Alarms on metrics.
    pub metric_alarms: Vec<Alarm>,
    /// Alarms on other alarms.
    pub composite_alarms: Vec<Alarm>,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metric {
    /// `AWS/ApplicationELB` and the like.
    pub namespace: String,
    /// `RequestCount` and the like.
    pub metric_name: String,
    /// All its dimensions: a metric with others is another metric.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// What was recorded, in any order.
    #[serde(default)]
    pub datapoints: Vec<Datapoint>,
}

/// Values of one moment, each so many times.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Datapoint {
    /// When.
    pub timestamp: Timestamp,
    /// The values.
    pub values: Vec<f64>,
    /// How often each was recorded; once, where it is not said.
    #[serde(default)]
    pub counts: Vec<f64>,
}

impl Datapoint {
    /// The values with their counts.
    fn recorded(&self) -> impl Iterator<Item = (f64, f64)> {
        let count = |index: usize| self.counts.get(index).copied().unwrap_or(1.0);
        self.values.iter().enumerate().map(move |(index, value)| (*value, count(index)))
    }
}

impl State {
    /// Records a value so many times at a moment, as `PutMetricData` would.
    pub fn record(
        &mut self,
        namespace: &str,
        metric_name: &str,
        dimensions: &[(&str, &str)],
        at: Timestamp,
        (value, count): (f64, u64),
    ) {
        let dimensions: BTreeMap<_, _> =
            dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^52")]
        let datapoint = Datapoint { timestamp: at, values: vec![value], counts: vec![count as f64] };
        match self.find_mut(namespace, metric_name, &dimensions) {
            Some(metric) => metric.datapoints.push(datapoint),
            None => self.metrics.push(Metric {
                namespace: namespace.to_owned(),
                metric_name: metric_name.to_owned(),
                dimensions,
                datapoints: vec![datapoint],
            }),
        }
    }

    fn find_mut(
        &mut self,
        namespace: &str,
        name: &str,
        dimensions: &BTreeMap<String, String>,
    ) -> Option<&mut Metric> {
        self.metrics.iter_mut().find(|metric| {
            metric.namespace == namespace && metric.metric_name == name && metric.dimensions == *dimensions
        })
    }
}
