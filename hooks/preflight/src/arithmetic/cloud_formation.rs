//! How long CloudFormation lets a deployment wait.

use std::time::Duration;

/// The longest that a deployment may wait on purpose: CloudFormation gives an update 36 hours and keeps 3 of them
/// for the rest.
///
/// Source: CloudFormation user guide, `AWS::ECS::Service CanaryConfiguration` and `LinearConfiguration`.
pub const CLOUD_FORMATION_LIMIT: Duration = Duration::from_hours(33);

/// The time that CloudFormation counts against [`CLOUD_FORMATION_LIMIT`]: the bake time, and that of each step
/// between the first and the last. `step` is in tenths of a percent; none for a canary, which has one step.
///
/// A linear shift whose step divides 100 percent has `100 / step - 1` of them, any other `100 / step` rounded down.
pub fn counted_time(bake: Duration, step_bake: Duration, step: Option<u32>) -> Duration {
    let steps = match step {
        None => 1,
        Some(0) => 0,
        Some(step) if 1_000 % step == 0 => 1_000 / step - 1,
        Some(step) => 1_000 / step,
    };
    step_bake.saturating_mul(steps).saturating_add(bake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted_as_cloud_formation_does() {
        let hours = Duration::from_hours;
        assert_eq!(counted_time(hours(9), hours(24), None), hours(33));
        assert_eq!(counted_time(hours(1), hours(2), Some(250)), hours(7));
        // 30, 60, 90, 100: three of them wait.
        assert_eq!(counted_time(hours(1), hours(2), Some(300)), hours(7));
        assert_eq!(counted_time(hours(1), hours(2), Some(1_000)), hours(1));
        assert_eq!(counted_time(hours(1), hours(2), Some(0)), hours(1));
    }
}
