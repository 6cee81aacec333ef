//! What discovery costs: how many calls, how many of them one after the other, and none twice.

use std::collections::BTreeMap;
use std::time::Duration;

use greenlight_cli::rehearsal::aws::worlds::{BlueGreen, CodeDeploy};
use greenlight_cli::rehearsal::aws::{Call, Fault, Operation, Times, acm, codedeploy, ecs, elb};

use crate::scene::Seen;
use crate::scene::{Deployment, Scene};
use crate::table::{Outcome, Table, ensure};
use crate::verdict::Verdict::{Proceed, Wait};

/// Every operation that discovery may call.
static OPERATIONS: [&Operation; 15] = [
    &ecs::DESCRIBE_SERVICE_DEPLOYMENTS,
    &ecs::DESCRIBE_SERVICE_REVISIONS,
    &ecs::LIST_TASKS,
    &ecs::DESCRIBE_TASKS,
    &ecs::DESCRIBE_TASK_SETS,
    &elb::DESCRIBE_RULES,
    &elb::DESCRIBE_LISTENERS,
    &elb::DESCRIBE_LOAD_BALANCERS,
    &elb::DESCRIBE_TARGET_GROUPS,
    &elb::DESCRIBE_TARGET_HEALTH,
    &acm::DESCRIBE_CERTIFICATE,
    &codedeploy::GET_DEPLOYMENT,
    &codedeploy::GET_DEPLOYMENT_GROUP,
    &codedeploy::LIST_DEPLOYMENT_TARGETS,
    &codedeploy::GET_DEPLOYMENT_TARGET,
];

/// Far more than a busy machine keeps a call waiting, so that only one that waits for another's answer shows.
const DELAY: Duration = Duration::from_millis(1200);

/// How many calls were made one after the other: a call comes a round after those that were answered
/// before it was made.
fn rounds(calls: &[Call]) -> usize {
    let answered = |call: &Call| {
        let answer = call.answer.as_ref()?;
        call.at.checked_add(answer.duration).ok()
    };
    let mut round_of: Vec<usize> = Vec::new();
    for call in calls {
        let earlier = calls.iter().zip(&round_of);
        let before = earlier.filter(|(earlier, _)| answered(earlier).is_some_and(|at| at <= call.at));
        let round = before.map(|(_, round)| *round).max().unwrap_or(0) + 1;
        round_of.push(round);
    }
    round_of.into_iter().max().unwrap_or(0)
}

/// The calls that look, not the one that reports.
fn looks(calls: &[Call]) -> Vec<Call> {
    calls.iter().filter(|call| !call.operation.starts_with("Put")).cloned().collect()
}

/// Evidence tells every call, and what became of it.
fn on_record(seen: &Seen) -> Outcome {
    let evidence = seen.evidence()?;
    let mut told: Vec<_> = evidence["aws_calls"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|call| call["ok"] == true && call["duration_ms"].is_u64())
        .map(|call| call["operation"].as_str().unwrap_or_default())
        .collect();
    let mut made = names(&seen.calls);
    told.sort_unstable();
    made.sort_unstable();
    ensure!(told == made, "evidence tells {told:?}; made were {made:?}");
    Ok(())
}

/// No call was made twice: none with the same input.
fn each_once(calls: &[Call]) -> Outcome {
    let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for call in calls {
        *counts.entry((&call.operation, call.input.to_string())).or_default() += 1;
    }
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    ensure!(twice.is_empty(), "made more than once: {twice:?}");
    Ok(())
}

fn delayed<D: Deployment>(scene: &mut Scene<D>) {
    for operation in OPERATIONS {
        scene.fault(operation, Fault::Slow(DELAY), Times::Always);
    }
}

fn names(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.operation.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alb_test_rule_and_a_hundred_tasks_take_11_calls_in_4_rounds() {
    let mut table = Table::default();
    table.add("two listeners, a hundred tasks", async {
        let mut scene = Scene::<BlueGreen>::with_tasks(50, 50).await;
        delayed(&mut scene);
        let seen = scene.play().await;
        seen.found(Proceed, "pass", &["10 answers"])?;
        on_record(&seen)?;
        let calls = looks(&seen.calls);
        each_once(&calls)?;
        ensure!(calls.len() <= 11, "{} calls: {:?}", calls.len(), names(&calls));
        ensure!(rounds(&calls) <= 4, "{} rounds: {:?}", rounds(&calls), names(&calls));
        ensure!(rounds(&calls) >= 3, "{} rounds: the delays do not show", rounds(&calls));
        Ok(())
    });
    table.add("the test rule has drifted", async {
        let mut scene = Scene::<BlueGreen>::with_tasks(50, 50).await;
        scene.without_patience();
        scene.deployment.front.as_mut().unwrap().test.as_mut().unwrap().weights = (50, 50);
        delayed(&mut scene);
        let calls = looks(&scene.play().await.calls);
        each_once(&calls)?;
        ensure!(calls.len() <= 11, "{} calls: {:?}", calls.len(), names(&calls));
        ensure!(rounds(&calls) <= 4, "{} rounds: {:?}", rounds(&calls), names(&calls));
        Ok(())
    });
    table.add("a wait", async {
        let mut scene = Scene::<BlueGreen>::new().await;
        scene.alter(|world, _| world.elb.target_groups.iter_mut().for_each(|group| group.targets.clear()));
        let seen = scene.play().await;
        seen.found(Wait, "pending", &["no target is registered"])?;
        each_once(&looks(&seen.calls))?;
        on_record(&seen)
    });
    table.add("pages of one", async {
        let mut scene = Scene::<BlueGreen>::new().await;
        scene.alter(|world, _| world.page_size = Some(1));
        let seen = scene.play().await;
        seen.found(Proceed, "pass", &["10 answers"])?;
        each_once(&looks(&seen.calls))?;
        on_record(&seen)
    });
    table.add("codedeploy", async {
        let mut scene = Scene::<CodeDeploy>::new().await;
        delayed(&mut scene);
        let seen = scene.play().await;
        seen.found(Proceed, "pass", &["10 answers"])?;
        let calls = looks(&seen.calls);
        each_once(&calls)?;
        on_record(&seen)?;
        ensure!(rounds(&calls) >= 4, "{} rounds: the delays do not show", rounds(&calls));
        Ok(())
    });
    table.play().await;
}
