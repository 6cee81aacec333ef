//! Plays a deployment on virtual time: whoever is called answers as chance has it, well or badly.

use std::time::Duration;

use greenlight_cli::rehearsal::controller::{Answer, Command, Deployment, Happening, Input, Status, Verdict};
use greenlight_tests::drawn::{ALARM, Chance};
use serde_json::json;

use crate::queue::Queue;

/// More inputs than any deployment here can need.
const MOST_STEPS: u64 = 100_000;
/// The first two days, in seconds: when somebody may interfere.
const SOON: u64 = 2 * 24 * 60 * 60;

/// How long CodeDeploy waits for a report, in seconds.
const CALLBACK_LIMIT: u64 = 60 * 60;

/// A deployment under way.
pub(crate) struct Drive {
    deployment: Deployment,
    chance: Chance,
    /// Whether anything goes wrong: where everything may, few deployments get far.
    is_bad: bool,
    queue: Queue,
    now: Duration,
    steps: u64,
    /// What was said of each execution.
    verdicts: Vec<Vec<Verdict>>,
}

/// A deployment that has ended.
pub(crate) struct Played {
    pub(crate) status: Status,
    pub(crate) steps: u64,
    pub(crate) executions: u64,
    pub(crate) simulated: Duration,
}

impl Drive {
    pub(crate) fn new(deployment: Deployment, mut chance: Chance) -> Self {
        let is_bad = chance.one_in(2);
        let queue = Queue::default();
        Self { deployment, chance, is_bad, queue, now: Duration::ZERO, steps: 0, verdicts: Vec::new() }
    }

    /// Plays it to its end, or says which promise it broke.
    pub(crate) fn play(mut self) -> Result<Played, String> {
        self.interfere();
        let mut commands = self.deployment.start(self.now);
        loop {
            for command in &commands {
                self.carry_out(command);
            }
            if self.deployment.status().is_final() {
                break;
            }
            let input = self.next()?;
            self.steps += 1;
            commands = self.deployment.handle(self.now, input);
        }
        self.check()?;
        Ok(Played {
            status: self.deployment.status(),
            steps: self.steps,
            executions: self.deployment.executions().len() as u64,
            simulated: self.now,
        })
    }

    /// What happens next, in the order of time.
    fn next(&mut self) -> Result<Input, String> {
        let (status, stage) = (self.deployment.status().ecs(), self.deployment.stage().unwrap_or("no stage"));
        if self.steps >= MOST_STEPS {
            return Err(format!("is {status} in {stage} after {MOST_STEPS} inputs, expected an end"));
        }
        let deadline = self.deployment.deadline();
        let (at, input) = match self.queue.take_until(deadline) {
            Some(next) => next,
            None => (deadline.ok_or_else(|| format!("waits for nothing in {stage}: {status}"))?, Input::Time),
        };
        self.now = self.now.max(at);
        Ok(input)
    }

    fn check(&self) -> Result<(), String> {
        for execution in self.deployment.executions() {
            let verdicts = self.verdicts.get(execution.number).map(Vec::as_slice).unwrap_or_default();
            if verdicts.len() != 1 || verdicts.first() != execution.verdict.as_ref() {
                return Err(format!(
                    "execution {} in {} has {:?} and was told {verdicts:?}, expected the same one verdict",
                    execution.number, execution.stage, execution.verdict
                ));
            }
        }
        let (test, production) = (self.deployment.test_share(), self.deployment.production_share());
        if self.deployment.status() == Status::RollbackSuccessful && (test > 0.0 || production > 0.0) {
            return Err(format!(
                "green has {test} % of test and {production} % of production traffic after RollbackSuccessful, expected none"
            ));
        }
        Ok(())
    }

    /// What happens from outside.
    fn interfere(&mut self) {
        let rollback = self.chance.one_in(2);
        let inputs = [
            (8, Input::Alarm(ALARM.to_owned())),
            (12, Input::Stopped { rollback }),
            // At a time when nobody waits for either.
            (12, Input::Broke { errand: 1 }),
            (12, Input::Done { errand: 1 }),
        ];
        for (odds, input) in inputs {
            if self.is_bad && self.chance.one_in(odds) {
                self.queue.add(self.chance.seconds(0..=SOON), input);
            }
        }
    }

    fn carry_out(&mut self, command: &Command) {
        match *command {
            Command::ScaleUp { errand } | Command::Replace { errand } | Command::Restore { errand } => {
                self.scale(errand);
            }
            Command::Invoke { execution, asynchronous, .. } => {
                if asynchronous {
                    self.report(execution, CALLBACK_LIMIT);
                } else {
                    self.answer(execution);
                }
            }
            Command::Pause { execution, .. } => self.report(execution, SOON),
            Command::Note(Happening::HookEnded { execution, verdict, .. }) => {
                if self.verdicts.len() <= execution {
                    self.verdicts.resize(execution + 1, Vec::new());
                }
                if let Some(verdicts) = self.verdicts.get_mut(execution) {
                    verdicts.push(verdict);
                }
            }
            // What is forgotten answers all the same: the controller has to cope.
            Command::Forget { .. }
            | Command::Note(_)
            | Command::ShiftTest(_)
            | Command::ShiftProduction(_)
            | Command::EndBlue
            | Command::EndGreen => {}
        }
    }

    fn goes_wrong(&mut self) -> bool {
        self.is_bad && self.chance.one_in(5)
    }

    /// Tasks come up, or do not.
    fn scale(&mut self, errand: usize) {
        let after = self.chance.seconds(20..=600);
        let input = match self.goes_wrong() {
            true if self.chance.one_in(2) => return,
            true => Input::Broke { errand },
            false => Input::Done { errand },
        };
        self.later(after, input);
    }

    /// What a function answers ECS.
    fn answer(&mut self, execution: usize) {
        let delay = self.chance.number(1..=3600);
        let waits =
            json!({ "hookStatus": "IN_PROGRESS", "callBackDelay": delay, "hookDetails": { "calls": delay } });
        let role = || "arn:aws:iam::123456789012:role/ecs-hooks".to_owned();
        let answer = if self.goes_wrong() {
            match self.chance.number(0..=6) {
                0 => Answer::Returned(Some(json!({ "hookStatus": "FAILED", "reason": "status 500" }))),
                1 => Answer::Returned(Some(json!({ "hookStatus": "Succeeded" }))),
                2 => Answer::Returned(Some(json!({ "hookStatus": "IN_PROGRESS", "callBackDelay": -1 }))),
                3 => Answer::Errored,
                4 => Answer::Denied { role: role() },
                5 => Answer::RoleNotAssumable { role: role() },
                // It never answers.
                _ => return,
            }
        } else if self.chance.one_in(3) {
            Answer::Returned(Some(waits))
        } else {
            Answer::Returned(Some(json!({ "hookStatus": "SUCCEEDED", "reason": "all checks passed" })))
        };
        let after = self.chance.seconds(1..=900);
        self.later(after, Input::Answered { execution, answer });
    }

    /// What a function reports to CodeDeploy, or a person says of a PAUSE hook, within so many seconds.
    fn report(&mut self, execution: usize, within: u64) {
        let after = self.chance.seconds(1..=within - 1);
        let report = |proceed| Input::Reported { execution, proceed, reason: None };
        if !self.goes_wrong() {
            return self.later(after, report(true));
        }
        match self.chance.number(0..=3) {
            0 => self.later(after, report(false)),
            // Too late for CodeDeploy.
            1 => self.later(after + Duration::from_secs(within), report(true)),
            // Once so and once so: the first counts.
            2 => {
                let proceed = self.chance.one_in(2);
                self.later(after, report(proceed));
                self.later(after, report(!proceed));
            }
            // Nobody ever says anything.
            _ => {}
        }
    }

    fn later(&mut self, after: Duration, input: Input) {
        self.queue.add(self.now + after, input);
    }
}
