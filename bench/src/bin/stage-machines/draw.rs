//! Deployments drawn by chance, within what AWS lets people configure.

use greenlight_cli::rehearsal::controller::configuration::{
    CodeDeploy, Configuration, Ecs, HookTarget, LifecycleHook, RollbackOn, Strategy, TimeoutAction,
};
use greenlight_cli::rehearsal::controller::{Circumstances, Deployment};
use greenlight_tests::drawn::{Chance, EVENTS, Kind, SHIFTS, STAGES, alarms, assumptions, red_alarms, shift};
use jiff::Timestamp;
use serde_json::{Value, json};

const DAY: u64 = 24 * 60;

/// A deployment that has not begun.
pub(crate) fn deployment(kind: Kind, chance: &mut Chance) -> Deployment {
    let configuration = match kind {
        Kind::Rolling => ecs(Strategy::Rolling, chance),
        Kind::BlueGreen => ecs(Strategy::BlueGreen, chance),
        Kind::Linear => {
            let (step_percent, step_bake) = (chance.percent(30..=1000), chance.minutes(0..=DAY));
            ecs(Strategy::Linear { step_percent, step_bake }, chance)
        }
        Kind::Canary => {
            let (canary_percent, canary_bake) = (chance.percent(1..=1000), chance.minutes(0..=DAY));
            ecs(Strategy::Canary { canary_percent, canary_bake }, chance)
        }
        Kind::CodeDeploy => codedeploy(chance),
    };
    // Any time will do, and this one is the same in every run.
    let identity = kind.identity(Timestamp::UNIX_EPOCH, 10, chance);
    Deployment::new(identity, configuration, circumstances(kind, chance), assumptions(chance))
}

fn ecs(strategy: Strategy, chance: &mut Chance) -> Configuration {
    let hooks = chance.number(0..=4);
    Configuration::Ecs(Ecs {
        strategy,
        bake: chance.minutes(0..=DAY),
        hooks: (0..hooks).map(|number| hook(number, chance)).collect(),
        alarms: alarms(chance),
        circuit_breaker: chance.one_in(2),
        document: Value::Null,
    })
}

fn hook(number: u64, chance: &mut Chance) -> LifecycleHook {
    let on_timeout = chance.one_of([TimeoutAction::Rollback, TimeoutAction::Continue]);
    let mut stages = chance.some_of(STAGES);
    let (target, timeout) = if chance.one_in(4) {
        // Two weeks for people, a day for functions.
        (HookTarget::Pause, chance.minutes(1..=14 * DAY))
    } else {
        if chance.one_in(4) {
            stages.extend(chance.some_of(SHIFTS));
        }
        let details = chance.one_in(2).then(|| json!({ "plan": number }));
        (HookTarget::Lambda { function: function(number), details }, chance.minutes(1..=DAY))
    };
    LifecycleHook { target, stages: stages.into_iter().map(ToOwned::to_owned).collect(), timeout, on_timeout }
}

fn codedeploy(chance: &mut Chance) -> Configuration {
    let shift = shift(10..=990, 1..=60, chance);
    let hooks = if chance.one_in(5) { Vec::new() } else { chance.some_of(EVENTS) };
    Configuration::CodeDeploy(CodeDeploy {
        hooks: hooks
            .into_iter()
            .zip(0..)
            .map(|(event, number)| (event.to_owned(), function(number)))
            .collect(),
        name: "CodeDeployDefault.Drawn".to_owned(),
        shift,
        test_listener: !chance.one_in(4),
        rollback_on: RollbackOn { failure: !chance.one_in(4), ..RollbackOn::ALL },
        termination_wait: chance.minutes(0..=DAY),
        alarms: alarms(chance),
    })
}

fn circumstances(kind: Kind, chance: &mut Chance) -> Circumstances {
    Circumstances {
        load_balancer: kind.load_balancer(chance),
        reconcile: chance.one_in(5),
        red_alarms: red_alarms(chance),
        forgetful: Vec::new(),
        shift_denied: chance
            .one_in(30)
            .then(|| "arn:aws:iam::123456789012:role/ecs-infrastructure".to_owned()),
    }
}

fn function(number: u64) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:hook-{number}")
}
