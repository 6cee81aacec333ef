//! How much users send at a time, and how they end.

use std::time::Duration;

use greenlight_cli::rehearsal::clock::Clock;
use greenlight_cli::rehearsal::users::{NoAnswer, Settings, Users};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::support::{of, settings};
use crate::balancer::support::soon;
use crate::balancer::support::target::{Running, server};
use crate::balancer::support::world::{Served, fixed, forward, group, listener, target};

/// A target that says when it is asked and when its client is gone, and never answers.
async fn silent() -> (Running, mpsc::Receiver<&'static str>) {
    let (tell, told) = mpsc::channel(100);
    let silent = server(move |mut connection| {
        let tell = tell.clone();
        async move {
            let _ = connection.read_u8().await;
            let _ = tell.send("asked").await;
            let _ = connection.read_to_end(&mut Vec::new()).await;
            let _ = tell.send("gone").await;
        }
    })
    .await;
    (silent, told)
}

async fn served(green: &Running) -> Served {
    Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.target_groups.push(group("green", vec![target(green.address, "healthy")]));
    })
    .await
}

#[tokio::test]
async fn what_cannot_be_sent_is_asked_and_dropping_ends_what_was_sent() {
    let (green, mut told) = silent().await;
    let served = served(&green).await;
    let clock = Clock::start(60.0);
    let patience = Duration::from_hours(1);
    let users =
        Users::start(Settings { clock: clock.clone(), most_at_once: 3, patience, ..settings(&served) });
    for _ in 0..3 {
        assert_eq!(soon(told.recv()).await, Some("asked"));
    }
    soon(async {
        while users.seen().asked < 10 {
            clock.sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
    let seen = users.seen();
    assert_eq!((seen.sent, seen.total.requests), (3, 0), "{seen}");
    assert!(users.scale() > 3.0, "{}", users.scale());

    drop(users);
    for _ in 0..3 {
        assert_eq!(soon(told.recv()).await, Some("gone"));
    }
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn stopping_waits_for_what_is_under_way() {
    let (tell, mut told) = mpsc::channel(100);
    let (go, gone) = tokio::sync::watch::channel(false);
    let slow = server(move |mut connection| {
        let (tell, mut gone) = (tell.clone(), gone.clone());
        async move {
            let _ = connection.read(&mut [0; 1024]).await;
            let _ = tell.send(()).await;
            let _ = gone.wait_for(|gone| *gone).await;
            let _ = connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    })
    .await;
    let served = served(&slow).await;
    let users = Users::start(settings(&served));
    soon(told.recv()).await.unwrap();
    let (seen, ()) = tokio::join!(soon(users.stop()), async {
        go.send_replace(true);
    });
    assert_eq!((seen.total.requests, seen.total.errors), (seen.sent, 0), "{seen}");
    assert!(seen.sent >= 1);
}

#[tokio::test]
async fn a_listener_that_is_gone_is_an_error_of_neither_side() {
    let served = Served::start(|elb| elb.listeners.push(listener("HTTP", fixed(200, "ok")))).await;
    let settings = settings(&served);
    let address = settings.address;
    drop(served);
    soon(async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let users = Users::start(settings);
    soon(async {
        while users.seen().total.requests < 5 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let seen = soon(users.stop()).await;
    let neither = of(&seen, None);
    assert_eq!(neither.no_answers.get(&NoAnswer::Refused), Some(&seen.sent), "{seen}");
    assert_eq!((neither.errors, seen.by_colour.len()), (seen.sent, 1), "{seen}");
}

#[tokio::test]
async fn no_rate_is_no_traffic() {
    let served = Served::start(|elb| elb.listeners.push(listener("HTTP", fixed(200, "ok")))).await;
    let users = Users::start(Settings { rate: 0.0, ..settings(&served) });
    let seen = soon(users.stop()).await;
    assert_eq!((seen.asked, seen.sent), (0, 0));
    assert!(served.balancer.log().is_empty());
}
