//! The deployment controllers: what ECS and CodeDeploy decide, as stage machines without any I/O.
//!
//! A [`Deployment`] walks over phases that its configuration gives, for ECS or for CodeDeploy. It is told
//! what has happened ([`Input`]) and says what is to be done ([`Command`]); between the two it needs
//! nothing but the simulated time. Whoever drives it carries out the commands, comes back with what
//! came of them, and at the latest at [`Deployment::deadline`].
//!
//! Where AWS's behaviour is not known, [`Assumptions`] says what is played.

pub mod configuration;

mod answer;
mod assumptions;
mod codedeploy;
mod deployment;
mod ecs;
mod happening;
mod hook;
mod identity;
mod messages;
mod payload;
mod phase;
mod status;

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use self::answer::Answer;
pub use self::assumptions::{Assumptions, HookDetails, RollbackHooks, ShiftHooks};
pub(in crate::rehearsal) use self::codedeploy::OF_TEST_LISTENER;
pub use self::deployment::{Circumstances, Deployment, LoadBalancer};
pub use self::happening::Happening;
pub use self::hook::{Execution, HookKind, Verdict};
pub use self::identity::Identity;
pub use self::phase::Weights;
pub use self::status::Status;

/// What has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Time has passed.
    Time,
    /// What a [`Command::ScaleUp`], [`Command::Replace`] or [`Command::Restore`] asked for is done.
    Done {
        /// The number that the command had. What is done too late is not what is awaited.
        errand: usize,
    },
    /// It cannot be done: the circuit breaker's threshold was exceeded.
    Broke {
        /// The number that the command had.
        errand: usize,
    },
    /// A function that ECS called has answered, or failed to.
    Answered {
        /// The execution, as [`Command::Invoke`] named it.
        execution: usize,
        /// What came back.
        answer: Answer,
    },
    /// A verdict was reported to CodeDeploy, or a PAUSE hook was answered.
    Reported {
        /// The execution, as [`Command::Invoke`] or [`Command::Pause`] named it.
        execution: usize,
        /// Whether the deployment may go on.
        proceed: bool,
        /// The reason, where the one who decided gave one.
        reason: Option<String>,
    },
    /// An alarm of the deployment went off.
    Alarm(String),
    /// Somebody stops the deployment.
    Stopped {
        /// Whether it is to be taken back; else everything stays as it is.
        rollback: bool,
    },
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Start the tasks of green beside those of blue, and say when they are healthy.
    ScaleUp {
        /// What [`Input::Done`] is to name.
        errand: usize,
    },
    /// Start the tasks of green in blue's own pool, and end those of blue once they are healthy.
    Replace {
        /// What [`Input::Done`] is to name.
        errand: usize,
    },
    /// Replace the tasks of green by those of blue again.
    Restore {
        /// What [`Input::Done`] is to name.
        errand: usize,
    },
    /// Give green so many percent of the test traffic.
    ShiftTest(f64),
    /// Give green so many percent of the production traffic.
    ShiftProduction(f64),
    /// End the tasks of blue: green serves.
    EndBlue,
    /// End the tasks of green: the deployment is taken back.
    EndGreen,
    /// Call a function with an event.
    Invoke {
        /// What its answer or its report is to be handed back with.
        execution: usize,
        /// The function, as its owner's file names it.
        function: String,
        /// The event.
        event: Value,
        /// Whether nobody waits for the answer (`Event`), so that Lambda tries again after errors.
        asynchronous: bool,
    },
    /// Emit the EventBridge event of a PAUSE hook, and let it be answered.
    Pause {
        /// What its answer is to be handed back with.
        execution: usize,
        /// The event.
        event: Value,
    },
    /// Nobody waits for this execution any more.
    Forget {
        /// The execution.
        execution: usize,
    },
    /// Write down what has happened.
    Note(Happening),
}
