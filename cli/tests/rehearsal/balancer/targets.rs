//! Which targets are in service, and that none is looked for beyond this machine.

use std::collections::{BTreeSet, HashMap};

use greenlight_cli::rehearsal::balancer::{AnsweredBy, Options};

use super::support::client::{Client, get};
use super::support::target::{application, nobody};
use super::support::world::{Served, forward, group, group_arn, listener, target};

#[tokio::test]
async fn states_decide_who_is_asked() {
    let (one, two) = (application("one").await, application("two").await);
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.target_groups.push(group("green", vec![target(one.address, ""), target(two.address, "")]));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    let cases: [(&str, &str, &[&str]); 12] = [
        ("healthy", "healthy", &["one", "two"]),
        ("healthy", "unhealthy", &["one"]),
        ("initial", "healthy", &["two"]),
        ("unhealthy", "unhealthy", &["one", "two"]),
        ("initial", "initial", &["one", "two"]),
        ("initial", "unhealthy", &["one", "two"]),
        ("unhealthy", "draining", &["one"]),
        ("draining", "healthy", &["two"]),
        ("draining", "draining", &[]),
        ("unused", "unused", &[]),
        ("unused", "draining", &[]),
        ("unavailable", "draining", &["one"]),
    ];
    for (first, second, expected) in cases {
        served.change(|elb| {
            first.clone_into(&mut elb.target_groups[0].targets[0].state);
            second.clone_into(&mut elb.target_groups[0].targets[1].state);
        });
        let mut asked = BTreeSet::new();
        for _ in 0..4 {
            let answer = client.get("/").await;
            match (answer.status, served.last().answered_by) {
                (200, AnsweredBy::Target) => drop(asked.insert(answer.body)),
                (503, AnsweredBy::LoadBalancer) => {}
                other => panic!("{first} and {second}: {other:?}"),
            }
        }
        assert_eq!(asked, expected.iter().map(ToString::to_string).collect(), "{first} and {second}");
    }
}

#[tokio::test]
async fn a_group_without_checks_serves() {
    let (one, nobody) = (application("one").await, nobody().await);
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        let mut unchecked = target(one.address, "unavailable");
        unchecked.reason = Some("Target.HealthCheckDisabled".to_owned());
        elb.target_groups.push(group("green", vec![target(nobody, "unhealthy"), unchecked]));
    })
    .await;
    for _ in 0..3 {
        assert_eq!(get(served.address(), "/").await.body, "one");
    }
}

#[tokio::test]
async fn fictitious_addresses_lead_where_they_are_mapped() {
    let (one, two) = (application("one").await, application("two").await);
    let mut fictitious = target(one.address, "healthy");
    "10.0.1.17".clone_into(&mut fictitious.id);
    fictitious.port = 8080;
    let known = HashMap::from([(("10.0.1.17".to_owned(), 8080), one.address)]);
    let served = Served::with(Options { addresses: known, ..Options::default() }, |elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.target_groups.push(group("green", vec![fictitious]));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    assert_eq!(client.get("/").await.body, "one");
    assert_eq!(served.last().target.unwrap().id, "10.0.1.17");

    served.balancer.map("10.0.1.17", 8080, two.address);
    assert_eq!(client.get("/").await.body, "two");
    served.balancer.unmap("10.0.1.17", 8080);
    assert_eq!(client.get("/").await.status, 502);
}

/// Were it dialled, it would take ten seconds until a 504, or be answered by whoever is there.
#[tokio::test]
async fn nothing_beyond_this_machine_is_dialled() {
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.target_groups.push(group("green", vec![target("192.0.2.1:80".parse().unwrap(), "healthy")]));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    for (id, port) in
        [("192.0.2.1", 80), ("169.254.169.254", 80), ("i-0123456789abcdef0", 80), ("10.0.0.1", 1)]
    {
        served.change(|elb| {
            id.clone_into(&mut elb.target_groups[0].targets[0].id);
            elb.target_groups[0].targets[0].port = port;
        });
        assert_eq!(client.get("/").await.status, 502, "{id}");
        assert_eq!(served.last().answered_by, AnsweredBy::LoadBalancer);
    }
    served.balancer.map("10.0.0.1", 1, "192.0.2.1:80".parse().unwrap());
    assert_eq!(client.get("/").await.status, 502, "mapped beyond");
    assert_eq!(served.last().target_group, Some(group_arn("green")));
}
