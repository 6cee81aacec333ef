//! Network listeners: bytes both ways.

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::net::SocketAddr;

use greenlight_cli::rehearsal::aws::elb::{Action, Condition, Listener, Rule, TargetGroup};
use greenlight_cli::rehearsal::balancer::{AnsweredBy, Options};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::certificates::Authority;
use super::support::soon;
use super::support::target::{Running, echoing, nobody};
use super::support::world::{NETWORK_LISTENER, Served, forward, group, group_arn, listener, target};

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/orders";

fn tcp(name: &str, address: SocketAddr) -> TargetGroup {
    let mut group = group(name, vec![target(address, "healthy")]);
    "TCP".clone_into(&mut group.protocol);
    group
}

/// Says a word, ends its side, and returns all that came back.
async fn say(mut connection: impl AsyncRead + AsyncWrite + Unpin, word: &str) -> std::io::Result<String> {
    connection.write_all(word.as_bytes()).await?;
    connection.shutdown().await?;
    let mut answer = String::new();
    soon(connection.read_to_string(&mut answer)).await?;
    Ok(answer)
}

async fn say_to(served: &Served, word: &str) -> std::io::Result<String> {
    let address = served.balancer.address(NETWORK_LISTENER).unwrap();
    say(TcpStream::connect(address).await.unwrap(), word).await
}

async fn served(blue: &Running, green: &Running) -> Served {
    Served::start(|elb| {
        elb.listeners.push(listener("TCP", forward(&[("blue", 3), ("green", 1)])));
        elb.target_groups.push(tcp("blue", blue.address));
        elb.target_groups.push(tcp("green", green.address));
    })
    .await
}

#[tokio::test]
async fn connections_are_shared_out_by_weight() {
    let (blue, green) = (echoing("blue ").await, echoing("green ").await);
    let served = served(&blue, &green).await;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..8 {
        *counts.entry(say_to(&served, "hello").await.unwrap()).or_default() += 1;
    }
    assert_eq!(counts, BTreeMap::from([("blue hello".to_owned(), 6), ("green hello".to_owned(), 2)]));

    served.change(|elb| elb.listeners[0].default_actions = forward(&[("blue", 0), ("green", 1)]));
    assert_eq!(say_to(&served, "hello").await.unwrap(), "green hello");
    let entry = served.last();
    assert_eq!((entry.asked, entry.status, entry.rule), (None, None, None));
    assert_eq!((entry.target_group, entry.answered_by), (Some(group_arn("green")), AnsweredBy::Target));
}

#[tokio::test]
async fn connections_without_a_target_are_reset() {
    let (blue, green) = (echoing("blue ").await, echoing("green ").await);
    let served = served(&blue, &green).await;
    served.change(|elb| elb.target_groups.iter_mut().for_each(|group| group.targets.clear()));
    assert!(say_to(&served, "hello").await.is_err());
    let entry = served.last();
    assert_eq!((entry.target, entry.answered_by), (None, AnsweredBy::LoadBalancer));
    // One who has said nothing is reset, too, and not merely hung up on.
    let mut silent = TcpStream::connect(served.balancer.address(NETWORK_LISTENER).unwrap()).await.unwrap();
    assert_eq!(soon(silent.read_u8()).await.unwrap_err().kind(), ErrorKind::ConnectionReset);

    let nobody = nobody().await;
    served.change(|elb| {
        for group in &mut elb.target_groups {
            group.targets = vec![target(nobody, "healthy")];
        }
    });
    assert!(say_to(&served, "hello").await.is_err());
    assert_eq!(served.last().target.unwrap().port, nobody.port());

    served.change(|elb| {
        elb.listeners[0].default_actions =
            vec![Action::FixedResponse { status: 200, body: "hello".to_owned() }];
    });
    assert!(say_to(&served, "hello").await.is_err());
}

#[tokio::test]
async fn rules_of_network_listeners_know_where_connections_are_from() {
    let (blue, green) = (echoing("blue ").await, echoing("green ").await);
    let served = served(&blue, &green).await;
    let rule = |priority, condition| Rule {
        arn: format!("{}/{priority}", NETWORK_LISTENER.replace(":listener/", ":listener-rule/")),
        priority,
        conditions: vec![condition],
        actions: forward(&[("green", 1)]),
        transforms: Vec::new(),
    };
    served.change(|elb| {
        elb.rules.push(rule(1, Condition::PathPattern(vec!["*".to_owned()])));
        elb.rules.push(rule(2, Condition::SourceIp(vec!["127.0.0.0/8".to_owned()])));
    });
    assert_eq!(say_to(&served, "hello").await.unwrap(), "green hello");
    assert!(served.last().rule.unwrap().ends_with("/2"));
}

#[tokio::test]
async fn tls_ends_at_the_load_balancer() {
    let (authority, green) = (Authority::new(), echoing("green ").await);
    let certificates = HashMap::from([(CERTIFICATE.to_owned(), authority.issue("orders.example.com"))]);
    let served = Served::with(Options { certificates, ..Options::default() }, |elb| {
        let certificates = vec![CERTIFICATE.to_owned()];
        elb.listeners.push(Listener { certificates, ..listener("TLS", forward(&[("green", 1)])) });
        elb.target_groups.push(tcp("green", green.address));
    })
    .await;
    let address = served.balancer.address(NETWORK_LISTENER).unwrap();
    let connection = authority.connect(address, "orders.example.com", &[]).await.unwrap();
    assert_eq!(say(connection, "hello").await.unwrap(), "green hello");

    // What does not shake hands reaches no target.
    let answer = say(TcpStream::connect(address).await.unwrap(), "hello").await.unwrap_or_default();
    assert!(!answer.contains("green"), "{answer}");
    assert_eq!(served.balancer.log().len(), 1);

    served.change(|elb| elb.target_groups[0].targets.clear());
    let connection = authority.connect(address, "orders.example.com", &[]).await.unwrap();
    assert!(say(connection, "hello").await.is_err());
}

#[tokio::test]
async fn udp_is_left_alone() {
    let served = Served::start(|elb| {
        elb.listeners.push(Listener { port: 53, ..listener("UDP", forward(&[("dns", 1)])) });
    })
    .await;
    assert_eq!(served.balancer.address(NETWORK_LISTENER), None);
    assert_eq!(served.aws.look(|world| world.elb.listeners[0].port), 53);
}
