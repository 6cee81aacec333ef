//! What a load came to, in numbers and a few words.
//!
//! A tally stays small however many requests were made: it counts, keeps the first few distinct failures, and
//! puts every time into one histogram. Surprising: requests without an answer are in the histogram too, with the
//! time waited; percentiles that forget the timeouts would call the worst release the fastest.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::connect::Connects;
use super::reply::{Answer, NoAnswer};
use super::unreachable::Unreachable;

/// Distinct failures that are kept.
const KEPT: usize = 5;
/// Latencies are told apart up to here, to three digits.
const LONGEST: Duration = Duration::from_hours(1);

/// What was observed where something else was expected. Both are shown, so neither may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What was observed, e.g. `status 503`.
    pub observed: String,
    /// What was expected, e.g. `status 200-299`.
    pub expected: String,
    /// Whose answer it was.
    pub whose: Whose,
}

/// Whose answer a mismatch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Green's: it counts as a failure.
    Green,
    /// The load balancer's, which has nobody to ask yet: it says that it is too early.
    NotYet,
    /// Somebody else's: it says nothing about green.
    Other,
}

impl Mismatch {
    /// What was observed and what was expected of green.
    pub fn new(observed: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { observed: observed.into(), expected: expected.into(), whose: Whose::Green }
    }

    /// An answer that is not green's.
    #[must_use]
    pub fn of(self, whose: Whose) -> Self {
        Self { whose, ..self }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, expected {}", self.observed, self.expected)
    }
}

/// Things that happened: how often, and the first of each of the first few kinds.
#[derive(Debug, Clone)]
pub struct Distinct<T> {
    count: u64,
    kinds: Vec<(T, u64)>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self { count: 0, kinds: Vec::new() }
    }
}

impl<T> Distinct<T> {
    /// How many there were, of all kinds.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first one of all.
    pub fn first(&self) -> Option<&T> {
        self.kinds.first().map(|(first, _)| first)
    }

    /// The first of each kind, with how many there were of it; of at most five kinds.
    pub fn kinds(&self) -> impl Iterator<Item = (&T, u64)> {
        self.kinds.iter().map(|(first, count)| (first, *count))
    }

    fn record(&mut self, item: T, same: impl Fn(&T, &T) -> bool) {
        self.count += 1;
        if let Some((_, count)) = self.kinds.iter_mut().find(|(first, _)| same(first, &item)) {
            *count += 1;
        } else if self.kinds.len() < KEPT {
            self.kinds.push((item, 1));
        }
    }
}

/// Latencies in microseconds, to three digits.
///
/// A sequence of many steps has many of them, at several tasks at once, in a function with little memory.
#[derive(Debug, Clone)]
pub struct Latencies {
    histogram: Histogram<u32>,
}

impl Latencies {
    fn new() -> Self {
        #[expect(clippy::expect_used, reason = "constant bounds, which a test covers")]
        let histogram = Histogram::new_with_bounds(1, micros(LONGEST), 3).expect("bounds that are in order");
        Self { histogram }
    }

    fn record(&mut self, latency: Duration) {
        self.histogram.saturating_record(micros(latency));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The latency that this share (0 to 100) of all requests did not exceed; none without any.
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        let there = !self.histogram.is_empty();
        there.then(|| Duration::from_micros(self.histogram.value_at_quantile(percent / 100.0)))
    }

    /// The shortest; none without any.
    pub fn min(&self) -> Option<Duration> {
        (!self.histogram.is_empty()).then(|| Duration::from_micros(self.histogram.min()))
    }

    /// The longest; none without any.
    pub fn max(&self) -> Option<Duration> {
        (!self.histogram.is_empty()).then(|| Duration::from_micros(self.histogram.max()))
    }
}

/// What one request came to, as far as it is counted.
#[derive(Debug, Clone)]
pub(super) enum Settled {
    Judged {
        status: u16,
        latency: Duration,
        body_bytes: u64,
        judgement: Result<(), Mismatch>,
    },
    NoAnswer(NoAnswer),
    Unreachable(Unreachable),
    /// What earlier answers gave does not make a request.
    NotMade(Mismatch),
    OutOfTime,
}

impl Settled {
    pub(super) fn judged(answer: &Answer, judgement: Result<(), Mismatch>) -> Self {
        Self::Judged {
            status: answer.status.as_u16(),
            latency: answer.latency,
            body_bytes: answer.body.len() as u64,
            judgement,
        }
    }

    pub(super) fn is_good(&self) -> bool {
        matches!(self, Self::Judged { judgement: Ok(()), .. })
    }

    /// Whether the other side got the request.
    pub(super) fn was_written(&self) -> bool {
        matches!(self, Self::Judged { .. } | Self::NoAnswer(_))
    }

    pub(super) fn latency(&self) -> Duration {
        match self {
            Self::Judged { latency, .. } => *latency,
            Self::NoAnswer(no_answer) => no_answer.waited,
            Self::Unreachable(_) | Self::NotMade(_) | Self::OutOfTime => Duration::ZERO,
        }
    }

    /// The same at the end of a run that had taken so long before.
    pub(super) fn after(mut self, spent: Duration) -> Self {
        match &mut self {
            Self::Judged { latency, .. } => *latency += spent,
            Self::NoAnswer(no_answer) => no_answer.waited += spent,
            Self::Unreachable(_) | Self::NotMade(_) | Self::OutOfTime => {}
        }
        self
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Why a load ended before every request was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The deadline came.
    Deadline,
    /// So many requests in a row found the target unreachable, each after its own attempts, that going on would
    /// have shown nothing else.
    Unreachable,
}

/// Good ones in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streak {
    /// How many there are just now.
    pub current: u64,
    /// How many there were at most.
    pub longest: u64,
    /// As `current`, had everything that says nothing about green been good.
    possible: u64,
    /// As `longest`, had everything that says nothing about green been good.
    most_possible: u64,
}

impl Streak {
    fn good(&mut self) {
        self.current += 1;
        self.longest = self.longest.max(self.current);
        self.good_or_unknown();
    }

    fn unknown(&mut self) {
        self.current = 0;
        self.good_or_unknown();
    }

    fn failed(&mut self) {
        (self.current, self.possible) = (0, 0);
    }

    fn good_or_unknown(&mut self) {
        self.possible += 1;
        self.most_possible = self.most_possible.max(self.possible);
    }

    /// How many there could have been at most, had everything that says nothing about green been good, and so
    /// many more at the end.
    pub fn possible(&self, more: u64) -> u64 {
        self.most_possible.max(self.possible.saturating_add(more))
    }
}

/// What a load came to.
///
/// Every request that was begun is in exactly one of `good`, `mismatches`, `no_answers`, `strangers`,
/// `unreachable` and `unfinished`. Of a sequence these count its runs, each by what ended it, and `steps` its
/// requests.
#[derive(Debug, Clone)]
pub struct Tally {
    /// How many requests (or runs) were asked for.
    pub requested: u64,
    /// Answers that the judge found good.
    pub good: u64,
    /// Answers that the judge did not find good.
    pub mismatches: Distinct<Mismatch>,
    /// Answers that were not green's, and steps whose requests could not be made of what earlier answers gave.
    /// They say nothing about green.
    pub strangers: Distinct<Mismatch>,
    /// Requests that were written and got no answer: green's fault.
    pub no_answers: Distinct<NoAnswer>,
    /// Requests that could not be written: ours until shown otherwise.
    pub unreachable: Distinct<Unreachable>,
    /// Requests that the deadline cut off before green's time for them was up. They say nothing.
    pub unfinished: u64,
    /// Latencies of all of green's answers, and the time waited for all requests without one; no connecting.
    pub latency: Latencies,
    /// How often each status came.
    pub statuses: BTreeMap<u16, u64>,
    /// Bytes of all answers' bodies.
    pub body_bytes: u64,
    /// Connections made.
    pub connects: Connects,
    /// Requests written once more, because a kept-alive connection was closed under them, or because the other
    /// side said that it did not process them (HTTP/2).
    pub reconnects: u64,
    /// From the first request to the end.
    pub elapsed: Duration,
    /// Why not all requests were made, if so.
    pub stopped: Option<Stopped>,
    /// How many in a row were good, over the whole load.
    pub streak: Streak,
    /// What each step of a sequence came to; empty where there is but one request.
    pub steps: Vec<Self>,
}

impl Tally {
    /// An empty tally, of a sequence of so many steps.
    pub(super) fn of(requested: u64, steps: usize) -> Self {
        Self { steps: vec![Self::new(requested); steps], ..Self::new(requested) }
    }

    fn new(requested: u64) -> Self {
        Self {
            requested,
            good: 0,
            mismatches: Distinct::default(),
            strangers: Distinct::default(),
            no_answers: Distinct::default(),
            unreachable: Distinct::default(),
            unfinished: 0,
            latency: Latencies::new(),
            statuses: BTreeMap::new(),
            body_bytes: 0,
            connects: Connects::default(),
            reconnects: 0,
            elapsed: Duration::ZERO,
            stopped: None,
            streak: Streak::default(),
            steps: Vec::new(),
        }
    }

    /// Requests whose fate says something about green: those with an answer, and those without through green's
    /// fault.
    pub fn judged(&self) -> u64 {
        self.good + self.failed()
    }

    /// Requests that green failed: answers that were not good, and answers that did not come.
    pub fn failed(&self) -> u64 {
        self.mismatches.count() + self.no_answers.count()
    }

    /// Requests that were begun.
    pub fn begun(&self) -> u64 {
        self.judged() + self.strangers.count() + self.unreachable.count() + self.unfinished
    }

    /// Counts what one request came to.
    pub(super) fn record(&mut self, settled: Settled) {
        match settled {
            Settled::Judged { judgement: Err(stranger), .. } if stranger.whose != Whose::Green => {
                self.strangers.record(stranger, PartialEq::eq);
            }
            Settled::NotMade(why) => self.strangers.record(why, PartialEq::eq),
            Settled::Judged { status, latency, body_bytes, judgement } => {
                self.latency.record(latency);
                *self.statuses.entry(status).or_default() += 1;
                self.body_bytes += body_bytes;
                match judgement {
                    Ok(()) => self.good += 1,
                    Err(mismatch) => self.mismatches.record(mismatch, PartialEq::eq),
                }
            }
            Settled::NoAnswer(no_answer) => self.record_no_answer(no_answer),
            Settled::Unreachable(unreachable) => self.record_unreachable(unreachable),
            Settled::OutOfTime => {
                self.unfinished += 1;
                self.stopped.get_or_insert(Stopped::Deadline);
            }
        }
    }

    /// Counts a run by what ended it. `in_a_row`: whether only the last row of good runs is of interest; the
    /// latencies are then those of that row.
    pub(super) fn end_run(&mut self, settled: Settled, in_a_row: bool) {
        let (judged, good) = (self.judged(), self.good);
        self.record(settled);
        match (self.good > good, self.judged() > judged) {
            (true, _) => self.streak.good(),
            (false, true) => self.streak.failed(),
            (false, false) => self.streak.unknown(),
        }
        if in_a_row && self.good == good {
            self.latency.histogram.reset();
            self.steps.iter_mut().for_each(|step| step.latency.histogram.reset());
        }
    }

    fn record_no_answer(&mut self, no_answer: NoAnswer) {
        self.latency.record(no_answer.waited);
        // Not by their words: times and byte counts differ each time.
        self.no_answers.record(no_answer, |one, other| {
            std::mem::discriminant(&one.fault) == std::mem::discriminant(&other.fault)
                && one.status == other.status
        });
    }

    fn record_unreachable(&mut self, unreachable: Unreachable) {
        self.unreachable.record(unreachable, |one, other| {
            std::mem::discriminant(&one.obstacle) == std::mem::discriminant(&other.obstacle)
                && one.endpoint == other.endpoint
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    #[test]
    fn percentiles_are_exact_to_three_digits_and_bounded() {
        let mut latencies = Latencies::new();
        assert_eq!((latencies.count(), latencies.percentile(50.0), latencies.max()), (0, None, None));
        for millis in 1..=100 {
            latencies.record(Duration::from_millis(millis));
        }
        for (percent, millis) in [(50.0, 50.0), (95.0, 95.0), (99.0, 99.0), (100.0, 100.0)] {
            let found = latencies.percentile(percent).unwrap().as_secs_f64() * 1000.0;
            assert!((found / millis - 1.0_f64).abs() < 0.001, "p{percent}: {found} ms");
        }
        latencies.record(Duration::ZERO);
        latencies.record(Duration::MAX);
        assert_eq!(latencies.count(), 102);
        assert!(latencies.max().unwrap() >= LONGEST);
    }

    #[test]
    fn latencies_take_little_memory() {
        let latencies = Latencies::new();
        assert!(latencies.histogram.distinct_values() * size_of::<u32>() < 100 * 1024);
    }

    #[test]
    fn the_first_few_distinct_failures_are_kept_and_all_are_counted() {
        let mut tally = Tally::new(100);
        let no_answer = |received| NoAnswer {
            fault: Fault::TimedOut { received },
            status: None,
            waited: Duration::from_secs(1),
            remote: ([127, 0, 0, 1], 80).into(),
            reused: false,
        };
        for received in 0..10 {
            tally.record_no_answer(no_answer(received));
        }
        for index in 0..100 {
            tally
                .mismatches
                .record(Mismatch::new(format!("status {}", 400 + index % 10), "200"), PartialEq::eq);
        }
        assert_eq!(tally.no_answers.kinds().map(|(_, count)| count).collect::<Vec<_>>(), [10]);
        assert_eq!(tally.no_answers.first(), Some(&no_answer(0)));
        assert_eq!((tally.mismatches.count(), tally.mismatches.kinds().count()), (100, KEPT));
        assert_eq!(tally.mismatches.first().unwrap().to_string(), "status 400, expected 200");
        assert_eq!((tally.failed(), tally.judged(), tally.begun()), (110, 110, 110));
        assert_eq!(tally.latency.percentile(50.0).unwrap().as_secs(), 1);
    }
}
