//! The hooks of a stage: called side by side, called again, and their verdicts looked at.

use super::super::codedeploy::CALLBACK_LIMIT;
use super::super::configuration::{Configuration, HookTarget, TimeoutAction};
use super::super::hook::{Execution, HookKind, Verdict};
use super::super::{Command, Happening, payload};
use super::Deployment;

impl Deployment {
    /// Calls the hooks of the stage, side by side.
    pub(super) fn call_hooks(&mut self) {
        let Some(phase) = self.phase() else { return };
        let (stage, weights) = (phase.stage, phase.weights);
        let mut called = Vec::new();
        match &self.configuration {
            Configuration::Ecs(ecs) => {
                // Nobody may pause where a rollback would call it again.
                for hook in ecs.hooks.iter().filter(|hook| hook.stages.iter().any(|at| at == stage)) {
                    let (kind, function, details) = match &hook.target {
                        HookTarget::Lambda { function, details } => {
                            (HookKind::Lambda, Some(function.clone()), details.clone())
                        }
                        HookTarget::Pause => (HookKind::Pause, None, None),
                    };
                    called.push((kind, function, details, hook.timeout, hook.on_timeout));
                }
            }
            Configuration::CodeDeploy(codedeploy) => {
                for (_, function) in codedeploy.hooks.iter().filter(|(event, _)| event == stage) {
                    let function = Some(function.clone());
                    let on_timeout = TimeoutAction::Rollback;
                    called.push((HookKind::Codedeploy, function, None, CALLBACK_LIMIT, on_timeout));
                }
            }
        }
        for (kind, function, details, timeout, on_timeout) in called {
            let number = self.executions.len();
            let id = match kind {
                HookKind::Lambda => self.identity.execution_id(number),
                HookKind::Pause => self.identity.pause_id(number),
                HookKind::Codedeploy => self.identity.callback_id(number),
            };
            let (expires, function_called) = (self.now + timeout, function.clone());
            self.executions.push(Execution {
                number,
                stage,
                kind,
                function,
                id,
                expires,
                on_timeout,
                verdict: None,
                weights,
                details,
                again: None,
                message: None,
                code: None,
            });
            self.note(Happening::HookStarted {
                execution: number,
                function: function_called,
                stage: stage.to_owned(),
                kind,
            });
            self.call(number);
        }
    }

    pub(super) fn call(&mut self, execution: usize) {
        let Some(called) = self.executions.get_mut(execution) else { return };
        called.again = None;
        let called = &*called;
        let invoke = |function: &Option<String>, event, asynchronous| Command::Invoke {
            execution,
            function: function.clone().unwrap_or_default(),
            event,
            asynchronous,
        };
        let identity = &self.identity;
        let command = match called.kind {
            HookKind::Lambda => {
                let details = called.details.as_ref();
                let event = payload::ecs(identity, &called.id, called.stage, called.weights, details);
                invoke(&called.function, event, false)
            }
            HookKind::Codedeploy => invoke(&called.function, payload::codedeploy(identity, &called.id), true),
            HookKind::Pause => {
                let event_id = identity.execution_id(execution);
                let time = |since| identity.epoch.checked_add(since).unwrap_or(jiff::Timestamp::MAX);
                let times = (time(self.now), time(called.expires));
                let event = payload::pause(identity, &event_id, &called.id, called.stage, times);
                Command::Pause { execution, event }
            }
        };
        self.commands.push(command);
    }

    /// Looks at the executions from this one on; whether they are over.
    pub(super) fn follow(&mut self, first: usize) -> bool {
        let now = self.now;
        let mut again = Vec::new();
        for execution in self.executions.iter_mut().skip(first).filter(|one| one.verdict.is_none()) {
            if execution.expires <= now {
                self.commands.extend(execution.expire());
            } else if execution.again.is_some_and(|again| again <= now) {
                again.push(execution.number);
            }
        }
        for number in again {
            self.call(number);
        }
        let verdicts: Vec<_> =
            self.executions.iter().skip(first).map(|execution| execution.verdict).collect();
        let stopped = |verdict: &Option<Verdict>| verdict.is_some_and(|verdict| !verdict.proceeds());
        // One that stops decides at once.
        if verdicts.iter().any(stopped) {
            let (reason, code) = self.why(first);
            self.fail(reason, code);
            return true;
        }
        verdicts.iter().all(Option::is_some) && self.next_part()
    }
}
