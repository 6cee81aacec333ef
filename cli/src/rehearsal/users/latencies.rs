//! Latencies, in a histogram that grows with the longest.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Longer ones count as this long. Nothing that users wait for takes longer.
const LONGEST: Duration = Duration::from_hours(1);

/// Latencies in microseconds, to two digits: a percentile is at most 1 % too high, never too low.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u32>);

impl Default for Latencies {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant, which every test covers")]
        let histogram = Histogram::new(2).expect("a number of digits that is allowed");
        Self(histogram)
    }
}

impl Latencies {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that this share (0 to 100) of them did not exceed; none without any.
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        let there = !self.0.is_empty();
        there.then(|| Duration::from_micros(self.0.value_at_quantile(percent / 100.0)))
    }

    pub(super) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.min(LONGEST).as_micros()).unwrap_or(u64::MAX);
        // It grows as far as it must, and the longest is not far.
        let _ = self.0.record(micros);
    }

    pub(super) fn add(&mut self, other: &Self) {
        // Both grow alike.
        let _ = self.0.add(&other.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_a_little_high_and_never_low() {
        let (mut all, mut odd, mut even) = (Latencies::default(), Latencies::default(), Latencies::default());
        assert_eq!((all.count(), all.percentile(99.0)), (0, None));
        for millis in 1..=100 {
            let half = if millis % 2 == 0 { &mut even } else { &mut odd };
            half.record(Duration::from_millis(millis));
        }
        all.add(&odd);
        all.add(&even);
        for (percent, millis) in [(50.0, 50.0), (95.0, 95.0), (99.0, 99.0), (100.0, 100.0)] {
            let found = all.percentile(percent).unwrap().as_secs_f64() * 1000.0;
            assert!((1.0..1.01).contains(&(found / millis)), "p{percent}: {found} ms");
        }
        all.record(Duration::ZERO);
        all.record(Duration::MAX);
        assert_eq!(all.count(), 102);
        assert!(all.percentile(100.0).unwrap() >= LONGEST);
    }
}
