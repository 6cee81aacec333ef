//! HTTP/2: what is agreed on, and whose fault it is when something breaks.

use std::time::Duration;

use greenlight_prober::{Endpoint, Fault, Limits, Load, Obstacle, Overrides, Prober, Reply, Request, Speaks};
use http::{Method, Version};

use super::support::http2::{
    ENHANCE_YOUR_CALM, Http2, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM, data, go_away, head, reset_stream,
    settings,
};
use super::support::{
    Authority, Script, Server, Step, answer, any, endpoint, get, hasty, never, no_answer, patient, send,
    unreachable,
};

fn in_plain(address: std::net::SocketAddr) -> Endpoint {
    endpoint(&format!("http://{address}"), &Overrides::default()).speaking(Speaks::Http2)
}

async fn ask(server: &Server, limits: Limits) -> Reply {
    Prober::new(in_plain(server.address), limits).send(&get(), never()).await.unwrap()
}

#[tokio::test]
async fn an_answer_with_its_trailers() {
    let server = Http2::start(None).await;
    let endpoint = in_plain(server.address);
    let request = endpoint.request(Method::POST, "/5?a=b").unwrap().with_trailers();
    let request = request.with_header("keep-alive", "1").unwrap().with_body(vec![b'y'; 300_000]);
    let found = answer(Prober::new(endpoint, patient()).send(&request, never()).await.unwrap());
    assert_eq!(
        (found.status.as_u16(), found.version, &found.body[..]),
        (200, Version::HTTP_2, &b"xxxxx"[..])
    );
    assert_eq!(found.trailers.unwrap()["x-end"], "1");
    let arrived = server.arrived.lock().unwrap();
    assert_eq!(arrived[0].uri, format!("http://{}/5?a=b", server.address));
    assert_eq!(arrived[0].body.len(), 300_000);
    assert_eq!(arrived[0].headers["te"], "trailers");
    assert!(!arrived[0].headers.contains_key("host") && !arrived[0].headers.contains_key("keep-alive"));
}

/// There is always more to read, and never an answer in it: the server sends from a thread of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn talk_about_the_connection_does_not_extend_the_time() {
    let window_update = [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    // The head of an interim answer: `:status: 100`, written out (RFC 7541, 6.2.2).
    let interim = [0, 0, 5, 1, 4, 0, 0, 0, 1, 0x08, 3, b'1', b'0', b'0'];
    for (name, frame) in
        [("WINDOW_UPDATE", &window_update[..]), ("PING", &ping[..]), ("interim answers", &interim[..])]
    {
        let steps = [Step::ReadHttp2, settings(), Step::SendForever(frame.repeat(10_000))];
        let server = Server::always(steps).await;
        let found = no_answer(ask(&server, hasty()).await);
        assert!(matches!(found.fault, Fault::TimedOut { .. }), "{name}: {found}");
    }
}

#[tokio::test]
async fn a_load_keeps_one_connection_per_worker() {
    let server = Http2::start(None).await;
    let load = Load { requests: 40, concurrency: 3, deadline: never() };
    let tally = Prober::new(in_plain(server.address), patient()).run(&get(), load, any).await;
    assert_eq!((tally.good, tally.latency.count(), tally.reconnects), (40, 40, 0));
    assert_eq!((tally.connects.count, server.connections()), (3, 3));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let server = Http2::start(None).await;
    let endpoint = in_plain(server.address);
    let limits = Limits { max_body: 1000, ..patient() };
    let request = Request::get("/3000000").unwrap();
    let found = no_answer(Prober::new(endpoint.clone(), limits).send(&request, never()).await.unwrap());
    assert_eq!(found.fault, Fault::BodyTooLarge { limit: 1000, announced: None });

    let limits = Limits { max_body: 4_000_000, ..patient() };
    let found = answer(Prober::new(endpoint, limits).send(&request, never()).await.unwrap());
    assert_eq!(found.body.len(), 3_000_000);
}

#[tokio::test]
async fn what_the_handshake_agrees_on_is_spoken() {
    let authority = Authority::new();
    let issued = authority.issue(&["127.0.0.1"]);
    for (offered, speaks, version) in [
        (&["h2", "http/1.1"][..], Speaks::Http, Some(Version::HTTP_2)),
        (&["h2"], Speaks::Http2, Some(Version::HTTP_2)),
        (&["http/1.1"], Speaks::Http, Some(Version::HTTP_11)),
        (&[], Speaks::Http, Some(Version::HTTP_11)),
        (&["http/1.1"], Speaks::Http2, None),
        (&[], Speaks::Http2, None),
    ] {
        let acceptor = issued.acceptor_for(offered);
        let (address, _http2, _http1) = if version == Some(Version::HTTP_2) {
            let server = Http2::start(Some(acceptor)).await;
            (server.address, Some(server), None)
        } else {
            let answer = Step::Serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into());
            let server = Server::start(move |_| Script::tls(&acceptor, [answer.clone()])).await;
            (server.address, None, Some(server))
        };
        let endpoint = endpoint(&format!("https://{address}"), &authority.trusted()).speaking(speaks);
        let reply = Prober::new(endpoint, patient()).send(&get(), never()).await.unwrap();
        if let Some(version) = version {
            assert_eq!(answer(reply).version, version, "{offered:?} {speaks:?}");
        } else {
            let found = unreachable(reply);
            assert_eq!(found.obstacle, Obstacle::NoHttp2, "{offered:?} {speaks:?}");
            assert!(found.to_string().contains("did not agree on HTTP/2; usually"), "{found}");
        }
    }
}

#[tokio::test]
async fn what_breaks_after_the_request_was_written_is_greens() {
    let written = [settings(), Step::ReadHttp2];
    let reset = |reason: &str, received| Fault::StreamReset { reason: reason.to_owned(), received };
    let gone = |reason: &str, received| Fault::GoneAway { reason: reason.to_owned(), received };
    for (name, then, fault, words) in [
        (
            "reset before the head",
            vec![reset_stream(INTERNAL_ERROR), Step::Hold],
            reset("HTTP/2 INTERNAL_ERROR", 0),
            "reset the request's stream (HTTP/2 INTERNAL_ERROR) without an answer",
        ),
        (
            "reset in the body",
            vec![head(), data(b"abc", false), reset_stream(INTERNAL_ERROR), Step::Hold],
            reset("HTTP/2 INTERNAL_ERROR", 3),
            "(HTTP/2 INTERNAL_ERROR) in the middle of the answer (200 OK), after 3 bytes of its body",
        ),
        ("closed before the head", vec![], Fault::Closed { received: 0 }, "closed the connection without"),
        (
            "closed in the body",
            vec![head(), data(b"abc", false)],
            Fault::Closed { received: 3 },
            "closed the connection in the middle of the answer (200 OK), after 3 bytes",
        ),
        (
            "gone away after having taken the request",
            vec![go_away(1, ENHANCE_YOUR_CALM)],
            gone("HTTP/2 ENHANCE_YOUR_CALM", 0),
            "ended the connection (HTTP/2 ENHANCE_YOUR_CALM) without an answer",
        ),
    ] {
        let server = Server::always([&written[..], &then].concat()).await;
        let found = no_answer(ask(&server, patient()).await);
        assert_eq!(found.fault, fault, "{name}: {found}");
        assert!(found.to_string().contains(words), "{name}: {found}");
        assert_eq!(server.connections(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_http_1_only() {
    let refusal = send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    let server = Server::always([Step::ReadHttp2, refusal, Step::Hold]).await;
    let found = no_answer(ask(&server, patient()).await);
    let words = "answered is not HTTP/2: the port speaks HTTP/1.1, it answered `HTTP/1.1 400 Bad Request`";
    assert!(found.to_string().contains(words), "{found}");
}

#[tokio::test]
async fn a_server_that_never_answers() {
    for (name, then, received, status) in [
        ("nothing", vec![Step::Hold], 0, None),
        ("half a body", vec![head(), data(b"abc", false), Step::Hold], 3, Some(200)),
    ] {
        let server = Server::always([&[settings(), Step::ReadHttp2][..], &then].concat()).await;
        let found = no_answer(ask(&server, hasty()).await);
        assert_eq!(found.fault, Fault::TimedOut { received }, "{name}: {found}");
        assert_eq!(found.status.map(|status| status.as_u16()), status, "{name}");
        // The connection goes with the request that nobody answers.
        server.held_connection_closed().await;
    }
}

#[tokio::test]
async fn a_request_that_was_not_processed_is_written_once_more() {
    let good = || vec![settings(), Step::ReadHttp2, head(), data(b"ok", true), Step::Hold];
    for (name, refusal) in [
        ("refused stream", reset_stream(REFUSED_STREAM)),
        ("gone away before it", go_away(0, NO_ERROR)),
        ("gone away before it, for a reason", go_away(0, ENHANCE_YOUR_CALM)),
    ] {
        let refuse = move || vec![settings(), Step::ReadHttp2, refusal.clone(), Step::Hold];
        let always = Server::always(refuse()).await;
        let server = Server::start(move |connection| match connection {
            0 => Script::plain(refuse()),
            _ => Script::plain(good()),
        })
        .await;
        // Not even a POST may have done anything.
        let request = Request::new(Method::POST, "/orders").unwrap();
        let prober = Prober::new(in_plain(server.address), patient());
        assert_eq!(answer(prober.send(&request, never()).await.unwrap()).body, "ok", "{name}");
        assert_eq!(server.connections(), 2, "{name}");

        let prober = Prober::new(in_plain(always.address), patient());
        let found = no_answer(prober.send(&request, never()).await.unwrap());
        assert!(matches!(found.fault, Fault::NotProcessed { .. }), "{name}: {found}");
        assert!(found.to_string().contains("did not process the request (HTTP/2 "), "{name}: {found}");
        assert_eq!(always.connections(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_went_away_is_no_failure() {
    let once = [settings(), Step::ReadHttp2, head(), data(b"ok", true), go_away(1, NO_ERROR)];
    let server = Server::always(once).await;
    let load = Load { requests: 5, concurrency: 1, deadline: never() };
    let tally = Prober::new(in_plain(server.address), patient()).run(&get(), load, any).await;
    assert_eq!((tally.good, tally.failed(), server.connections()), (5, 0, 5));
}

#[tokio::test]
async fn a_server_that_asks_for_a_client_certificate() {
    let authority = Authority::new();
    let acceptor = authority.acceptor_for_clients(&authority.issue(&["127.0.0.1"]));
    let server = Server::start(move |_| Script::tls(&acceptor, [Step::Hold])).await;
    let endpoint = endpoint(&format!("https://{}", server.address), &authority.trusted());
    let reply = Prober::new(endpoint.speaking(Speaks::Http2), patient()).send(&get(), never()).await.unwrap();
    let found = unreachable(reply);
    assert!(matches!(&found.obstacle, Obstacle::HandshakeRefused { .. }), "{found}");
}

#[tokio::test]
async fn the_deadline_is_no_result() {
    let server = Server::always([settings(), Step::ReadHttp2, Step::Hold]).await;
    let prober = Prober::new(in_plain(server.address), patient());
    let deadline = tokio::time::Instant::now() + Duration::from_millis(200);
    assert!(prober.send(&get(), deadline).await.is_err());
}
