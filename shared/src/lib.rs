//! Lambda hooks that decide whether a deployment of an Amazon ECS service may go on.
//!
//! A deployment starts the new revision (*green*) beside the old one (*blue*) and calls hooks at named
//! stages. A hook built on this crate looks at green and answers in whichever protocol it was called:
//! ECS's own hooks, CodeDeploy's, or a PAUSE hook's event. Exactly one truthful verdict leaves it
//! before its deadline, whatever the validation does.
//!
//! A hook of your own is one function:
//!
//! ```no_run
//! use greenlight::{Outcome, Scope};
//!
//! fn main() -> std::process::ExitCode {
//!     greenlight::run(validate)
//! }
//!
//! async fn validate(green: Scope) -> Result<Outcome, std::io::Error> {
//!     Ok(Outcome::pass(format!("looked at {}", green.deployment_id())))
//! }
//! ```
//!
//! # The way of an event
//!
//! | step | module |
//! |---|---|
//! | bytes from the Lambda Runtime API, answer back to it | `runtime::api` |
//! | event → invocation, verdict → report | `protocol` |
//! | variables | `settings` |
//! | layers → plan | [`plan`] |
//! | plan → outcomes, under the guard | `runtime` |
//! | outcomes → verdict | [`verdict`] |
//! | the record of it all | `evidence` |

pub mod clock;
pub mod deployment;
pub mod overrides;
pub mod plan;
pub mod settings;
pub mod stage;
pub mod verdict;

mod aws;
mod check;
mod evidence;
mod hook;
mod outcome;
mod protocol;
mod runtime;
mod scope;
mod secrets;
#[cfg(feature = "simulation")]
pub mod simulation;
mod state;
mod wildcard;

pub use self::{
    aws::{Api, Ask, AwsCall, Cause, ClientConfig, Connection, Fact, Failure},
    check::Check,
    evidence::SCHEMA as EVIDENCE_SCHEMA,
    hook::{Hook, run},
    outcome::{Kind, Outcome, SkipCause, worst},
    protocol::{Protocol, Situation},
    scope::Scope,
    secrets::Secrets,
    stage::Stage,
    state::Reading,
};

/// What must hold of whatever comes from outside, for fuzzing: each takes any bytes and panics where it does not.
#[cfg(feature = "fuzzing")]
pub mod fuzzing {
    pub use crate::{protocol::fuzzing::event, state::fuzzing::state};
}

/// What a check derives the schema of its settings with ([`Check`]).
pub use schemars;

/// The version of greenlight, as evidence and probes give it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The program of the README, which has to compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
