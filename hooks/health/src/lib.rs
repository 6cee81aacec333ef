//! The hook `health`: looks at what AWS and proxies say of green.
//!
//! One file per kind of check; adding one is that file and its line in [`hook`].

use greenlight::{Hook, Stage, deployment::IsolationCheck};
use serde_json::json;

/// The hook, with its checks and the plan that it has by default.
pub fn hook() -> Hook {
    Hook::new("health")
        .check::<IsolationCheck>("isolation")
        .stages([
            Stage::PostScaleUp,
            Stage::TestTrafficShift,
            Stage::PostTestTrafficShift,
            Stage::PreProductionTrafficShift,
            Stage::ProductionTrafficShift,
            Stage::PostProductionTrafficShift,
        ])
        .defaults(json!({ "checks": [{ "isolation": {} }] }))
}
