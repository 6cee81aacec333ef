//! Faults as those see them who ask a task.

use super::support::{check, send};
use super::*;

async fn with(faults: Faults, count: usize) -> Tasks {
    start(Settings { count, faults: faults.into(), ..settings(built_in()) }).await
}

#[tokio::test]
async fn a_share_of_the_sides_requests_fails_and_health_checks_do_not() {
    let tasks = with(Faults { errors: Some("20%".parse().unwrap()), ..Faults::default() }, 3).await;
    let mut failed = 0;
    for number in 0..30 {
        let address = tasks.addresses()[number % 3];
        failed += usize::from(get(address, "/ping").await.0 == 500);
        assert_eq!(check(address).await, 200);
    }
    assert_eq!(failed, 6);
}

#[tokio::test]
async fn a_side_that_is_never_healthy_works_all_the_same() {
    let tasks = with(Faults { never_healthy: true, ..Faults::default() }, 1).await;
    assert_eq!(check(tasks.addresses()[0]).await, 503);
    assert_eq!(get(tasks.addresses()[0], "/hello/ada").await.0, 200);
}

#[tokio::test]
async fn a_wrong_version_is_told_by_the_application_itself() {
    let tasks = with(Faults { version: Some("1.9".to_owned()), ..Faults::default() }, 1).await;
    assert_eq!(get(tasks.addresses()[0], "/version").await.1, "1.9\n");
    assert_eq!(get(tasks.addresses()[0], "/hello/ada").await.1, "hello ada, this is version 1.9\n");
}

#[tokio::test]
async fn a_task_that_leaks_connections_takes_requests_and_answers_none() {
    let tasks = with(Faults { leak: Some(2), ..Faults::default() }, 2).await;
    let [leaking, other] = tasks.addresses() else { panic!("{:?}", tasks.addresses()) };
    for _ in 0..3 {
        assert_eq!(check(*leaking).await, 200);
    }
    for _ in 0..2 {
        assert_eq!(get(*leaking, "/ping").await.0, 200);
    }
    let unanswered = send(*leaking, "/ping", "test").await;
    assert_eq!(get(*other, "/ping").await.0, 200);
    assert!(!unanswered.is_finished());
    drop(tasks);
    assert_eq!(unanswered.await.unwrap(), "");
}

#[tokio::test]
async fn a_crash_comes_at_its_simulated_time_and_takes_every_task() {
    let clock = Clock::start(1.0);
    let settings = Settings {
        count: 2,
        clock: clock.clone(),
        faults: Faults { crash_after: Some(Duration::from_hours(1)), ..Faults::default() }.into(),
        ..settings(built_in())
    };
    let tasks = start(settings).await;
    for address in tasks.addresses() {
        assert_eq!(get(*address, "/ping").await.0, 200);
    }
    clock.set_speed(1e9);
    let mut ended = [tasks.ended().await, tasks.ended().await];
    ended.sort_by_key(|ended| ended.task);
    for (index, ended) in ended.into_iter().enumerate() {
        assert_eq!(ended, Ended { task: index + 1, exit: None, by_fault: true, last_lines: vec![] });
    }
    for address in tasks.addresses() {
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    }
}

#[tokio::test]
async fn faults_stand_before_what_runs_elsewhere_too() {
    let elsewhere = Application::start([127, 0, 0, 1].into(), "7").await.unwrap();
    let faults = Faults { never_healthy: true, leak: Some(2), ..Faults::default() };
    let program = format!("http://{}", elsewhere.address()).parse().unwrap();
    let tasks = start(Settings { faults: faults.into(), ..settings(program) }).await;
    let address = tasks.addresses()[0];
    assert_eq!(get(address, "/version").await, (200, "7\n".to_owned()));
    assert_eq!(check(address).await, 503);
    drop(elsewhere);
    // The application is gone, and so is the connection.
    assert_eq!(send(address, "/version", "test").await.await.unwrap(), "");
}
