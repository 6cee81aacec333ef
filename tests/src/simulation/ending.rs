//! What holds for a whole deployment, as the rehearsal's own properties have it, and for what let it pass.

use std::collections::BTreeMap;

use greenlight_cli::rehearsal::controller::{Happening, HookKind, Status, Verdict};

use super::world::World;

/// What the controller has noted so far, as far as promises need it.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Whether the gates that were called are open.
    gates: BTreeMap<usize, bool>,
    /// The verdicts of each execution.
    verdicts: BTreeMap<usize, Vec<Verdict>>,
    /// Green's share of production traffic.
    share: f64,
    ends: usize,
}

/// Notes what has happened; production traffic comes to green past open gates only.
pub(super) fn happened(world: &mut World, happening: &Happening) {
    let noted = &mut world.noted;
    match happening {
        Happening::HookStarted { execution, .. } => {
            noted.gates.insert(*execution, false);
        }
        Happening::HookEnded { execution, verdict, .. } => {
            noted.gates.insert(*execution, verdict.proceeds());
            noted.verdicts.entry(*execution).or_default().push(*verdict);
            let word = match verdict {
                Verdict::Proceed => "proceed",
                Verdict::Stop => "stop",
                Verdict::TimedOut => "timed out",
                Verdict::TimedOutAndContinued => "timed out, and went on",
                Verdict::Cancelled => "cancelled",
            };
            *world.tally.executions.entry(word).or_default() += 1;
            let held = earned(world, *execution, *verdict);
            world.hold("only a living function that reported proceed lets a deployment proceed", held);
        }
        Happening::Shifted { traffic: "production", green, .. } => {
            let closed = noted.gates.values().any(|open| !open);
            let grows = *green > noted.share;
            noted.share = *green;
            let held =
                if grows && closed { Err(format!("green got {green} % past a closed gate")) } else { Ok(()) };
            world.hold("green gets production traffic past open gates only", held);
        }
        Happening::Ended { .. } => noted.ends += 1,
        _ => {}
    }
}

/// Whether somebody who lives has said so, where an execution proceeds or stops by a report or an answer.
fn earned(world: &World, execution: usize, verdict: Verdict) -> Result<(), String> {
    if verdict != Verdict::Proceed {
        return Ok(());
    }
    let Some(course) = world.courses.get(&execution) else {
        // A person has answered, and no function was called yet.
        return Ok(());
    };
    let kind = world.deployment.executions().get(execution).map(|execution| execution.kind);
    match (kind, course.reported) {
        (Some(HookKind::Lambda), _) if course.proceeds.is_empty() => {
            Err(format!("no function has answered SUCCEEDED for execution {execution}"))
        }
        (Some(HookKind::Codedeploy), None) => Err(format!("nobody has reported execution {execution}")),
        (Some(HookKind::Codedeploy), Some((false, by))) => {
            Err(format!("#{by} has reported that execution {execution} stops"))
        }
        _ => Ok(()),
    }
}

/// Holds a deployment that is over to what must be true of it.
pub(super) fn hold(world: &mut World) {
    let status = world.deployment.status();
    let one_each = world.deployment.executions().iter().try_for_each(|execution| {
        let verdicts = world.noted.verdicts.get(&execution.number).map(Vec::as_slice).unwrap_or_default();
        if verdicts.len() == 1 && execution.verdict == verdicts.first().copied() {
            return Ok(());
        }
        Err(format!("execution {} has {:?} and was told {verdicts:?}", execution.number, execution.verdict))
    });
    world.hold("each execution has one verdict that counts", one_each);
    let (test, production) = (world.deployment.test_share(), world.deployment.production_share());
    let clean = status != Status::RollbackSuccessful || (test <= 0.0 && production <= 0.0);
    let held = if clean {
        Ok(())
    } else {
        Err(format!("green has {test} % of test and {production} % of production traffic"))
    };
    world.hold("after a rollback green has no traffic", held);
    let held = if status.is_final() && world.noted.ends == 1 {
        Ok(())
    } else {
        Err(format!("{status:?}, ended {} times", world.noted.ends))
    };
    world.hold("every deployment ends", held);
    let kind = world.scenario.kind;
    *world.tally.deployments.entry((kind, status.ecs())).or_default() += 1;
}
