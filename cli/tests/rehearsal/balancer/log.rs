//! The log: who asked, under which trace, and how one reads on.

use std::time::Duration;

use greenlight_cli::rehearsal::balancer::AnsweredBy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::client::{Client, request};
use super::support::soon;
use super::support::target::{application, echoing, server};
use super::support::world::{LISTENER, NETWORK_LISTENER, Served, fixed, forward, group, listener, target};

#[tokio::test]
async fn an_entry_has_the_trace_that_the_target_got() {
    let green = application("green").await;
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.target_groups.push(group("green", vec![target(green.address, "healthy")]));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    let root = "Root=1-67891233-abcdef012345678912345678";
    for headers in [&[("x-amzn-trace-id", root)][..], &[]] {
        let answer = client.send(request("GET", "a", "/echo", headers)).await;
        let trace = served.last().trace.unwrap();
        assert!(answer.body.contains(&format!("x-amzn-trace-id: {trace}\n")), "{trace}: {}", answer.body);
        assert_eq!(trace.ends_with(root), !headers.is_empty(), "{trace}");
    }

    // What the load balancer answers by itself has one, too.
    served.change(|elb| elb.listeners[0].default_actions = fixed(404, ""));
    client.send(request("GET", "a", "/", &[("x-amzn-trace-id", root)])).await;
    assert!(served.last().trace.unwrap().ends_with(root));
}

#[tokio::test]
async fn an_entry_has_the_clients_address() {
    let echo = echoing("").await;
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", fixed(200, "")));
        elb.listeners.push(listener("TCP", forward(&[("echo", 1)])));
        elb.target_groups.push(group("echo", vec![target(echo.address, "healthy")]));
    })
    .await;
    for (arn, word) in [(LISTENER, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"), (NETWORK_LISTENER, "hello")] {
        let mut connection = TcpStream::connect(served.balancer.address(arn).unwrap()).await.unwrap();
        connection.write_all(word.as_bytes()).await.unwrap();
        soon(connection.read_u8()).await.unwrap();
        let entry = served.last();
        assert_eq!((entry.listener.as_str(), entry.client), (arn, connection.local_addr().unwrap()));
        assert_eq!(entry.trace.is_some(), arn == LISTENER);
    }
}

#[tokio::test]
async fn one_reads_on_from_where_one_was() {
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", fixed(200, "")));
        elb.listeners.push(listener("TCP", forward(&[("gone", 1)])));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    client.get("/before").await;
    let mut reader = served.balancer.log_reader(LISTENER);
    let (before, next) = served.balancer.log_since(0);
    assert_eq!((before.len(), next, reader.end()), (1, 1, 1));

    let added = reader.added();
    client.get("/one").await;
    soon(added).await;
    let mut other = TcpStream::connect(served.balancer.address(NETWORK_LISTENER).unwrap()).await.unwrap();
    assert!(soon(other.read_u8()).await.is_err());
    client.get("/two").await;
    let (all, next) = served.balancer.log_since(next);
    assert_eq!((all.len(), next), (3, 4));
    let of_listener = reader.read().into_iter().map(|(number, entry)| (number, entry.asked.unwrap().path));
    assert_eq!(of_listener.collect::<Vec<_>>(), [(1, "/one".to_owned()), (3, "/two".to_owned())]);
    assert!(reader.read().is_empty());
    assert!(served.balancer.log_since(next).0.is_empty());
    assert!(served.balancer.log_since(u64::MAX).0.is_empty());
}

#[tokio::test]
async fn a_client_that_leaves_is_in_the_log() {
    let (asked, mut told) = tokio::sync::mpsc::channel(1);
    let silent = server(move |mut connection| {
        let asked = asked.clone();
        async move {
            connection.read_u8().await.unwrap();
            asked.send(()).await.unwrap();
            let _ = connection.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("silent", 1)])));
        elb.target_groups.push(group("silent", vec![target(silent.address, "healthy")]));
    })
    .await;
    let reader = served.balancer.log_reader(LISTENER);
    let added = reader.added();
    let mut connection = TcpStream::connect(served.address()).await.unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    soon(told.recv()).await.unwrap();
    assert!(served.balancer.log().is_empty());
    drop(connection);
    soon(added).await;
    let entry = served.last();
    assert_eq!((entry.status, entry.answered_by), (Some(460), AnsweredBy::LoadBalancer));
    assert_eq!(entry.target.unwrap().port, silent.address.port());
    assert!(entry.duration > Duration::ZERO);
}
