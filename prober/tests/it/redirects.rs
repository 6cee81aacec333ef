//! Redirects, over real connections; where they may lead is decided in the prober's own tests.

use greenlight_prober::{Answer, Limits, Overrides, Prober, RedirectRefused, Request};

use super::support::{
    Authority, Script, Server, Step, answer, endpoint, get, never, patient, prober, send, unreachable,
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
async fn an_answer_does_not_choose_who_is_asked() {
    // All of them are up, and would be asked.
    let other = Server::always([Step::Serve(HOME.into())]).await;
    let authority = Authority::new();
    let acceptor = authority.issue(&["127.0.0.1"]).acceptor();
    let secure = Server::start(move |_| Script::tls(&acceptor, [Step::Serve(HOME.into())])).await;
    for to in [
        format!("http://127.0.0.1:{}/", other.address.port()),
        format!("https://127.0.0.1:{}/", secure.address.port()),
        format!("http://localhost:{}/", other.address.port()),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        let server = Server::always([Step::Serve(redirect(&to).into())]).await;
        let found = ask(&server, &get(), following(3)).await;
        assert_eq!((found.status.as_u16(), found.remote), (302, server.address));
        assert_eq!(found.redirect_refused, Some(RedirectRefused::Elsewhere { to }));
    }
    assert_eq!((other.connections(), secure.connections()), (0, 0));
}

/// The name is looked up for none of them: it may lead to the production side.
#[tokio::test]
async fn a_redirect_to_the_name_that_was_asked_stays_at_the_address() {
    let steps = [Step::Read, send(&redirect("http://orders.example.com/home")), Step::Read, send(HOME)];
    let server = Server::always(steps).await;
    let overrides = Overrides {
        connect_to: Some(("127.0.0.1".to_owned(), server.address.port())),
        ..Overrides::default()
    };
    let prober = Prober::new(endpoint("http://orders.example.com", &overrides), following(1));
    let found = answer(prober.send(&get(), never()).await.unwrap());
    assert_eq!((found.status.as_u16(), found.remote, server.connections()), (200, server.address, 1));
}

#[tokio::test]
async fn metadata_addresses_are_never_connected_to() {
    let reply = prober("http://169.254.169.254", patient()).send(&get(), never()).await.unwrap();
    let found = unreachable(reply);
    assert!(found.to_string().contains("link-local") && found.tried.is_empty(), "{found}");
}
