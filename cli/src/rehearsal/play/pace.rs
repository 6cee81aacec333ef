//! How fast the clock runs: as asked, at the wall's speed while a function is at work that has no other clock, and
//! faster while nothing at all can happen for long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::entry::{Around, Entry};
use super::{Play, Work};
use crate::rehearsal::controller::HookKind;
use crate::rehearsal::subject::functions::name;

/// A wait for others that is at least so long is not played at the usual speed.
const LONG: Duration = Duration::from_mins(10);
/// So much faster it is then.
const FASTER: f64 = 20.0;

/// How many invocations of each function are under way.
#[derive(Clone, Debug, Default)]
pub(super) struct AtWork(Arc<Mutex<BTreeMap<String, usize>>>);

impl AtWork {
    pub(super) fn begin(&self, function: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(function.to_owned()).or_default() += 1;
    }

    pub(super) fn end(&self, function: &str) {
        let mut at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = at_work.get_mut(function) {
            *count = count.saturating_sub(1);
        }
    }

    /// The functions that are at work.
    fn functions(&self) -> Vec<String> {
        let at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.iter().filter(|(_, count)| **count > 0).map(|(function, _)| function.clone()).collect()
    }
}

impl Play {
    /// Lets the clock run as fast as what is under way allows.
    pub(super) fn keep_pace(&mut self, tell: &mut impl FnMut(&Entry)) {
        let asked = self.stage.speed;
        let (speed, why) = match (self.in_real_time(), self.is_idle_for_long()) {
            (Some(function), _) => {
                let text = format!("at 1x while {} is at work: it lives in real time", name(&function));
                (asked.min(1.0), Some(text))
            }
            (None, true) => {
                let text = "nothing can happen for long: the clock runs 20 times as fast".to_owned();
                (asked * FASTER, Some(text))
            }
            (None, false) => (asked, None),
        };
        if (self.stage.clock.speed() - speed).abs() > f64::EPSILON {
            self.stage.clock.set_speed(speed);
            if let Some(text) = why.filter(|text| !self.told.contains(text)) {
                self.told.insert(text.clone());
                self.note(Around::Note { text }, tell);
            }
        }
    }

    /// A function without a clock of its own that is at work: it is being called, or ECS is to call it again.
    fn in_real_time(&self) -> Option<String> {
        let lives_in_real_time = |function: &String| self.stage.functions.is_real_time(function);
        let again = self
            .deployment
            .current_executions()
            .iter()
            .filter(|execution| execution.verdict.is_none() && execution.kind == HookKind::Lambda);
        let again = again.filter_map(|execution| execution.function.clone());
        self.at_work.functions().into_iter().chain(again).find(lives_in_real_time)
    }

    /// Whether a report of this execution has arrived, or an answer to it.
    pub(super) fn is_reported(&self, execution: usize) -> bool {
        let Some(execution) = self.deployment.executions().get(execution) else { return true };
        self.stage.aws.look(|world| {
            world.codedeploy.report(&execution.id).is_some() || world.ecs.answer(&execution.id).is_some()
        })
    }

    /// Whether the controller waits for something that will not come, and nothing is at work that could bring it.
    fn is_idle_for_long(&self) -> bool {
        let far =
            self.deployment.deadline().is_some_and(|deadline| deadline > self.stage.clock.elapsed() + LONG);
        far && self.deployment.waits_for_others()
            && self.work.is_hopeless
            && self.at_work.functions().is_empty()
    }
}

impl Work {
    /// From now on nobody is expected to bring what the controller waits for.
    pub(super) fn lose_hope(&mut self) {
        self.is_hopeless = true;
    }

    /// Something new was begun.
    pub(super) fn hope(&mut self) {
        self.is_hopeless = false;
    }
}
