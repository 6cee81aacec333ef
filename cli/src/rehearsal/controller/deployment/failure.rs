//! What takes a deployment back, and in which words.

use super::super::configuration::Configuration;
use super::super::hook::HookKind;
use super::super::status::Status;
use super::super::{Happening, codedeploy, ecs, messages};
use super::{Deployment, Doing};

impl Deployment {
    /// Why the hooks from this execution on have stopped the deployment.
    pub(super) fn why(&self, first: usize) -> (String, Option<&'static str>) {
        let stopped = self.executions.iter().skip(first).filter(|execution| execution.message.is_some());
        let stopped: Vec<_> = stopped.collect();
        let Some(execution) = stopped.first() else { return (String::new(), None) };
        let message = execution.message.clone().unwrap_or_default();
        let all = || stopped.iter().filter_map(|one| one.message.as_deref()).collect::<Vec<_>>().join(" ");
        match execution.kind {
            HookKind::Codedeploy => (message, execution.code),
            HookKind::Pause => (message, None),
            HookKind::Lambda if self.status == Status::RollbackInProgress => {
                (messages::rollback_failed(execution.stage, &all()), None)
            }
            HookKind::Lambda => (messages::hooks_failed(execution.stage, &all()), None),
        }
    }

    pub(super) fn broke(&mut self, errand: usize) {
        let scales = self.awaits(errand) && self.status == Status::InProgress;
        if let (Configuration::Ecs(ecs), true) = (&self.configuration, scales)
            && ecs.circuit_breaker
        {
            self.fail(messages::CIRCUIT_BREAKER.to_owned(), None);
        }
    }

    pub(super) fn alarm(&mut self, name: &str) {
        if self.status != Status::InProgress {
            return;
        }
        match &self.configuration {
            // ECS watches as soon as tasks of green run, and not at all if an alarm was red before.
            Configuration::Ecs(ecs) => {
                let watches = self.reached.contains("SCALE_UP") && self.around.red_alarms.is_empty();
                if watches && ecs.alarms.iter().any(|alarm| alarm == name) {
                    self.note(Happening::AlarmFired { name: name.to_owned() });
                    self.fail(messages::alarm(name), None);
                }
            }
            Configuration::CodeDeploy(codedeploy) => {
                if codedeploy.alarms.iter().any(|alarm| alarm == name) {
                    self.note(Happening::AlarmFired { name: name.to_owned() });
                    let (code, text) = messages::alarm_active(name);
                    self.fail(text, Some(code));
                }
            }
        }
    }

    /// Whether the phase or the deployment has lasted too long, which is then dealt with.
    pub(super) fn is_late(&mut self) -> bool {
        if self.deployment_ends().is_some_and(|ends| ends <= self.now) {
            self.fail(messages::DEPLOYMENT_TIMED_OUT.to_owned(), None);
            return true;
        }
        if self.phase_ends().is_none_or(|ends| ends > self.now) {
            return false;
        }
        let stage = self.phase().map_or("", |phase| phase.stage);
        match self.configuration {
            Configuration::Ecs(_) => self.fail(messages::stage_timed_out(stage), None),
            Configuration::CodeDeploy(_) => {
                let (code, text) = messages::NOT_HEALTHY;
                self.fail(text.to_owned(), Some(code));
            }
        }
        true
    }

    /// Nobody waits any more for the hooks that are being asked.
    pub(super) fn cancel(&mut self) {
        if let Doing::Executions(first) = self.doing {
            for execution in self.executions.iter_mut().skip(first) {
                self.commands.extend(execution.cancel());
            }
        }
    }

    pub(super) fn fail(&mut self, reason: String, code: Option<&'static str>) {
        self.cancel();
        self.code = code;
        self.failure.get_or_insert_with(|| reason.clone());
        self.note(Happening::Failed { reason: reason.clone(), code });
        if self.status == Status::RollbackInProgress {
            return self.end(Status::RollbackFailed, Some(reason));
        }
        let reached = |stage: &str| self.reached.contains(stage);
        let (phases, deployment) = match &self.configuration {
            Configuration::Ecs(_) if self.identity.blue.is_none() => {
                return self.end(Status::RollbackFailed, Some(messages::NO_CANDIDATE.to_owned()));
            }
            Configuration::Ecs(ecs) => (ecs::back(ecs, &self.around, self.assumptions, reached), None),
            Configuration::CodeDeploy(codedeploy) => {
                let on = codedeploy.rollback_on;
                // An alarm, and somebody who asks for it, stop a deployment; that is no failure.
                let (takes_back, status) = match code {
                    Some("ALARM_ACTIVE") => (on.alarm, Status::Stopped),
                    Some("MANUAL_STOP") => (on.request, Status::Stopped),
                    _ => (on.failure, Status::Failed),
                };
                // Nothing was installed yet, or nothing takes it back.
                if !(takes_back && reached("Install")) {
                    return self.end(status, Some(reason));
                }
                (codedeploy::back(codedeploy), Some(self.identity.rollback_deployment.clone()))
            }
        };
        self.status = Status::RollbackInProgress;
        self.reason = Some(reason);
        (self.phases, self.at, self.doing, self.phase_since) = (phases, (0, 0), Doing::Nothing, self.now);
        self.note(Happening::RollingBack { deployment });
    }
}
