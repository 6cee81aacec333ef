//! How long a wait may go on, over all invocations, and when to ask again.

use std::time::Duration;

use jiff::Timestamp;

/// Patience ends this long before the one who waits gives up, beside the reserve.
const OUTER_MARGIN: Duration = Duration::from_mins(1);

/// Until when waiting is worth while for one who gives up at `expires_at`.
pub(super) fn outer(expires_at: Timestamp, reserve: Duration) -> Timestamp {
    expires_at.checked_sub(reserve + OUTER_MARGIN).unwrap_or(Timestamp::MIN)
}

/// How long something has lasted; a clock that runs backwards adds nothing.
pub(super) fn lasted(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO)
}

/// What is known of a wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    /// When this wait began, over all invocations.
    pub(crate) since: Timestamp,
    /// When the one who waits for us gives up, less what we keep back; patience never lasts longer.
    pub(crate) outer: Option<Timestamp>,
    /// Whether the caller asks again (ECS) or the function itself must wait (the others).
    pub(crate) caller_asks_again: bool,
}

impl Wait {
    /// How long it has lasted.
    pub(crate) fn lasted(self, now: Timestamp) -> Duration {
        lasted(self.since, now)
    }

    /// Whether a check with this patience may go on waiting.
    pub(super) fn may_go_on(self, patience: Duration, now: Timestamp) -> bool {
        self.lasted(now) < patience && self.outer.is_none_or(|outer| now < outer)
    }

    /// The pause before the next try: short at first, 30 s (ECS's own default) at most, and not past
    /// the end of the outer deadline.
    pub(super) fn delay(self, now: Timestamp) -> Duration {
        let delay = (self.lasted(now) / 4).clamp(Duration::from_secs(5), Duration::from_secs(30));
        let left =
            self.outer.map(|outer| Duration::try_from(outer.duration_since(now)).unwrap_or(Duration::ZERO));
        left.map_or(delay, |left| delay.min(left)).max(Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn patience_ends_by_itself_or_with_the_one_who_waits() {
        let wait = Wait { since: at(0), outer: None, caller_asks_again: true };
        assert!(wait.may_go_on(Duration::from_mins(10), at(599)));
        assert!(!wait.may_go_on(Duration::from_mins(10), at(600)));
        assert!(!wait.may_go_on(Duration::ZERO, at(0)));
        let outer = Wait { outer: Some(at(60)), ..wait };
        assert!(
            outer.may_go_on(Duration::from_mins(10), at(59))
                && !outer.may_go_on(Duration::from_mins(10), at(60))
        );
        // A clock that runs backwards stretches nothing.
        assert_eq!(wait.lasted(at(-100)), Duration::ZERO);
    }

    #[test]
    fn the_delay_grows_and_ends_with_the_outer_deadline() {
        let wait = Wait { since: at(0), outer: Some(at(610)), caller_asks_again: true };
        for (now, delay) in [(0, 5), (60, 15), (300, 30), (600, 10), (609, 1), (700, 1)] {
            assert_eq!(wait.delay(at(now)), Duration::from_secs(delay), "{now}");
        }
    }
}
