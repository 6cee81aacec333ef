//! Health checks and the states that they make.

use std::net::SocketAddr;
use std::time::Duration;

use greenlight_cli::rehearsal::aws::elb::TargetGroup;
use greenlight_cli::rehearsal::balancer::{HealthChecks, Options};
use tokio::io::AsyncReadExt;

use super::support::soon;
use super::support::target::{answering, application_with_health, echoing, nobody, server};
use super::support::world::{Served, forward, group, listener, target};

async fn served(group: TargetGroup) -> Served {
    let health_checks = HealthChecks {
        interval: Duration::from_millis(5),
        timeout: Duration::from_millis(500),
        healthy_threshold: 2,
        unhealthy_threshold: 2,
    };
    Served::with(Options { health_checks: Some(health_checks), ..Options::default() }, |elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.target_groups.push(group);
    })
    .await
}

async fn until(served: &Served, state: &str, reason: Option<&str>) {
    soon(served.aws.until(|world| {
        let target = &world.elb.target_groups[0].targets[0];
        target.state == state && target.reason.as_deref() == reason
    }))
    .await;
}

fn initial(address: SocketAddr) -> TargetGroup {
    let mut target = target(address, "initial");
    target.reason = Some("Elb.RegistrationInProgress".to_owned());
    group("green", vec![target])
}

#[tokio::test]
async fn states_follow_the_application() {
    let (green, health) = application_with_health().await;
    let served = served(initial(green.address)).await;
    until(&served, "healthy", None).await;
    health.send_replace(500);
    until(&served, "unhealthy", Some("Target.ResponseCodeMismatch")).await;
    health.send_replace(200);
    until(&served, "healthy", None).await;
    drop(green);
    until(&served, "unhealthy", Some("Target.FailedHealthChecks")).await;
}

#[tokio::test]
async fn a_new_target_is_initial_until_enough_checks_have_failed() {
    let (green, health) = application_with_health().await;
    health.send_replace(404);
    let served = served(initial(green.address)).await;
    // Two checks must fail: after the first it is still new.
    until(&served, "initial", Some("Elb.InitialHealthChecking")).await;
    until(&served, "unhealthy", Some("Target.ResponseCodeMismatch")).await;
    served.change(|elb| elb.target_groups[0].health_check.matcher = Some("200-204,404".to_owned()));
    until(&served, "healthy", None).await;
    served.change(|elb| elb.target_groups[0].health_check.port = "1".to_owned());
    until(&served, "unhealthy", Some("Target.FailedHealthChecks")).await;
}

#[tokio::test]
async fn failures_have_their_reasons() {
    let silent = server(|mut connection| async move {
        while connection.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    let rubbish = answering(b"220 mail.example.com\r\n").await;
    let cases = [
        ("silent", silent.address, "Target.Timeout"),
        ("rubbish", rubbish.address, "Target.FailedHealthChecks"),
        ("nobody", nobody().await, "Target.FailedHealthChecks"),
        ("elsewhere", "192.0.2.1:80".parse().unwrap(), "Target.FailedHealthChecks"),
    ];
    for (case, address, reason) in cases {
        let served = served(initial(address)).await;
        until(&served, "unhealthy", Some(reason)).await;
        assert_eq!(served.state_of("green", 0).0, "unhealthy", "{case}");
    }
}

#[tokio::test]
async fn a_connection_is_enough_for_tcp() {
    let green = echoing("green").await;
    let mut group = initial(green.address);
    "TCP".clone_into(&mut group.health_check.protocol);
    let served = served(group).await;
    until(&served, "healthy", None).await;
    drop(green);
    until(&served, "unhealthy", Some("Target.FailedHealthChecks")).await;
}

#[tokio::test]
async fn those_who_come_and_go_are_left_alone() {
    let (green, _health) = application_with_health().await;
    let mut group = initial(green.address);
    for state in ["draining", "unused"] {
        group.targets.push(target("127.0.0.1:1".parse().unwrap(), state));
    }
    let mut unchecked = self::group("unchecked", vec![target(green.address, "initial")]);
    unchecked.health_check.enabled = false;
    let served = served(group).await;
    served.change(|elb| elb.target_groups.push(unchecked));
    until(&served, "healthy", None).await;
    served.change(|elb| elb.target_groups[0].targets[0].state = "unhealthy".to_owned());
    until(&served, "healthy", None).await;
    assert_eq!(served.state_of("green", 1), ("draining".to_owned(), None));
    assert_eq!(served.state_of("green", 2), ("unused".to_owned(), None));
    assert_eq!(served.state_of("unchecked", 0), ("initial".to_owned(), None));
}

#[tokio::test]
async fn nothing_is_checked_unless_it_is_wanted() {
    let (green, _health) = application_with_health().await;
    let served = Served::start(|elb| elb.target_groups.push(initial(green.address))).await;
    let moved = tokio::time::timeout(Duration::from_millis(50), until(&served, "healthy", None)).await;
    assert!(moved.is_err(), "it became healthy");
}
