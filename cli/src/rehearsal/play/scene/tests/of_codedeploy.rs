//! What get-deployment, get-deployment-target and describe-task-sets show.

use super::super::ROLLBACK_DEPLOYMENT;
use super::drive::{self, Drive};
use crate::rehearsal::aws::codedeploy::{Deployment, DeploymentTarget, EcsTarget};
use crate::rehearsal::controller::Status;
use crate::rehearsal::controller::configuration::{RollbackOn, Shift};
use std::time::Duration;

const NEVER: RollbackOn = RollbackOn { failure: false, alarm: false, request: false };

fn target(deployment: &Deployment) -> &EcsTarget {
    match &deployment.targets[..] {
        [DeploymentTarget::EcsTarget(target)] => target,
        others => panic!("{others:?}"),
    }
}

/// The statuses of the events, by their first letters.
fn events(deployment: &Deployment) -> String {
    let events = &target(deployment).lifecycle_events;
    assert_eq!(events.len(), 8);
    for event in events {
        let times = (event.start_time.is_some(), event.end_time.is_some());
        let expected = match &*event.status {
            "Pending" | "Skipped" => (false, false),
            "InProgress" => (true, false),
            _ => (true, true),
        };
        assert_eq!(times, expected, "{event:?}");
    }
    events
        .iter()
        .filter_map(|event| event.status.chars().next().filter(|_| event.status != "Skipped").or(Some('-')))
        .collect()
}

/// Blue and green: status, running and desired tasks, share.
fn task_sets(drive: &Drive, deployment: &Deployment) -> Vec<String> {
    let told = target(deployment).task_sets_info.iter().map(|info| {
        let task_set = drive.world.ecs.task_sets.iter().find(|known| known.id == info.identifier).unwrap();
        assert_eq!(task_set.status, info.status);
        assert_eq!(task_set.computed_desired_count, Some(info.desired_count));
        let tasks = drive.world.ecs.tasks.iter();
        let running = tasks
            .filter(|task| task.last_status == "RUNNING" && task.started_by.as_ref() == Some(&task_set.id))
            .count();
        assert_eq!(running, info.running_count);
        let label = info.task_set_label.as_deref().unwrap();
        format!("{label} {} {running}/{} {}", info.status, info.desired_count, info.traffic_weight)
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn a_success_is_told_event_by_event() {
    let canary = Shift::Canary { percent: 12.5, after: Duration::from_mins(10) };
    let mut drive = drive::codedeploy(canary, RollbackOn::ALL).start();
    let first = |drive: &Drive| drive.world.codedeploy.deployments[0].clone();
    assert_eq!(events(&first(&drive)), "SIPPPPPP");
    assert_eq!(task_sets(&drive, &first(&drive)), ["Blue PRIMARY 3/3 100", "Green ACTIVE 0/3 0"]);
    drive = drive.scale_up();
    assert_eq!(events(&first(&drive)), "SSSSIPPP");
    drive.report(true);
    assert_eq!(events(&first(&drive)), "SSSSSSIP");
    assert_eq!(task_sets(&drive, &first(&drive)), ["Blue PRIMARY 3/3 87.5", "Green ACTIVE 3/3 12.5"]);
    drive.wait().await;
    // Blue is kept for a while.
    assert_eq!(events(&first(&drive)), "SSSSSSSS");
    assert_eq!(task_sets(&drive, &first(&drive)), ["Blue ACTIVE 3/3 0", "Green PRIMARY 3/3 100"]);
    assert_eq!((&*first(&drive).status, first(&drive).complete_time), ("InProgress", None));
    drive.finish().await;
    let told = first(&drive);
    assert_eq!((&*told.status, &*target(&told).status), ("Succeeded", "Succeeded"));
    assert_eq!(task_sets(&drive, &told), ["Blue DRAINING 0/0 0", "Green PRIMARY 3/3 100"]);
    assert_eq!((told.complete_time, told.error_information), (Some(drive.clock.now()), None));
    assert_eq!(drive.world.codedeploy.deployments.len(), 1);
    assert!(drive.world.ecs.services[0].task_definition.as_ref().unwrap().ends_with(":2"));
    assert_eq!(drive.contradiction(), None);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_with_the_deployment_that_takes_it_back() {
    let mut drive = drive::codedeploy(Shift::AllAtOnce, RollbackOn::ALL).start().scale_up();
    drive.report(false);
    let failed_at = drive.clock.now();
    drive.finish().await;
    tokio::time::advance(Duration::from_secs(5)).await;
    drive.mirror();
    assert_eq!(drive.deployment.status(), Status::RollbackSuccessful);
    let [first, back] = &drive.world.codedeploy.deployments[..] else { panic!("two deployments") };
    assert_eq!((&*first.status, &*target(first).status), ("Failed", "Failed"));
    let error = first.error_information.as_ref().unwrap();
    assert_eq!(error.code, "HOOK_EXECUTION_FAILURE");
    assert!(error.message.contains("validation functions failed"), "{error:?}");
    assert_eq!(first.complete_time, Some(failed_at));
    assert_eq!(events(first), "SSSSF---");
    let info = first.rollback_info.as_ref().unwrap();
    assert_eq!(info.rollback_deployment_id.as_deref(), Some(ROLLBACK_DEPLOYMENT));
    assert!(info.rollback_message.is_some());

    assert_eq!((&*back.deployment_id, &*back.creator), (ROLLBACK_DEPLOYMENT, "codeDeployRollback"));
    assert_eq!((&*back.status, &*target(back).status), ("Succeeded", "Succeeded"));
    assert_eq!(target(back).deployment_id, ROLLBACK_DEPLOYMENT);
    assert_eq!(events(back), "------S-");
    assert_eq!((back.create_time, back.error_information.clone()), (Some(failed_at), None));
    let info = back.rollback_info.as_ref().unwrap();
    assert_eq!(info.rollback_triggering_deployment_id.as_ref(), Some(&first.deployment_id));
    for told in [first, back] {
        assert_eq!(task_sets(&drive, told), ["Blue PRIMARY 3/3 100", "Green DRAINING 0/0 0"]);
    }
    assert_eq!(drive.contradiction(), None);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_exists_from_the_moment_that_it_begins() {
    let mut drive = drive::codedeploy(Shift::AllAtOnce, RollbackOn::ALL).start().scale_up();
    drive.report(false);
    // CodeDeploy takes back in no time; this is the moment between.
    drive.scene.record.status = Status::RollbackInProgress;
    drive.scene.record.ended_at = None;
    let world = drive.scene.world();
    let [first, back] = &world.codedeploy.deployments[..] else { panic!("two deployments") };
    assert_eq!((&*first.status, &*back.status, back.complete_time), ("Failed", "InProgress", None));
    assert_eq!(events(back), "------I-");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_stops_a_deployment_whether_it_is_taken_back_or_not() {
    for (rollback_on, count) in [(NEVER, 1), (RollbackOn::ALL, 2)] {
        let mut drive = drive::codedeploy(Shift::AllAtOnce, rollback_on).start().scale_up();
        drive.alarm();
        drive.finish().await;
        let first = &drive.world.codedeploy.deployments[0];
        assert_eq!((&*first.status, &*target(first).status), ("Stopped", "Failed"));
        assert_eq!(first.error_information.as_ref().unwrap().code, "ALARM_ACTIVE");
        assert!(first.complete_time.is_some());
        assert_eq!(events(first), "SSSSF---");
        assert_eq!(first.rollback_info.is_some(), count == 2);
        assert_eq!(drive.world.codedeploy.deployments.len(), count);
        let green = if count == 2 { "Green DRAINING 0/0 0" } else { "Green ACTIVE 3/3 0" };
        assert_eq!(task_sets(&drive, first), ["Blue PRIMARY 3/3 100", green]);
        assert_eq!(drive.contradiction(), None);
    }
}
