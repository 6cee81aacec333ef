//! When the verdict must have left the function.
//!
//! Lambda sends an absolute wall-clock time; an emulator sends a constant; a clock may jump. The
//! header is compared with the wall clock once, and what remains is kept on the monotonic clock.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// What is used in the place of a deadline that is none.
const SUBSTITUTE: Duration = Duration::from_mins(1);
/// A deadline further in the past is no deadline.
const PAST: i128 = 60 * 60 * 1000;
/// A deadline further in the future is no deadline: Lambda gives 15 minutes at the most.
const FUTURE: i128 = 16 * 60 * 1000;

/// The moment at which Lambda ends the function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
}

impl Deadline {
    /// From the header `Lambda-Runtime-Deadline-Ms`; the warning says when it was not believed.
    pub(crate) fn from_header(header: Option<&str>, now: Timestamp) -> (Self, Option<String>) {
        let began = Instant::now();
        let substitute = |why: String| {
            let warning =
                format!("{why}; expected the end of this invocation; taking {}s", SUBSTITUTE.as_secs());
            (Self { at: began + SUBSTITUTE }, Some(warning))
        };
        let Some(header) = header else {
            return substitute("the invocation has no deadline".to_owned());
        };
        let Ok(epoch_millis) = header.trim().parse::<i64>() else {
            return substitute(format!("the deadline {header:?} is no number"));
        };
        let left = i128::from(epoch_millis) - i128::from(now.as_millisecond());
        if !(-PAST..=FUTURE).contains(&left) {
            return substitute(format!(
                "the deadline {epoch_millis} is {left} ms from now, which is no deadline"
            ));
        }
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        (Self { at: began + left }, None)
    }

    /// The time that is left, zero once it is over.
    pub(crate) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// When the verdict must be taken so that `reserve` is left for its report: never more than a
    /// third of the time that is left.
    pub(crate) fn verdict_due(self, reserve: Duration) -> Instant {
        let reserve = reserve.min(self.left() / 3);
        self.at.checked_sub(reserve).unwrap_or(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(header: Option<&str>) -> (u128, bool) {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let (deadline, warning) = Deadline::from_header(header, now);
        (deadline.left().as_millis(), warning.is_some())
    }

    #[tokio::test(start_paused = true)]
    async fn deadlines_and_what_is_none() {
        for (header, expected) in [
            (Some("1800000030000"), (30_000, false)),
            (Some("1800000000150"), (150, false)),
            (Some("1800000900000"), (900_000, false)),
            (Some("1799999999999"), (0, false)),
            (Some("1799996400000"), (0, false)),
            (Some("1799996399999"), (60_000, true)),
            (Some("1800000960001"), (60_000, true)),
            (Some("600000"), (60_000, true)),
            (Some("-1"), (60_000, true)),
            (Some("9223372036854775807"), (60_000, true)),
            (Some("99999999999999999999"), (60_000, true)),
            (Some("soon"), (60_000, true)),
            (Some(""), (60_000, true)),
            (None, (60_000, true)),
        ] {
            assert_eq!(left(header), expected, "{header:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_reserve_is_a_third_at_most() {
        let deadline = Deadline { at: Instant::now() + Duration::from_millis(150) };
        let due = deadline.verdict_due(Duration::from_secs(5));
        assert_eq!(due - Instant::now(), Duration::from_millis(100));
        let deadline = Deadline { at: Instant::now() + Duration::from_secs(30) };
        assert_eq!(deadline.verdict_due(Duration::from_secs(5)) - Instant::now(), Duration::from_secs(25));
        let over = Deadline { at: Instant::now() };
        assert_eq!(over.verdict_due(Duration::from_secs(5)), Instant::now());
    }
}
