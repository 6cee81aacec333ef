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
/// So much faster it is then.
const FASTER: f64 = 20.0;

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
        } else if at_work.is_empty() && self.is_idle_for_long() {
            let text = "nothing can happen for long: the clock runs 20 times as fast".to_owned();
            (asked * FASTER, Some(text))
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

    /// Whether the controller waits for something that will not come.
    fn is_idle_for_long(&self) -> bool {
        let far =
            self.deployment.deadline().is_some_and(|deadline| deadline > self.stage.clock.elapsed() + LONG);
        far && self.deployment.waits_for_others() && self.work.is_hopeless
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
    /// From now on nobody is expected to bring what the controller waits for.
    pub(super) fn lose_hope(&mut self) {
        self.is_hopeless = true;
    }

    /// How many invocations of an execution's function are under way.
    pub(super) fn under_way(&mut self, execution: usize) -> watch::Sender<usize> {
        self.under_way.entry(execution).or_insert_with(|| watch::Sender::new(0)).clone()
    }

    /// Something new was begun.
    pub(super) fn hope(&mut self) {
        self.is_hopeless = false;
    }
}
