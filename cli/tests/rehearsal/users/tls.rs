//! Users before listeners that speak TLS.

use std::collections::HashMap;
use std::sync::Arc;

use greenlight_cli::rehearsal::Colour::Green;
use greenlight_cli::rehearsal::aws::elb::Listener;
use greenlight_cli::rehearsal::balancer::Options;
use greenlight_cli::rehearsal::clock::Clock;
use greenlight_cli::rehearsal::users::{NoAnswer, Settings, Users};
use rustls_pki_types::ServerName;

use super::support::{network, of, seen, settings, tcp};
use crate::balancer::support::certificates::Authority;
use crate::balancer::support::soon;
use crate::balancer::support::target::application;
use crate::balancer::support::world::{Served, forward, group, listener, target};

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/orders";

async fn served(authority: &Authority, green: std::net::SocketAddr) -> Served {
    let certificates = HashMap::from([(CERTIFICATE.to_owned(), authority.issue("orders.example.com"))]);
    Served::with(Options { certificates, ..Options::default() }, |elb| {
        for (protocol, name) in [("HTTPS", "green"), ("TLS", "green")] {
            let certificates = vec![CERTIFICATE.to_owned()];
            elb.listeners.push(Listener { certificates, ..listener(protocol, forward(&[(name, 1)])) });
        }
        elb.target_groups.push(tcp(group("green", vec![target(green, "healthy")])));
        "HTTP".clone_into(&mut elb.target_groups[0].protocol);
    })
    .await
}

#[tokio::test]
async fn users_trust_whom_they_are_told_to() {
    let (authority, green) = (Authority::new(), application("green").await);
    let served = served(&authority, green.address).await;
    let name = ServerName::try_from("orders.example.com").unwrap();
    for settings in [settings(&served), network(&served)] {
        // Whatever else could be agreed on, they speak HTTP/1.1.
        let mut config = authority.client();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let tls = Some((Arc::new(config), name.clone()));
        let seen = seen(&served, Settings { tls, ..settings }, 10).await;
        assert_eq!((seen.total.errors, of(&seen, Some(Green)).requests), (0, seen.sent), "{seen}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_an_error() {
    let (authority, green) = (Authority::new(), application("green").await);
    let served = served(&authority, green.address).await;
    let name = ServerName::try_from("orders.example.com").unwrap();
    for settings in [settings(&served), network(&served)] {
        let tls = Some((Arc::new(Authority::new().client()), name.clone()));
        let clock = Clock::start(1.0);
        let users = Users::start(Settings { tls, rate: 100.0, clock, ..settings });
        soon(async {
            while users.seen().total.requests == 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let seen = soon(users.stop()).await;
        assert_eq!(of(&seen, None).no_answers.get(&NoAnswer::Tls), Some(&seen.sent), "{seen}");
    }
}
