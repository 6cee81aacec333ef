//! TLS at application listeners, and to targets.

use std::collections::HashMap;
use std::io::ErrorKind;

use axum::http::{Request, Version};
use bytes::Bytes;
use greenlight_cli::rehearsal::aws::Aws;
use greenlight_cli::rehearsal::aws::elb::Listener;
use greenlight_cli::rehearsal::balancer::{Balancer, Options};
use greenlight_cli::rehearsal::lambda::{Lambda, Outcome};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::certificates::Authority;
use super::support::client::{Client, get};
use super::support::soon;
use super::support::target::{Running, application, echoing, server};
use super::support::world::{LISTENER, NETWORK_LISTENER, Served, forward, group, listener, target};
use crate::function::function;

const FIRST: &str = "arn:aws:acm:us-east-1:123456789012:certificate/first";
const SECOND: &str = "arn:aws:acm:us-east-1:123456789012:certificate/second";

fn secure(certificates: &[&str]) -> Listener {
    let certificates = certificates.iter().map(ToString::to_string).collect();
    Listener { certificates, ..listener("HTTPS", forward(&[("green", 1)])) }
}

async fn served(authority: &Authority, green: &Running) -> (Served, [CertificateDer<'static>; 2]) {
    let (first, second) = (authority.issue("orders.example.com"), authority.issue("*.example.org"));
    let shown = [first.chain[0].clone(), second.chain[0].clone()];
    let certificates = HashMap::from([(FIRST.to_owned(), first), (SECOND.to_owned(), second)]);
    let served = Served::with(Options { certificates, ..Options::default() }, |elb| {
        elb.listeners.push(secure(&[FIRST, SECOND]));
        elb.target_groups.push(group("green", vec![target(green.address, "healthy")]));
    })
    .await;
    (served, shown)
}

#[tokio::test]
async fn the_name_chooses_the_certificate() {
    let (authority, green) = (Authority::new(), application("green").await);
    let (served, [first, second]) = served(&authority, &green).await;
    for (name, expected) in [("orders.example.com", &first), ("a.example.org", &second)] {
        let connection = authority.connect(served.address(), name, &[]).await.unwrap();
        assert_eq!(&connection.get_ref().1.peer_certificates().unwrap()[0], expected, "{name}");
        assert_eq!(Client::over(connection).await.get("/").await.body, "green");
    }
    // Nobody's name gets the default certificate, which it then refuses.
    let refused = authority.connect(served.address(), "elsewhere.example.net", &[]).await.unwrap_err();
    assert!(refused.to_string().contains("orders.example.com"), "{refused}");
}

#[tokio::test]
async fn another_authority_is_not_trusted() {
    let (authority, green) = (Authority::new(), application("green").await);
    let (served, _) = served(&authority, &green).await;
    let refused = Authority::new().connect(served.address(), "orders.example.com", &[]).await.unwrap_err();
    assert!(refused.to_string().starts_with("invalid peer certificate"), "{refused}");
}

#[tokio::test]
async fn certificates_change_with_the_world() {
    let (authority, green) = (Authority::new(), application("green").await);
    let (served, [_, second]) = served(&authority, &green).await;
    served.change(|elb| elb.listeners[0].certificates = vec![SECOND.to_owned()]);
    assert!(authority.connect(served.address(), "orders.example.com", &[]).await.is_err());
    let connection = authority.connect(served.address(), "a.example.org", &[]).await.unwrap();
    assert_eq!(connection.get_ref().1.peer_certificates().unwrap()[0], second);
}

#[tokio::test]
async fn targets_learn_of_the_protocol() {
    let (authority, green) = (Authority::new(), application("green").await);
    let (served, _) = served(&authority, &green).await;
    let connection = authority.connect(served.address(), "orders.example.com", &["http/1.1"]).await.unwrap();
    let answer = Client::over(connection).await.get("/echo").await;
    assert!(answer.body.contains("x-forwarded-proto: https\n"), "{}", answer.body);
    assert!(answer.body.contains("host: orders.example.com\n"), "{}", answer.body);
}

#[tokio::test]
async fn http2_is_spoken_where_it_is_agreed_on() {
    let (authority, green) = (Authority::new(), application("green").await);
    let (served, _) = served(&authority, &green).await;
    let connection =
        authority.connect(served.address(), "orders.example.com", &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(connection.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(connection)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("https://orders.example.com/echo?a=b")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let answer = soon(sender.send_request(request)).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    let body = soon(answer.into_body().collect()).await.unwrap().to_bytes();
    let body = std::str::from_utf8(&body).unwrap();
    assert!(body.starts_with("GET /echo?a=b HTTP/1.1\n"), "{body}");
    assert!(body.contains("host: orders.example.com\n"), "{body}");
    assert!(body.contains("cookie: a=1; b=2\n"), "{body}");
}

#[tokio::test]
async fn targets_may_speak_tls_with_any_certificate() {
    let acceptor = Authority::new().acceptor("whatever.example.com");
    let green = server(move |connection| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut connection) = acceptor.accept(connection).await else { return };
            let _ = connection.read(&mut [0; 1024]).await;
            connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret").await.unwrap();
            let _ = connection.shutdown().await;
        }
    })
    .await;
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        let mut group = group("green", vec![target(green.address, "healthy")]);
        "HTTPS".clone_into(&mut group.protocol);
        elb.target_groups.push(group);
    })
    .await;
    assert_eq!(get(served.address(), "/").await.body, "secret");
    served.change(|elb| "HTTP".clone_into(&mut elb.target_groups[0].protocol));
    assert_eq!(get(served.address(), "/").await.status, 502);
}

/// A hook trusts the rehearsal's authority because `SSL_CERT_FILE` names it, and for no other reason.
#[tokio::test]
async fn hooks_trust_the_authority_through_their_environment() {
    let (authority, green) = (Authority::new(), application("green").await);
    let certificates = HashMap::from([(FIRST.to_owned(), authority.issue("localhost"))]);
    let served = Served::with(Options { certificates, ..Options::default() }, |elb| {
        elb.listeners.push(secure(&[FIRST]));
        elb.target_groups.push(group("green", vec![target(green.address, "healthy")]));
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let event = include_bytes!("../../../../events/ecs/post-test-traffic-shift.json");
    for (pem, expected) in [(authority.pem(), "SUCCEEDED"), (Authority::new().pem(), "FAILED")] {
        let file = directory.path().join(expected);
        std::fs::write(&file, pem).unwrap();
        let hook = function("test-traffic")
            .with_variable("AWS_ENDPOINT_URL", served.aws.endpoint_url())
            .with_variable("GREENLIGHT_TARGET_URL", format!("https://localhost:{}", served.address().port()))
            .with_variable("GREENLIGHT_PLAN", r#"{"checks":[{"http":{"path":"/"}}],"patience":"0s"}"#)
            .with_variable("SSL_CERT_FILE", file);
        let invocation = soon(Lambda::new(hook).invoke(&event[..])).await;
        let Outcome::Answered(answer) = &invocation.outcome else { panic!("{invocation:?}") };
        let answer: serde_json::Value = serde_json::from_slice(answer).unwrap();
        assert_eq!(answer["hookStatus"], expected, "{answer}");
    }
}

#[tokio::test]
async fn the_next_handshake_hangs_and_the_one_after_it_does_not() {
    let (authority, green) = (Authority::new(), application("green").await);
    let (served, _) = served(&authority, &green).await;
    served.balancer.hang_next_handshake(LISTENER);
    // One that says nothing is no handshake.
    let silent = tokio::net::TcpStream::connect(served.address()).await.unwrap();
    let (address, name) = (served.address(), "orders.example.com");
    let hanging = tokio::spawn({
        let authority = authority.clone();
        async move { authority.connect(address, name, &[]).await.map(drop) }
    });
    soon(served.balancer.until_handshakes_hang()).await;
    let connection = soon(authority.connect(address, name, &[])).await.unwrap();
    assert_eq!(Client::over(connection).await.get("/").await.body, "green");
    assert!(!hanging.is_finished(), "it waits for an answer");
    // It ends with the balancer, and only then.
    drop((served, silent));
    assert!(soon(hanging).await.unwrap().is_err());
}

#[tokio::test]
async fn handshakes_of_network_listeners_hang_as_often_as_is_wanted() {
    let (authority, green) = (Authority::new(), echoing("green").await);
    let certificates = HashMap::from([(FIRST.to_owned(), authority.issue("orders.example.com"))]);
    let served = Served::with(Options { certificates, ..Options::default() }, |elb| {
        let certificates = vec![FIRST.to_owned()];
        elb.listeners.push(Listener { certificates, ..listener("TLS", forward(&[("green", 1)])) });
        elb.target_groups.push(group("green", vec![target(green.address, "healthy")]));
    })
    .await;
    let address = served.balancer.address(NETWORK_LISTENER).unwrap();
    served.balancer.hang_next_handshake(NETWORK_LISTENER);
    served.balancer.hang_next_handshake(NETWORK_LISTENER);
    let hanging: Vec<_> = (0..2)
        .map(|_| {
            let authority = authority.clone();
            tokio::spawn(async move { authority.connect(address, "orders.example.com", &[]).await.map(drop) })
        })
        .collect();
    soon(served.balancer.until_handshakes_hang()).await;
    let mut third = soon(authority.connect(address, "orders.example.com", &[])).await.unwrap();
    third.write_all(b"hello").await.unwrap();
    let mut said = [0; 10];
    soon(third.read_exact(&mut said)).await.unwrap();
    assert_eq!(&said, b"greenhello");
    assert!(hanging.iter().all(|hanging| !hanging.is_finished()));
}

#[tokio::test]
async fn what_cannot_be_served_says_why() {
    let cases = [
        (secure(&[]), ErrorKind::InvalidInput, "has no certificate in the world"),
        (secure(&[SECOND]), ErrorKind::InvalidInput, SECOND),
        (listener("GENEVE", Vec::new()), ErrorKind::Unsupported, "speaks `GENEVE`"),
    ];
    for (listener, kind, words) in cases {
        let aws = Aws::start().await.unwrap();
        aws.change(|world| world.elb.listeners.push(listener));
        let error = Balancer::start(&aws, Options::default()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}
