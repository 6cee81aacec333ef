//! The hook `test-traffic`: sends requests to green, and judges what comes back.
//!
//! One file per kind of check; adding one is that file and its line in [`hook`].

use greenlight::{Hook, Stage, deployment::IsolationCheck};
use serde_json::json;

mod grpc;
mod http;
mod reach;
mod tcp;

pub use self::{grpc::Grpc, http::Http, tcp::Tcp};

/// What must hold of whatever green answers, for fuzzing.
#[cfg(feature = "fuzzing")]
pub mod fuzzing {
    pub use crate::http::fuzzing::probe_answer;
}

/// The hook, with its checks and the plan that it has by default: ten requests to green's own health
/// check, all must pass.
pub fn hook() -> Hook {
    Hook::new("test-traffic")
        .check::<Http>("http")
        .check::<Grpc>("grpc")
        .check::<Tcp>("tcp")
        .check::<IsolationCheck>("isolation")
        .stages([
            Stage::PostScaleUp,
            Stage::TestTrafficShift,
            Stage::PostTestTrafficShift,
            Stage::PreProductionTrafficShift,
            Stage::ProductionTrafficShift,
            Stage::PostProductionTrafficShift,
        ])
        .anywhere_with_target_url()
        .defaults(json!({ "checks": [{ "http": { "requests": 10, "concurrency": 2 } }] }))
}
