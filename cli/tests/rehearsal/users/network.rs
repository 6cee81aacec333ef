//! Users before a network listener.

use std::collections::HashSet;
use std::net::SocketAddr;

use greenlight_cli::rehearsal::Colour::{Blue, Green};
use greenlight_cli::rehearsal::users::NoAnswer;

use super::support::{network, of, seen, tcp};
use crate::balancer::support::target::{answering, application, nobody};
use crate::balancer::support::world::{Served, forward, group, listener, target};

async fn served(blue: SocketAddr, green: SocketAddr) -> Served {
    Served::start(|elb| {
        elb.listeners.push(listener("TCP", forward(&[("blue", 3), ("green", 1)])));
        elb.target_groups.push(tcp(group("blue", vec![target(blue, "healthy")])));
        elb.target_groups.push(tcp(group("green", vec![target(green, "healthy")])));
    })
    .await
}

#[tokio::test]
async fn the_port_of_the_connection_tells_the_colour() {
    let blue = application("blue").await;
    let green = answering(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await;
    let served = served(blue.address, green.address).await;
    let seen = seen(&served, network(&served), 40).await;
    let (blues, greens) = (of(&seen, Some(Blue)), of(&seen, Some(Green)));
    assert!(greens.requests == seen.sent / 4 || greens.requests == seen.sent.div_ceil(4), "{seen}");
    assert_eq!((blues.errors, blues.statuses.get(&200)), (0, Some(&blues.requests)), "{seen}");
    assert_eq!((greens.errors, greens.statuses.get(&503)), (greens.requests, Some(&greens.requests)));
    // One connection for each.
    let clients: HashSet<_> = served.balancer.log().into_iter().map(|entry| entry.client).collect();
    assert_eq!(clients.len() as u64, seen.sent);
}

#[tokio::test]
async fn a_connection_that_is_reset_is_its_sides() {
    let (blue, nobody) = (application("blue").await, nobody().await);
    let served = served(blue.address, nobody).await;
    let refused = seen(&served, network(&served), 20).await;
    let greens = of(&refused, Some(Green));
    assert_eq!(greens.no_answers.get(&NoAnswer::CutOff), Some(&greens.requests), "{refused}");
    assert_eq!(of(&refused, Some(Blue)).errors, 0, "{refused}");

    served.change(|elb| elb.target_groups[1].targets.clear());
    let empty = seen(&served, network(&served), 20).await;
    assert_eq!(of(&empty, Some(Green)).errors, of(&empty, Some(Green)).requests, "{empty}");
    assert_eq!(of(&empty, Some(Blue)).errors, 0, "{empty}");
}
