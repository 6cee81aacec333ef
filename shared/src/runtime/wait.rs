//! How long a wait may go on, over all invocations, and when to ask again.

use std::time::Duration;

use jiff::Timestamp;

/// Patience ends this long before the one who waits gives up, beside the reserve.
const OUTER_MARGIN: Duration = Duration::from_mins(1);
/// The shortest pause. ECS counts whole seconds.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest pause that a check may ask for. ECS names no bound for `callBackDelay`; up to this is seen in use.
const LONGEST: Duration = Duration::from_secs(90);

/// Until when waiting is worth while for one who gives up at `expires_at`.
pub(super) fn outer(expires_at: Timestamp, reserve: Duration) -> Timestamp {
    expires_at.checked_sub(reserve + OUTER_MARGIN).unwrap_or(Timestamp::MIN)
}

/// How long something has lasted; a clock that runs backwards adds nothing.
pub(crate) fn lasted(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO)
}

fn rounded_up(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs() + u64::from(span.subsec_nanos() > 0))
}

/// What is known of a wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    /// When this wait began, over all invocations.
    pub(crate) since: Timestamp,
    /// When the one who waits for us gives up, less what we keep back; patience never lasts longer.
    pub(crate) outer: Option<Timestamp>,
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

    /// The pause before a check with this patience is asked again: as the check wishes, else short at first
    /// and 30 s (ECS's own default) at most; and not past the end of its patience or the outer deadline.
    pub(super) fn delay(self, now: Timestamp, patience: Duration, again_in: Option<Duration>) -> Duration {
        let by_default = || (self.lasted(now) / 4).clamp(Duration::from_secs(5), Duration::from_secs(30));
        let left = self.outer.map_or(Duration::MAX, |outer| lasted(now, outer));
        // In whole seconds, as ECS counts: the last look is then after patience, not just before its end.
        let left = left.min(rounded_up(patience.saturating_sub(self.lasted(now))));
        again_in.unwrap_or_else(by_default).min(LONGEST).min(left).max(SHORTEST)
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
        let wait = Wait { since: at(0), outer: None };
        assert!(wait.may_go_on(Duration::from_mins(10), at(599)));
        assert!(!wait.may_go_on(Duration::from_mins(10), at(600)));
        assert!(!wait.may_go_on(Duration::ZERO, at(0)));
        let outer = Wait { outer: Some(at(60)), ..wait };
        assert!(
            outer.may_go_on(Duration::from_mins(10), at(59))
                && !outer.may_go_on(Duration::from_mins(10), at(60))
        );
        // Part of a second left is a second's pause.
        let wait_of_parts = wait.delay(at(0), Duration::from_millis(2_300), None);
        assert_eq!(wait_of_parts, Duration::from_secs(3));
        // A clock that runs backwards stretches nothing.
        assert_eq!(wait.lasted(at(-100)), Duration::ZERO);
    }

    #[test]
    fn the_delay_grows_is_a_check_s_own_and_ends_with_patience_and_the_outer_deadline() {
        let wait = Wait { since: at(0), outer: Some(at(610)) };
        for (name, now, patience, again_in, delay) in [
            ("short at first", 0, 3600, None, 5),
            ("a quarter of what it has lasted", 60, 3600, None, 15),
            ("ECS's default at most", 300, 3600, None, 30),
            ("until the outer deadline", 600, 3600, None, 10),
            ("a second at the least", 609, 3600, None, 1),
            ("after the outer deadline", 700, 3600, None, 1),
            ("until patience ends", 297, 300, None, 3),
            ("after patience", 301, 300, None, 1),
            ("as the check wishes", 10, 3600, Some(60), 60),
            ("sooner, as the check wishes", 300, 3600, Some(2), 2),
            ("a wish is bounded", 10, 3600, Some(600), 90),
            ("a wish for at once", 10, 3600, Some(0), 1),
            ("a wish ends with patience", 10, 40, Some(60), 30),
            ("a wish ends with the outer deadline", 590, 3600, Some(60), 20),
        ] {
            let (patience, again_in) = (Duration::from_secs(patience), again_in.map(Duration::from_secs));
            assert_eq!(wait.delay(at(now), patience, again_in), Duration::from_secs(delay), "{name}");
        }
    }
}
