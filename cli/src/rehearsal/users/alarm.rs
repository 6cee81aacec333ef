//! Alarms of a deployment: a condition over what users saw, judged as CloudWatch judges.
//!
//! A condition is judged when a period has ended, over whole periods of the clock alone. A period without
//! data does not breach (`notBreaching`), so an alarm needs traffic to fire: with no request there is no
//! share of errors, no latency and no count. Surprising: counts are scaled to what was asked, since an
//! alarm's threshold is meant for the traffic that the users stand for.

mod grammar;

use std::cmp::Ordering;
use std::time::Duration;

use greenlight::plan::units::{Share, Span};
use jiff::Timestamp;

use super::window::{Counts, History, PERIOD, floor};

/// An alarm by its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// The name, as a deployment's configuration says it.
    pub name: String,
    /// When it is in ALARM.
    pub condition: Condition,
}

/// What must hold for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// What is measured, and its threshold.
    pub measure: Measure,
    /// How it is held against the threshold.
    pub comparison: Comparison,
    /// Whole minutes, at least one.
    period: Span,
    /// How many periods in a row must breach, at least one.
    periods: u32,
}

/// What is measured, with its threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Requests that ended in 5xx or without an answer.
    Errors(u64),
    /// The share of them.
    ErrorShare(Share),
    /// The median of what the answers of targets took.
    P50(Span),
    /// The time that 99 of 100 answers of targets did not exceed.
    P99(Span),
    /// All requests.
    Requests(u64),
}

/// A comparison operator of CloudWatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`: `GreaterThanThreshold`.
    Greater,
    /// `>=`: `GreaterThanOrEqualToThreshold`.
    GreaterOrEqual,
    /// `<`: `LessThanThreshold`.
    Less,
    /// `<=`: `LessThanOrEqualToThreshold`.
    LessOrEqual,
}

/// The state of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// `OK`.
    Ok,
    /// `ALARM`.
    Alarm {
        /// What was observed in the last period, and against what.
        observed: String,
    },
    /// `INSUFFICIENT_DATA`: no period has ended yet.
    InsufficientData,
}

impl Alarm {
    /// Its state at this moment, by the periods that have ended.
    pub fn evaluate(&self, history: &History, now: Timestamp) -> State {
        self.condition.evaluate(history, now)
    }
}

impl Condition {
    /// The state of an alarm of this condition.
    pub fn evaluate(&self, history: &History, now: Timestamp) -> State {
        let end = floor(now, self.seconds());
        // A period that began before there were users says too little of how many there are.
        let is_least = matches!(self.comparison, Comparison::Less | Comparison::LessOrEqual);
        let mut first = floor(history.began, self.seconds());
        if is_least && first < history.began {
            first = self.before(first, -1);
        }
        if end <= first {
            return State::InsufficientData;
        }
        let mut observed = None;
        for periods_back in 1..=i64::from(self.periods) {
            let start = self.before(end, periods_back);
            let reading = (start >= first).then(|| Reading::of(history, start, self.before(start, -1)));
            match reading.and_then(|reading| self.breach(&reading)) {
                None => return State::Ok,
                Some(text) => observed = observed.or(Some(text)),
            }
        }
        match observed {
            None => State::Ok,
            Some(text) => State::Alarm { observed: self.words(&text, end) },
        }
    }

    /// The length of a period.
    pub fn period(&self) -> Duration {
        self.period.0
    }

    /// How many periods in a row must breach.
    pub fn periods(&self) -> u32 {
        self.periods
    }

    /// What was observed if it breaches the threshold.
    fn breach(&self, reading: &Reading) -> Option<String> {
        let (order, text) = self.measure.compare(reading)?;
        self.comparison.holds(order).then_some(text)
    }

    fn words(&self, observed: &str, end: Timestamp) -> String {
        let end = end.strftime("%H:%M:%S");
        match self.periods {
            1 => format!("{observed} in the {} to {end} UTC, threshold {self}", self.period),
            periods => {
                let period = self.period;
                format!(
                    "{observed} in the last of {periods} periods of {period} to {end} UTC, threshold {self}"
                )
            }
        }
    }

    fn seconds(&self) -> i64 {
        i64::try_from(self.period.0.as_secs()).unwrap_or(PERIOD).max(PERIOD)
    }

    fn before(&self, moment: Timestamp, periods: i64) -> Timestamp {
        let second = moment.as_second().saturating_sub(self.seconds().saturating_mul(periods));
        Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
    }
}

/// One period.
struct Reading {
    counts: Counts,
    /// Scaled to what was asked.
    requests: f64,
    errors: f64,
}

impl Reading {
    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    fn of(history: &History, start: Timestamp, end: Timestamp) -> Self {
        let mut reading = Self { counts: Counts::default(), requests: 0.0, errors: 0.0 };
        for window in history.between(start, end) {
            let total = window.total();
            reading.requests += total.requests as f64 * window.scale();
            reading.errors += total.errors() as f64 * window.scale();
            reading.counts.add(&total);
        }
        reading
    }
}

impl Measure {
    /// How it stands to the threshold, and what it is in words; none without data.
    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    fn compare(&self, reading: &Reading) -> Option<(Ordering, String)> {
        let (errors, requests) = (reading.counts.errors(), reading.counts.requests);
        if requests == 0 {
            return None;
        }
        let latency = |percent: f64, threshold: Span| -> Option<(Ordering, String)> {
            let found = reading.counts.latency.percentile(percent)?;
            let shown = Duration::from_millis(u64::try_from(found.as_millis()).unwrap_or(u64::MAX));
            Some((found.cmp(&threshold.0), format!("p{percent} was {}", Span(shown))))
        };
        let count = |thing: &str, number: f64, threshold: u64| {
            Some((number.round().partial_cmp(&(threshold as f64))?, format!("{thing} were {number:.0}")))
        };
        match *self {
            Self::Errors(threshold) => count("errors", reading.errors, threshold),
            Self::Requests(threshold) => count("requests", reading.requests, threshold),
            Self::ErrorShare(threshold) => {
                let share = errors as f64 / requests as f64;
                let percent = format!("{:.2}", share * 100.0);
                let percent = percent.trim_end_matches('0').trim_end_matches('.');
                let text = format!("errors were {percent}% ({errors} of {requests} requests)");
                Some((share.partial_cmp(&threshold.fraction())?, text))
            }
            Self::P50(threshold) => latency(50.0, threshold),
            Self::P99(threshold) => latency(99.0, threshold),
        }
    }
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
        }
    }
}

#[cfg(test)]
mod tests;
