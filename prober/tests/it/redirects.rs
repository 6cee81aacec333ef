//! Redirects, over real connections; where they may lead is decided in the prober's own tests.

use greenlight_prober::{Answer, Limits, Load, Overrides, Prober, RedirectRefused, Request};

use super::support::{
    Authority, Script, Server, Step, answer, any, endpoint, get, never, no_answer, nobody, patient, prober,
    send, unreachable,
};

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 5\r\n\r\nmoved")
}

fn following(redirects: u32) -> Limits {
    Limits { redirects, ..patient() }
}

async fn ask(server: &Server, request: &Request, limits: Limits) -> Answer {
    answer(prober(&server.url(), limits).send(request, never()).await.unwrap())
}

const HOME: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhome";

#[tokio::test]
async fn a_redirect_is_an_answer_unless_it_is_to_be_followed() {
    let server = Server::always([Step::Serve(redirect("/home").into())]).await;
    let found = ask(&server, &get(), patient()).await;
    assert_eq!((found.status.as_u16(), &found.body[..]), (302, &b"moved"[..]));
    assert_eq!((found.redirects.len(), found.redirect_refused), (0, None));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_followed_on_the_same_connection() {
    let steps = [Step::Read, send(&redirect("/home?x=1")), Step::Read, send(HOME)];
    let server = Server::always(steps).await;
    let found = ask(&server, &get(), following(3)).await;
    assert_eq!((found.status.as_u16(), &found.body[..]), (200, &b"home"[..]));
    assert_eq!(found.redirects, [format!("{}/home?x=1", server.url())]);
    assert_eq!(server.connections(), 1);
    assert!(server.requests()[1].starts_with("GET /home?x=1 HTTP/1.1\r\n"), "{:?}", server.requests());
}

#[tokio::test]
async fn a_loop_is_told() {
    let server = Server::always([Step::Serve(redirect("/ping").into())]).await;
    let found = ask(&server, &get(), following(5)).await;
    let to = format!("{}/ping", server.url());
    assert_eq!((found.status.as_u16(), found.redirect_refused), (302, Some(RedirectRefused::Loop { to })));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn too_many_are_told() {
    let steps: Vec<Step> =
        (0..9).flat_map(|step| [Step::Read, send(&redirect(&format!("/{step}")))]).collect();
    let server = Server::always(steps).await;
    let found = ask(&server, &get(), following(2)).await;
    let to = format!("{}/2", server.url());
    assert_eq!(found.redirect_refused, Some(RedirectRefused::TooMany { followed: 2, to }));
    assert_eq!((found.status.as_u16(), server.requests().len()), (302, 3));
}

#[tokio::test]
async fn another_port_sees_no_secrets() {
    let other = Server::always([Step::Serve(HOME.into())]).await;
    let server = Server::always([Step::Serve(redirect(&other.url()).into())]).await;
    let request = get().with_header("x-token", "hunter2").unwrap();

    let found = ask(&server, &request.clone().carrying_secrets(), following(3)).await;
    assert!(matches!(&found.redirect_refused, Some(RedirectRefused::SecretElsewhere { .. })), "{found:?}");
    assert_eq!((found.status.as_u16(), found.remote, other.connections()), (302, server.address, 0));

    let found = ask(&server, &request, following(3)).await;
    assert_eq!((found.status.as_u16(), found.remote), (200, other.address));
    assert!(other.requests()[0].contains(&format!("host: {}\r\n", other.address)), "{:?}", other.requests());
}

#[tokio::test]
async fn connections_to_both_ports_are_kept() {
    let other = Server::always([Step::Serve(HOME.into())]).await;
    let server = Server::always([Step::Serve(redirect(&other.url()).into())]).await;
    let load = Load { requests: 5, concurrency: 1, deadline: never() };
    let tally = prober(&server.url(), following(1)).run(&get(), load, any).await;
    assert_eq!((tally.good, tally.statuses[&200], tally.connects.count), (5, 5, 2));
    assert_eq!((server.connections(), other.connections()), (1, 1));
}

#[tokio::test]
async fn tls_does_not_lead_to_plain_http() {
    let other = Server::always([Step::Serve(HOME.into())]).await;
    let authority = Authority::new();
    let acceptor = authority.issue(&["127.0.0.1"]).acceptor();
    let to = redirect(&other.url());
    let server = Server::start(move |_| Script::tls(&acceptor, [Step::Serve(to.clone().into())])).await;
    let endpoint = endpoint(&format!("https://{}", server.address), &authority.trusted());
    let found = answer(Prober::new(endpoint, following(3)).send(&get(), never()).await.unwrap());
    assert!(matches!(found.redirect_refused, Some(RedirectRefused::Downgrade { .. })), "{found:?}");
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn plain_http_may_lead_to_tls_at_the_same_address() {
    let authority = Authority::new();
    let acceptor = authority.issue(&["orders.example.com"]).acceptor();
    let secure = Server::start(move |_| Script::tls(&acceptor, [Step::Serve(HOME.into())])).await;
    let to = redirect(&format!("https://orders.example.com:{}/", secure.address.port()));
    let server = Server::always([Step::Serve(to.into())]).await;
    // The name is never looked up: it may lead to the production side.
    let overrides = Overrides {
        connect_to: Some(("127.0.0.1".to_owned(), server.address.port())),
        ..authority.trusted()
    };
    let prober = Prober::new(endpoint("http://orders.example.com", &overrides), following(1));
    let found = answer(prober.send(&get(), never()).await.unwrap());
    assert_eq!((found.status.as_u16(), found.remote, found.tls), (200, secure.address, Some("TLS 1.3")));
}

#[tokio::test]
async fn a_redirect_to_a_place_out_of_reach_or_without_an_answer() {
    let nobody = nobody();
    let to = redirect(&format!("http://{}/", nobody.address));
    let server = Server::always([Step::Serve(to.into())]).await;
    let reply = prober(&server.url(), following(1)).send(&get(), never()).await.unwrap();
    assert_eq!(unreachable(reply).endpoint, nobody.address.to_string());

    let silent = Server::always([Step::Read]).await;
    let server = Server::always([Step::Serve(redirect(&silent.url()).into())]).await;
    let reply = prober(&server.url(), following(1)).send(&get(), never()).await.unwrap();
    assert_eq!(no_answer(reply).remote, silent.address);
}

#[tokio::test]
async fn an_answer_does_not_choose_who_is_asked() {
    // The other host is up, and would be asked.
    let other = Server::always([Step::Serve(HOME.into())]).await;
    for to in [
        format!("http://localhost:{}/", other.address.port()),
        format!("http://127.0.0.2:{}/", other.address.port()),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        let server = Server::always([Step::Serve(redirect(&to).into())]).await;
        let found = ask(&server, &get(), following(3)).await;
        let expected = Some(RedirectRefused::AnotherHost { to: to.clone() });
        assert_eq!((found.status.as_u16(), found.remote), (302, server.address));
        assert_eq!(found.redirect_refused, expected);
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn metadata_addresses_are_never_connected_to() {
    let reply = prober("http://169.254.169.254", patient()).send(&get(), never()).await.unwrap();
    let found = unreachable(reply);
    assert!(found.to_string().contains("link-local") && found.tried.is_empty(), "{found}");
}
