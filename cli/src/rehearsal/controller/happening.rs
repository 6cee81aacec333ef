//! The timeline of a deployment, entry by entry.

use serde::Serialize;

use super::hook::{HookKind, Verdict};
use super::status::Status;

/// What a deployment has come to, for its timeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// The deployment began.
    Started {
        /// `BLUE_GREEN`, …, or the name of CodeDeploy's deployment configuration.
        strategy: String,
        /// The deployment's ARN, or CodeDeploy's id of it.
        deployment: String,
        /// Whether the service is being created: there is no blue.
        create: bool,
    },
    /// A stage began.
    Stage {
        /// Its name, in the controller's words.
        stage: String,
        /// Green's share of production traffic that the step leads to, in percent.
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<f64>,
        /// Whether the deployment is being taken back.
        rollback: bool,
    },
    /// A stage that is left out, and why.
    Skipped {
        /// Its name.
        stage: String,
        /// Why.
        reason: String,
    },
    /// Traffic shifted.
    Shifted {
        /// `test` or `production`.
        traffic: &'static str,
        /// Blue's share in percent.
        blue: f64,
        /// Green's share in percent.
        green: f64,
    },
    /// The controller waits: bake time, or the load balancer.
    Waiting {
        /// For what.
        reason: &'static str,
        /// How long, in seconds.
        seconds: f64,
    },
    /// A hook began.
    HookStarted {
        /// Which execution, to tell those of one hook apart.
        execution: usize,
        /// The function, as its owner's file names it; none for a PAUSE hook.
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<String>,
        /// The stage.
        stage: String,
        /// `lambda`, `pause` or `codedeploy`.
        kind: HookKind,
    },
    /// A hook asked for time.
    HookWaits {
        /// The execution.
        execution: usize,
        /// Its reason, if it gave one.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When it is called again, in seconds.
        delay: f64,
    },
    /// A hook has its verdict.
    HookEnded {
        /// The execution.
        execution: usize,
        /// The verdict.
        verdict: Verdict,
        /// The reason that its function gave.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What AWS says of it, where it does not go on.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// An alarm went off.
    AlarmFired {
        /// Its name.
        name: String,
    },
    /// The deployment failed.
    Failed {
        /// AWS's reason.
        reason: String,
        /// CodeDeploy's error code.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
    },
    /// The deployment is being taken back.
    RollingBack {
        /// By which deployment, where CodeDeploy makes a new one for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        deployment: Option<String>,
    },
    /// The deployment is over.
    Ended {
        /// Its status.
        status: Status,
        /// AWS's reason.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Something that people should know, such as an unknown behaviour of AWS's that was met.
    Remark {
        /// What.
        text: String,
    },
}
