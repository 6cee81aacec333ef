//! What AWS does around a hook, served on this machine so that the very same hook binary runs unchanged.
//!
//! - [`lambda`] is the Lambda service for one function: it starts the hook as a process of its own,
//!   speaks the Runtime API with it and ends it as Lambda does.
//! - [`aws`] answers the AWS calls that a hook makes, in the protocols that the SDKs speak.
//! - [`application`] is the built-in application.
//! - [`balancer`] serves the load balancers of the world behind [`aws`].
//!
//! All listen on 127.0.0.1 alone, all are shared by the tests, `invoke` and the rehearsal so that
//! they cannot drift apart, and neither knows anything of verdicts: they fake the service, never the
//! function. Processes are started and ended as Unix does it (process groups, signals).

pub mod application;
pub mod aws;
pub mod balancer;
pub mod lambda;

mod identifier;
mod server;
