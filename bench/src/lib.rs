//! What the benchmarks share: where programs are, processor time, medians, and the results as JSON.

pub mod numbers;
pub mod processor;
pub mod programs;
pub mod results;
