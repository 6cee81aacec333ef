//! What users saw by the simulated minute: what CloudWatch's metrics of load balancers are made of.
//!
//! A request belongs to the minute in which it ended, so that no minute changes once it is over. Days are
//! bounded: what is older than 24 hours is forgotten.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::finished::{Finished, Side};
use super::latencies::Latencies;
use super::seen;
use crate::rehearsal::balancer::AnsweredBy;

/// The seconds of a window, the period of a load balancer's metrics.
pub(in crate::rehearsal) const PERIOD: i64 = 60;
/// How many seconds are remembered.
const KEPT: i64 = 24 * 60 * PERIOD;

/// The windows of some users, shared by its clones.
#[derive(Clone, Debug)]
pub struct Windows(Arc<Mutex<History>>);

/// The windows of some users, oldest first. Minutes in which nothing was due and nothing ended are not in it.
#[derive(Clone, Debug)]
pub struct History {
    /// When the users began.
    pub began: Timestamp,
    windows: VecDeque<Window>,
}

/// One simulated minute.
#[derive(Clone, Debug)]
pub struct Window {
    /// When it began.
    pub start: Timestamp,
    /// Requests that became due in it.
    pub asked: u64,
    /// Those of them that were sent.
    pub sent: u64,
    /// Requests that ended in it, by whose they were.
    pub by_colour: BTreeMap<Side, Counts>,
}

/// Requests, by how they ended. None is counted twice.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// All of them.
    pub requests: u64,
    /// Answers of targets with 1xx or 2xx.
    pub target_2xx: u64,
    /// Answers of targets with 3xx.
    pub target_3xx: u64,
    /// Answers of targets with 4xx.
    pub target_4xx: u64,
    /// Answers of targets with 5xx.
    pub target_5xx: u64,
    /// Answers of the load balancer itself below 400.
    pub elb_other: u64,
    /// Answers of the load balancer itself with 4xx.
    pub elb_4xx: u64,
    /// Answers of the load balancer itself with 5xx.
    pub elb_5xx: u64,
    /// Requests without a whole answer.
    pub no_answer: u64,
    /// What the answers of targets took.
    pub latency: Latencies,
}

impl Windows {
    /// None yet.
    pub(super) fn new(began: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(History::new(began))))
    }

    /// Those of users who began then and had so many good answers of green at once.
    #[cfg(test)]
    pub(in crate::rehearsal) fn of(began: Timestamp, answers: u64) -> Self {
        let windows = Self::new(began);
        windows.change(|history| {
            history.asked(began, answers, answers);
            let finished = Finished {
                side: Side::Green,
                answered_by: AnsweredBy::Target,
                answer: Ok(200),
                latency: Duration::from_millis(1),
            };
            (0..answers).for_each(|_| history.record(began, &finished));
        });
        windows
    }

    /// Those of users of whose requests every second one could be sent in the minute that begins then.
    #[cfg(test)]
    pub(in crate::rehearsal) fn half_sent(began: Timestamp) -> Self {
        let windows = Self::new(began);
        windows.change(|history| history.asked(began, 20, 10));
        windows
    }

    /// Looks at them as they are now.
    pub fn look<T>(&self, look: impl FnOnce(&History) -> T) -> T {
        self.change(|history| look(history))
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut History) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl History {
    pub(super) fn new(began: Timestamp) -> Self {
        Self { began, windows: VecDeque::new() }
    }

    /// The windows, oldest first.
    pub fn windows(&self) -> impl DoubleEndedIterator<Item = &Window> {
        self.windows.iter()
    }

    /// The windows that began at or after the one moment and before the other.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = &Window> {
        self.windows.iter().filter(move |window| (from..to).contains(&window.start))
    }

    pub(super) fn asked(&mut self, now: Timestamp, asked: u64, sent: u64) {
        // A look at the schedule that found nothing due is no data.
        if asked > 0 {
            let window = self.window(now);
            window.asked += asked;
            window.sent += sent;
        }
    }

    pub(super) fn unsent(&mut self, now: Timestamp) {
        let window = self.window(now);
        window.sent = window.sent.saturating_sub(1);
    }

    pub(super) fn record(&mut self, now: Timestamp, finished: &Finished) {
        self.window(now).by_colour.entry(finished.side).or_default().record(finished);
    }

    /// The window of this moment, which is never before that of a call before.
    fn window(&mut self, now: Timestamp) -> &mut Window {
        let start = floor(now, PERIOD);
        let oldest = start.as_second() - KEPT;
        while self.windows.front().is_some_and(|window| window.start.as_second() <= oldest) {
            self.windows.pop_front();
        }
        if self.windows.back().is_none_or(|last| last.start < start) {
            self.windows.push_back(Window { start, asked: 0, sent: 0, by_colour: BTreeMap::new() });
        }
        let last = self.windows.len() - 1;
        &mut self.windows[last]
    }
}

impl Window {
    /// All requests that ended in it.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.by_colour.values().for_each(|counts| total.add(counts));
        total
    }

    /// How many requests each one that was sent stands for.
    pub fn scale(&self) -> f64 {
        seen::scale(self.asked, self.sent)
    }
}

impl Counts {
    /// What users take for failures: answers with 5xx, and none.
    pub fn errors(&self) -> u64 {
        self.target_5xx + self.elb_5xx + self.no_answer
    }

    /// Adds others to these.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.target_2xx += other.target_2xx;
        self.target_3xx += other.target_3xx;
        self.target_4xx += other.target_4xx;
        self.target_5xx += other.target_5xx;
        self.elb_other += other.elb_other;
        self.elb_4xx += other.elb_4xx;
        self.elb_5xx += other.elb_5xx;
        self.no_answer += other.no_answer;
        self.latency.add(&other.latency);
    }

    fn record(&mut self, finished: &Finished) {
        self.requests += 1;
        let count = match (finished.answer, finished.answered_by) {
            (Err(_), _) => &mut self.no_answer,
            (Ok(500..), AnsweredBy::Target) => &mut self.target_5xx,
            (Ok(400..), AnsweredBy::Target) => &mut self.target_4xx,
            (Ok(300..), AnsweredBy::Target) => &mut self.target_3xx,
            (Ok(_), AnsweredBy::Target) => &mut self.target_2xx,
            (Ok(500..), AnsweredBy::LoadBalancer) => &mut self.elb_5xx,
            (Ok(400..), AnsweredBy::LoadBalancer) => &mut self.elb_4xx,
            (Ok(_), AnsweredBy::LoadBalancer) => &mut self.elb_other,
        };
        *count += 1;
        if finished.answer.is_ok() && finished.answered_by == AnsweredBy::Target {
            self.latency.record(finished.latency);
        }
    }
}

/// The last moment that is a whole number of these seconds since 1970.
pub(in crate::rehearsal) fn floor(moment: Timestamp, seconds: i64) -> Timestamp {
    // Euclid's division of what jiff can hold stays within what it can hold, but for its first minutes.
    let floor = moment.as_second().div_euclid(seconds) * seconds;
    Timestamp::from_second(floor).unwrap_or(Timestamp::MIN)
}

/// The end of the period that begins at this moment.
pub(in crate::rehearsal) fn after(start: Timestamp) -> Timestamp {
    start.checked_add(Duration::from_secs(PERIOD.unsigned_abs())).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::finished::NoAnswer;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_040 + second).unwrap()
    }

    fn finished(side: Side, answered_by: AnsweredBy, answer: Result<u16, NoAnswer>) -> Finished {
        Finished { side, answered_by, answer, latency: Duration::from_millis(5) }
    }

    #[test]
    fn requests_are_counted_by_how_they_ended() {
        use AnsweredBy::{LoadBalancer, Target};
        let mut history = History::new(at(0));
        for (by, answer) in [
            (Target, Ok(200)),
            (Target, Ok(204)),
            (Target, Ok(302)),
            (Target, Ok(404)),
            (Target, Ok(500)),
            (Target, Err(NoAnswer::CutOff)),
            (LoadBalancer, Ok(200)),
            (LoadBalancer, Ok(403)),
            (LoadBalancer, Ok(502)),
            (LoadBalancer, Ok(503)),
            (LoadBalancer, Err(NoAnswer::TimedOut)),
        ] {
            history.record(at(1), &finished(Side::Green, by, answer));
        }
        history.record(at(2), &finished(Side::Blue, Target, Ok(200)));
        let window = history.windows().next().unwrap();
        let green = &window.by_colour[&Side::Green];
        let targets = [green.target_2xx, green.target_3xx, green.target_4xx, green.target_5xx];
        assert_eq!(targets, [2, 1, 1, 1]);
        let elb = [green.elb_other, green.elb_4xx, green.elb_5xx, green.no_answer];
        assert_eq!((elb, green.requests, green.errors()), ([1, 1, 2, 2], 11, 5));
        assert_eq!(green.latency.count(), 5);
        let total = window.total();
        assert_eq!((total.requests, total.target_2xx, total.errors()), (12, 3, 5));
        assert_eq!(total.latency.count(), 6);
    }

    #[test]
    fn a_window_is_a_minute_of_the_clock() {
        let mut history = History::new(at(0));
        for (second, asked, sent) in [(-1, 4, 4), (0, 30, 10), (59, 30, 20), (60, 0, 0), (180, 5, 0)] {
            history.asked(at(second), asked, sent);
        }
        let found: Vec<_> =
            history.windows().map(|window| (window.start, window.asked, window.sent)).collect();
        assert_eq!(found, [(at(-60), 4, 4), (at(0), 60, 30), (at(180), 5, 0)]);
        let scales: Vec<_> = history.windows().map(Window::scale).map(|scale| scale.to_string()).collect();
        assert_eq!(scales, ["1", "2", "1"]);
        assert_eq!(history.between(at(0), at(180)).count(), 1);
        history.unsent(at(180));
        assert_eq!(history.windows().next_back().unwrap().sent, 0);
    }

    #[test]
    fn a_day_is_remembered() {
        let mut history = History::new(at(0));
        for minute in 0..3000 {
            history.asked(at(minute * 60), 1, 1);
        }
        assert_eq!(history.windows().count(), 1440);
        assert_eq!(history.windows().next().unwrap().start, at(1560 * 60));
        // After a gap, too.
        history.asked(at(6000 * 60), 1, 1);
        assert_eq!(history.windows().count(), 1);
    }
}
