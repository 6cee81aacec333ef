//! Protocol × fault: one truthful verdict, always, in time.
//!
//! Every cell goes through a real hook process and the real Runtime API. The local Lambda service
//! kills the process at the function's timeout as AWS does, so an answer is by itself an answer in
//! time. `.ci/run` runs these against release artefacts, too: they are found by this module's name.

mod bodies;
mod cell;
mod chain;
mod deadlines;
mod ended;
mod expect;
mod links;
mod matrix;
mod modes;
mod reports;
mod secrets;
mod storms;
mod targets;
mod unreadable;
mod validations;
mod waits;
mod warm;
