//! The check against servers that speak no HTTP.

use std::time::Duration;

use greenlight::{Kind, plan::Target};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::*;

/// A server that greets, and answers `PING` with `+PONG`, as Redis does.
struct Server {
    address: std::net::SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn server(greeting: &'static [u8], stays: bool) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut tcp, _)) = listener.accept().await {
            connections.spawn(async move {
                tcp.write_all(greeting).await.unwrap();
                let mut said = [0; 64];
                while stays && let Ok(1..) = tcp.read(&mut said).await {
                    if said.starts_with(b"PING\r\n") {
                        tcp.write_all(b"+PONG\r\n").await.unwrap();
                    }
                }
            });
        }
    });
    Server { address, task }
}

async fn run(settings: Value, target: Value) -> Outcome {
    let tcp: Tcp = serde_json::from_value(settings).unwrap();
    let target: Target = serde_json::from_value(target).unwrap();
    tcp.run(&Scope::for_target(target, Instant::now() + Duration::from_secs(30))).await
}

#[tokio::test]
async fn what_is_heard_is_held_against_what_is_expected() {
    let (quiet, mail, closing) =
        (server(b"", true).await, server(b"220 ready\r\n", true).await, server(b"\xff\x00", false).await);
    for (settings, address, kind, words) in [
        (json!({}), quiet.address, Kind::Pass, "ADDRESS accepted a connection"),
        (
            json!({"send": "PING\r\n", "expect": "+PONG"}),
            quiet.address,
            Kind::Pass,
            "ADDRESS answered \"+PONG\\r\\n\"",
        ),
        (json!({"expect": "220 "}), mail.address, Kind::Pass, "ADDRESS answered \"220 ready\\r\\n\""),
        (
            json!({"expect": "220 ", "timeout": "100ms"}),
            quiet.address,
            Kind::Fail,
            "ADDRESS said nothing within SPAN; expected an answer that contains \"220 \"",
        ),
        (
            json!({"expect": "250 ", "timeout": "100ms"}),
            mail.address,
            Kind::Fail,
            "ADDRESS said \"220 ready\\r\\n\" and no more within SPAN; expected an answer that contains \"250 \"",
        ),
        (
            json!({"expect": "220 "}),
            closing.address,
            Kind::Fail,
            "ADDRESS said \"\\\\xff\\\\x00\" and closed the connection; expected an answer that contains \"220 \"",
        ),
    ] {
        let outcome = run(settings.clone(), json!({ "url": format!("tcp://{address}") })).await;
        let words_of = outcome.words().replace(&address.to_string(), "ADDRESS");
        // How long exactly depends on the machine.
        let said = match words_of
            .split_once(" within ")
            .and_then(|(before, after)| Some((before, after.split_once(';')?.1)))
        {
            Some((before, after)) => format!("{before} within SPAN;{after}"),
            None => words_of,
        };
        assert_eq!((outcome.kind, said.as_str()), (kind, words), "{settings}");
    }
}

#[tokio::test]
async fn a_target_url_of_http_is_a_place_too() {
    let server = server(b"", true).await;
    let outcome = run(json!({}), json!({ "url": format!("http://{}/base", server.address) })).await;
    assert_eq!((outcome.kind, outcome.caveat.as_deref()), (Kind::Pass, Some("not proven to be green")));
}

#[tokio::test]
async fn a_connection_that_is_refused_is_greens_at_a_task_alone() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let outcome = run(json!({}), json!({ "url": format!("tcp://{address}") })).await;
    assert_eq!((outcome.kind, outcome.for_good), (Kind::Inconclusive, false), "{}", outcome.words());
    assert!(
        outcome.words().contains("the connection was refused; usually nothing listens"),
        "{}",
        outcome.words()
    );

    let tcp = Tcp::default();
    let scope = Scope::for_target(Target::default(), Instant::now() + Duration::from_secs(30));
    let place = Tcp::place(&scope, &address.to_string(), false).unwrap();
    let (outcome, reached) = tcp.at(&scope, place, true).await;
    assert_eq!((outcome.kind, reached), (Kind::Pending, Reached::Refused));
    assert_eq!(
        outcome.words(),
        format!(
            "{address} refuses connections: nothing listens there yet; expected a connection that is accepted (is it the port that the container listens on, on all its addresses and not on loopback alone?)"
        )
    );
}

#[tokio::test]
async fn a_plain_port_is_no_tls() {
    let server = server(b"220 ready\r\n", true).await;
    let settings = json!({"tls": true, "connect_timeout": "500ms"});
    let outcome = run(settings, json!({ "url": format!("tcp://{}", server.address) })).await;
    assert_eq!(outcome.kind, Kind::Inconclusive, "{}", outcome.words());
    assert!(
        outcome.words().contains("the other side does not speak TLS")
            || outcome.words().contains("no root certificates"),
        "{}",
        outcome.words()
    );
}

#[tokio::test]
async fn a_secret_needs_tls() {
    let settings = json!({"send": {"secret": "ssm:x"}, "expect": "ok"});
    let outcome = run(settings, json!({ "url": "tcp://127.0.0.1:1" })).await;
    assert_eq!(
        (outcome.for_good, outcome.words().as_str()),
        (
            true,
            "a secret would be sent to 127.0.0.1:1 in plain text (use TLS, or add `\"allow_plaintext\": true` to the check)"
        )
    );
}
