//! How fast the clock runs: as asked, at the wall's speed while a function computes, and faster while nothing at all
//! can happen for long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::entry::{Around, Entry};
use super::settings::Answerer;
use super::{Play, Work};
use crate::rehearsal::controller::{Execution, HookKind};
use crate::rehearsal::subject::functions::name;

/// A wait for others that is at least so long is not played at the usual speed.
const LONG: Duration = Duration::from_mins(10);
/// So much faster it is then, where there is little hope.
const FASTER: f64 = 20.0;
/// So much of real time it takes where there is none, however long it is on AWS: a day for a stage of ECS, an hour for
/// CodeDeploy's hook.
const SHORT: Duration = Duration::from_secs(3);

/// Whether what the controller waits for is expected to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hope {
    /// Nobody is left to bring it.
    None,
    /// It is late, and may come yet, in real time.
    Little,
    /// It is.
    Some,
}

impl Hope {
    /// How fast the clock runs while nothing is at work: what speed was asked for, what is left of a long wait, and how
    /// fast it runs now.
    fn speed(self, asked: f64, left: Duration, now: f64) -> f64 {
        match self {
            Self::Some => asked,
            Self::Little => asked * FASTER,
            // What is left shrinks, and the speed does not.
            Self::None => left.div_duration_f64(SHORT).max(asked).max(now),
        }
    }
}

/// How many invocations are under way, by function and by whether somebody waits for the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct AtWork(Arc<Mutex<BTreeMap<(String, bool), usize>>>);

impl AtWork {
    pub(super) fn begin(&self, function: &str, answers: bool) {
        let mut at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *at_work.entry((function.to_owned(), answers)).or_default() += 1;
    }

    pub(super) fn end(&self, function: &str, answers: bool) {
        let mut at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = at_work.get_mut(&(function.to_owned(), answers)) {
            *count = count.saturating_sub(1);
        }
    }

    /// Whether any function is at work.
    pub(super) fn is_anybody(&self) -> bool {
        !self.functions().is_empty()
    }

    /// The functions that are at work, and whether somebody waits for their answer.
    fn functions(&self) -> Vec<(String, bool)> {
        let at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.iter().filter(|(_, count)| **count > 0).map(|(key, _)| key.clone()).collect()
    }
}

impl Play {
    /// Lets the clock run as fast as what is under way allows.
    pub(super) fn keep_pace(&mut self, tell: &mut impl FnMut(&Entry)) {
        let asked = self.stage.speed;
        let at_work = self.at_work.functions();
        let others = self.in_real_time(&at_work);
        // A function whose answer ECS waits for never waits itself, so its time is a computer's time. One that
        // reports later may wait within, by the simulated clock.
        let computes = at_work.iter().any(|(_, answers)| *answers);
        let (speed, why) = if self.awaits_person() {
            let text = "at 1x while a PAUSE hook waits for you".to_owned();
            (asked.min(1.0), Some(text))
        } else if let Some(function) = others {
            let text = format!("at 1x while {} is at work: it lives in real time", name(&function));
            (asked.min(1.0), Some(text))
        } else if computes {
            (asked.min(1.0), None)
        } else if let Some(left) = self.idle_for_long() {
            let text = "nothing can happen for long: the clock runs faster".to_owned();
            (self.hope().speed(asked, left, self.stage.clock.speed()), Some(text))
        } else {
            (asked, None)
        };
        if (self.stage.clock.speed() - speed).abs() > f64::EPSILON {
            self.stage.clock.set_speed(speed);
        }
        if let Some(text) = why.filter(|text| !self.told.contains(text)) {
            self.told.insert(text.clone());
            self.note(Around::Note { text }, tell);
        }
    }

    /// A function of others that is at work, or that counts its patience by the wall's clock until ECS calls it
    /// again.
    fn in_real_time(&self, at_work: &[(String, bool)]) -> Option<String> {
        let functions = &self.stage.functions;
        let is_open =
            |execution: &&Execution| execution.verdict.is_none() && execution.kind == HookKind::Lambda;
        let open = self.deployment.current_executions().iter().filter(is_open);
        let patient = open.filter_map(|execution| execution.function.clone());
        let patient = patient.filter(|function| functions.is_patient_in_real_time(function));
        let others = at_work.iter().map(|(function, _)| function.clone());
        others.filter(|function| functions.is_real_time(function)).chain(patient).next()
    }

    /// For how long the controller waits for something that is not expected to come, where that is long.
    fn idle_for_long(&self) -> Option<Duration> {
        let left = self.deployment.deadline()?.checked_sub(self.stage.clock.elapsed())?;
        (left > LONG && self.hope() != Hope::Some && !self.goes_on()).then_some(left)
    }

    /// Whether what the controller waits for is expected to come; of several executions, any.
    fn hope(&self) -> Hope {
        if let Some((_, hope)) = self.work.late.filter(|(errand, _)| self.deployment.awaits(*errand)) {
            return hope;
        }
        let current = self.deployment.current_executions();
        let first = self.deployment.executions().len().saturating_sub(current.len());
        let open = (first..).zip(current).filter(|(_, execution)| execution.verdict.is_none());
        let hope = |(index, _)| self.work.silent.get(&index).copied().unwrap_or(Hope::Some);
        open.map(hope).max().unwrap_or(Hope::Some)
    }

    /// Whether a real person is to answer a PAUSE hook.
    fn awaits_person(&self) -> bool {
        let mut executions = self.deployment.current_executions().iter();
        self.stage.pause == Answerer::Caller { in_person: true }
            && executions.any(|execution| execution.verdict.is_none() && execution.kind == HookKind::Pause)
    }

    /// Whether a report of this execution has arrived, or an answer to it.
    pub(super) fn is_reported(&self, execution: usize) -> bool {
        let Some(execution) = self.deployment.executions().get(execution) else { return true };
        self.stage.aws.look(|world| {
            world.codedeploy.report(&execution.id).is_some() || world.ecs.answer(&execution.id).is_some()
        })
    }
}

impl Work {
    /// How many invocations of an execution's function are under way.
    pub(super) fn under_way(&mut self, execution: usize) -> watch::Sender<usize> {
        self.under_way.entry(execution).or_insert_with(|| watch::Sender::new(0)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_runs_ahead_only_where_nobody_is_left_to_wait_for() {
        let (day, hour) = (Duration::from_hours(24), Duration::from_hours(1));
        for (hope, asked, left, now, expected) in [
            (Hope::Some, 60.0, day, 60.0, 60.0),
            (Hope::Some, 60.0, day, 28_800.0, 60.0),
            (Hope::Little, 60.0, day, 60.0, 1200.0),
            (Hope::Little, 60.0, day, 28_800.0, 1200.0),
            (Hope::None, 60.0, day, 60.0, 28_800.0),
            (Hope::None, 60.0, hour, 60.0, 1200.0),
            // What is left takes no longer for being less.
            (Hope::None, 60.0, hour, 28_800.0, 28_800.0),
            (Hope::None, 3600.0, hour, 3600.0, 3600.0),
        ] {
            let speed = hope.speed(asked, left, now);
            assert!((speed - expected).abs() < 1e-6, "{hope:?} {asked} {left:?} {now}: {speed}");
        }
    }
}
