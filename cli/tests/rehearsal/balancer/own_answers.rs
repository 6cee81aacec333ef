//! What the load balancer answers where a target does not, and what it makes of no request at all.

use std::net::SocketAddr;
use std::time::Duration;

use greenlight_cli::rehearsal::aws::elb::{Action, Target};
use greenlight_cli::rehearsal::balancer::{AnsweredBy, Options};
use tokio::io::AsyncReadExt;

use super::support::client::{Answer, Client, exchange, get, request};
use super::support::target::{answering, application, nobody, server};
use super::support::world::{Served, fixed, forward, group, group_arn, listener, target};

async fn served(targets: Vec<Target>) -> Served {
    let options = Options { idle_timeout: Duration::from_millis(200), ..Options::default() };
    Served::with(options, |elb| {
        elb.listeners.push(listener("HTTP", forward(&[("green", 1)])));
        elb.target_groups.push(group("green", targets));
    })
    .await
}

fn assert_page(answer: &Answer, title: &str) {
    assert_eq!(format!("{}", answer.status), title[..3]);
    assert_eq!(answer.header("server"), Some("awselb/2.0"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    assert_eq!(answer.body, page);
}

async fn answer_of(address: SocketAddr) -> (Answer, Served) {
    let served = served(vec![target(address, "healthy")]).await;
    (get(served.address(), "/").await, served)
}

#[tokio::test]
async fn no_target_is_503() {
    let served = served(Vec::new()).await;
    let mut client = Client::connect(served.address()).await;
    assert_page(&client.get("/").await, "503 Service Temporarily Unavailable");
    let entry = served.last();
    assert_eq!((entry.target_group, entry.target), (Some(group_arn("green")), None));
    assert_eq!((entry.status, entry.answered_by), (Some(503), AnsweredBy::LoadBalancer));

    for (case, weights) in [
        ("no weight", vec![(group_arn("green"), 0)]),
        ("no such group", vec![(group_arn("gone"), 1)]),
        ("no group", Vec::new()),
    ] {
        served.change(|elb| elb.listeners[0].default_actions = vec![Action::Forward(weights)]);
        assert_eq!(client.get("/").await.status, 503, "{case}");
    }
    served.change(|elb| elb.listeners.clear());
    assert_eq!(client.get("/").await.status, 503, "no listener");
}

/// No fall-over: AWS documents that there is none.
#[tokio::test]
async fn an_empty_group_does_not_lend_its_share() {
    let blue = application("blue").await;
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("blue", 1), ("green", 1)])));
        elb.target_groups.push(group("blue", vec![target(blue.address, "healthy")]));
        elb.target_groups.push(group("green", Vec::new()));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.get("/").await.status);
    }
    assert_eq!(statuses, [200, 503, 200, 503]);
}

#[tokio::test]
async fn a_target_that_refuses_is_502() {
    let nobody = nobody().await;
    let (answer, served) = answer_of(nobody).await;
    assert_page(&answer, "502 Bad Gateway");
    let entry = served.last();
    assert_eq!(entry.answered_by, AnsweredBy::LoadBalancer);
    assert_eq!(entry.target.map(|target| target.port), Some(nobody.port()));
}

#[tokio::test]
async fn a_target_that_hangs_up_or_talks_rubbish_is_502() {
    let cases: [(&str, &'static [u8]); 5] = [
        ("nothing", b""),
        ("no HTTP", b"220 mail.example.com ESMTP\r\n"),
        ("half a head", b"HTTP/1.1 200 OK\r\ncontent-le"),
        ("a header that is none", b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"),
        ("another protocol that nobody asked for", b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"),
    ];
    for (case, bytes) in cases {
        let bad = answering(bytes).await;
        let (answer, served) = answer_of(bad.address).await;
        assert_eq!(answer.status, 502, "{case}: {answer:?}");
        assert_page(&answer, "502 Bad Gateway");
        assert_eq!(served.last().answered_by, AnsweredBy::LoadBalancer, "{case}");
    }
}

#[tokio::test]
async fn a_target_that_resets_is_502() {
    let bad = server(|mut connection| async move {
        let _ = connection.read(&mut [0; 16]).await;
        connection.set_zero_linger().unwrap();
    })
    .await;
    assert_page(&answer_of(bad.address).await.0, "502 Bad Gateway");
}

#[tokio::test]
async fn a_target_that_does_not_answer_in_time_is_504() {
    let silent = server(|mut connection| async move {
        // It reads until the load balancer gives up.
        while connection.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    let (answer, served) = answer_of(silent.address).await;
    assert_page(&answer, "504 Gateway Time-out");
    assert!(served.last().duration >= Duration::from_millis(200), "{:?}", served.last());
}

#[tokio::test]
async fn an_error_of_a_target_is_not_the_load_balancers() {
    let bad =
        answering(b"HTTP/1.1 503 Service Unavailable\r\nserver: orders\r\ncontent-length: 4\r\n\r\nbusy")
            .await;
    let (answer, served) = answer_of(bad.address).await;
    assert_eq!((answer.status, answer.header("server"), answer.body.as_str()), (503, Some("orders"), "busy"));
    assert_eq!(served.last().answered_by, AnsweredBy::Target);
}

#[tokio::test]
async fn what_is_no_request_is_400() {
    let served = Served::start(|elb| elb.listeners.push(listener("HTTP", fixed(200, "a request")))).await;
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(1024 * 1024));
    let cases: [(&str, &[u8]); 8] = [
        ("no HTTP", b"hello\r\n\r\n"),
        ("a version that does not exist", b"GET / HTTP/9.9\r\nhost: a\r\n\r\n"),
        ("a header that is none", b"GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n"),
        ("no host", b"GET / HTTP/1.1\r\n\r\n"),
        ("two hosts", b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n"),
        ("two lengths", b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"),
        ("a length that is none", b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n"),
        ("a header that never ends", long.as_bytes()),
    ];
    for (case, bytes) in cases {
        let answer = exchange(served.address(), bytes).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{case}: {answer:?}"));
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{case}: {answer}");
        assert!(head.contains("\r\nserver: awselb/2.0\r\n"), "{case}: {answer}");
        assert!(body.starts_with("<html>\r\n<head><title>400 Bad Request</title>"), "{case}: {answer}");
        let entry = served.last();
        assert_eq!((entry.status, entry.answered_by), (Some(400), AnsweredBy::LoadBalancer), "{case}");
    }
    assert_eq!(served.balancer.log().len(), cases.len());
}

#[tokio::test]
async fn trace_is_405() {
    let served = Served::start(|elb| elb.listeners.push(listener("HTTP", fixed(200, "")))).await;
    let answer = Client::connect(served.address()).await.send(request("TRACE", "a", "/", &[])).await;
    assert_eq!((answer.status, answer.header("server")), (405, Some("awselb/2.0")));
}
