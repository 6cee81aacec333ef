//! What the benchmarks share: where programs are, medians, and the results as JSON.

pub mod numbers;
pub mod programs;
pub mod results;
