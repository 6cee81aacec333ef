//! After how many failed tasks the circuit breaker of a deployment trips.

/// How the threshold is given: `deploymentCircuitBreaker.thresholdConfiguration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// A part of the desired count, from 3 to 200 tasks. What ECS does by default, with 50 percent.
    BoundedPercent(u32),
    /// A part of the desired count.
    UnboundedPercent(u32),
    /// So many tasks.
    Count(u32),
}

impl Default for Threshold {
    fn default() -> Self {
        Self::BoundedPercent(50)
    }
}

impl Threshold {
    /// What the number says by itself, before it is kept between 3 and 200.
    pub fn without_bounds(self, desired: u32) -> u64 {
        match self {
            Self::BoundedPercent(percent) | Self::UnboundedPercent(percent) => {
                (u64::from(desired) * u64::from(percent)).div_ceil(100)
            }
            Self::Count(count) => u64::from(count),
        }
    }
}

/// How many tasks of `desired` fail before the circuit breaker trips.
///
/// Source: ECS developer guide, *How the Amazon ECS deployment circuit breaker detects failures*; the ECS API's
/// `DeploymentCircuitBreakerThresholdConfiguration`. (Before 2026 the least was 10.)
pub fn threshold(desired: u32, given: Threshold) -> u64 {
    const LEAST: u64 = 3;
    const MOST: u64 = 200;
    match given {
        Threshold::BoundedPercent(_) => given.without_bounds(desired).clamp(LEAST, MOST),
        Threshold::UnboundedPercent(_) | Threshold::Count(_) => given.without_bounds(desired),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_the_developer_guide() {
        for (desired, failures) in [(1, 3), (25, 13), (400, 200), (800, 200)] {
            assert_eq!(threshold(desired, Threshold::default()), failures, "{desired}");
        }
        assert_eq!(threshold(800, Threshold::UnboundedPercent(50)), 400);
        assert_eq!(threshold(1, Threshold::UnboundedPercent(50)), 1);
        assert_eq!(threshold(800, Threshold::Count(7)), 7);
        assert_eq!(Threshold::default().without_bounds(800), 400);
        assert_eq!(Threshold::Count(1).without_bounds(800), 1);
        assert_eq!(threshold(u32::MAX, Threshold::UnboundedPercent(100)), u64::from(u32::MAX));
    }
}
