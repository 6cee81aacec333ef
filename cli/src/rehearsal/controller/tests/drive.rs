//! A driver of virtual time: whatever a deployment asks for happens in no time, or when the script says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::configuration::{
    CodeDeploy, Configuration, Ecs, HookTarget, LifecycleHook, RollbackOn, Shift, Strategy, TimeoutAction,
};
use super::super::{
    Answer, Assumptions, Circumstances, Command, Deployment, Happening, Identity, Input, LoadBalancer,
    Status, Verdict,
};

/// The stages of ECS that hooks can be called at, in their order.
pub(super) const STAGES: [&str; 8] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

/// What an invocation of a function, or a PAUSE hook, comes to.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// ECS reads this answer.
    Answer(Answer),
    /// A report, or the answer to a PAUSE hook, after so many seconds.
    Report(bool, u64),
    /// Nothing ever comes.
    Silence,
}

/// What happens by itself: at a second, an input.
pub(super) type Plan<'a> = Box<dyn FnMut(&str, &str, usize) -> Act + 'a>;

pub(super) struct Drive<'a> {
    pub(super) deployment: Deployment,
    /// What the function does at a stage, when called for so many times before.
    pub(super) script: Plan<'a>,
    /// Inputs from outside, by the second.
    pub(super) outside: BTreeMap<u64, Input>,
    /// Seconds until green is up; none if it never is.
    pub(super) scale_up: Option<u64>,
    pub(super) seen: Vec<(Duration, Happening)>,
    pub(super) events: Vec<(Duration, Value)>,
    /// What was decided, execution by execution.
    pub(super) verdicts: BTreeMap<usize, Vec<Verdict>>,
    pub(super) shares: Vec<(Duration, &'static str, f64)>,
    pub(super) forgotten: BTreeSet<usize>,
    calls: BTreeMap<usize, usize>,
    pending: BTreeMap<(Duration, usize), Input>,
    count: usize,
}

/// A deployment may take 30 days, in which each of its hooks, four at the most, may be asked again every 30 s: two turns
/// each time, the call and its answer. The rest is for what else happens.
const MOST_TURNS: usize = 30 * 24 * 3600 / 30 * 4 * 2 + 10_000;

impl<'a> Drive<'a> {
    pub(super) fn new(deployment: Deployment, script: impl FnMut(&str, &str, usize) -> Act + 'a) -> Self {
        Self {
            deployment,
            script: Box::new(script),
            outside: BTreeMap::new(),
            scale_up: Some(30),
            seen: Vec::new(),
            events: Vec::new(),
            verdicts: BTreeMap::new(),
            shares: Vec::new(),
            forgotten: BTreeSet::new(),
            calls: BTreeMap::new(),
            pending: BTreeMap::new(),
            count: 0,
        }
    }

    /// Plays it to its end.
    pub(super) fn play(mut self) -> Self {
        let outside = std::mem::take(&mut self.outside);
        for (second, input) in outside {
            self.later(Duration::from_secs(second), input);
        }
        let mut now = Duration::ZERO;
        let commands = self.deployment.start(now);
        self.carry_out(now, commands);
        let mut turns = 0;
        while !self.deployment.status().is_final() {
            turns += 1;
            assert!(turns < MOST_TURNS, "it does not end: {:?}", self.deployment);
            let next = self.pending.first_key_value().map(|(key, _)| *key);
            let deadline = self.deployment.deadline();
            let input = match (next, deadline) {
                (Some(key), deadline) if deadline.is_none_or(|deadline| key.0 <= deadline) => {
                    now = now.max(key.0);
                    self.pending.remove(&key).unwrap()
                }
                (_, Some(deadline)) => {
                    assert!(deadline >= now, "a deadline in the past: {deadline:?} at {now:?}");
                    now = deadline;
                    Input::Time
                }
                (_, None) => panic!("nothing will ever happen: {:?}", self.deployment),
            };
            let commands = self.deployment.handle(now, input);
            self.carry_out(now, commands);
        }
        self
    }

    fn later(&mut self, at: Duration, input: Input) {
        self.count += 1;
        self.pending.insert((at, self.count), input);
    }

    fn carry_out(&mut self, now: Duration, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::ScaleUp { errand } | Command::Replace { errand } => {
                    if let Some(after) = self.scale_up {
                        self.later(now + Duration::from_secs(after), Input::Done { errand });
                    }
                }
                Command::Restore { errand } => self.later(now, Input::Done { errand }),
                Command::ShiftTest(share) => self.shares.push((now, "test", share)),
                Command::ShiftProduction(share) => self.shares.push((now, "production", share)),
                Command::EndBlue | Command::EndGreen => {}
                Command::Invoke { execution, function, event, .. } => {
                    self.events.push((now, event));
                    self.act(now, execution, &function);
                }
                Command::Pause { execution, event } => {
                    self.events.push((now, event));
                    self.act(now, execution, "PAUSE");
                }
                Command::Forget { execution } => {
                    self.forgotten.insert(execution);
                }
                Command::Note(happening) => {
                    if let Happening::HookEnded { execution, verdict, .. } = &happening {
                        self.verdicts.entry(*execution).or_default().push(*verdict);
                    }
                    self.seen.push((now, happening));
                }
            }
        }
    }

    fn act(&mut self, now: Duration, execution: usize, function: &str) {
        let calls = self.calls.entry(execution).or_default();
        *calls += 1;
        let stage = self.deployment.stage().unwrap_or_default();
        let act = (self.script)(stage, function, *calls - 1);
        let soon = now + Duration::from_secs(1);
        match act {
            Act::Answer(answer) => self.later(soon, Input::Answered { execution, answer }),
            Act::Report(proceed, after) => {
                self.later(
                    now + Duration::from_secs(after),
                    Input::Reported { execution, proceed, reason: None },
                );
            }
            Act::Silence => {}
        }
    }

    /// The stages in order, those of a rollback with `<`.
    pub(super) fn stages(&self) -> String {
        let stages = self.seen.iter().filter_map(|(_, happening)| match happening {
            Happening::Stage { stage, step, rollback } => {
                let step = step.map(|step| format!(" {step}")).unwrap_or_default();
                Some(format!("{}{stage}{step}", if *rollback { "<" } else { "" }))
            }
            _ => None,
        });
        stages.collect::<Vec<_>>().join(", ")
    }
}

pub(super) const HOOK: &str = "arn:aws:lambda:us-east-1:123456789012:function:hook";

pub(super) fn succeeded() -> Act {
    Act::Answer(Answer::Returned(Some(json!({"hookStatus": "SUCCEEDED"}))))
}

pub(super) fn failed() -> Act {
    Act::Answer(Answer::Returned(Some(
        json!({"hookStatus": "FAILED", "reason": "status 500, expected 200-299"}),
    )))
}

pub(super) fn waiting(details: Option<Value>) -> Act {
    let mut answer = json!({"hookStatus": "IN_PROGRESS", "callBackDelay": 10});
    if let Some(details) = details {
        answer["hookDetails"] = details;
    }
    Act::Answer(Answer::Returned(Some(answer)))
}

pub(super) fn lambda(stages: &[&str]) -> LifecycleHook {
    LifecycleHook {
        target: HookTarget::Lambda { function: HOOK.to_owned(), details: None },
        stages: stages.iter().map(ToString::to_string).collect(),
        timeout: Duration::from_hours(24),
        on_timeout: TimeoutAction::Rollback,
    }
}

pub(super) fn pause(stages: &[&str], minutes: u64, on_timeout: TimeoutAction) -> LifecycleHook {
    LifecycleHook {
        target: HookTarget::Pause,
        timeout: Duration::from_mins(minutes),
        on_timeout,
        ..lambda(stages)
    }
}

pub(super) fn ecs(strategy: Strategy, hooks: Vec<LifecycleHook>) -> Ecs {
    Ecs {
        strategy,
        bake: Duration::from_mins(5),
        hooks,
        alarms: vec!["errors".to_owned()],
        circuit_breaker: true,
        document: Value::Null,
    }
}

pub(super) fn codedeploy(hooks: &[&str]) -> CodeDeploy {
    CodeDeploy {
        hooks: hooks.iter().map(|event| ((*event).to_owned(), HOOK.to_owned())).collect(),
        name: "CodeDeployDefault.ECSAllAtOnce".to_owned(),
        shift: Shift::AllAtOnce,
        test_listener: true,
        rollback_on: RollbackOn::ALL,
        termination_wait: Duration::ZERO,
        alarms: vec!["errors".to_owned()],
    }
}

pub(super) fn identity() -> Identity {
    let arn = |resource: &str| format!("arn:aws:ecs:us-east-1:123456789012:{resource}");
    Identity {
        epoch: Timestamp::from_second(1_800_000_000).unwrap(),
        region: "us-east-1".to_owned(),
        account: "123456789012".to_owned(),
        cluster: arn("cluster/demo"),
        service: arn("service/demo/hello"),
        deployment: arn("service-deployment/demo/hello/TFX5sH9q9XDboDTOv0rIt"),
        rollback_deployment: "d-ROLLBACK1".to_owned(),
        green: arn("service-revision/demo/hello/2"),
        blue: Some(arn("service-revision/demo/hello/1")),
    }
}

pub(super) fn around() -> Circumstances {
    Circumstances {
        load_balancer: Some(LoadBalancer { is_network: false, has_test_route: true }),
        reconcile: false,
        red_alarms: Vec::new(),
        shift_denied: None,
        forgetful: Vec::new(),
    }
}

pub(super) fn of_ecs(ecs: Ecs) -> Deployment {
    Deployment::new(identity(), Configuration::Ecs(ecs), around(), Assumptions::default())
}

pub(super) fn of_codedeploy(codedeploy: CodeDeploy) -> Deployment {
    let identity = Identity { deployment: "d-82EELWTXI".to_owned(), ..identity() };
    Deployment::new(identity, Configuration::CodeDeploy(codedeploy), around(), Assumptions::default())
}

/// What a deployment has come to.
pub(super) fn ended(drive: &Drive<'_>) -> (Status, Option<String>) {
    (drive.deployment.status(), drive.deployment.reason().map(ToOwned::to_owned))
}
