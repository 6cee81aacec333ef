//! Which requests are due, and how many of them can be sent.

use std::time::Duration;

use tokio::time::Instant;

/// A rate by the simulated clock under a cap by the real one.
#[derive(Debug)]
pub(super) struct Schedule {
    rate: f64,
    began: Duration,
    asked: u64,
    most_per_second: f64,
    /// How many may be sent at once: up to a second's worth, so that a machine that was busy for a moment
    /// catches up.
    saved: f64,
    looked: Instant,
}

/// Requests that have become due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) asked: u64,
    /// How many of them are to be sent now.
    pub(super) sent: u64,
}

impl Schedule {
    pub(super) fn new(rate: f64, most_per_second: u32, began: Duration, now: Instant) -> Self {
        let most_per_second = f64::from(most_per_second);
        let rate = if rate.is_finite() && rate > 0.0 { rate } else { 0.0 };
        Self { rate, began, asked: 0, most_per_second, saved: most_per_second, looked: now }
    }

    /// What has become due since the last call, where so many more may be under way.
    pub(super) fn due(&mut self, elapsed: Duration, now: Instant, free: usize) -> Due {
        let earned = now.duration_since(self.looked).as_secs_f64() * self.most_per_second;
        self.saved = (self.saved + earned).min(self.most_per_second);
        self.looked = now;
        let asked = whole(self.rate * elapsed.saturating_sub(self.began).as_secs_f64());
        let due = asked.saturating_sub(self.asked);
        self.asked = self.asked.max(asked);
        let sent = due.min(free as u64).min(whole(self.saved));
        #[expect(clippy::cast_precision_loss, reason = "at most a second's worth")]
        let spent = sent as f64;
        self.saved -= spent;
        Due { asked: due, sent }
    }

    /// When the next request is due, in simulated time since the clock's start; none if none ever is.
    pub(super) fn next(&self) -> Option<Duration> {
        #[expect(clippy::cast_precision_loss, reason = "the rate is no more precise")]
        let after = Duration::try_from_secs_f64((self.asked as f64 + 1.0) / self.rate).ok()?;
        self.began.checked_add(after)
    }
}

/// Rounds down; a hair below a whole number is that number.
fn whole(number: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative; saturates")]
    let whole = (number + 1e-6) as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_due_is_the_rate_times_the_time() {
        let (start, began) = (Instant::now(), Duration::from_secs(7));
        let mut schedule = Schedule::new(0.1, 1000, began, start);
        for requests in 1..1000 {
            let next = schedule.next().unwrap();
            let early = schedule.due(next.saturating_sub(Duration::from_millis(1)), start, 1000);
            assert_eq!(early, Due { asked: 0, sent: 0 }, "{requests}");
            assert_eq!(schedule.due(next, start, 1000), Due { asked: 1, sent: 1 }, "{requests}");
        }
        assert_eq!(schedule.next(), Some(began + Duration::from_secs(10_000)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_sent_is_asked_all_the_same() {
        let start = Instant::now();
        let at = |millis: u64| (Duration::from_millis(millis * 60), start + Duration::from_millis(millis));
        let mut schedule = Schedule::new(10.0, 300, Duration::ZERO, start);
        // From the start in real milliseconds, how many more may be under way; at 60 simulated seconds a second.
        let cases = [
            ("a second's worth is saved", 0, 1000, 0, 0),
            ("all can be sent", 100, 1000, 60, 60),
            ("too many are under way", 200, 7, 60, 7),
            ("none can be under way", 300, 0, 60, 0),
            ("a second's worth is all that is saved", 2300, 1000, 1200, 300),
            ("what was not sent is not sent later", 2300, 1000, 0, 0),
            ("the cap holds", 2400, 1000, 60, 30),
        ];
        for (case, millis, free, asked, sent) in cases {
            let (elapsed, now) = at(millis);
            assert_eq!(schedule.due(elapsed, now, free), Due { asked, sent }, "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_that_is_none_is_no_traffic() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut schedule = Schedule::new(rate, 300, Duration::ZERO, Instant::now());
            assert_eq!(schedule.next(), None, "{rate}");
            let due = schedule.due(Duration::from_hours(1), Instant::now(), 50);
            assert_eq!(due, Due { asked: 0, sent: 0 }, "{rate}");
        }
    }
}
