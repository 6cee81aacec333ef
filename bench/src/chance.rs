//! Choices that can be made again: `SplitMix64`, by Steele, Lea and Flood, "Fast splittable pseudorandom
//! number generators", 2014.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A source of choices, which are the same for the same seed.
pub struct Chance(u64);

impl Chance {
    /// The choices of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number in the range. What modulo adds to the odds of small ones does not matter here.
    pub fn number(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (first, last) = range.into_inner();
        first + self.next() % (last - first + 1)
    }

    /// Whether one of so many was drawn.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.number(1..=many) == 1
    }

    /// One of them.
    pub fn one_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        let index = self.number(0..=N as u64 - 1);
        choices[usize::try_from(index).unwrap_or_default()]
    }

    /// Some of them, in their order, and at least one.
    pub fn some_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> Vec<T> {
        let some: Vec<_> = choices.into_iter().filter(|_| self.one_in(3)).collect();
        if some.is_empty() { vec![self.one_of(choices)] } else { some }
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
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what such a number has")]
    pub fn fraction(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
