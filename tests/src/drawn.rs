//! Deployments drawn by chance, within what AWS lets people configure: what the simulation and the benchmark of the stage
//! machines draw alike.

mod chance;

use greenlight_cli::rehearsal::controller::configuration::Shift;
use greenlight_cli::rehearsal::controller::{
    Assumptions, HookDetails, Identity, LoadBalancer, RollbackHooks, ShiftHooks,
};
use jiff::Timestamp;

pub use self::chance::Chance;

/// The alarm that deployments watch, if they watch any.
pub const ALARM: &str = "errors";
/// Stages that any hook may be called at.
pub const STAGES: [&str; 6] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];
/// Stages that a rollback calls again, and at which nobody may pause.
pub const SHIFTS: [&str; 2] = ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"];
/// Lifecycle events of `CodeDeploy` that have hooks.
pub const EVENTS: [&str; 5] =
    ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];

/// Who deploys, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// ECS replaces tasks.
    Rolling,
    /// ECS shifts all traffic at once.
    BlueGreen,
    /// ECS shifts it in equal steps.
    Linear,
    /// ECS shifts a little, then the rest.
    Canary,
    /// `CodeDeploy` does.
    CodeDeploy,
}

impl Kind {
    /// Every kind, once.
    pub const ALL: [Self; 5] = [Self::Rolling, Self::BlueGreen, Self::Linear, Self::Canary, Self::CodeDeploy];

    /// Every kind in turn.
    pub fn of(seed: u64) -> Self {
        let turn = usize::try_from(seed % Self::ALL.len() as u64).unwrap_or_default();
        Self::ALL[turn]
    }

    /// As tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rolling => "ROLLING",
            Self::BlueGreen => "BLUE_GREEN",
            Self::Linear => "LINEAR",
            Self::Canary => "CANARY",
            Self::CodeDeploy => "CodeDeploy",
        }
    }

    /// The load balancer in front, if there is one: `CodeDeploy` does not deploy without.
    pub fn load_balancer(self, chance: &mut Chance) -> Option<LoadBalancer> {
        let front = LoadBalancer { is_network: chance.one_in(5), has_test_route: !chance.one_in(10) };
        let is_there = self == Self::CodeDeploy || !chance.one_in(10);
        is_there.then_some(front)
    }

    /// Names; a service of ECS is created, one time in so many.
    pub fn identity(self, epoch: Timestamp, created_one_in: u64, chance: &mut Chance) -> Identity {
        let arn = |resource: &str| format!("arn:aws:ecs:us-east-1:123456789012:{resource}");
        let is_created = self != Self::CodeDeploy && chance.one_in(created_one_in);
        Identity {
            epoch,
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            cluster: arn("cluster/demo"),
            service: arn("service/demo/hello"),
            deployment: match self {
                Self::CodeDeploy => "d-82EELWTXI".to_owned(),
                _ => arn("service-deployment/demo/hello/TFX5sH9q9XDboDTOv0rIt"),
            },
            rollback_deployment: "d-ROLLBACK1".to_owned(),
            green: arn("service-revision/demo/hello/2"),
            blue: (!is_created).then(|| arn("service-revision/demo/hello/1")),
        }
    }
}

/// How `CodeDeploy` shifts traffic, by so many tenths of a percent and so many minutes at a time.
pub fn shift(
    tenths: std::ops::RangeInclusive<u64>,
    minutes: std::ops::RangeInclusive<u64>,
    chance: &mut Chance,
) -> Shift {
    let (percent, every) = (chance.percent(tenths), chance.minutes(minutes));
    chance.one_of([
        Shift::AllAtOnce,
        Shift::Linear { percent, every },
        Shift::Canary { percent, after: every },
    ])
}

/// The alarms that a deployment watches.
pub fn alarms(chance: &mut Chance) -> Vec<String> {
    if chance.one_in(3) { Vec::new() } else { vec![ALARM.to_owned()] }
}

/// The alarms that are red before it begins.
pub fn red_alarms(chance: &mut Chance) -> Vec<String> {
    if chance.one_in(10) { vec![ALARM.to_owned()] } else { Vec::new() }
}

/// What nobody knows of AWS.
pub fn assumptions(chance: &mut Chance) -> Assumptions {
    Assumptions {
        hook_details: chance.one_of([HookDetails::Merge, HookDetails::Replace]),
        shift_hooks: chance.one_of([ShiftHooks::Before, ShiftHooks::After]),
        rollback_hooks: chance.one_of([RollbackHooks::Always, RollbackHooks::Reached]),
    }
}
