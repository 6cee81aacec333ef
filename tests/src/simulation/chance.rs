//! Choices that can be made again: the same for the same seed.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A source of choices.
#[derive(Debug)]
pub(super) struct Chance(fastrand::Rng);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        // The SDK takes the jitter of its retries from here.
        fastrand::seed(seed);
        Self(fastrand::Rng::with_seed(seed))
    }

    pub(super) fn number(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.0.u64(range)
    }

    pub(super) fn one_in(&mut self, many: u64) -> bool {
        self.number(1..=many) == 1
    }

    pub(super) fn one_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        choices[self.0.usize(0..N)]
    }

    /// Some of them, in their order, and at least one.
    pub(super) fn some_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> Vec<T> {
        let some: Vec<_> = choices.into_iter().filter(|_| self.one_in(4)).collect();
        if some.is_empty() { vec![self.one_of(choices)] } else { some }
    }

    pub(super) fn millis(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(range))
    }

    pub(super) fn seconds(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(range))
    }

    pub(super) fn minutes(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_mins(self.number(range))
    }

    /// A number of percent, given in tenths of a percent.
    pub(super) fn percent(&mut self, tenths: RangeInclusive<u64>) -> f64 {
        f64::from(u32::try_from(self.number(tenths)).unwrap_or(1000)) / 10.0
    }
}
