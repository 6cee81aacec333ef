//! Bytes over a connection: what comes, and whose fault it is when it does not.

use greenlight_prober::{Fault, Heard, Limits, Obstacle, Overrides, Prober, Speaks, Talk};

use super::support::{
    Authority, Nobody, Script, Server, Step, endpoint, hasty, never, nobody, patient, send,
};

async fn talk(url: &str, overrides: &Overrides, limits: Limits, say: &[u8], until: &'static [u8]) -> Talk {
    let endpoint = endpoint(url, overrides).speaking(Speaks::Bytes);
    let enough = |came: &[u8]| came.windows(until.len().max(1)).any(|part| part == until) || until.is_empty();
    Prober::new(endpoint, limits).talk(say, enough, never()).await.unwrap()
}

fn heard(talk: Talk) -> Heard {
    match talk {
        Talk::Heard(heard) => heard,
        Talk::Unreachable(unreachable) => panic!("unreachable: {unreachable}"),
    }
}

async fn ask(server: &Server, limits: Limits, until: &'static [u8]) -> Heard {
    heard(talk(&server.url(), &Overrides::default(), limits, b"", until).await)
}

#[tokio::test]
async fn connecting_is_all_where_nothing_is_expected() {
    let server = Server::always([Step::Hold]).await;
    let found = ask(&server, patient(), b"").await;
    assert_eq!((found.ended, found.remote, &found.bytes[..]), (None, server.address, &b""[..]));
}

#[tokio::test]
async fn a_greeting_that_comes_in_pieces() {
    let server =
        Server::always([Step::Drip(b"220 ready\r\n".to_vec(), std::time::Duration::ZERO), Step::Hold]);
    let found = ask(&server.await, patient(), b"ready").await;
    assert_eq!((found.ended, &found.bytes[..9]), (None, &b"220 ready"[..]));
}

#[tokio::test]
async fn what_is_said_arrives() {
    let server = Server::always([Step::Read, send("+PONG\r\n"), Step::Hold]).await;
    let say = b"PING / HTTP/1.1\r\n\r\n";
    let found = heard(talk(&server.url(), &Overrides::default(), patient(), say, b"+PONG").await);
    assert_eq!((found.ended, server.requests().len()), (None, 1));
}

#[tokio::test]
async fn an_end_before_there_was_enough_tells_what_came() {
    for (name, steps, limits, fault) in [
        ("closed", vec![send("no")], patient(), Fault::Closed { received: 2 }),
        ("silent", vec![send("no"), Step::Hold], hasty(), Fault::TimedOut { received: 2 }),
        (
            "endless",
            vec![Step::SendForever(b"no".to_vec())],
            Limits { max_body: 100, ..patient() },
            Fault::BodyTooLarge { limit: 100, announced: None },
        ),
    ] {
        let found = ask(&Server::always(steps).await, limits, b"yes").await;
        assert_eq!(found.ended.map(|ended| ended.fault), Some(fault), "{name}");
        assert!(found.bytes.starts_with(b"no"), "{name}");
    }
}

#[tokio::test]
async fn over_tls_nothing_is_agreed_on() {
    let authority = Authority::new();
    let acceptor = authority.issue(&["127.0.0.1"]).acceptor_for(&["redis"]);
    let server = Server::start(move |_| Script::tls(&acceptor, [send("hello"), Step::Hold])).await;
    let url = format!("https://{}", server.address);
    let found = heard(talk(&url, &authority.trusted(), patient(), b"", b"hello").await);
    assert_eq!((found.ended, found.tls), (None, Some("TLS 1.3")));
}

#[tokio::test]
async fn a_server_that_asks_for_a_client_certificate() {
    let authority = Authority::new();
    let acceptor = authority.acceptor_for_clients(&authority.issue(&["127.0.0.1"]));
    let server = Server::start(move |_| Script::tls(&acceptor, [send("hello")])).await;
    let url = format!("https://{}", server.address);
    match talk(&url, &authority.trusted(), patient(), b"", b"hello").await {
        Talk::Unreachable(found) => {
            assert!(matches!(found.obstacle, Obstacle::HandshakeRefused { .. }), "{found}");
        }
        Talk::Heard(heard) => panic!("heard {heard:?}"),
    }
}

#[tokio::test]
async fn nobody_there() {
    let Nobody { address, socket: _socket } = nobody();
    match talk(&format!("http://{address}"), &Overrides::default(), patient(), b"", b"").await {
        Talk::Unreachable(found) => assert_eq!((found.obstacle, found.attempts), (Obstacle::Refused, 3)),
        Talk::Heard(heard) => panic!("heard {heard:?}"),
    }
}
