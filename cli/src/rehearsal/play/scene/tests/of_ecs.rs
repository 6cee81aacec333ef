//! What describe-services and describe-service-deployments show.

use std::time::Duration;

use super::super::{Colour, Scene};
use super::drive::{self, BLUE, Drive, GREEN};
use crate::rehearsal::clock::Clock;
use crate::rehearsal::controller::configuration::Strategy;
use crate::rehearsal::controller::{Input, Status};
use crate::rehearsal::subject::{self, Options, Source};

/// Status, state and counts of the service's deployments, with the revision of their task definitions.
fn deployments(drive: &Drive) -> Vec<String> {
    let service = &drive.world.ecs.services[0];
    let told = service.deployments.iter().map(|told| {
        let (_, revision) = told.task_definition.rsplit_once(':').unwrap();
        let state = told.rollout_state.as_deref().unwrap();
        format!("{revision} {} {state} {}/{}", told.status, told.running_count, told.desired_count)
    });
    told.collect()
}

fn revisions(drive: &Drive) -> Vec<(&str, usize)> {
    let service = &drive.world.ecs.services[0];
    let revisions = service.current_service_revisions.iter();
    revisions.map(|told| (told.arn.rsplit('/').next().unwrap(), told.running_task_count)).collect()
}

fn revision_of_service(drive: &Drive) -> &str {
    drive.world.ecs.services[0].task_definition.as_deref().unwrap().rsplit(':').next().unwrap()
}

fn id(drive: &Drive, colour: Colour) -> String {
    drive.scene.side(colour).unwrap().id.clone()
}

#[tokio::test(start_paused = true)]
async fn after_a_success_the_service_has_green_only() {
    for strategy in [Strategy::BlueGreen, Strategy::Rolling] {
        let mut drive = drive::ecs(strategy).start();
        assert_eq!(deployments(&drive), ["2 PRIMARY IN_PROGRESS 0/3", "1 ACTIVE COMPLETED 3/3"]);
        drive = drive.scale_up();
        drive.finish().await;
        assert_eq!(drive.deployment.status(), Status::Successful);
        assert_eq!(deployments(&drive), ["2 PRIMARY COMPLETED 3/3"], "{strategy:?}");
        assert_eq!(revisions(&drive), [(&*id(&drive, Colour::Green), 3)]);
        assert_eq!(revision_of_service(&drive), "2");
        assert!(drive.world.ecs.services[0].current_service_deployment.is_some());
        assert_eq!(drive.contradiction(), None);
    }
}

/// How many tasks run, of blue and of green.
fn running(drive: &Drive) -> usize {
    drive.world.ecs.tasks.iter().filter(|task| task.last_status == "RUNNING").count()
}

#[tokio::test(start_paused = true)]
async fn after_a_rollback_the_service_has_blue_only() {
    for strategy in [Strategy::BlueGreen, Strategy::Rolling] {
        let mut drive = drive::ecs(strategy).start().scale_up();
        drive.alarm();
        if strategy == Strategy::Rolling {
            assert_eq!(deployments(&drive), ["2 PRIMARY IN_PROGRESS 3/3", "1 ACTIVE COMPLETED 3/3"]);
            drive.scene.end(&mut drive.world, Colour::Green);
            drive.handle(Input::Done { errand: 2 });
        }
        drive.finish().await;
        assert_eq!(drive.deployment.status(), Status::RollbackSuccessful);
        assert_eq!(deployments(&drive), ["1 PRIMARY COMPLETED 3/3"], "{strategy:?}");
        assert_eq!(revisions(&drive), [(&*id(&drive, Colour::Blue), 3)]);
        assert_eq!(revision_of_service(&drive), "1");
        assert_eq!(running(&drive), BLUE.len());
        assert_eq!(drive.contradiction(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn moments_stay_what_they_were() {
    let mut drive = drive::ecs(Strategy::Rolling).start().scale_up();
    tokio::time::advance(Duration::from_secs(30)).await;
    drive.alarm();
    let began = drive.clock.now();
    tokio::time::advance(Duration::from_secs(30)).await;
    drive.handle(Input::Done { errand: 2 });
    let ended = drive.clock.now();
    tokio::time::advance(Duration::from_secs(30)).await;
    drive.mirror();
    let told = &drive.world.ecs.service_deployments[0];
    assert_eq!(told.status, "ROLLBACK_SUCCESSFUL");
    assert_eq!(told.rollback.as_ref().unwrap().started_at, Some(began));
    assert_eq!(told.rollback.as_ref().unwrap().reason, told.status_reason);
    assert_eq!((told.finished_at, told.updated_at), (Some(ended), Some(ended)));
}

#[tokio::test(start_paused = true)]
async fn the_controllers_times_count_from_the_start_of_the_clock() {
    let subject = subject::read(&Source::BuiltIn, &Options::default()).unwrap();
    let clock = Clock::start(60.0);
    let began = clock.now();
    tokio::time::advance(Duration::from_secs(2)).await;
    let scene = Scene::new(&subject, &clock, Some(&BLUE), 8080, false);
    assert_eq!(scene.identity().epoch, began);
    assert_eq!(scene.identity().epoch + clock.elapsed(), clock.now());
}

#[tokio::test(start_paused = true)]
async fn what_is_done_twice_is_done_once() {
    let mut drive = drive::ecs(Strategy::Rolling).start();
    drive.run_green();
    drive.run_green();
    // Blue never ended.
    drive.scene.add_blue(&mut drive.world);
    let targets = |drive: &Drive| {
        let groups = drive.world.elb.target_groups.iter();
        groups.flat_map(|group| group.targets.iter().map(|target| target.id.clone())).collect::<Vec<_>>()
    };
    let all: Vec<_> = BLUE.iter().chain(&GREEN).map(|task| task.ip().to_string()).collect();
    assert_eq!(targets(&drive), all);
    assert_eq!(running(&drive), 6);
    for _ in 0..2 {
        drive.scene.end(&mut drive.world, Colour::Blue);
        assert_eq!(targets(&drive), all[3..]);
        assert_eq!(running(&drive), 3);
    }
    // What is gone stays gone when green's tasks are told again.
    drive.run_green();
    assert_eq!(running(&drive), 3);
    for _ in 0..2 {
        drive.scene.add_blue(&mut drive.world);
        assert_eq!(targets(&drive).len(), 6);
        assert_eq!(running(&drive), 6);
    }
}

#[tokio::test(start_paused = true)]
async fn what_green_was_is_told_after_it_is_gone() {
    let mut drive = drive::ecs(Strategy::BlueGreen).start().scale_up();
    let group = drive.scene.target_group(Colour::Green).unwrap();
    for known in drive.world.elb.target_groups.iter_mut().filter(|known| known.arn == group) {
        for target in &mut known.targets {
            "unhealthy".clone_into(&mut target.state);
            target.reason = None;
        }
    }
    drive.mirror();
    drive.alarm();
    drive.finish().await;
    let stopped = drive.world.ecs.tasks.iter().filter(|task| task.last_status == "STOPPED");
    let reasons: Vec<_> = stopped.map(|task| task.stopped_reason.clone().unwrap()).collect();
    assert_eq!(reasons, vec![format!("Task failed ELB health checks in (target-group {group})"); 3]);
    let told = &drive.world.ecs.services[0].events;
    let messages: Vec<_> = told.iter().map(|event| event["message"].as_str().unwrap()).collect();
    assert!(messages[0].ends_with(" has reached a steady state."), "{messages:#?}");
    let unhealthy = format!("is unhealthy in (target-group {group}) due to (reason Health checks failed)");
    assert_eq!(messages.iter().filter(|message| message.contains(&unhealthy)).count(), 1, "{messages:#?}");
    assert_eq!(messages.iter().filter(|message| message.contains("has stopped 3 running tasks")).count(), 1);
}
