//! What ECS goes through, forward and back.
//!
//! Sources: "Amazon ECS blue/green, linear and canary deployments" and the API model of 2026-11. Stages may last 24
//! hours, a deployment 30 days.

use std::time::Duration;

use super::assumptions::{Assumptions, RollbackHooks, ShiftHooks};
use super::configuration::{Ecs, Strategy};
use super::deployment::Circumstances;
use super::phase::{Part, Phase, Weights};

/// How long a stage, and in linear and canary deployments a step, may last.
const STAGE_LIMIT: Duration = Duration::from_hours(24);
/// What ECS adds before and after it shifts traffic of a Network Load Balancer.
const NETWORK_LOAD_BALANCER: Duration = Duration::from_mins(10);

pub(super) const PRODUCTION: &str = "PRODUCTION_TRAFFIC_SHIFT";
pub(super) const TEST: &str = "TEST_TRAFFIC_SHIFT";

/// The way forward.
pub(super) fn forward(ecs: &Ecs, around: &Circumstances, assumptions: Assumptions) -> Vec<Phase> {
    let hooks = |stage| Phase::new(stage, [Part::Hooks]);
    let mut phases = Vec::new();
    if around.reconcile {
        let all = Weights { test: Some(100.0), production: Some(100.0) };
        phases.push(hooks("RECONCILE_SERVICE").saying(all));
    }
    phases.push(hooks("PRE_SCALE_UP"));
    if ecs.strategy == Strategy::Rolling {
        phases.push(Phase::new("SCALE_UP", [Part::Replace]));
        if !ecs.alarms.is_empty() {
            phases.push(Phase::new("BAKE_TIME", [Part::Wait("bake time", ecs.bake)]));
        }
        phases.push(Phase::new("CLEAN_UP", []));
        return limited(phases);
    }
    phases.push(Phase::new("SCALE_UP", [Part::ScaleUp]));
    phases.push(hooks("POST_SCALE_UP"));
    phases.push(test_shift(100.0, around, assumptions));
    phases.push(hooks("POST_TEST_TRAFFIC_SHIFT"));
    let mut before = 0.0;
    for (share, bake) in steps(ecs.strategy) {
        // The weights before the shift, as the sample of the hooks' page has them.
        let weights = Weights { production: Some(before), ..Weights::default() };
        phases.push(hooks("PRE_PRODUCTION_TRAFFIC_SHIFT").at(share).saying(weights));
        phases.push(production_shift(share, bake, around, assumptions).at(share));
        before = share;
    }
    phases.push(hooks("POST_PRODUCTION_TRAFFIC_SHIFT"));
    phases.push(Phase::new("BAKE_TIME", [Part::Wait("bake time", ecs.bake)]));
    phases.push(Phase::new("CLEAN_UP", [Part::EndBlue]));
    limited(phases)
}

/// The way back, from a deployment that has reached these stages. Users come first.
pub(super) fn back(
    ecs: &Ecs,
    around: &Circumstances,
    assumptions: Assumptions,
    reached: impl Fn(&str) -> bool,
) -> Vec<Phase> {
    if ecs.strategy == Strategy::Rolling {
        let restored = reached("SCALE_UP").then_some(Part::Restore);
        return limited(vec![Phase::new("CLEAN_UP", restored.into_iter().collect::<Vec<_>>())]);
    }
    let mut phases = Vec::new();
    if reached("SCALE_UP") {
        let calls = |stage| assumptions.rollback_hooks == RollbackHooks::Always || reached(stage);
        let mut shifts = [
            (PRODUCTION, production_shift(0.0, Duration::ZERO, around, assumptions)),
            (TEST, test_shift(0.0, around, assumptions)),
        ];
        for (stage, phase) in &mut shifts {
            if !calls(stage) {
                phase.parts.retain(|part| *part != Part::Hooks);
            }
        }
        phases.extend(shifts.map(|(_, phase)| phase));
    }
    phases.push(Phase::new("CLEAN_UP", [Part::EndGreen]));
    limited(phases)
}

/// Green's shares, each with the time that it is looked at before the next.
pub(super) fn steps(strategy: Strategy) -> Vec<(f64, Duration)> {
    match strategy {
        Strategy::Canary { canary_percent, canary_bake } if canary_percent < 100.0 => {
            vec![(canary_percent, canary_bake), (100.0, Duration::ZERO)]
        }
        Strategy::Linear { step_percent, step_bake } => linear(step_percent, step_bake),
        Strategy::Rolling | Strategy::BlueGreen | Strategy::Canary { .. } => vec![(100.0, Duration::ZERO)],
    }
}

/// Equal steps; the last one is what is left. It is not known what AWS does where steps do not divide 100.
pub(super) fn linear(percent: f64, wait: Duration) -> Vec<(f64, Duration)> {
    let mut steps = Vec::new();
    // Tenths of a percent are exact; sums of binary fractions are not.
    let step = (percent * 10.0).round().max(1.0);
    let mut share = step;
    while share < 1000.0 {
        steps.push((share / 10.0, wait));
        share += step;
    }
    steps.push((100.0, Duration::ZERO));
    steps
}

fn test_shift(share: f64, around: &Circumstances, assumptions: Assumptions) -> Phase {
    let weights = Weights { test: Some(share), ..Weights::default() };
    let shift = around.load_balancer.filter(|front| front.has_test_route).map(|_| Part::ShiftTest(share));
    Phase::new(TEST, parts(shift, around, assumptions)).saying(weights)
}

fn production_shift(share: f64, bake: Duration, around: &Circumstances, assumptions: Assumptions) -> Phase {
    let weights = Weights { production: Some(share), ..Weights::default() };
    let shift = around.load_balancer.map(|_| Part::ShiftProduction(share));
    let mut parts = parts(shift, around, assumptions);
    if !bake.is_zero() {
        parts.push(Part::Wait("step bake time", bake));
    }
    Phase::new(PRODUCTION, parts).saying(weights)
}

fn parts(shift: Option<Part>, around: &Circumstances, assumptions: Assumptions) -> Vec<Part> {
    let network = around
        .load_balancer
        .filter(|front| front.is_network && shift.is_some())
        .map(|_| Part::Wait("the Network Load Balancer", NETWORK_LOAD_BALANCER));
    let shift = shift.into_iter().chain(network);
    match assumptions.shift_hooks {
        ShiftHooks::Before => [Part::Hooks].into_iter().chain(shift).collect(),
        ShiftHooks::After => shift.chain([Part::Hooks]).collect(),
    }
}

fn limited(phases: Vec<Phase>) -> Vec<Phase> {
    phases.into_iter().map(|phase| phase.within(STAGE_LIMIT)).collect()
}
