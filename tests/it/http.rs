//! The check `http` through the real hook: sequences, warm-up, rows and certificates; what is captured is seen
//! nowhere.

mod rules;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use greenlight_tests::target::Target;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::scene::{Scene, Seen};
use crate::table::{Outcome, Table};
use crate::unseen::unseen;
use crate::verdict::Verdict::{Proceed, Stop};

/// What the login gives, and what must be seen nowhere, in whole or in part.
const TOKEN: &str = "kT9vQ2mZx7LwR4bN8cHsY6";
const SESSION: &str = "s3Pq5Wd8Ju3Xe1Gf0Ya";

/// A shop on a free port. Its first three requests fail while it warms up.
struct Shop {
    url: String,
    server: JoinHandle<()>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shop {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let serve = move |request: Request| {
            let count = asked.fetch_add(1, Ordering::SeqCst);
            async move { answer(&request, count) }
        };
        let server = tokio::spawn(async move {
            axum::serve(listener, axum::Router::new().fallback(serve)).await.unwrap();
        });
        Self { url, server }
    }
}

fn answer(request: &Request, count: usize) -> Response {
    let text = |name: header::HeaderName| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (token, cookie) = (text(header::AUTHORIZATION), text(header::COOKIE));
    let knows = token == format!("Bearer {TOKEN}") && cookie == format!("session={SESSION}");
    match request.uri().path() {
        "/login" => {
            let cookie = format!("session={SESSION}; Path=/; HttpOnly");
            ([(header::SET_COOKIE, cookie)], axum::Json(json!({"token": TOKEN}))).into_response()
        }
        "/account" if knows => axum::Json(json!({"orders": [{"state": "open"}]})).into_response(),
        "/echo" if knows => format!("{token} {cookie}").into_response(),
        "/away" if knows => (StatusCode::FOUND, [("location", "http://other.example.com/")]).into_response(),
        "/cold" if count < 3 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        "/cold" => "warm".into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// A login, and then this step with the token.
fn after_login(step: &Value) -> Value {
    let mut step = step.clone();
    step["headers"] = json!({"authorization": "Bearer ${token}"});
    json!([
        {"path": "/login", "method": "POST", "capture": {"token": {"jsonpath": "$.token"}}},
        step,
    ])
}

/// No part of what the login gave is in the answer or in the log.
fn hidden(seen: &Seen) -> Outcome {
    let lines = seen.attempts.iter().flat_map(|attempt| attempt.log.clone());
    for text in lines.chain([seen.answer()?.to_string()]) {
        [TOKEN, SESSION].iter().try_for_each(|secret| unseen(secret, &text))?;
    }
    Ok(())
}

async fn at_url(url: &str, check: &Value) -> Seen {
    let mut scene = Scene::<BlueGreen>::new().await;
    scene.check(check);
    scene.plan_key("target", json!({ "url": url }));
    scene.without_patience();
    scene.play().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_then_a_page_and_nothing_of_it_is_seen() {
    let mut table = Table::default();
    for (step, verdict, words) in [
        (
            json!({"path": "/account", "expect": {"jsonpath": {"$.orders[*].state": "open"}, "headers": {"content-type": true}}}),
            Proceed,
            "2 sequences of 2 steps",
        ),
        (json!({"path": "/nowhere"}), Stop, "step 2 (GET /nowhere): status 401"),
        (
            json!({"path": "/echo", "expect": {"body_matches": "^fine"}}),
            Stop,
            "step 2 (GET /echo): the body \"Bearer *** session=***\"",
        ),
        (
            json!({"path": "/account", "expect": {"jsonpath": {"$.orders": {"count": 2}}}}),
            Stop,
            "1 values at `$.orders`",
        ),
        (
            json!({"path": "/account?t=${token}", "expect": {"headers": {"x-request-id": true}}}),
            Stop,
            "no header `x-request-id`",
        ),
        (json!({"path": "/away"}), Stop, "status 302 to http://other.example.com/"),
    ] {
        table.add(format!("{step}"), async move {
            let shop = Shop::open().await;
            let check =
                json!({"requests": 2, "allow_load": true, "redirects": 0, "steps": after_login(&step)});
            let seen = at_url(&shop.url, &check).await;
            seen.decided(verdict, &[words])?;
            hidden(&seen)
        });
    }
    table.add("a redirect to another host is not followed, whatever its status is worth", async {
        let shop = Shop::open().await;
        let step = json!({"path": "/away", "expect": {"status": "200-399"}});
        let check = json!({"allow_load": true, "redirects": 3, "steps": after_login(&step)});
        let seen = at_url(&shop.url, &check).await;
        seen.decided(Stop, &["redirected to `http://other.example.com/`, which is another origin"])?;
        hidden(&seen)
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_green_is_warmed_up_or_waited_for() {
    let mut table = Table::default();
    for (check, verdict, words) in [
        (json!({"path": "/cold", "requests": 2}), Stop, "2 of 2 requests"),
        (json!({"path": "/cold", "requests": 2, "warm_up": 3}), Proceed, "2 answers from"),
        (json!({"path": "/cold", "requests": 9, "consecutive": 3}), Proceed, "3 answers in a row from"),
        (json!({"path": "/cold", "requests": 5, "consecutive": 3}), Stop, "no 3 in a row of 5 requests"),
    ] {
        table.add(format!("{check}"), async move {
            let shop = Shop::open().await;
            at_url(&shop.url, &check).await.decided(verdict, &[words])
        });
    }
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_certificate_decides() {
    let mut table = Table::default();
    for (days, wanted, verdict, words) in [
        (20, ">14d", Proceed, "1 answer from"),
        (10, ">14d", Stop, "T00:00:00Z, "),
        (10, ">1d", Proceed, "1 answer from"),
        (4, ">48h", Proceed, "1 answer from"),
    ] {
        table.add(format!("{wanted} of {days} days"), async move {
            let day = greenlight::clock::wall() + Duration::from_hours(24 * days);
            let date: Vec<i32> = day.to_string()[..10].split('-').map(|part| part.parse().unwrap()).collect();
            let part = |index: usize| u8::try_from(date[index]).unwrap();
            let green = Target::tls_until(date[0], part(1), part(2)).await.unwrap();
            let mut scene = Scene::<BlueGreen>::new().await;
            scene.check(&json!({"path": "/ping", "expect": {"expires_in": wanted}}));
            let ca = green.authority_pem().unwrap();
            scene.plan_key("target", json!({"url": green.url(), "tls": {"ca": ca}}));
            scene.play().await.decided(verdict, &[words])
        });
    }
    let plain = json!({"path": "/cold", "expect": {"expires_in": ">14d"}});
    let check = plain.clone();
    table.add("a target of plain HTTP is a mistake of the plan", async move {
        let shop = Shop::open().await;
        let seen = at_url(&shop.url, &check).await;
        let words = &[
            "`checks[0].http.expect.expires_in` of GREENLIGHT_PLAN: is about a certificate",
            "name a target URL with `https`",
        ];
        seen.decided(Stop, words)?;
        seen.nothing_was_sent()
    });
    table.add("a route of plain HTTP is seen when it is found", async move {
        let mut scene = Scene::<BlueGreen>::new().await;
        scene.check(&plain);
        let seen = scene.play().await;
        let words = &[
            "`expires_in` is about a certificate, and http://localhost/cold is plain HTTP",
            "give the listener or the tasks TLS",
        ];
        seen.found(Stop, "inconclusive", words)?;
        seen.only_green_was_asked(0)
    });
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_goes_by_the_test_route() {
    let mut scene = Scene::<BlueGreen>::new().await;
    scene.check(&json!({"requests": 2, "steps": [
        {"path": "/first", "capture": {"revision": {"regex": "^(\\w+)"}}},
        {"path": "/second/${revision}?of=${revision}"},
    ]}));
    let seen = scene.play().await;
    seen.decided(Proceed, &["2 sequences of 2 steps"]).unwrap();
    seen.only_green_was_asked(4).unwrap();
    let mut paths: Vec<_> = seen.green.iter().map(|got| got.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/first", "/first", "/second/green?of=green", "/second/green?of=green"]);
}
