//! Bounds of latency percentiles.

use std::time::Duration;

use greenlight::plan::units::Span;
use greenlight::schemars::JsonSchema;
use greenlight_prober::Latencies;
use serde::{Deserialize, Serialize};

/// Bounds of latency: the time from a request being written to the end of its answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "greenlight::schemars")]
#[serde(default, deny_unknown_fields)]
pub(in crate::http) struct Latency {
    #[serde(skip_serializing_if = "Option::is_none")]
    p50: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p90: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Span>,
}

impl Latency {
    /// Whether nothing is bounded.
    pub(super) fn is_empty(&self) -> bool {
        self.bounds().next().is_none()
    }

    fn bounds(&self) -> impl Iterator<Item = (&'static str, f64, Span)> {
        [
            ("p50", 50.0, self.p50),
            ("p90", 90.0, self.p90),
            ("p95", 95.0, self.p95),
            ("p99", 99.0, self.p99),
            ("max", 100.0, self.max),
        ]
        .into_iter()
        .filter_map(|(name, percent, bound)| Some((name, percent, bound?)))
    }

    /// The first bound that is exceeded: its name, what was measured, the bound.
    pub(in crate::http) fn exceeded(&self, latencies: &Latencies) -> Option<(&'static str, Duration, Span)> {
        self.bounds().find_map(|(name, percent, bound)| {
            let measured = latencies.percentile(percent)?;
            (measured > bound.0).then_some((name, measured, bound))
        })
    }
}
