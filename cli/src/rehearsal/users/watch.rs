//! Watches alarms as the simulated time goes by.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::alarm::{Alarm, State};
use super::window::{PERIOD, Windows, after, floor};
use crate::rehearsal::clock::Clock;

/// Simulated time from the end of a period until it is judged: what ends in its last moment is counted then.
pub(in crate::rehearsal) const LITTLE: Duration = Duration::from_secs(1);

/// An alarm that is in ALARM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// Its name.
    pub name: String,
    /// What was observed, and against what.
    pub observed: String,
}

/// The alarms of a deployment while it goes on.
#[derive(Debug)]
pub struct Alarms {
    watched: Vec<Watched>,
    windows: Windows,
    clock: Clock,
    /// The end of the next period to judge.
    next: Timestamp,
    /// Those that have fired and were not told yet.
    fired: VecDeque<Fired>,
    already: Vec<Fired>,
}

#[derive(Debug)]
struct Watched {
    alarm: Alarm,
    state: State,
}

impl Alarms {
    /// Begins to watch these alarms over what these users see.
    pub fn start(alarms: Vec<Alarm>, windows: Windows, clock: Clock) -> Self {
        let now = clock.now();
        let watch = |alarm: Alarm| {
            let state = windows.look(|history| alarm.evaluate(history, now));
            Watched { alarm, state }
        };
        let watched: Vec<Watched> = alarms.into_iter().map(watch).collect();
        let already = watched.iter().filter_map(Watched::fired).collect();
        Self { watched, windows, next: after(floor(now, PERIOD)), clock, fired: VecDeque::new(), already }
    }

    /// Those that were in ALARM when this began. They fire only when they have been OK since; ECS ignores
    /// the alarms of a deployment that has such a one.
    pub fn already(&self) -> &[Fired] {
        &self.already
    }

    /// Each alarm with its state as of the last period that was judged.
    pub fn states(&self) -> impl Iterator<Item = (&Alarm, &State)> {
        self.watched.iter().map(|watched| (&watched.alarm, &watched.state))
    }

    /// Waits until the next alarm goes into ALARM. It never resolves where there is none to go.
    ///
    /// Nothing is lost when this is dropped before it resolves.
    pub async fn fired(&mut self) -> Fired {
        if self.watched.is_empty() {
            return std::future::pending().await;
        }
        loop {
            if let Some(fired) = self.fired.pop_front() {
                return fired;
            }
            self.clock.sleep_until(self.elapsed(self.next) + LITTLE).await;
            self.judge(self.next);
            self.next = after(self.next);
        }
    }

    /// Judges the periods that end at this moment, even if that was long ago.
    fn judge(&mut self, end: Timestamp) {
        for watched in &mut self.watched {
            let before = watched.fired().is_some();
            watched.state = self.windows.look(|history| watched.alarm.evaluate(history, end));
            if !before {
                self.fired.extend(watched.fired());
            }
        }
    }

    /// How much simulated time has passed at this moment.
    fn elapsed(&self, moment: Timestamp) -> Duration {
        Duration::try_from(moment.duration_since(self.clock.at(Duration::ZERO))).unwrap_or_default()
    }
}

impl Watched {
    fn fired(&self) -> Option<Fired> {
        match &self.state {
            State::Alarm { observed } => {
                Some(Fired { name: self.alarm.name.clone(), observed: observed.clone() })
            }
            State::Ok | State::InsufficientData => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, timeout};

    use super::super::finished::{Finished, Side};
    use super::*;
    use crate::rehearsal::balancer::AnsweredBy;

    fn record(windows: &Windows, now: Timestamp, status: u16) {
        let finished = Finished {
            side: Side::Green,
            answered_by: AnsweredBy::Target,
            answer: Ok(status),
            latency: Duration::from_millis(1),
        };
        windows.change(|history| {
            history.asked(now, 1, 1);
            history.record(now, &finished);
        });
    }

    fn alarms(alarms: &[&str], windows: &Windows, clock: &Clock) -> Alarms {
        let alarms = alarms.iter().map(|text| text.parse().unwrap()).collect();
        Alarms::start(alarms, windows.clone(), clock.clone())
    }

    /// A clock at 60 simulated seconds a second, and the real time until its next minute.
    fn start() -> (Clock, Windows, Duration) {
        let clock = Clock::start(60.0);
        let left = after(floor(clock.now(), PERIOD)).duration_since(clock.now());
        let left = clock.real(Duration::try_from(left).unwrap());
        let windows = Windows::new(clock.now());
        (clock, windows, left)
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_fires_a_little_after_its_period_has_ended() {
        let (clock, windows, left) = start();
        let mut alarms = alarms(&["bad=errors>5%/1m", "none=requests>99/1m"], &windows, &clock);
        assert_eq!(alarms.already(), []);
        record(&windows, clock.now(), 503);
        let began = Instant::now();
        let fired = timeout(Duration::from_mins(1), alarms.fired()).await.unwrap();
        assert_eq!(fired.name, "bad");
        assert!(fired.observed.starts_with("errors were 100% (1 of 1 requests) in the 1m to"), "{fired:?}");
        let waited = began.elapsed();
        let expected = left + clock.real(LITTLE);
        assert!(waited >= expected, "{waited:?}");
        assert!(waited <= expected + Duration::from_millis(5), "{waited:?}");
        let red: Vec<_> = alarms.states().map(|(_, state)| matches!(state, State::Alarm { .. })).collect();
        assert_eq!(red, [true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_fires_when_it_changes_and_not_while_it_stays() {
        let (clock, windows, left) = start();
        let mut alarms = alarms(&["bad=errors>5%/1m"], &windows, &clock);
        // From the middle of the first whole minute on.
        tokio::time::sleep(left + Duration::from_millis(500)).await;
        let minutes = [503, 503, 503, 200, 503, 200];
        let recording = tokio::spawn({
            let (windows, clock) = (windows.clone(), clock.clone());
            async move {
                for status in minutes {
                    record(&windows, clock.now(), status);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        });
        let mut fired = 0;
        // Waits that are cut short lose nothing.
        for _ in 0..1000 {
            if timeout(Duration::from_millis(10), alarms.fired()).await.is_ok() {
                fired += 1;
            }
        }
        recording.await.unwrap();
        assert_eq!(fired, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_missed_is_judged_later() {
        let (clock, windows, left) = start();
        let mut alarms = alarms(&["bad=errors>5%/1m"], &windows, &clock);
        tokio::time::sleep(left + Duration::from_millis(500)).await;
        record(&windows, clock.now(), 503);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(timeout(Duration::from_millis(1), alarms.fired()).await.unwrap().name, "bad");
        assert!(timeout(Duration::from_secs(5), alarms.fired()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn alarms_that_are_red_at_the_start_are_told_apart() {
        let (clock, windows, left) = start();
        record(&windows, clock.now(), 503);
        tokio::time::sleep(left + Duration::from_millis(500)).await;
        record(&windows, clock.now(), 503);
        let mut alarms = alarms(&["bad=errors>5%/1m", "other=errors>1/1m"], &windows, &clock);
        assert_eq!(alarms.already().iter().map(|fired| fired.name.as_str()).collect::<Vec<_>>(), ["bad"]);
        // It stays red for a minute and is no news.
        tokio::time::sleep(Duration::from_secs(3)).await;
        record(&windows, clock.now(), 503);
        let fired = timeout(Duration::from_secs(10), alarms.fired()).await.unwrap();
        assert_eq!(fired.name, "bad");
        assert_eq!(alarms.already().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn no_alarm_never_fires() {
        let (clock, windows, _) = start();
        let mut alarms = alarms(&[], &windows, &clock);
        record(&windows, clock.now(), 503);
        assert!(timeout(Duration::from_hours(24), alarms.fired()).await.is_err());
    }
}
