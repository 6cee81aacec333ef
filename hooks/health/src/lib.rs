//! The hook `health`: looks at what AWS and proxies say of green.
//!
//! One file per kind of check; adding one is that file and its line in [`hook`].

use greenlight::{Hook, Stage, deployment::IsolationCheck};
use serde_json::json;

#[cfg(test)]
mod documentation;
mod envoy;
mod grace;
mod images;
mod targets;
mod tasks;
#[cfg(test)]
mod testing;
mod words;

pub use self::{envoy::Envoy, images::Images, targets::Targets, tasks::Tasks};

/// The hook, with its checks and the plan that it has by default.
pub fn hook() -> Hook {
    Hook::new("health")
        .check::<Tasks>("tasks")
        .check::<Targets>("targets")
        .check::<Images>("images")
        .check::<Envoy>("envoy")
        .check::<IsolationCheck>("isolation")
        .stages([
            Stage::PostScaleUp,
            Stage::TestTrafficShift,
            Stage::PostTestTrafficShift,
            Stage::PreProductionTrafficShift,
            Stage::ProductionTrafficShift,
            Stage::PostProductionTrafficShift,
        ])
        .defaults(
            json!({ "checks": [{ "tasks": {} }, { "targets": {} }, { "images": {} }, { "isolation": {} }] }),
        )
}
