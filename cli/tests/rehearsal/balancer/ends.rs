//! How connections end, and that nothing outlives the balancer.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::client::{Client, request};
use super::support::soon;
use super::support::target::{application, echoing, server};
use super::support::world::{NETWORK_LISTENER, Served, fixed, forward, group, listener, target};

#[tokio::test]
async fn dropping_ends_listeners_and_connections() {
    let (green, echo) = (application("green").await, echoing("hello").await);
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.listeners.push(listener("TCP", forward(&[("echo", 1)])));
        elb.target_groups.push(group("green", vec![target(green.address, "healthy")]));
        elb.target_groups.push(group("echo", vec![target(echo.address, "healthy")]));
    })
    .await;
    let address = served.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    soon(idle.read_exact(&mut first)).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let mut bytes = TcpStream::connect(served.balancer.address(NETWORK_LISTENER).unwrap()).await.unwrap();
    soon(bytes.read_exact(&mut [0; 5])).await.unwrap();

    drop(served);
    for mut connection in [idle, bytes] {
        // Hung up or reset: there is no more to read.
        let _ = soon(connection.read_to_end(&mut Vec::new())).await;
    }
    soon(async {
        while let Ok(mut connection) = TcpStream::connect(address).await {
            // Taken by the kernel just before the socket was closed.
            let _ = connection.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn dropping_ends_requests_under_way() {
    let (asked, mut told) = tokio::sync::mpsc::channel(1);
    let silent = server(move |mut connection| {
        let asked = asked.clone();
        async move {
            while connection.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {
                asked.send(()).await.unwrap();
            }
        }
    })
    .await;
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("silent", 1)])));
        elb.target_groups.push(group("silent", vec![target(silent.address, "healthy")]));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    let (answer, ()) = tokio::join!(client.try_send(request("GET", "a", "/", &[])), async {
        soon(told.recv()).await.unwrap();
        drop(served);
    });
    assert!(answer.is_err(), "{answer:?}");
}

#[tokio::test]
async fn a_connection_serves_many_requests_unless_it_is_told_not_to() {
    let served = Served::start(|elb| elb.listeners.push(listener("HTTP", fixed(200, "ok")))).await;
    let mut client = Client::connect(served.address()).await;
    for _ in 0..20 {
        assert_eq!(client.get("/").await.body, "ok");
    }
    client.send(request("GET", "a", "/", &[("connection", "close")])).await;
    let refused = client.try_send(request("GET", "a", "/", &[])).await;
    assert!(refused.is_err(), "{refused:?}");
}

/// A target whose client is gone must learn of it, or it would work for nobody.
#[tokio::test]
async fn a_client_that_leaves_takes_its_target_along() {
    let (tell, mut told) = tokio::sync::mpsc::channel(2);
    let silent = server(move |mut connection| {
        let tell = tell.clone();
        async move {
            tell.send(connection.read_u8().await.map(drop)).await.unwrap();
            tell.send(connection.read_to_end(&mut Vec::new()).await.map(drop)).await.unwrap();
        }
    })
    .await;
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("silent", 1)])));
        elb.target_groups.push(group("silent", vec![target(silent.address, "healthy")]));
    })
    .await;
    let mut connection = TcpStream::connect(served.address()).await.unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    soon(told.recv()).await.unwrap().unwrap();
    drop(connection);
    // Hung up or reset: it is over for the target.
    let _ = soon(told.recv()).await.unwrap();
}
