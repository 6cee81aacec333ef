//! What CloudWatch is asked for, as plain data that can be compared: what two checks ask for is asked once.

use std::collections::BTreeMap;

use crate::window::{Window, Windows};

/// Whose window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Green,
    Blue,
}

/// One series of values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Query {
    pub(crate) what: What,
    pub(crate) side: Side,
    /// A value for each minute; else one for the whole window, which alone is right for percentiles.
    pub(crate) by_minute: bool,
}

/// A metric, or an expression of several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Metric(Statistic),
    Expression { expression: String, of: BTreeMap<String, Statistic> },
}

/// A statistic of a metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statistic {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: BTreeMap<String, String>,
    pub(crate) stat: String,
}

impl Query {
    /// One value for the whole of a side's window.
    pub(crate) fn whole(what: What, side: Side) -> Self {
        Self { what, side, by_minute: false }
    }

    /// The window that it is asked for.
    pub(crate) fn window(&self, windows: &Windows) -> Window {
        match self.side {
            Side::Green => windows.green,
            Side::Blue => windows.blue,
        }
    }

    /// How long its periods are, in seconds.
    pub(crate) fn period(&self, windows: &Windows) -> i64 {
        if self.by_minute { 60 } else { self.window(windows).seconds() }
    }
}
