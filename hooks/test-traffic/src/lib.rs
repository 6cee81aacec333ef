//! The hook `test-traffic`: sends requests to green, and judges what comes back.
//!
//! One file per kind of check; adding one is that file and its line in [`hook`].

use greenlight::Hook;
use serde_json::json;

mod http;
pub mod prober;

pub use self::http::Http;

/// The hook, with its checks and the plan that it has by default: ten requests, all must pass.
pub fn hook() -> Hook {
    Hook::new("test-traffic")
        .check::<Http>("http")
        .defaults(json!({ "checks": [{ "http": { "requests": 10, "concurrency": 2 } }] }))
}
