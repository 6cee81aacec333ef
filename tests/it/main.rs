//! End-to-end tests of greenlight: one test binary, one module per subject.

// The modules say `cfg(test)` because that is how clippy.toml's allowances for tests, such as `unwrap`,
// reach the helpers in them.
#[cfg(test)]
mod command;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod envoy;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod fallbacks;
#[cfg(test)]
mod faults;
#[cfg(feature = "fuzzing")]
#[cfg(test)]
mod fuzzing;
#[cfg(test)]
mod health;
#[cfg(test)]
mod http;
#[cfg(test)]
mod iam;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod overrides;
#[cfg(test)]
mod preflight;
#[cfg(test)]
mod rehearse;
#[cfg(test)]
mod scene;
#[cfg(feature = "simulation")]
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod table;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod telling;
#[cfg(test)]
mod traffic;
#[cfg(test)]
mod unseen;
#[cfg(test)]
mod verdict;
