//! The hook `health` against the local world: what ECS and the load balancers say of green decides.
//!
//! Every row goes through the real hook process, the real Runtime API and the local AWS endpoint. Nothing
//! is sent to green or blue: the hook looks, and asks AWS alone.

mod default_plan;
mod images;
mod permissions;
mod row;
pub(crate) mod targets;
mod tasks;
