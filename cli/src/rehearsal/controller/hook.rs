//! One execution of a hook: from the moment that a stage calls it to its one verdict.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::answer::{Answer, Asked};
use super::assumptions::HookDetails;
use super::configuration::TimeoutAction;
use super::phase::Weights;
use super::{Command, Happening, messages};

/// How a hook is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HookKind {
    /// ECS calls a function and reads its answer.
    Lambda,
    /// ECS emits an event and waits for `ContinueServiceDeployment`.
    Pause,
    /// CodeDeploy calls a function and waits for its report.
    Codedeploy,
}

/// What came of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Go on.
    Proceed,
    /// Stop.
    Stop,
    /// It took too long, which stops the deployment.
    TimedOut,
    /// It took too long, and its timeout action is to go on.
    TimedOutAndContinued,
    /// Another one had decided.
    Cancelled,
}

impl Verdict {
    /// Whether the deployment may go on.
    pub fn proceeds(self) -> bool {
        matches!(self, Self::Proceed | Self::TimedOutAndContinued)
    }
}

/// An execution of a hook at a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    /// Its number in the deployment.
    pub number: usize,
    /// The stage, in the controller's words.
    pub stage: &'static str,
    /// How it is asked.
    pub kind: HookKind,
    /// The function, as its owner's file names it; none for a PAUSE hook.
    pub function: Option<String>,
    /// `executionId`, `hookId` or `LifecycleEventHookExecutionId`.
    pub id: String,
    /// When its time is over, in simulated time since the start.
    pub expires: Duration,
    /// What happens then.
    pub on_timeout: TimeoutAction,
    /// Its verdict, once it has one.
    pub verdict: Option<Verdict>,
    /// What the event says of traffic.
    pub(super) weights: Weights,
    /// What the next event carries.
    pub(super) details: Option<Value>,
    /// When it is called again, while it is not being called.
    pub(super) again: Option<Duration>,
    /// What AWS says of it, where it does not go on.
    pub(super) message: Option<String>,
    /// CodeDeploy's error code.
    pub(super) code: Option<&'static str>,
}

impl Execution {
    /// When something happens by itself.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let again = self.again.unwrap_or(self.expires);
        self.verdict.is_none().then_some(again.min(self.expires))
    }

    /// What the function's answer makes of it. Without a rule what it returns is lost.
    pub(super) fn answered(
        &mut self,
        now: Duration,
        answer: &Answer,
        rule: Option<HookDetails>,
    ) -> Vec<Command> {
        if self.verdict.is_some() || self.again.is_some() {
            // Nobody waits for this answer.
            return Vec::new();
        }
        if self.kind == HookKind::Codedeploy {
            // Nobody reads the answer, but somebody has to make the call.
            let (Answer::Denied { role } | Answer::RoleNotAssumable { role }) = answer else {
                return Vec::new();
            };
            let (code, message) = messages::iam_role(role);
            return self.stop(code, message, None);
        }
        let (number, reason) = (self.number, answer.reason());
        match answer.read(self.function.as_deref().unwrap_or_default()) {
            Asked::Proceed => self.settle(Verdict::Proceed, reason, None),
            Asked::Stop { message } => self.settle(Verdict::Stop, reason, Some(message)),
            Asked::Wait { delay, details, remark } => {
                if let Some(rule) = rule {
                    self.details = rule.next(self.details.take(), details);
                }
                self.again = Some(now + delay);
                let waits = Happening::HookWaits { execution: number, reason, delay: delay.as_secs_f64() };
                let remark = remark.map(|text| Happening::Remark { text });
                remark.into_iter().chain([waits]).map(Command::Note).collect()
            }
        }
    }

    /// A report to CodeDeploy, or the answer to a PAUSE hook.
    pub(super) fn reported(&mut self, proceed: bool, reason: Option<String>) -> Vec<Command> {
        if self.verdict.is_some() {
            return Vec::new();
        }
        if proceed {
            return self.settle(Verdict::Proceed, reason, None);
        }
        if self.kind == HookKind::Pause {
            return self.settle(Verdict::Stop, reason, Some(messages::pause_refused(self.stage)));
        }
        let (code, message) = messages::VALIDATION_FAILED;
        self.stop(code, message.to_owned(), reason)
    }

    fn stop(&mut self, code: &'static str, message: String, reason: Option<String>) -> Vec<Command> {
        self.code = Some(code);
        self.settle(Verdict::Stop, reason, Some(message))
    }

    /// Its time is over.
    pub(super) fn expire(&mut self) -> Vec<Command> {
        let (verdict, message) = match (self.on_timeout, self.kind) {
            (TimeoutAction::Continue, _) => (Verdict::TimedOutAndContinued, None),
            (TimeoutAction::Rollback, HookKind::Pause) => {
                (Verdict::TimedOut, Some(messages::pause_timed_out(self.stage)))
            }
            (TimeoutAction::Rollback, HookKind::Lambda) => {
                let function = self.function.as_deref().unwrap_or_default();
                (Verdict::TimedOut, Some(messages::function_timed_out(function)))
            }
            (TimeoutAction::Rollback, HookKind::Codedeploy) => {
                let (code, message) = messages::NO_CALLBACK;
                self.code = Some(code);
                (Verdict::TimedOut, Some(message.to_owned()))
            }
        };
        let mut commands = vec![Command::Forget { execution: self.number }];
        commands.extend(self.settle(verdict, None, message));
        commands
    }

    /// Another one has decided.
    pub(super) fn cancel(&mut self) -> Vec<Command> {
        if self.verdict.is_some() {
            return Vec::new();
        }
        let mut commands = vec![Command::Forget { execution: self.number }];
        commands.extend(self.settle(Verdict::Cancelled, None, None));
        commands
    }

    fn settle(&mut self, verdict: Verdict, reason: Option<String>, message: Option<String>) -> Vec<Command> {
        self.verdict = Some(verdict);
        self.again = None;
        self.message.clone_from(&message);
        vec![Command::Note(Happening::HookEnded { execution: self.number, verdict, reason, message })]
    }
}
