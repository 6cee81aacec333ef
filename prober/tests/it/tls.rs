//! TLS: whom to trust, which name to expect, and handshakes that fail.

use std::time::Duration;

use greenlight_prober::{Fault, Limits, Load, Obstacle, Overrides, Phase, Prober, Reply, Request};
use http::Method;

use super::support::{
    Authority, Issued, Script, Server, Step, answer, any, endpoint, get, hasty, never, no_answer, ok,
    patient, unreachable,
};

/// A server behind TLS that answers every request.
async fn server(issued: &Issued) -> Server {
    let acceptor = issued.acceptor();
    Server::start(move |_| Script::tls(&acceptor, [Step::Serve(b"HTTP/1.1 204 No Content\r\n\r\n".into())]))
        .await
}

/// A GET over TLS, to a server on loopback by way of a name.
async fn ask(server: &Server, limits: Limits, overrides: Overrides) -> Reply {
    prober(server, limits, overrides).send(&get(), never()).await.unwrap()
}

fn prober(server: &Server, limits: Limits, overrides: Overrides) -> Prober {
    let connect_to = Some(("127.0.0.1".to_owned(), server.address.port()));
    Prober::new(endpoint("https://orders.example.com", &Overrides { connect_to, ..overrides }), limits)
}

#[tokio::test]
async fn a_private_ca() {
    let authority = Authority::new();
    let server = server(&authority.issue(&["orders.example.com"])).await;
    let found = answer(ask(&server, patient(), authority.trusted()).await);
    assert_eq!((found.status.as_u16(), found.tls), (204, Some("TLS 1.3")));
    assert!(server.requests()[0].contains("host: orders.example.com\r\n"));
}

#[tokio::test]
async fn a_certificate_for_an_address() {
    let authority = Authority::new();
    let server = server(&authority.issue(&["127.0.0.1"])).await;
    let endpoint = endpoint(&format!("https://{}", server.address), &authority.trusted());
    answer(Prober::new(endpoint, patient()).send(&get(), never()).await.unwrap());
}

#[tokio::test]
async fn handshakes_are_counted_and_measured_apart() {
    let authority = Authority::new();
    let server = server(&authority.issue(&["orders.example.com"])).await;
    let load = Load { requests: 10, concurrency: 2, deadline: never() };
    let tally = prober(&server, patient(), authority.trusted()).run(&get(), load, any).await;
    assert_eq!((tally.good, tally.connects.failed_attempts), (10, 0));
    assert!((1..=2).contains(&tally.connects.count), "{:?}", tally.connects);
    assert!(!tally.connects.slowest.tls.is_zero() && !tally.connects.slowest.connect.is_zero());
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let authority = Authority::new();
    let server = server(&authority.issue(&["internal.example.com"])).await;
    let found = unreachable(ask(&server, patient(), authority.trusted()).await);
    let presented = |presented: &str| presented.contains("internal.example.com");
    assert!(matches!(&found.obstacle, Obstacle::WrongCertificate { presented: names } if presented(names)));
    assert_eq!((found.phase(), found.attempts), (Phase::Tls, 3));
    let words = found.to_string();
    assert!(words.contains("as `orders.example.com`") && words.contains("target.tls.server_name"), "{words}");

    let server_name = Some("internal.example.com".to_owned());
    answer(ask(&server, patient(), Overrides { server_name, ..authority.trusted() }).await);
}

#[tokio::test]
async fn a_certificate_that_nobody_trusted_signed() {
    let server = server(&Authority::new().issue(&["orders.example.com"])).await;
    // The second is what a CA looks like that was made anew under its old name.
    for other in [Authority::named("another authority"), Authority::new()] {
        let found = unreachable(ask(&server, patient(), other.trusted()).await);
        assert_eq!(found.obstacle, Obstacle::UnknownIssuer);
        assert!(found.to_string().contains("target.tls.ca"), "{found}");
    }
}

#[tokio::test]
async fn the_systems_roots_do_not_trust_a_private_ca() {
    let server = server(&Authority::new().issue(&["orders.example.com"])).await;
    let found = unreachable(ask(&server, patient(), Overrides::default()).await);
    // A system may have no roots at all.
    assert!(matches!(found.obstacle, Obstacle::UnknownIssuer | Obstacle::NoRoots { .. }), "{found}");
}

#[tokio::test]
async fn a_certificate_that_has_expired() {
    let authority = Authority::new();
    let server = server(&authority.issue_expired("orders.example.com")).await;
    let found = unreachable(ask(&server, patient(), authority.trusted()).await);
    assert!(matches!(found.obstacle, Obstacle::CertificateNotValidNow { .. }), "{found}");
}

#[tokio::test]
async fn a_handshake_that_hangs_once_fails_nothing() {
    let authority = Authority::new();
    let acceptor = authority.issue(&["orders.example.com"]).acceptor();
    let server = Server::start(move |connection| match connection {
        0 => Script::plain([Step::Hold]),
        _ => Script::tls(&acceptor, [Step::Read, ok("ok")]),
    })
    .await;
    let load = Load { requests: 1, concurrency: 1, deadline: never() };
    // Many attempts, because a busy machine may be too slow for one more handshake.
    let limits = Limits { attempts: 50, connect_timeout: Duration::from_millis(300), ..patient() };
    let tally = prober(&server, limits, authority.trusted()).run(&get(), load, any).await;
    assert_eq!((tally.good, tally.failed(), tally.unreachable.count()), (1, 0, 0));
    assert!(tally.connects.failed_attempts >= 1, "{:?}", tally.connects);
    // The time lost is in no percentile.
    assert_eq!((tally.latency.count(), tally.connects.count), (1, 1));
}

#[tokio::test]
async fn a_handshake_that_hangs_for_ever() {
    let server = Server::always([Step::Hold]).await;
    let found = unreachable(ask(&server, Limits { attempts: 2, ..hasty() }, Overrides::default()).await);
    assert!(
        matches!(found.obstacle, Obstacle::HandshakeTimedOut { .. } | Obstacle::NoRoots { .. }),
        "{found}"
    );
    assert_eq!((found.phase(), found.attempts, server.connections()), (Phase::Tls, 2, 2));
}

#[tokio::test]
async fn a_handshake_that_is_cut_off() {
    let authority = Authority::new();
    for steps in [vec![], vec![Step::Reset]] {
        let server = Server::always(steps).await;
        let found = unreachable(ask(&server, patient(), authority.trusted()).await);
        assert_eq!(found.obstacle, Obstacle::HandshakeClosed, "{found}");
    }
}

#[tokio::test]
async fn plain_http_on_a_tls_port() {
    let authority = Authority::new();
    let server = Server::always([send_bad_request(), Step::Hold]).await;
    let found = unreachable(ask(&server, patient(), authority.trusted()).await);
    assert_eq!(found.obstacle, Obstacle::NotTls);
    assert!(found.to_string().contains("this is a plain HTTP port"), "{found}");
}

fn send_bad_request() -> Step {
    Step::Send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec())
}

#[tokio::test]
async fn tls_on_a_plain_http_port() {
    let server = server(&Authority::new().issue(&["orders.example.com"])).await;
    let found = no_answer(super::support::ask(&server, patient()).await);
    // A server may also just close; then nobody can tell.
    assert!(
        matches!(found.fault, Fault::NotHttp { .. } | Fault::Closed { .. } | Fault::Reset { .. }),
        "{found}"
    );
}

#[tokio::test]
async fn a_server_that_asks_for_a_client_certificate() {
    let authority = Authority::new();
    let acceptor = authority.acceptor_for_clients(&authority.issue(&["orders.example.com"]));
    let server = Server::start(move |_| Script::tls(&acceptor, [Step::Read, ok("ok")])).await;
    // Under TLS 1.3 this shows only when the answer is read, and is ours all the same.
    let found = unreachable(ask(&server, patient(), authority.trusted()).await);
    assert!(matches!(&found.obstacle, Obstacle::HandshakeRefused { .. }), "{found}");
    assert!(found.to_string().contains("client certificate"), "{found}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_speaks_http_2_only() {
    let authority = Authority::new();
    let acceptor = authority.issue(&["orders.example.com"]).acceptor_for(&["h2"]);
    let server = Server::start(move |_| Script::tls(&acceptor, [Step::Read, ok("ok")])).await;
    let found = unreachable(ask(&server, patient(), authority.trusted()).await);
    assert!(matches!(&found.obstacle, Obstacle::HandshakeRefused { .. }), "{found}");
    assert!(found.to_string().contains("HTTP/2 only"), "{found}");
}

#[tokio::test]
async fn an_answer_over_tls_that_is_cut_off() {
    let authority = Authority::new();
    let acceptor = authority.issue(&["orders.example.com"]).acceptor();
    let server = Server::start(move |_| {
        let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec();
        Script::tls(&acceptor, [Step::Read, Step::Send(half)])
    })
    .await;
    let found = no_answer(ask(&server, patient(), authority.trusted()).await);
    assert_eq!((&found.fault, server.connections()), (&Fault::Closed { received: 3 }, 1));
}

/// What is still to be written finds the connection gone, while most of the answer is still to be read.
#[tokio::test]
async fn an_answer_over_tls_that_is_followed_by_a_reset() {
    let authority = Authority::new();
    let acceptor = authority.issue(&["orders.example.com"]).acceptor();
    let why = "x".repeat(40_000);
    let refusal = format!("HTTP/1.1 413 Content Too Large\r\ncontent-length: 40000\r\n\r\n{why}");
    let server =
        Server::start(move |_| Script::tls(&acceptor, [Step::Send(refusal.clone().into()), Step::Reset]))
            .await;
    // More than the socket takes.
    let request = Request::new(Method::POST, "/orders").unwrap().with_body(vec![b'x'; 16_000_000]);
    let prober = prober(&server, patient(), authority.trusted());
    let found = answer(prober.send(&request, never()).await.unwrap());
    assert_eq!((found.status.as_u16(), &found.body[..]), (413, why.as_bytes()));
}
