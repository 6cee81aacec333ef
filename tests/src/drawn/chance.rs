//! Choices that can be made again: the same for the same seed.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A source of choices.
#[derive(Debug)]
pub struct Chance(fastrand::Rng);

impl Chance {
    /// The choices of a seed.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A number in the range.
    pub fn number(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.0.u64(range)
    }

    /// Whether one of so many was drawn.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.number(1..=many) == 1
    }

    /// One of them.
    pub fn one_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        choices[self.0.usize(0..N)]
    }

    /// Some of them, in their order, and at least one.
    pub fn some_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> Vec<T> {
        let some: Vec<_> = choices.into_iter().filter(|_| self.one_in(4)).collect();
        if some.is_empty() { vec![self.one_of(choices)] } else { some }
    }

    /// Another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }

    /// So many milliseconds.
    pub fn millis(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(range))
    }

    /// So many seconds.
    pub fn seconds(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(range))
    }

    /// So many minutes.
    pub fn minutes(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_mins(self.number(range))
    }

    /// A number of percent, given in tenths of a percent.
    pub fn percent(&mut self, tenths: RangeInclusive<u64>) -> f64 {
        f64::from(u32::try_from(self.number(tenths)).unwrap_or(1000)) / 10.0
    }

    /// A number above 0 and up to 1.
    pub fn fraction(&mut self) -> f64 {
        1.0 - self.0.f64()
    }
}
