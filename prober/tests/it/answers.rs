//! Answers, and the connections that carry them.

use greenlight_prober::{Fault, Limits, Overrides, Prober};
use http::Method;

use super::support::{
    Script, Server, Step, answer, ask, endpoint, get, load, never, no_answer, ok, patient, prober, send,
};

#[tokio::test]
async fn an_answer_is_whole_and_says_who_gave_it() {
    let server = Server::always([Step::Read, ok("hello")]).await;
    let answer = answer(ask(&server, patient()).await);
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"hello"[..]));
    assert_eq!(answer.headers["content-length"], "5");
    assert_eq!((answer.remote, answer.tls), (server.address, None));
    assert_eq!((answer.redirects.len(), answer.redirect_refused), (0, None));
    assert!(!answer.latency.is_zero());
}

#[tokio::test]
async fn an_answer_is_never_asked_for_again() {
    let unavailable = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    let server = Server::always([Step::Read, send(unavailable)]).await;
    assert_eq!(answer(ask(&server, patient()).await).status, 503);
    assert_eq!((server.connections(), server.requests().len()), (1, 1));
}

#[tokio::test]
async fn every_way_to_end_a_body_is_understood() {
    for (name, sent, body) in [
        ("length", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", "abc"),
        (
            "chunks",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
            "abc",
        ),
        ("end of the connection", "HTTP/1.1 200 OK\r\n\r\nabc", "abc"),
        ("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nabc", "abc"),
        ("another protocol", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", ""),
        ("no body", "HTTP/1.1 204 No Content\r\n\r\n", ""),
        (
            "interim answers",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n\
          HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc",
            "abc",
        ),
    ] {
        let server = Server::always([Step::Read, send(sent)]).await;
        assert_eq!(answer(ask(&server, patient()).await).body, body, "{name}");
    }
}

#[tokio::test]
async fn a_body_may_be_as_large_as_its_limit_and_is_taken_as_it_was_sent() {
    let limits = || Limits { max_body: 3, ..patient() };
    for (name, sent) in [
        ("length", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"),
        ("chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
        // Nobody asked for it, so it is not unpacked: what is small on the wire cannot grow here.
        ("compressed", "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"),
    ] {
        let server = Server::always([Step::Read, send(sent)]).await;
        assert_eq!(answer(ask(&server, limits()).await).body, "abc", "{name}");
        assert!(!server.requests()[0].contains("accept-encoding"), "{name}");
        let over = Limits { max_body: 2, ..patient() };
        let found = no_answer(ask(&server, over).await);
        assert!(matches!(found.fault, Fault::BodyTooLarge { limit: 2, .. }), "{name}: {found}");
    }
}

#[tokio::test]
async fn an_answer_to_head_has_no_body_whatever_it_announces() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
    let server = Server::always([Step::Serve(head.into())]).await;
    let endpoint = endpoint(&server.url(), &Overrides::default());
    let request = endpoint.request(Method::HEAD, "/").unwrap();
    let reply = Prober::new(endpoint, patient()).send(&request, never()).await.unwrap();
    assert!(answer(reply).body.is_empty());
}

#[tokio::test]
async fn a_request_is_written_as_asked() {
    let server = Server::always([Step::Serve(b"HTTP/1.1 204 No Content\r\n\r\n".into())]).await;
    let overrides = Overrides {
        connect_to: Some(("127.0.0.1".to_owned(), server.address.port())),
        host: Some("orders.example.com".to_owned()),
        ..Overrides::default()
    };
    let endpoint = endpoint("http://never-looked-up.example.com/base", &overrides);
    let prober = Prober::new(endpoint.clone(), patient());
    let request = |method, path| endpoint.request(method, path).unwrap().with_header("x-a", "1").unwrap();
    for request in [
        request(Method::GET, "/ping?deep=1"),
        request(Method::POST, "/").with_body("hello"),
        request(Method::POST, "/empty"),
    ] {
        answer(prober.send(&request, never()).await.unwrap());
    }
    let expected = [
        "GET /base/ping?deep=1 HTTP/1.1\r\nhost: orders.example.com\r\nx-a: 1\r\n\r\n",
        "POST /base/ HTTP/1.1\r\nhost: orders.example.com\r\nx-a: 1\r\ncontent-length: 5\r\n\r\nhello",
        "POST /base/empty HTTP/1.1\r\ncontent-length: 0\r\nhost: orders.example.com\r\nx-a: 1\r\n\r\n",
    ];
    assert_eq!(server.requests(), expected);
}

#[tokio::test]
async fn a_connection_is_kept_alive() {
    let server =
        Server::always([Step::Serve(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".into())]).await;
    let tally = load(&server, patient(), 10, 1).await;
    assert_eq!((tally.good, tally.connects.count, tally.reconnects), (10, 1, 0));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_the_answer_says_is_closed_is_replaced() {
    let closing = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let server = Server::always([Step::Read, send(closing)]).await;
    let tally = load(&server, patient(), 10, 1).await;
    assert_eq!((tally.good, tally.connects.count, tally.reconnects), (10, 10, 0));
}

#[tokio::test]
async fn a_connection_that_is_closed_without_a_word_is_replaced() {
    let server = Server::always([Step::Read, ok("ok")]).await;
    let tally = load(&server, patient(), 10, 1).await;
    // Whether the end was seen before the next request was written or after is up to the kernel.
    assert_eq!((tally.good, tally.connects.count, tally.failed()), (10, 10, 0));
    assert_eq!(server.requests().len(), 10);
}

#[tokio::test]
async fn a_connection_with_something_left_over_is_replaced() {
    let server = Server::start(|connection| match connection {
        // A body that is longer than it says, all in one piece.
        0 => Script::plain([
            Step::Read,
            send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 Oops\r\n\r\n"),
            Step::Hold,
        ]),
        _ => Script::plain([Step::Serve(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".into())]),
    })
    .await;
    let tally = load(&server, patient(), 3, 1).await;
    assert_eq!((tally.good, tally.statuses[&200], tally.connects.count), (3, 3, 2));
}

#[tokio::test]
async fn one_prober_can_be_asked_again() {
    let server = Server::always([Step::Serve(b"HTTP/1.1 204 No Content\r\n\r\n".into())]).await;
    let prober = prober(&server.url(), patient());
    for _ in 0..2 {
        answer(prober.send(&get(), never()).await.unwrap());
    }
    assert_eq!(server.connections(), 2);
}
