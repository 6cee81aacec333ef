//! Counts what users see, from the first request to the last.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::finished::{Finished, NoAnswer, Side};
use super::latencies::Latencies;
use super::seen::{Of, Seen};

#[derive(Debug, Default)]
pub(super) struct Tally {
    asked: u64,
    sent: u64,
    total: Sums,
    by_colour: BTreeMap<Side, Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    requests: u64,
    errors: u64,
    rejected: u64,
    latency: Latencies,
    first_error_at: Option<Timestamp>,
    last_error_at: Option<Timestamp>,
    statuses: BTreeMap<u16, u64>,
    no_answers: BTreeMap<NoAnswer, u64>,
}

impl Tally {
    pub(super) fn asked(&mut self, asked: u64, sent: u64) {
        self.asked += asked;
        self.sent += sent;
    }

    pub(super) fn unsent(&mut self) {
        self.sent = self.sent.saturating_sub(1);
    }

    pub(super) fn record(&mut self, now: Timestamp, finished: &Finished) {
        self.total.record(now, finished);
        self.by_colour.entry(finished.side).or_default().record(now, finished);
    }

    pub(super) fn seen(&self) -> Seen {
        Seen {
            asked: self.asked,
            sent: self.sent,
            total: self.total.of(),
            by_colour: self.by_colour.iter().map(|(side, sums)| (*side, sums.of())).collect(),
        }
    }
}

impl Sums {
    fn record(&mut self, now: Timestamp, finished: &Finished) {
        self.requests += 1;
        // A user who waited in vain has waited, too.
        self.latency.record(finished.latency);
        match finished.answer {
            Ok(status) => *self.statuses.entry(status).or_default() += 1,
            Err(reason) => *self.no_answers.entry(reason).or_default() += 1,
        }
        self.rejected += u64::from(finished.is_rejected());
        if finished.is_error() {
            self.errors += 1;
            self.first_error_at.get_or_insert(now);
            self.last_error_at = Some(now);
        }
    }

    fn of(&self) -> Of {
        Of {
            requests: self.requests,
            errors: self.errors,
            rejected: self.rejected,
            p50: self.latency.percentile(50.0),
            p99: self.latency.percentile(99.0),
            first_error_at: self.first_error_at,
            last_error_at: self.last_error_at,
            statuses: self.statuses.clone(),
            no_answers: self.no_answers.clone(),
        }
    }
}
