//! The hook `metrics`: judges green by its alarms and metrics.
//!
//! One file per kind of check; adding one is that file and its line in [`hook`]. What goes in and what comes
//! out of a check is plain data, and each step is a pure function but one:
//!
//! | step | where |
//! |---|---|
//! | stage, shift, clock → the windows of green and blue | `window` |
//! | settings, target groups → what CloudWatch is asked for | `metric::queries` |
//! | one `GetMetricData` for all checks of the plan | `collect`, the one that asks |
//! | values, bounds → outcome | `metric::judge` |

use greenlight::{Hook, Stage};
use serde_json::json;

mod alarms;
mod collect;
mod metric;
mod place;
mod query;
mod window;

pub use self::{alarms::Alarms, metric::Metric};

/// The hook, with its checks and the plan that it has by default: the deployment's own alarms, and green's
/// error rate. A service without much traffic is not rolled back for that: below `min_requests` the error
/// rate decides nothing but by what few requests there are, and says how many.
pub fn hook() -> Hook {
    Hook::new("metrics")
        .check::<Alarms>("alarms")
        .check::<Metric>("metric")
        .stages([
            Stage::PreProductionTrafficShift,
            Stage::ProductionTrafficShift,
            Stage::PostProductionTrafficShift,
        ])
        .defaults(json!({ "checks": [
            { "alarms": { "insufficient_data": "pass" } },
            { "metric": {
                "name": "error_rate", "of": "error_rate", "max": "1%", "min_requests": 100,
                "below_min_requests": "advisory", "patience": "5m",
            } },
        ] }))
}

/// The client of CloudWatch.
async fn cloudwatch(scope: &greenlight::Scope) -> aws_sdk_cloudwatch::Client {
    scope
        .aws()
        .client(|greenlight::ClientConfig { sdk, recorder }| {
            let config = aws_sdk_cloudwatch::config::Builder::from(sdk).interceptor(recorder);
            aws_sdk_cloudwatch::Client::from_conf(config.build())
        })
        .await
}
