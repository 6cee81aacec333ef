//! Requests that were written and got no answer: green's fault, told in words, never tried again.

use std::time::Duration;

use greenlight_prober::{Fault, Limits, Load, OutOfTime, Overrides, Prober, Reply, Request};
use http::Method;
use tokio::time::Instant;

use super::support::{
    Script, Server, Step, any, ask, endpoint, get, hasty, load, never, no_answer, ok, patient, prober, send,
};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";

#[tokio::test]
async fn a_server_that_accepts_and_never_answers() {
    let server = Server::always([Step::Read, Step::Hold]).await;
    let found = no_answer(ask(&server, hasty()).await);
    assert_eq!((&found.fault, found.status), (&Fault::TimedOut { received: 0 }, None));
    assert!(found.waited >= hasty().timeout, "{:?}", found.waited);
    assert!(found.to_string().contains("sent nothing within"), "{found}");
    assert_eq!((server.connections(), server.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_head_or_body_that_does_not_end_in_time() {
    for (name, sent, received, status) in [
        ("head", "HTTP/1.1 200", 12, None),
        ("body", &format!("{HEAD}abc"), 3, Some(200)),
        ("chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", 3, Some(200)),
        ("until closed", "HTTP/1.1 200 OK\r\n\r\nabc", 3, Some(200)),
    ] {
        let server = Server::always([Step::Read, send(sent), Step::Hold]).await;
        let found = no_answer(ask(&server, hasty()).await);
        assert_eq!(found.fault, Fault::TimedOut { received }, "{name}");
        assert_eq!(found.status.map(|status| status.as_u16()), status, "{name}");
    }
}

#[tokio::test]
async fn a_drip_does_not_extend_the_time() {
    for sent in [format!("{HEAD}0123456789"), HEAD.to_owned()] {
        let server = Server::always([Step::Read, Step::Drip(sent.into(), Duration::from_millis(50))]).await;
        let found = no_answer(ask(&server, hasty()).await);
        assert!(matches!(found.fault, Fault::TimedOut { received: 1.. }), "{found}");
    }
}

/// There is always more to read, and never an answer in it: the server sends from a thread of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interim_answers_without_end_do_not_extend_the_time() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
    let server = Server::always([Step::Read, Step::SendForever(interim.into())]).await;
    let found = no_answer(ask(&server, hasty()).await);
    assert!(matches!(found.fault, Fault::TimedOut { received: 1.. }), "{found}");
    assert_eq!(found.status, None);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let limits = || Limits { max_body: 100_000, ..patient() };
    let endless = "HTTP/1.1 200 OK\r\n\r\n";
    let server = Server::always([Step::Read, send(endless), Step::SendForever(vec![b'x'; 1000])]).await;
    let found = no_answer(ask(&server, limits()).await);
    assert_eq!(found.fault, Fault::BodyTooLarge { limit: 100_000, announced: None });

    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let server = Server::always([Step::Read, send(chunked), Step::SendForever(b"1\r\nx\r\n".to_vec())]).await;
    let found = no_answer(ask(&server, limits()).await);
    assert_eq!(found.fault, Fault::BodyTooLarge { limit: 100_000, announced: None });

    // More than any memory holds; the server never sends a byte of it.
    let absurd = "HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n";
    let server = Server::always([Step::Read, send(absurd), Step::Hold]).await;
    let found = no_answer(ask(&server, limits()).await);
    assert_eq!(found.fault, Fault::BodyTooLarge { limit: 100_000, announced: Some(i64::MAX as u64) });
    assert!(found.to_string().contains("announced a body of 9223372036854775807 bytes"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_always_ready_does_not_outlast_its_time() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    // Tiny chunks take longer to read than to send, so there is always one more.
    let chunks = b"1\r\nx\r\n".repeat(10_000);
    let server = Server::always([Step::Read, send(head), Step::SendForever(chunks)]).await;
    let limits = Limits { max_body: u64::MAX, ..hasty() };
    let found = no_answer(ask(&server, limits).await);
    assert!(matches!(found.fault, Fault::TimedOut { received: 1.. }), "{found}");
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer_does() {
    let half_head = &HEAD[..20];
    let half_body = &format!("{HEAD}abc");
    let half_chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nabc";
    for (name, sent, received) in
        [("nothing", "", 0), ("head", half_head, 20), ("body", half_body, 3), ("chunk", half_chunk, 3)]
    {
        for (end, expected) in
            [(vec![], Fault::Closed { received }), (vec![Step::Reset], Fault::Reset { received })]
        {
            let server = Server::always([vec![Step::Read, send(sent)], end].concat()).await;
            let found = no_answer(ask(&server, patient()).await);
            assert_eq!(found.fault, expected, "{name}: {found}");
            assert_eq!((server.connections(), found.reused), (1, false), "{name}");
        }
    }
}

#[tokio::test]
async fn a_fresh_connection_that_is_closed_at_once() {
    for steps in [vec![], vec![Step::Reset]] {
        let server = Server::always(steps).await;
        let found = no_answer(ask(&server, patient()).await);
        // The server may have closed before or after the request came, and a close with a request unread resets.
        assert!(
            matches!(found.fault, Fault::Closed { received: 0 } | Fault::Reset { received: 0 }),
            "{found}"
        );
        assert!(found.to_string().contains("without an answer"), "{found}");
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn what_is_not_http() {
    let large_head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(1000));
    for (sent, words) in [
        ("SSH-2.0-OpenSSH_9.9\r\n", "it began with `SSH-2.0-OpenSSH_9.9`"),
        ("\u{1b}[31mred\r\n", r"it began with `\x1b[31mred`"),
        ("HTTP/1.1 OK\r\n\r\n", "it began with `HTTP/1.1 OK`"),
        ("HTTP/9.9 200 OK\r\n\r\n", "it began with `HTTP/9.9 200 OK`"),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "not HTTP/1.1"),
        ("HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", "content-length"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "not HTTP/1.1"),
        (&large_head, "too large"),
        (&many_headers, "too large"),
        ("\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{46}", "the port speaks TLS"),
        ("\0\0\u{6}\u{4}\0\0\0\0\0\0\0\0\0\0\0", "an HTTP/2 frame"),
    ] {
        let server = Server::always([Step::Read, send(sent), Step::Hold]).await;
        let found = no_answer(ask(&server, patient()).await);
        assert!(matches!(found.fault, Fault::NotHttp { .. }), "{sent:.40}: {found}");
        assert!(found.to_string().contains(words), "{sent:.40}: {found}");
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_server_that_speaks_first_is_not_http() {
    let server = Server::always([send("220 mail.example.com ESMTP\r\n"), Step::Hold]).await;
    let found = no_answer(ask(&server, patient()).await);
    assert!(found.to_string().contains("it began with `220 mail.example.com ESMTP`"), "{found}");
}

#[tokio::test]
async fn nothing_is_quoted_when_the_request_carries_a_secret() {
    // An echo server sends everything back, secrets included.
    let server = Server::always([Step::Read, send("authorization: hunter2\r\n"), Step::Hold]).await;
    let request = get().with_header("authorization", "hunter2").unwrap().carrying_secrets();
    let found = no_answer(prober(&server.url(), patient()).send(&request, never()).await.unwrap());
    assert!(matches!(found.fault, Fault::NotHttp { .. }), "{found}");
    assert!(!format!("{found} {found:?}").contains("hunter2"), "{found}");
}

/// Serves one request on the first connection, and then meets the second with these steps.
async fn second_request_meets(steps: Vec<Step>) -> Server {
    Server::start(move |connection| match connection {
        0 => Script::plain([vec![Step::Read, ok("ok"), Step::Read], steps.clone()].concat()),
        _ => Script::plain([Step::Serve(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".into())]),
    })
    .await
}

#[tokio::test]
async fn a_kept_alive_connection_closed_under_a_request_is_replaced_once() {
    for steps in [vec![], vec![Step::Reset]] {
        let server = second_request_meets(steps).await;
        let tally = load(&server, patient(), 5, 1).await;
        assert_eq!((tally.good, tally.failed(), tally.reconnects, tally.connects.count), (5, 0, 1, 2));
        assert_eq!(server.requests().len(), 6);
    }
}

#[tokio::test]
async fn the_second_attempt_decides() {
    let server = Server::start(|connection| match connection {
        0 => Script::plain([Step::Read, ok("ok"), Step::Read]),
        _ => Script::plain([Step::Read]),
    })
    .await;
    let tally = load(&server, patient(), 2, 1).await;
    assert_eq!((tally.good, tally.no_answers.count(), tally.reconnects), (1, 1, 1));
    let found = tally.no_answers.first().unwrap();
    assert_eq!((&found.fault, found.reused), (&Fault::Closed { received: 0 }, false));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn what_is_not_safe_to_repeat_is_not_repeated() {
    let server = second_request_meets(vec![]).await;
    let request = Request::new(Method::POST, "/orders").unwrap().with_body("one");
    let load = Load { requests: 3, concurrency: 1, deadline: never() };
    let tally = prober(&server.url(), patient()).run(&request, load, any).await;
    assert_eq!((tally.good, tally.no_answers.count(), tally.reconnects), (2, 1, 0));
    let found = tally.no_answers.first().unwrap();
    assert!(found.reused && found.to_string().contains("a kept-alive connection"), "{found}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn an_answer_that_has_begun_is_not_asked_for_again() {
    let server = second_request_meets(vec![send("HTTP/1.1 2")]).await;
    let tally = load(&server, patient(), 3, 1).await;
    assert_eq!((tally.good, tally.no_answers.count(), tally.reconnects), (2, 1, 0));
    assert_eq!(tally.no_answers.first().unwrap().fault, Fault::Closed { received: 10 });
}

#[tokio::test]
async fn a_kept_alive_connection_that_hangs_is_not_replaced() {
    let server = second_request_meets(vec![Step::Hold]).await;
    let tally = load(&server, Limits { timeout: Duration::from_millis(500), ..patient() }, 2, 1).await;
    assert_eq!((tally.no_answers.count(), tally.reconnects), (1, 0));
    assert_eq!(tally.no_answers.first().unwrap().fault, Fault::TimedOut { received: 0 });
}

#[tokio::test]
async fn the_callers_deadline_is_not_greens_fault() {
    let server = Server::always([Step::Read, Step::Hold]).await;
    let prober = prober(&server.url(), patient());
    let reply = prober.send(&get(), Instant::now() + Duration::from_millis(200)).await;
    assert!(matches!(reply, Err(OutOfTime)), "{reply:?}");
    assert!(matches!(prober.send(&get(), Instant::now()).await, Err(OutOfTime)));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn limits_without_bounds_are_no_trouble() {
    let server = Server::always([Step::Read, ok("ok")]).await;
    let limits = Limits {
        connect_timeout: Duration::MAX,
        timeout: Duration::MAX,
        backoff: Duration::MAX,
        attempts: u32::MAX,
        max_body: u64::MAX,
        redirects: u32::MAX,
    };
    let endpoint = endpoint(&server.url(), &Overrides::default());
    assert!(matches!(Prober::new(endpoint, limits).send(&get(), never()).await, Ok(Reply::Answer(_))));
}
