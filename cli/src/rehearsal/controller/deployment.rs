//! The walk over the phases: the one stage machine of both controllers.

use std::collections::BTreeSet;
use std::time::Duration;

use super::assumptions::Assumptions;
use super::codedeploy::OF_TEST_LISTENER;
use super::configuration::{Configuration, Strategy};
use super::hook::Execution;
use super::identity::Identity;
use super::phase::{Part, Phase};
use super::status::Status;
use super::{Command, Happening, Input, codedeploy, ecs, messages};

mod calls;
mod failure;

/// How long a deployment of ECS may take.
const DEPLOYMENT_LIMIT: Duration = Duration::from_hours(30 * 24);

/// What the deployment finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    /// The load balancer before the service, if there is one.
    pub load_balancer: Option<LoadBalancer>,
    /// Whether more than one revision was active when the deployment began.
    pub reconcile: bool,
    /// Alarms that were red when the deployment began.
    pub red_alarms: Vec<String>,
    /// The role that ECS shifts traffic with, if it may not.
    pub shift_denied: Option<String>,
    /// Functions whose returned `hookDetails` are lost: a fault.
    pub forgetful: Vec<String>,
}

/// A load balancer before a service, as far as a controller minds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Whether it is a Network Load Balancer.
    pub is_network: bool,
    /// Whether it has a test route.
    pub has_test_route: bool,
}

/// A deployment under way.
#[derive(Clone, Debug)]
pub struct Deployment {
    identity: Identity,
    configuration: Configuration,
    around: Circumstances,
    assumptions: Assumptions,
    status: Status,
    /// AWS's reason for what it is.
    reason: Option<String>,
    /// CodeDeploy's error code for it.
    code: Option<&'static str>,
    /// What went wrong first.
    failure: Option<String>,
    phases: Vec<Phase>,
    /// Which phase, and which part of it.
    at: (usize, usize),
    doing: Doing,
    began: Duration,
    phase_since: Duration,
    reached: BTreeSet<&'static str>,
    executions: Vec<Execution>,
    /// How many errands somebody was sent on.
    errands: usize,
    /// Green's share of test and of production traffic, in percent.
    shares: (f64, f64),
    now: Duration,
    commands: Vec<Command>,
}

/// Where a part is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Doing {
    /// It has not begun.
    Nothing,
    /// Somebody will say when this errand is done.
    Awaited(usize),
    /// It takes until then.
    Until(Duration),
    /// It is over with the executions from this one on.
    Executions(usize),
}

impl Deployment {
    /// A deployment that has not begun.
    pub fn new(
        identity: Identity,
        configuration: Configuration,
        around: Circumstances,
        assumptions: Assumptions,
    ) -> Self {
        let phases = match &configuration {
            Configuration::Ecs(ecs) => ecs::forward(ecs, &around, assumptions),
            Configuration::CodeDeploy(codedeploy) => codedeploy::forward(codedeploy),
        };
        Self {
            identity,
            configuration,
            around,
            assumptions,
            status: Status::InProgress,
            reason: None,
            code: None,
            failure: None,
            phases,
            at: (0, 0),
            doing: Doing::Nothing,
            began: Duration::ZERO,
            phase_since: Duration::ZERO,
            reached: BTreeSet::new(),
            executions: Vec::new(),
            errands: 0,
            shares: (0.0, 0.0),
            now: Duration::ZERO,
            commands: Vec::new(),
        }
    }

    /// Begins it.
    pub fn start(&mut self, now: Duration) -> Vec<Command> {
        (self.now, self.phase_since, self.began) = (now, now, now);
        let strategy = match &self.configuration {
            Configuration::CodeDeploy(codedeploy) => codedeploy.name.clone(),
            Configuration::Ecs(ecs) => match ecs.strategy {
                Strategy::Rolling => "ROLLING",
                Strategy::BlueGreen => "BLUE_GREEN",
                Strategy::Linear { .. } => "LINEAR",
                Strategy::Canary { .. } => "CANARY",
            }
            .to_owned(),
        };
        let deployment = self.identity.deployment.clone();
        self.note(Happening::Started { strategy, deployment, create: self.identity.blue.is_none() });
        if !self.around.red_alarms.is_empty() && matches!(self.configuration, Configuration::Ecs(_)) {
            let names = self.around.red_alarms.join(", ");
            let text = format!("{names} in ALARM before the deployment began: ECS ignores its alarms");
            self.note(Happening::Remark { text });
        }
        self.go_on()
    }

    /// Takes note of what has happened, and says what is to be done.
    pub fn handle(&mut self, now: Duration, input: Input) -> Vec<Command> {
        // A clock that runs backwards stands.
        self.now = self.now.max(now);
        if self.status.is_final() {
            return Vec::new();
        }
        match input {
            Input::Time => {}
            Input::Done { errand } => {
                if self.awaits(errand) {
                    self.next_part();
                }
            }
            Input::Broke { errand } => self.broke(errand),
            Input::Answered { execution, answer } => {
                let (now, rule) = (self.now, self.assumptions.hook_details);
                let forgetful = &self.around.forgetful;
                if let Some(execution) = self.executions.get_mut(execution) {
                    let forgets = execution.function.as_ref().is_some_and(|name| forgetful.contains(name));
                    let rule = Some(rule).filter(|_| !forgets);
                    self.commands.extend(execution.answered(now, &answer, rule));
                }
            }
            Input::Reported { execution, proceed, reason } => {
                if let Some(execution) = self.executions.get_mut(execution) {
                    self.commands.extend(execution.reported(proceed, reason));
                }
            }
            Input::Alarm(name) => self.alarm(&name),
            Input::Stopped { rollback } => match self.configuration {
                Configuration::Ecs(_) if !rollback => {
                    self.cancel();
                    self.end(Status::Stopped, Some(messages::ABORTED.to_owned()));
                }
                Configuration::Ecs(_) => self.fail(messages::STOPPED.to_owned(), None),
                Configuration::CodeDeploy(_) => {
                    let (code, text) = messages::MANUAL_STOP;
                    self.fail(text.to_owned(), Some(code));
                }
            },
        }
        self.go_on()
    }

    /// When something happens by itself, at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        if self.status.is_final() {
            return None;
        }
        let of_part = match self.doing {
            Doing::Until(until) => Some(until),
            Doing::Executions(first) => {
                self.executions.iter().skip(first).filter_map(Execution::deadline).min()
            }
            Doing::Nothing | Doing::Awaited(_) => None,
        };
        of_part.into_iter().chain(self.phase_ends()).chain(self.deployment_ends()).min()
    }

    /// Whether it waits for this errand to be done.
    pub fn awaits(&self, errand: usize) -> bool {
        self.doing == Doing::Awaited(errand)
    }

    /// What it is.
    pub fn status(&self) -> Status {
        self.status
    }

    /// AWS's reason for it.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// CodeDeploy's error code for it; ECS has none.
    pub fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// What went wrong first, which the reason no longer tells where there is nothing to go back to.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// The stage that it is in, in the controller's words; none once it is over.
    pub fn stage(&self) -> Option<&'static str> {
        Some(self.phase()?.stage).filter(|_| !self.status.is_final())
    }

    /// The executions of the stage's hooks, the finished ones included.
    pub fn current_executions(&self) -> &[Execution] {
        match self.doing {
            Doing::Executions(first) => self.executions.get(first..).unwrap_or_default(),
            Doing::Nothing | Doing::Awaited(_) | Doing::Until(_) => &[],
        }
    }

    /// Every execution so far.
    pub fn executions(&self) -> &[Execution] {
        &self.executions
    }

    /// Green's share of test traffic, in percent.
    pub fn test_share(&self) -> f64 {
        self.shares.0
    }

    /// Green's share of production traffic, in percent.
    pub fn production_share(&self) -> f64 {
        self.shares.1
    }

    fn phase(&self) -> Option<&Phase> {
        self.phases.get(self.at.0)
    }

    fn phase_ends(&self) -> Option<Duration> {
        Some(self.phase_since + self.phase()?.limit?)
    }

    fn deployment_ends(&self) -> Option<Duration> {
        let limited =
            matches!(self.configuration, Configuration::Ecs(_)) && self.status == Status::InProgress;
        limited.then_some(self.began + DEPLOYMENT_LIMIT)
    }

    fn note(&mut self, happening: Happening) {
        self.commands.push(Command::Note(happening));
    }

    /// Goes on until something must be waited for.
    fn go_on(&mut self) -> Vec<Command> {
        while !self.status.is_final() && self.is_over_part() {}
        std::mem::take(&mut self.commands)
    }

    /// Does what can be done of the present part; whether there is more to do now.
    fn is_over_part(&mut self) -> bool {
        // A hook whose time is over is told so first: that is the truer reason.
        if let Doing::Executions(first) = self.doing
            && self.follow(first)
        {
            return true;
        }
        if self.is_late() {
            return true;
        }
        let Some(phase) = self.phase() else {
            self.complete();
            return false;
        };
        let (stage, step) = (phase.stage, phase.step);
        if self.at.1 == 0 && self.doing == Doing::Nothing {
            self.enter(stage, step);
        }
        let Some(part) = self.phase().and_then(|phase| phase.parts.get(self.at.1)).copied() else {
            self.at = (self.at.0 + 1, 0);
            self.phase_since = self.now;
            return true;
        };
        match self.doing {
            Doing::Nothing => self.begin(part),
            Doing::Awaited(_) | Doing::Executions(_) => false,
            Doing::Until(until) if until > self.now => false,
            Doing::Until(_) => self.next_part(),
        }
    }

    fn enter(&mut self, stage: &'static str, step: Option<f64>) {
        let rollback = self.status == Status::RollbackInProgress;
        if let (Configuration::CodeDeploy(codedeploy), "BeforeAllowTraffic") = (&self.configuration, stage)
            && !codedeploy.test_listener
        {
            for stage in OF_TEST_LISTENER {
                let reason = "there is no test listener".to_owned();
                self.note(Happening::Skipped { stage: stage.to_owned(), reason });
            }
        }
        if !rollback {
            self.reached.insert(stage);
        }
        self.note(Happening::Stage { stage: stage.to_owned(), step, rollback });
    }

    fn next_part(&mut self) -> bool {
        self.at.1 += 1;
        self.doing = Doing::Nothing;
        true
    }

    fn begin(&mut self, part: Part) -> bool {
        let awaited = |deployment: &mut Self, command: fn(usize) -> Command| {
            deployment.errands += 1;
            deployment.commands.push(command(deployment.errands));
            deployment.doing = Doing::Awaited(deployment.errands);
            false
        };
        match part {
            Part::Hooks => {
                let first = self.executions.len();
                self.call_hooks();
                self.doing = Doing::Executions(first);
                true
            }
            Part::ScaleUp => awaited(self, |errand| Command::ScaleUp { errand }),
            Part::Replace => awaited(self, |errand| Command::Replace { errand }),
            Part::Restore => awaited(self, |errand| Command::Restore { errand }),
            Part::ShiftTest(share) => self.shifted("test", share, Command::ShiftTest(share)),
            Part::ShiftProduction(share) => {
                self.shifted("production", share, Command::ShiftProduction(share))
            }
            Part::Wait(reason, time) => {
                if !time.is_zero() {
                    self.note(Happening::Waiting { reason, seconds: time.as_secs_f64() });
                }
                self.doing = Doing::Until(self.now + time);
                true
            }
            Part::EndBlue => self.done(Command::EndBlue),
            Part::EndGreen => self.done(Command::EndGreen),
        }
    }

    fn done(&mut self, command: Command) -> bool {
        self.commands.push(command);
        self.next_part()
    }

    fn shifted(&mut self, traffic: &'static str, green: f64, command: Command) -> bool {
        let stage = self.phase().map_or("", |phase| phase.stage);
        if let (Some(role), Configuration::Ecs(_)) = (&self.around.shift_denied, &self.configuration) {
            // Said in the words of hooks, though no hook of the owner's has failed.
            let message = messages::may_not_modify_listener(role);
            let failed = match self.status {
                Status::RollbackInProgress => messages::rollback_failed(stage, &message),
                _ => messages::hooks_failed(stage, &message),
            };
            self.fail(failed, None);
            return true;
        }
        match traffic {
            "test" => self.shares.0 = green,
            _ => self.shares.1 = green,
        }
        self.commands.push(command);
        self.note(Happening::Shifted { traffic, blue: 100.0 - green, green });
        self.next_part()
    }

    fn complete(&mut self) {
        let reason = self.reason.take();
        let status = match self.status {
            Status::RollbackInProgress => Status::RollbackSuccessful,
            _ => Status::Successful,
        };
        self.end(status, reason);
    }

    fn end(&mut self, status: Status, reason: Option<String>) {
        self.status = status;
        self.doing = Doing::Nothing;
        self.reason.clone_from(&reason);
        self.note(Happening::Ended { status, reason });
    }
}
