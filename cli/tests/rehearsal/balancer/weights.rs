//! Shares of the traffic, and changes that take effect at once.

use std::collections::BTreeMap;

use super::support::client::Client;
use super::support::target::application;
use super::support::world::{Served, forward, group, group_arn, listener, rule, target};

async fn count(client: &mut Client, requests: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for _ in 0..requests {
        *counts.entry(client.get("/").await.body).or_default() += 1;
    }
    counts
}

fn counts(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[tokio::test]
async fn weights_are_exact_and_change_at_once() {
    let (blue, green) = (application("blue").await, application("green").await);
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("blue", 1)])));
        elb.rules.push(rule(1, Vec::new(), forward(&[("blue", 100), ("green", 0)])));
        elb.target_groups.push(group("blue", vec![target(blue.address, "healthy")]));
        elb.target_groups.push(group("green", vec![target(green.address, "healthy")]));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    let steps = [
        (100, 0, counts(&[("blue", 100)])),
        (90, 10, counts(&[("blue", 90), ("green", 10)])),
        (50, 50, counts(&[("blue", 50), ("green", 50)])),
        (1, 3, counts(&[("blue", 25), ("green", 75)])),
        (0, 100, counts(&[("green", 100)])),
    ];
    for (of_blue, of_green, expected) in steps {
        served.change(|elb| elb.rules[0].actions = forward(&[("blue", of_blue), ("green", of_green)]));
        assert_eq!(count(&mut client, 100).await, expected, "{of_blue} to {of_green}");
    }
}

#[tokio::test]
async fn each_rule_deals_its_own_shares() {
    let (blue, green) = (application("blue").await, application("green").await);
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("blue", 1), ("green", 1)])));
        elb.target_groups.push(group("blue", vec![target(blue.address, "healthy")]));
        elb.target_groups.push(group("green", vec![target(green.address, "healthy")]));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    assert_eq!(client.get("/").await.body, "blue");
    served.change(|elb| elb.rules.push(rule(1, Vec::new(), forward(&[("blue", 1), ("green", 1)]))));
    assert_eq!(client.get("/").await.body, "blue");
    served.change(|elb| elb.rules.clear());
    assert_eq!(client.get("/").await.body, "green");
}

#[tokio::test]
async fn targets_of_a_group_take_turns() {
    let (one, two) = (application("one").await, application("two").await);
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.target_groups
            .push(group("green", vec![target(one.address, "healthy"), target(two.address, "healthy")]));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    assert_eq!(count(&mut client, 10).await, counts(&[("one", 5), ("two", 5)]));

    let entry = served.last();
    assert_eq!(entry.target_group, Some(group_arn("green")));
    let whose = entry.target.unwrap();
    assert_eq!((whose.id.as_str(), whose.port), ("127.0.0.1", two.address.port()));
}
