//! The load balancer over real sockets, with real applications behind it.

mod actions;
mod conditions;
mod ends;
mod health;
mod log;
mod network;
mod own_answers;
mod passing;
pub(crate) mod support;
mod targets;
mod tls;
mod weights;
