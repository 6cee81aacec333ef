//! How much room a rolling deployment has.

/// How many tasks a rolling deployment may stop and start at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many tasks must keep running.
    pub lower: u64,
    /// How many may run at once.
    pub upper: u64,
    /// How many of the old tasks may be stopped before a new one is started.
    pub may_stop: u64,
    /// How many new tasks may be started before an old one is stopped.
    pub may_start: u64,
}

impl Room {
    /// Whether nothing may be stopped and nothing started, so that the deployment never moves.
    pub fn is_stuck(&self) -> bool {
        self.may_stop == 0 && self.may_start == 0
    }
}

/// The room of `desired` running tasks between `minimumHealthyPercent` and `maximumPercent`. The lower bound is
/// rounded up, the upper one down.
///
/// Source: ECS developer guide, *Deploy Amazon ECS services by replacing tasks*.
pub fn room(desired: u32, minimum_healthy_percent: u32, maximum_percent: u32) -> Room {
    let desired = u64::from(desired);
    let lower = (desired * u64::from(minimum_healthy_percent)).div_ceil(100);
    let upper = desired * u64::from(maximum_percent) / 100;
    Room { lower, upper, may_stop: desired.saturating_sub(lower), may_start: upper.saturating_sub(desired) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors_of_the_developer_guide() {
        assert_eq!(room(4, 50, 100).may_stop, 2);
        assert_eq!(room(2, 75, 100).lower, 2);
        assert_eq!(room(4, 100, 200).may_start, 4);
        assert_eq!(room(3, 100, 125), Room { lower: 3, upper: 3, may_stop: 0, may_start: 0 });
        assert!(room(3, 100, 125).is_stuck());
        assert!(!room(4, 100, 125).is_stuck());
        // One task with nothing above it: only a deployment that may stop it can move.
        assert!(room(1, 100, 100).is_stuck());
        assert!(room(1, 50, 199).is_stuck());
        assert!(!room(1, 0, 100).is_stuck());
        assert!(!room(1, 100, 200).is_stuck());
    }

    proptest! {
        #[test]
        fn more_percent_never_means_less_room(desired in 0..5_000_u32, least in 0..=100_u32, most in 100..=200_u32) {
            let here = room(desired, least, most);
            prop_assert!(room(desired, least, most + 1).may_start >= here.may_start);
            prop_assert!(room(desired, least.saturating_sub(1), most).may_stop >= here.may_stop);
            prop_assert!(here.lower <= u64::from(desired) && u64::from(desired) <= here.upper);
        }
    }
}
