//! The hook `metrics`: judges green by its alarms and metrics.
//!
//! One file per kind of check; adding one is that file and its line in [`hook`].

use greenlight::{Hook, Stage};

/// The hook, with its checks and the plan that it has by default.
pub fn hook() -> Hook {
    Hook::new("metrics").stages([
        Stage::PreProductionTrafficShift,
        Stage::ProductionTrafficShift,
        Stage::PostProductionTrafficShift,
    ])
}
