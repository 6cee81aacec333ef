//! A world, drawn from a seed: a deployment within what AWS lets people configure, the functions of its hooks, and what
//! goes wrong.

use std::time::Duration;

use greenlight_cli::rehearsal::controller::configuration::{
    CodeDeploy, Configuration, Ecs, HookTarget, LifecycleHook, RollbackOn, Strategy, TimeoutAction,
};
use greenlight_cli::rehearsal::controller::{Assumptions, Circumstances, Identity, Input};
use jiff::Timestamp;
use serde_json::Value;

use super::faults::Faults;
use super::function::{Function, arn};
use crate::drawn::{ALARM, Chance, EVENTS, Kind, SHIFTS, STAGES, alarms, assumptions, red_alarms, shift};

/// When every deployment begins.
pub(super) const EPOCH: Timestamp = Timestamp::constant(1_795_000_000, 0);
pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/ecs-hooks";
/// The first hours, in seconds: when somebody may interfere.
const SOON: u64 = 4 * 60 * 60;

/// What a seed stands for.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) kind: Kind,
    /// Whether anything goes wrong.
    pub(super) is_bad: bool,
    pub(super) identity: Identity,
    pub(super) configuration: Configuration,
    pub(super) around: Circumstances,
    pub(super) assumptions: Assumptions,
    pub(super) functions: Vec<Function>,
    /// The function that answers PAUSE hooks; a person does where there is none.
    pub(super) answers_pause: Option<usize>,
    pub(super) faults: Faults,
    /// What comes from outside.
    pub(super) outside: Vec<(Duration, Input)>,
}

impl Scenario {
    pub(super) fn draw(seed: u64, chance: &mut Chance) -> Self {
        let kind = Kind::of(seed);
        let is_bad = !chance.one_in(3);
        let mut functions = Vec::new();
        let configuration = match kind {
            Kind::CodeDeploy => codedeploy(chance, is_bad, &mut functions),
            _ => ecs(kind, chance, is_bad, &mut functions),
        };
        let answers_pause = (!chance.one_in(5)).then(|| {
            functions.push(Function::of_pause(functions.len(), chance, is_bad));
            functions.len() - 1
        });
        Self {
            kind,
            is_bad,
            identity: kind.identity(EPOCH, 8, chance),
            around: circumstances(kind, chance, is_bad, &functions),
            configuration,
            assumptions: assumptions(chance),
            functions,
            answers_pause,
            faults: Faults::draw(chance, is_bad),
            outside: if is_bad { outside(chance) } else { Vec::new() },
        }
    }

    /// The function of this ARN.
    pub(super) fn function(&self, arn: &str) -> Option<usize> {
        self.functions.iter().position(|function| function.arn == arn)
    }
}

fn ecs(kind: Kind, chance: &mut Chance, is_bad: bool, functions: &mut Vec<Function>) -> Configuration {
    let strategy = match kind {
        Kind::Rolling => Strategy::Rolling,
        Kind::Linear => {
            Strategy::Linear { step_percent: chance.percent(150..=1000), step_bake: chance.minutes(0..=60) }
        }
        Kind::Canary => {
            Strategy::Canary { canary_percent: chance.percent(1..=1000), canary_bake: chance.minutes(0..=60) }
        }
        Kind::BlueGreen | Kind::CodeDeploy => Strategy::BlueGreen,
    };
    let hooks = (0..chance.number(1..=3)).map(|_| hook(chance, is_bad, functions)).collect();
    Configuration::Ecs(Ecs {
        strategy,
        bake: chance.minutes(0..=120),
        hooks,
        alarms: alarms(chance),
        circuit_breaker: chance.one_in(2),
        document: Value::Null,
    })
}

fn hook(chance: &mut Chance, is_bad: bool, functions: &mut Vec<Function>) -> LifecycleHook {
    let on_timeout = chance.one_of([TimeoutAction::Rollback, TimeoutAction::Continue]);
    let mut stages = chance.some_of(STAGES);
    let target = if chance.one_in(4) {
        HookTarget::Pause
    } else {
        if chance.one_in(2) {
            stages.extend(chance.some_of(SHIFTS));
        }
        let function = Function::of_ecs(functions.len(), chance, is_bad);
        let target = HookTarget::Lambda { function: function.arn.clone(), details: function.details.clone() };
        functions.push(function);
        target
    };
    LifecycleHook {
        target,
        stages: stages.into_iter().map(ToOwned::to_owned).collect(),
        timeout: chance.minutes(2..=180),
        on_timeout,
    }
}

fn codedeploy(chance: &mut Chance, is_bad: bool, functions: &mut Vec<Function>) -> Configuration {
    let shift = shift(100..=990, 1..=15, chance);
    let mut hooks: Vec<(String, String)> = Vec::new();
    for event in chance.some_of(EVENTS) {
        // One function may serve several events, and is then not told which.
        let known = hooks.last().filter(|_| chance.one_in(4)).map(|(_, function)| function.clone());
        let function = known.unwrap_or_else(|| {
            functions.push(Function::of_codedeploy(functions.len(), chance, is_bad));
            arn(functions.len() - 1)
        });
        hooks.push((event.to_owned(), function));
    }
    Configuration::CodeDeploy(CodeDeploy {
        hooks,
        name: "CodeDeployDefault.Drawn".to_owned(),
        shift,
        test_listener: !chance.one_in(4),
        rollback_on: RollbackOn { failure: !chance.one_in(4), ..RollbackOn::ALL },
        termination_wait: chance.minutes(0..=60),
        alarms: alarms(chance),
    })
}

fn circumstances(kind: Kind, chance: &mut Chance, is_bad: bool, functions: &[Function]) -> Circumstances {
    Circumstances {
        load_balancer: kind.load_balancer(chance),
        reconcile: chance.one_in(5),
        red_alarms: red_alarms(chance),
        forgetful: functions
            .iter()
            .filter(|_| is_bad && chance.one_in(8))
            .map(|function| function.arn.clone())
            .collect(),
        shift_denied: (is_bad && chance.one_in(30)).then(|| ROLE.to_owned()),
    }
}

/// What people and alarms do.
fn outside(chance: &mut Chance) -> Vec<(Duration, Input)> {
    let rollback = chance.one_in(2);
    let inputs = [
        (10, Input::Alarm(ALARM.to_owned())),
        (16, Input::Stopped { rollback }),
        // At a time when nobody waits for either.
        (16, Input::Broke { errand: 1 }),
        (16, Input::Done { errand: 1 }),
    ];
    let drawn = inputs.into_iter().filter(|(odds, _)| chance.one_in(*odds)).map(|(_, input)| input);
    let drawn: Vec<_> = drawn.collect();
    drawn.into_iter().map(|input| (chance.seconds(0..=SOON), input)).collect()
}
