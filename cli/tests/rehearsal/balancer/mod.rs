//! The load balancer over real sockets, with real applications behind it.

mod actions;
mod conditions;
mod ends;
mod health;
mod network;
mod own_answers;
mod passing;
mod support;
mod targets;
mod tls;
mod weights;
