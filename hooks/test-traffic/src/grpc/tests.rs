//! The check against servers of gRPC that answer well, badly, or not at all; its settings against their mistakes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use greenlight::{Kind, plan::Target};
use http::{HeaderMap, HeaderValue, Response};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

use super::*;

/// A server on a free port that answers each service in its own way, and the calls that it got.
struct Server {
    address: std::net::SocketAddr,
    calls: Arc<Mutex<Vec<HeaderMap>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn server(tls: Option<TlsAcceptor>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let calls: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let seen = Arc::clone(&calls);
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((tcp, _)) = listener.accept().await {
            let (tls, seen) = (tls.clone(), Arc::clone(&seen));
            connections.spawn(async move {
                match tls {
                    None => serve(tcp, seen).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(tcp).await {
                            serve(stream, seen).await;
                        }
                    }
                }
            });
        }
    });
    Server { address, calls, task }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, calls: Arc<Mutex<Vec<HeaderMap>>>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let mut answers = JoinSet::new();
    while let Some(Ok((request, respond))) = connection.accept().await {
        calls.lock().unwrap().push(request.headers().clone());
        answers.spawn(answer(request, respond));
    }
}

/// A name in a service tells what becomes of the call.
async fn answer(request: http::Request<h2::RecvStream>, mut respond: h2::server::SendResponse<Bytes>) {
    assert_eq!((request.uri().path(), request.method().as_str()), (health::PATH, "POST"));
    let mut body = request.into_body();
    let mut asked = Vec::new();
    while let Some(Ok(piece)) = body.data().await {
        asked.extend(piece);
    }
    let service = String::from_utf8_lossy(asked.get(7..).unwrap_or_default()).into_owned();
    let head = |status: u16, content_type: &str| {
        Response::builder().status(status).header("content-type", content_type)
    };
    let grpc = || head(200, "application/grpc");
    let trailers_only = |status: &str, message: &str| {
        grpc().header("grpc-status", status).header("grpc-message", message).body(()).unwrap()
    };
    let whole = match service.as_str() {
        "never" => std::future::pending().await,
        "broken.Off" => return respond.send_reset(h2::Reason::INTERNAL_ERROR),
        "not.Found" => trailers_only("5", "unknown service"),
        "not.Implemented" => trailers_only("12", ""),
        "not.Authenticated" => trailers_only("16", "no%20token"),
        "not.Available" => trailers_only("14", "draining"),
        "no.Status" => grpc().body(()).unwrap(),
        "no.Grpc" => head(200, "text/html").body(()).unwrap(),
        "no.Balancer" => head(464, "text/plain").header("server", "awselb/2.0").body(()).unwrap(),
        _ => {
            let status = match service.as_str() {
                "not.Serving" => 2,
                "is.Unknown" => 0,
                "service.Unknown" => 3,
                _ => 1,
            };
            let mut stream = respond.send_response(grpc().body(()).unwrap(), false).unwrap();
            stream.send_data(Bytes::from(vec![0, 0, 0, 0, 2, 8, status]), false).unwrap();
            let trailers =
                HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("0"))]);
            stream.send_trailers(trailers).unwrap();
            return;
        }
    };
    respond.send_response(whole, true).unwrap();
}

fn scope(target: Value) -> Scope {
    let target: Target = serde_json::from_value(target).unwrap();
    Scope::for_target(target, Instant::now() + Duration::from_secs(30))
}

async fn run(settings: Value, target: Value) -> Outcome {
    let grpc: Grpc = serde_json::from_value(settings).unwrap();
    grpc.run(&scope(target)).await
}

#[tokio::test]
async fn each_answer_comes_to_its_own_outcome() {
    let server = server(None).await;
    let url = format!("http://{}", server.address);
    for (settings, kind, words) in [
        (json!({}), Kind::Pass, "the server is SERVING at URL"),
        (json!({"service": "a.Good"}), Kind::Pass, "`a.Good` is SERVING at URL"),
        (
            json!({"services": ["a.Good", "b.Good"]}),
            Kind::Pass,
            "`a.Good`: `a.Good` is SERVING at URL; `b.Good`: `b.Good` is SERVING at URL",
        ),
        (
            json!({"service": "not.Serving"}),
            Kind::Fail,
            "`not.Serving` is NOT_SERVING at URL; expected `not.Serving` to be SERVING",
        ),
        (
            json!({"services": ["a.Good", "not.Serving"]}),
            Kind::Fail,
            "`not.Serving`: `not.Serving` is NOT_SERVING at URL; expected `not.Serving` to be SERVING",
        ),
        (
            json!({"service": "is.Unknown"}),
            Kind::Fail,
            "`is.Unknown` is UNKNOWN at URL; expected `is.Unknown` to be SERVING",
        ),
        (
            json!({"service": "not.Found"}),
            Kind::Fail,
            "the health service at URL does not know `not.Found`: NOT_FOUND (5); expected `not.Found` to be SERVING (the server has to register the service with its health service by this very name; leave `service` out to ask for the server as a whole)",
        ),
        (
            json!({"service": "service.Unknown"}),
            Kind::Fail,
            "the health service at URL does not know `service.Unknown`: SERVICE_UNKNOWN; expected `service.Unknown` to be SERVING (the server has to register the service with its health service by this very name; leave `service` out to ask for the server as a whole)",
        ),
        (
            json!({"service": "not.Implemented"}),
            Kind::Inconclusive,
            "there is no health service at URL: UNIMPLEMENTED (12) (add the health service (grpc.health.v1) to the server, as the libraries of gRPC have it, or use the check `tcp`)",
        ),
        (
            json!({"service": "not.Authenticated"}),
            Kind::Fail,
            "the health service at URL answered UNAUTHENTICATED (16) \"no token\" for `not.Authenticated`; expected `not.Authenticated` to be SERVING (does the probe need `metadata` with a secret, e.g. `authorization`?)",
        ),
        (
            json!({"service": "not.Available"}),
            Kind::Fail,
            "the health service at URL answered UNAVAILABLE (14) \"draining\" for `not.Available`; expected `not.Available` to be SERVING (a server that is starting or shutting down, or a proxy with nothing behind it)",
        ),
        (
            json!({"service": "no.Status"}),
            Kind::Fail,
            "URL answered gRPC that is broken: the answer ended without a `grpc-status`; expected `no.Status` to be SERVING",
        ),
        (
            json!({"service": "no.Grpc"}),
            Kind::Fail,
            "URL answered HTTP status 200 with the content type \"text/html\", which is no gRPC; expected `no.Grpc` to be SERVING (is it gRPC that listens there? the check's `port` may be another, with `\"via\": \"tasks\"`)",
        ),
        (
            json!({"service": "no.Balancer"}),
            Kind::Fail,
            "URL answered HTTP status 464 made by the load balancer itself (server: awselb/2.0), which is no gRPC; expected `no.Balancer` to be SERVING (464: green's target group does not speak gRPC; its protocol version must be GRPC)",
        ),
        (
            json!({"service": "broken.Off"}),
            Kind::Fail,
            "ADDRESS reset the request's stream (HTTP/2 INTERNAL_ERROR) without an answer (URL, `broken.Off`); expected an answer",
        ),
    ] {
        let outcome = run(settings.clone(), json!({ "url": url })).await;
        let said = outcome.words().replace(&url, "URL").replace(&server.address.to_string(), "ADDRESS");
        assert_eq!((outcome.kind, said.as_str()), (kind, words), "{settings}");
        assert_eq!(outcome.for_good, kind == Kind::Inconclusive, "{settings}");
        assert_eq!(outcome.caveat.as_deref(), Some("not proven to be green"), "{settings}");
    }
}

#[tokio::test]
async fn the_deadline_is_told_and_kept() {
    let server = server(None).await;
    let target = json!({ "url": format!("http://{}", server.address) });
    let outcome = run(json!({"service": "never", "timeout": "300ms"}), target).await;
    assert_eq!(outcome.kind, Kind::Fail, "{}", outcome.words());
    assert!(outcome.observed.contains(" sent nothing within 3"), "{}", outcome.words());
    assert_eq!(server.calls.lock().unwrap()[0]["grpc-timeout"], "300m");
}

#[tokio::test]
async fn a_call_carries_metadata() {
    let server = server(None).await;
    let target = json!({ "url": format!("http://{}", server.address), "headers": {"x-route": "green", "x-b": "target"} });
    run(json!({"metadata": {"x-b": "check", "user-agent": null}}), target).await;
    let calls = server.calls.lock().unwrap();
    assert_eq!(
        (&calls[0]["x-route"], &calls[0]["x-b"]),
        (&HeaderValue::from_static("green"), &HeaderValue::from_static("check"))
    );
    assert_eq!(
        (&calls[0]["te"], &calls[0]["content-type"]),
        (&HeaderValue::from_static("trailers"), &HeaderValue::from_static("application/grpc"))
    );
    assert!(calls[0].contains_key("x-greenlight-deployment") && !calls[0].contains_key("user-agent"));
}

#[tokio::test]
async fn tls_is_verified() {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["orders.example.com".to_owned()]).unwrap().self_signed(&key).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let server = server(Some(TlsAcceptor::from(Arc::new(config)))).await;
    let url = format!("https://{}", server.address);
    let trusted = json!({"url": url, "tls": {"ca": certificate.pem(), "server_name": "orders.example.com"}});
    let outcome = run(json!({"service": "a.Good"}), trusted).await;
    assert_eq!(outcome.kind, Kind::Pass, "{}", outcome.words());

    let outcome =
        run(json!({"connect_timeout": "1s"}), json!({"url": url, "tls": {"ca": certificate.pem()}})).await;
    assert_eq!((outcome.kind, outcome.for_good), (Kind::Inconclusive, false));
    assert!(outcome.words().contains("set `target.tls.server_name`"), "{}", outcome.words());
}

#[tokio::test]
async fn what_cannot_be_asked_is_inconclusive_and_says_why() {
    for (settings, target, for_good, words) in [
        (json!({}), json!({}), true, "there is no deployment (set `target.url`"),
        (
            json!({}),
            json!({"url": "http://127.0.0.1:1"}),
            false,
            "cannot reach 127.0.0.1:1 (connect phase, 3 attempts)",
        ),
        (
            json!({"metadata": {"authorization": {"secret": "ssm:x"}}}),
            json!({"url": "http://127.0.0.1:1"}),
            true,
            "a secret would be sent to http://127.0.0.1:1 in plain text (use TLS, or add `\"allow_plaintext\": true` to the check)",
        ),
    ] {
        let outcome = run(settings.clone(), target).await;
        assert_eq!((outcome.kind, outcome.for_good), (Kind::Inconclusive, for_good), "{settings}");
        assert!(outcome.words().starts_with(words) || outcome.words().contains(words), "{}", outcome.words());
    }
}

#[tokio::test]
async fn a_server_of_http_1_is_no_server_of_grpc() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.read_exact(&mut [0; 24]).await.unwrap();
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        std::future::pending::<()>().await;
    });
    let outcome = run(json!({}), json!({ "url": format!("http://{address}") })).await;
    let words = format!(
        "what {address} answered is not HTTP/2: the port speaks HTTP/1.1, it answered `HTTP/1.1 400 Bad Request` (http://{address}, the server); expected an answer"
    );
    assert_eq!((outcome.kind, outcome.words()), (Kind::Fail, words));
    task.abort();
}

#[test]
fn names_of_services() {
    for name in ["orders.v1.Orders", "Orders", "grpc.health.v1.Health", "_a.b_1-x"] {
        assert!(is_service(name), "{name}");
    }
    for name in ["", "/orders.v1.Orders/List", ".orders", "orders..v1", "a b", "1a"] {
        assert!(!is_service(name), "{name}");
    }
}
