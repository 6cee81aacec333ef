//! What passes between client and target, and what is added on the way.

use axum::http::{Method, Request, Uri};
use http_body_util::Full;

use super::support::client::{Client, exchange, get, request};
use super::support::target::{Running, answering, application};
use super::support::world::{LISTENER, Served, forward, group, listener, target};

async fn served(behind: &Running) -> Served {
    Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.target_groups.push(group("green", vec![target(behind.address, "healthy")]));
    })
    .await
}

#[tokio::test]
async fn the_bound_port_is_in_the_world() {
    let green = application("green").await;
    let served = served(&green).await;
    let (port, name) =
        served.aws.look(|world| (world.elb.listeners[0].port, world.elb.load_balancers[0].dns_name.clone()));
    assert_eq!(Some(port), served.balancer.address(LISTENER).map(|address| address.port()));
    assert_eq!(name, "localhost");
    assert_eq!(served.balancer.address("arn:aws:elasticloadbalancing:…:listener/none"), None);
}

#[tokio::test]
async fn a_request_keeps_its_host_and_path_and_gains_where_it_is_from() {
    let green = application("green").await;
    let served = served(&green).await;
    let mut client = Client::connect(served.address()).await;
    let answer =
        client.send(request("GET", "orders.example.com:8443", "/echo?a=%20b", &[("x-mine", "1")])).await;
    let port = served.address().port();
    let lines: Vec<&str> = answer.body.lines().collect();
    assert_eq!(lines[0], "GET /echo?a=%20b HTTP/1.1");
    for expected in [
        "host: orders.example.com:8443",
        "x-mine: 1",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-proto: http",
        &format!("x-forwarded-port: {port}"),
    ] {
        assert!(lines.contains(&expected), "{expected} in {}", answer.body);
    }
    assert!(answer.body.contains("x-amzn-trace-id: Root=1-"), "{}", answer.body);
}

#[tokio::test]
async fn what_a_client_claims_is_added_to_or_replaced() {
    let green = application("green").await;
    let served = served(&green).await;
    let claimed = [
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "443"),
        ("x-amzn-trace-id", "Self=1-x-y;Root=1-67891233-abcdef012345678912345678"),
        ("connection", "x-only-for-you, keep-alive"),
        ("x-only-for-you", "1"),
        ("upgrade", "websocket"),
    ];
    let answer = Client::connect(served.address()).await.send(request("GET", "a", "/echo", &claimed)).await;
    assert!(answer.body.contains("x-forwarded-for: 192.0.2.7, 127.0.0.1\n"), "{}", answer.body);
    assert!(answer.body.contains("x-forwarded-proto: http\n"), "{}", answer.body);
    assert!(answer.body.contains(";Root=1-67891233-abcdef012345678912345678\n"), "{}", answer.body);
    for gone in ["Self=1-x-y", "x-forwarded-port: 443", "x-only-for-you", "upgrade"] {
        assert!(!answer.body.contains(gone), "{gone} in {}", answer.body);
    }
}

#[tokio::test]
async fn bodies_pass_both_ways() {
    let green = application("green").await;
    let served = served(&green).await;
    let mut client = Client::connect(served.address()).await;
    let body = "orders ".repeat(100_000);
    let mut sent = Request::new(Full::from(body.clone()));
    *sent.method_mut() = Method::POST;
    *sent.uri_mut() = Uri::from_static("/echo");
    sent.headers_mut().insert("host", "a".parse().unwrap());
    let answer = client.send(sent).await;
    assert_eq!(answer.body.split_once("\n\n").unwrap().1, body);
    // The same connection serves on.
    assert_eq!(client.get("/").await.body, "green");
}

#[tokio::test]
async fn an_answer_passes_unchanged() {
    let bytes: &[u8] = b"HTTP/1.1 418 I'm a teapot\r\nServer: orders\r\nX-Two: 1\r\nX-Two: 2\r\n\
        Set-Cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let green = answering(bytes).await;
    let served = served(&green).await;
    let answer = get(served.address(), "/").await;
    assert_eq!((answer.status, answer.body.as_str()), (418, "abc"));
    assert_eq!(answer.header("server"), Some("orders"));
    assert_eq!(answer.header("set-cookie"), Some("a=b"));
    assert_eq!(answer.headers.get_all("x-two").iter().collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn the_names_of_headers_keep_their_letters() {
    let green = answering(b"HTTP/1.1 200 OK\r\nX-MiXed: 1\r\nContent-Length: 0\r\n\r\n").await;
    let served = served(&green).await;
    let answer = exchange(served.address(), b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.contains("\r\nX-MiXed: 1\r\n"), "{answer}");
}

#[tokio::test]
async fn the_first_version_needs_no_host() {
    let green = application("green").await;
    let served = served(&green).await;
    let answer = exchange(served.address(), b"GET /echo HTTP/1.0\r\n\r\n").await;
    assert!(answer.contains(&format!("host: {}\n", served.address())), "{answer}");
    assert_eq!(served.last().asked.unwrap().host, "127.0.0.1");
}
