//! Support for greenlight's end-to-end tests: applications to probe, and the binaries under test.
//!
//! The tests themselves are in `tests/it`; the scripts that hold greenlight against software that
//! others wrote are in `tests/conformance`. Everything here runs on 127.0.0.1 and ends with the value
//! that stands for it.

pub mod binaries;
pub mod drawn;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod target;
