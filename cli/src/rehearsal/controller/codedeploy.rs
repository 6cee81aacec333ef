//! What CodeDeploy goes through, forward and back.
//!
//! Source: "AppSpec 'hooks' section for an Amazon ECS deployment" of the CodeDeploy user guide. Hooks run
//! once per deployment: those around `AllowTraffic` surround the whole shift, not each step.

use std::time::Duration;

use super::configuration::{CodeDeploy, Shift};
use super::ecs::linear;
use super::phase::{Part, Phase};

/// How long green may take until it is healthy.
const INSTALL_LIMIT: Duration = Duration::from_hours(1);
/// How long a hook may take until it reports.
pub(super) const CALLBACK_LIMIT: Duration = Duration::from_hours(1);

/// The lifecycle events that a test listener is for; a deployment without one skips them.
pub(in crate::rehearsal) const OF_TEST_LISTENER: [&str; 2] = ["AllowTestTraffic", "AfterAllowTestTraffic"];

/// The way forward.
pub(super) fn forward(codedeploy: &CodeDeploy) -> Vec<Phase> {
    let hooks = |event| Phase::new(event, [Part::Hooks]);
    let mut phases = vec![
        hooks("BeforeInstall"),
        Phase::new("Install", [Part::ScaleUp]).within(INSTALL_LIMIT),
        hooks("AfterInstall"),
    ];
    if codedeploy.test_listener {
        phases.push(Phase::new("AllowTestTraffic", [Part::ShiftTest(100.0)]));
        phases.push(hooks("AfterAllowTestTraffic"));
    }
    phases.push(hooks("BeforeAllowTraffic"));
    let mut parts = Vec::new();
    for (share, wait) in steps(codedeploy.shift) {
        parts.push(Part::ShiftProduction(share));
        if !wait.is_zero() {
            parts.push(Part::Wait("the next step", wait));
        }
    }
    phases.push(Phase::new("AllowTraffic", parts));
    phases.push(hooks("AfterAllowTraffic"));
    let mut end = Vec::new();
    if !codedeploy.termination_wait.is_zero() {
        end.push(Part::Wait("the termination of blue", codedeploy.termination_wait));
    }
    end.push(Part::EndBlue);
    phases.push(Phase::new("End", end));
    phases
}

/// The way back, which is a deployment of its own. Nobody has seen it call hooks.
pub(super) fn back(codedeploy: &CodeDeploy) -> Vec<Phase> {
    let mut parts = vec![Part::ShiftProduction(0.0)];
    parts.extend(codedeploy.test_listener.then_some(Part::ShiftTest(0.0)));
    parts.push(Part::EndGreen);
    vec![Phase::new("AllowTraffic", parts)]
}

fn steps(shift: Shift) -> Vec<(f64, Duration)> {
    match shift {
        Shift::Linear { percent, every } => linear(percent, every),
        Shift::Canary { percent, after } if percent < 100.0 => {
            vec![(percent, after), (100.0, Duration::ZERO)]
        }
        Shift::AllAtOnce | Shift::Canary { .. } => vec![(100.0, Duration::ZERO)],
    }
}
