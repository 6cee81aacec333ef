//! What the benchmarks share: choices by seed, where programs are, medians, and the results as JSON.

pub mod chance;
pub mod numbers;
pub mod programs;
pub mod results;
