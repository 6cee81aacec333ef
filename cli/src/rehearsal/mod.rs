//! What AWS does around a hook, served on this machine so that the very same hook binary runs unchanged.
//!
//! - [`lambda`] is the Lambda service for one function: it starts the hook as a process of its own,
//!   speaks the Runtime API with it and ends it as Lambda does.
//! - [`aws`] answers the AWS calls that a hook makes, in the protocols that the SDKs speak.
//! - [`application`] is the built-in application.
//! - [`balancer`] serves the load balancers of the world behind [`aws`].
//! - [`authority`] issues the certificates that they show.
//!
//! And a whole deployment around those:
//!
//! - [`subject`] is what is deployed, read from the files that its owner has.
//! - [`controller`] is what ECS and CodeDeploy decide: stage machines without any I/O.
//! - [`task`] runs the applications, [`users`] sends them traffic, [`fault`] is what can go wrong.
//! - [`play`] plays it all together.
//! - [`clock`] is the simulated time that all of it runs by.
//!
//! All listen on loopback alone, all are shared by the tests, `invoke` and the rehearsal so that
//! they cannot drift apart, and neither knows anything of verdicts: they fake the service, never the
//! function. Processes are started and ended as Unix does it (process groups, signals).

pub mod application;
pub mod authority;
pub mod aws;
pub mod balancer;
pub mod clock;
pub mod controller;
pub mod fault;
pub mod lambda;
pub mod play;
pub mod subject;
pub mod task;
pub mod users;

mod identifier;
mod process;
mod server;

use serde::Serialize;

/// A side of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// The revision that serves.
    Blue,
    /// The revision that is being deployed.
    Green,
}

impl Colour {
    /// `blue` or `green`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
        }
    }
}
