//! Deployments drawn by chance, within what AWS lets people configure.

use greenlight_cli::rehearsal::controller::configuration::{
    CodeDeploy, Configuration, Ecs, HookTarget, LifecycleHook, RollbackOn, Shift, Strategy, TimeoutAction,
};
use greenlight_cli::rehearsal::controller::{
    Assumptions, Circumstances, Deployment, HookDetails, Identity, LoadBalancer, RollbackHooks, ShiftHooks,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use greenlight_bench::chance::Chance;

/// The alarm that deployments watch, if they watch any.
pub(crate) const ALARM: &str = "errors";

/// Stages that any hook may be called at.
const STAGES: [&str; 6] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];
/// Stages at which a deployment cannot pause.
const SHIFTS: [&str; 2] = ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"];
const EVENTS: [&str; 5] =
    ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];
const DAY: u64 = 24 * 60;

/// Who deploys, and how.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Rolling,
    BlueGreen,
    Linear,
    Canary,
    CodeDeploy,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Rolling, Self::BlueGreen, Self::Linear, Self::Canary, Self::CodeDeploy];

    /// Every kind in turn.
    pub(crate) fn of(seed: u64) -> Self {
        let turn = usize::try_from(seed % Self::ALL.len() as u64).unwrap_or_default();
        Self::ALL[turn]
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rolling => "ROLLING",
            Self::BlueGreen => "BLUE_GREEN",
            Self::Linear => "LINEAR",
            Self::Canary => "CANARY",
            Self::CodeDeploy => "CodeDeploy",
        }
    }
}

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
    Deployment::new(identity(kind, chance), configuration, circumstances(kind, chance), assumptions(chance))
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
    let (percent, every) = (chance.percent(10..=990), chance.minutes(1..=60));
    let shift = chance.one_of([
        Shift::AllAtOnce,
        Shift::Linear { percent, every },
        Shift::Canary { percent, after: every },
    ]);
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

fn alarms(chance: &mut Chance) -> Vec<String> {
    if chance.one_in(3) { Vec::new() } else { vec![ALARM.to_owned()] }
}

fn circumstances(kind: Kind, chance: &mut Chance) -> Circumstances {
    let front = LoadBalancer { is_network: chance.one_in(5), has_test_route: !chance.one_in(10) };
    // CodeDeploy does not deploy without one.
    let is_there = kind == Kind::CodeDeploy || !chance.one_in(10);
    Circumstances {
        load_balancer: is_there.then_some(front),
        reconcile: chance.one_in(5),
        red_alarms: if chance.one_in(10) { vec![ALARM.to_owned()] } else { Vec::new() },
        forgetful: Vec::new(),
        shift_denied: chance
            .one_in(30)
            .then(|| "arn:aws:iam::123456789012:role/ecs-infrastructure".to_owned()),
    }
}

fn assumptions(chance: &mut Chance) -> Assumptions {
    Assumptions {
        hook_details: chance.one_of([HookDetails::Merge, HookDetails::Replace]),
        shift_hooks: chance.one_of([ShiftHooks::Before, ShiftHooks::After]),
        rollback_hooks: chance.one_of([RollbackHooks::Always, RollbackHooks::Reached]),
    }
}

fn identity(kind: Kind, chance: &mut Chance) -> Identity {
    let arn = |resource: &str| format!("arn:aws:ecs:us-east-1:123456789012:{resource}");
    let is_created = kind != Kind::CodeDeploy && chance.one_in(10);
    Identity {
        // Any will do, and this one is the same in every run.
        epoch: Timestamp::UNIX_EPOCH,
        region: "us-east-1".to_owned(),
        account: "123456789012".to_owned(),
        cluster: arn("cluster/demo"),
        service: arn("service/demo/hello"),
        deployment: match kind {
            Kind::CodeDeploy => "d-82EELWTXI".to_owned(),
            _ => arn("service-deployment/demo/hello/TFX5sH9q9XDboDTOv0rIt"),
        },
        rollback_deployment: "d-ROLLBACK1".to_owned(),
        green: arn("service-revision/demo/hello/2"),
        blue: (!is_created).then(|| arn("service-revision/demo/hello/1")),
    }
}

fn function(number: u64) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:hook-{number}")
}
