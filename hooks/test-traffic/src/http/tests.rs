//! The check against real servers; its settings against their mistakes.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::Request, http::StatusCode, response::IntoResponse, routing::any};
use greenlight::{Kind, plan::Target};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle, time::Instant};

use super::*;

mod assertions;
mod sequences;
mod settings;

/// An application on a free port, and the requests that it got.
struct Application {
    url: String,
    heads: Arc<Mutex<Vec<(String, ::http::HeaderMap)>>>,
    server: JoinHandle<()>,
}

impl Drop for Application {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn application() -> Application {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let handler = move |request: Request| {
        let seen = Arc::clone(&seen);
        async move {
            let path = request.uri().to_string();
            let mut seen = seen.lock().await;
            seen.push((path.clone(), request.headers().clone()));
            let count = seen.len();
            match path.as_str() {
                "/ping" => "pong".into_response(),
                "/json" => {
                    axum::Json(json!({"version": "2.0", "n": 1, "items": [{"id": 7}]})).into_response()
                }
                "/flaky" if count % 4 == 0 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                "/flaky" => "ok".into_response(),
                "/moved" => (StatusCode::FOUND, [("location", "/ping")]).into_response(),
                "/elb" => (StatusCode::SERVICE_UNAVAILABLE, [("server", "awselb/2.0")], "").into_response(),
                "/denied" => StatusCode::FORBIDDEN.into_response(),
                "/wrong-then-never" if count == 1 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                "/wrong-then-never" | "/never" => std::future::pending().await,
                "/slow" => {
                    tokio::time::sleep(Duration::from_millis(60)).await;
                    "slow".into_response()
                }
                other => (StatusCode::NOT_FOUND, other.to_owned()).into_response(),
            }
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let _ = axum::serve(listener, Router::new().fallback(any(handler))).await;
    });
    Application { url, heads, server }
}

fn scope(target: &Value) -> Scope {
    let target: Target = serde_json::from_value(target.clone()).unwrap();
    Scope::for_target(target, Instant::now() + Duration::from_secs(30))
}

async fn run(settings: Value, target: &Value) -> Outcome {
    let http: Http = serde_json::from_value(settings).unwrap();
    http.run(&scope(target)).await
}

#[tokio::test]
async fn answers_are_held_against_everything_that_is_expected() {
    let application = application().await;
    let target = json!({ "url": application.url });
    for (settings, kind, words) in [
        (json!({"path": "/ping"}), Kind::Pass, "1 answer from"),
        (
            json!({"path": "/ping", "expect": {"body_contains": "pong", "headers": {"content-type": "text/plain"}}}),
            Kind::Pass,
            "",
        ),
        (json!({"path": "/ping", "expect": {"body_contains": "ping"}}), Kind::Fail, "the body \"pong\" from"),
        (
            json!({"path": "/ping", "expect": {"headers": {"content-type": "text/html"}}}),
            Kind::Fail,
            "header `content-type` with \"text/plain",
        ),
        (
            json!({"path": "/ping", "expect": {"headers": {"x-version": "2"}}}),
            Kind::Fail,
            "no header `x-version`",
        ),
        (
            json!({"path": "/json", "expect": {"json": {"/version": "2.0", "/n": 1.0, "/items/0/id": 7}}}),
            Kind::Pass,
            "",
        ),
        (
            json!({"path": "/json", "expect": {"json": {"/version": "1.0"}}}),
            Kind::Fail,
            "`/version` is \"2.0\"",
        ),
        (json!({"path": "/json", "expect": {"json": {"/nope": 1}}}), Kind::Fail, "no value at `/nope`"),
        (
            json!({"path": "/ping", "expect": {"json": {"/a": 1}}}),
            Kind::Fail,
            "a body that is no JSON: \"pong\"",
        ),
        (json!({"path": "/missing"}), Kind::Fail, "status 404 from"),
        (json!({"path": "/missing", "expect": {"status": "404"}}), Kind::Pass, ""),
        (json!({"path": "/moved"}), Kind::Fail, "status 302 to /ping from"),
        (json!({"path": "/moved", "redirects": 1}), Kind::Pass, ""),
        (json!({"path": "/elb"}), Kind::Fail, "status 503 made by the load balancer itself"),
        (json!({"path": "/denied"}), Kind::Fail, "status 403"),
        (
            json!({"path": "/flaky", "requests": 20, "expect": {"failures": "25%"}}),
            Kind::Pass,
            "15 of 20 answers",
        ),
        (
            json!({"path": "/flaky", "requests": 20, "expect": {"failures": "20%"}}),
            Kind::Fail,
            "5 of 20 requests to",
        ),
        (json!({"path": "/never", "timeout": "100ms"}), Kind::Fail, "sent nothing within"),
        (
            json!({"path": "/ping", "requests": 5, "expect": {"latency": {"p95": "30s", "max": "1m"}}}),
            Kind::Pass,
            "p95",
        ),
        (json!({"path": "/slow", "expect": {"latency": {"p50": "20ms"}}}), Kind::Fail, "p50 of latency was"),
    ] {
        // The flaky answers count from the start.
        application.heads.lock().await.clear();
        let outcome = run(settings.clone(), &target).await;
        assert_eq!(outcome.kind, kind, "{settings}: {}", outcome.words());
        assert!(outcome.words().contains(words), "{settings}: {}", outcome.words());
        assert!(outcome.kind != Kind::Fail || outcome.expected.is_some(), "{settings}");
    }
}

#[tokio::test]
async fn requests_carry_what_the_plan_says() {
    let application = application().await;
    let target = json!({ "url": format!("{}/base", application.url), "host": "orders.example.com",
                         "headers": {"x-route": "green", "user-agent": null} });
    let settings = json!({"path": "/x?a=b", "headers": {"X-Own": "1", "x-route": "mine"}, "cookies": {"c": "1", "d": "2"}});
    run(settings, &target).await;
    let heads = application.heads.lock().await;
    let (path, headers) = &heads[0];
    assert_eq!(path, "/base/x?a=b");
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("host").as_deref(), Some("orders.example.com"));
    assert_eq!(header("x-route").as_deref(), Some("mine"));
    assert_eq!(header("x-own").as_deref(), Some("1"));
    assert_eq!(header("cookie").as_deref(), Some("c=1; d=2"));
    assert_eq!(header("user-agent"), None);
    assert!(header("x-greenlight-deployment").unwrap().starts_with("arn:aws:ecs:"));
}

#[tokio::test]
async fn a_target_url_with_a_path_needs_no_other() {
    let application = application().await;
    let outcome = run(json!({}), &json!({ "url": format!("{}/ping", application.url) })).await;
    assert_eq!(outcome.kind, Kind::Pass, "{}", outcome.words());
    assert_eq!(outcome.caveat.as_deref(), Some("not proven to be green"));
}

#[tokio::test]
async fn what_cannot_be_asked_is_inconclusive_and_says_why() {
    for (settings, target, for_good, words) in [
        (json!({}), json!({}), true, "there is no deployment (set `target.url`"),
        (
            json!({"connect_timeout": "200ms"}),
            json!({"url": "http://127.0.0.1:1"}),
            false,
            "cannot reach 127.0.0.1:1",
        ),
        (
            json!({"headers": {"authorization": {"secret": "ssm:x"}}}),
            json!({"url": "http://127.0.0.1:1"}),
            true,
            "a secret would be sent to http://127.0.0.1:1 in plain text",
        ),
        (
            json!({}),
            json!({"url": "https://127.0.0.1:1", "tls": {"ca": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"}}),
            true,
            "the private CA cannot be used",
        ),
    ] {
        let outcome = run(settings.clone(), &target).await;
        assert_eq!(
            (outcome.kind, outcome.for_good),
            (Kind::Inconclusive, for_good),
            "{settings}: {}",
            outcome.words()
        );
        assert!(outcome.words().contains(words), "{settings}: {}", outcome.words());
    }
}

#[tokio::test]
async fn failures_come_with_what_usually_causes_them() {
    let application = application().await;
    let outcome = run(json!({"path": "/denied"}), &json!({ "url": application.url })).await;
    assert!(outcome.hint.unwrap().contains("WAF"));
    assert_eq!(outcome.measured["statuses"], json!({"403": 1}));
}

/// Every problem of a check with these settings.
fn problems(settings: &Value) -> Vec<String> {
    let Value::Object(plan) = json!({ "checks": [{ "http": settings }] }) else { unreachable!() };
    let problems = crate::hook().plan(plan).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_in_the_settings_is_a_problem() {
    for (settings, words) in [
        (json!({"requests": 0}), "`checks[0].http.requests` of GREENLIGHT_PLAN: is 0; expected 1 to 1000000"),
        (json!({"requests": 1001}), "is 1001; expected at most 1000 (add `\"allow_load\": true`"),
        (json!({"requests": -1}), "invalid value: integer `-1`, expected a whole number of 0 or more"),
        (json!({"concurrency": 101}), "is 101; expected at most 100"),
        (json!({"concurrency": 100_000, "allow_load": true}), "expected 1 to 1000"),
        (json!({"method": "POST"}), "is POST; expected GET or HEAD"),
        (json!({"method": "get"}), "\"get\" is no method"),
        (json!({"path": "ping"}), "\"ping\" is no path"),
        (json!({"path": "/a b"}), "\"/a b\" is no path"),
        (json!({"timeout": "0s"}), "is 0s; expected a time"),
        (json!({"redirects": 50}), "expected 0 to 20"),
        (json!({"cookies": {"a": "x;y"}}), "`checks[0].http.cookies.a`"),
        (json!({"headers": {"authorization": "Bearer x"}}), "must not be written in a plan"),
        (json!({"expect": {"status": "2xx"}}), "`2xx` is no HTTP status code"),
        (
            json!({"expect": {"json": {"version": 1}}}),
            "`checks[0].http.expect.json.version` of GREENLIGHT_PLAN: is no JSON pointer",
        ),
        (json!({"expect": {"latency": {"p96": "1s"}}}), "unknown key `p96`"),
        (json!({"expect": {"body_contains": ""}}), "is empty; expected a text"),
        (json!({"expect": {"failures": "100%"}}), "is 100%; expected a share that can be exceeded"),
        (json!({"expct": {}}), "unknown key `expct` (did you mean `expect`?)"),
        (json!({"max_body": "1GiB"}), "no known unit"),
    ] {
        let found = problems(&settings);
        assert_eq!(found.len(), 1, "{settings}: {found:#?}");
        assert!(found[0].contains(words), "{settings}: {found:#?}");
    }
    assert!(
        problems(&json!({"method": "POST", "requests": 5000, "concurrency": 200, "allow_load": true}))
            .is_empty()
    );
}

#[test]
fn the_plan_of_the_documentation_is_valid() {
    let plan = json!({ "checks": [
        { "http": { "path": "/ping" } },
        { "http": { "name": "greets", "path": "/hello/ada", "requests": 50, "concurrency": 5,
            "headers": { "authorization": { "secret": "secretsmanager:orders/probe#token", "prefix": "Bearer " } },
            "expect": { "status": "200-299", "body_contains": "ada", "json": { "/version": "2.0" },
                        "headers": { "content-type": "text/html" }, "latency": { "p95": "300ms" }, "failures": "0%" } } },
    ],
    "target": { "url": "https://green.example.com", "host": "orders.example.com",
                "tls": { "server_name": "orders.example.com", "ca": "ssm:/ca" }, "headers": {} },
    "isolation": "auto", "patience": "10m", "on_inconclusive": "fail", "on_create": "run", "mode": "enforce" });
    let Value::Object(plan) = plan else { unreachable!() };
    assert!(crate::hook().plan(plan).is_ok());
}

#[tokio::test]
async fn no_data_is_never_a_pass() {
    let unreachable = json!({"url": "http://127.0.0.1:1"});
    let settings = json!({"requests": 10, "connect_timeout": "100ms", "expect": {"failures": "99%", "latency": {"p95": "1s"}}});
    let outcome = run(settings, &unreachable).await;
    assert_eq!(outcome.kind, Kind::Inconclusive, "{}", outcome.words());
}

#[tokio::test]
async fn what_green_did_wrong_by_the_deadline_is_said() {
    let application = application().await;
    let target: Target = serde_json::from_value(json!({ "url": application.url })).unwrap();
    let scope = Scope::for_target(target, Instant::now() + Duration::from_millis(500));
    // One answers wrongly at once, then one never: the deadline comes before its own time is up.
    let http: Http = serde_json::from_value(json!({"path": "/wrong-then-never", "requests": 2})).unwrap();
    let outcome = http.run(&scope).await;
    assert_eq!(outcome.kind, Kind::Fail, "{}", outcome.words());
    assert!(outcome.words().contains("1 of 2 requests"), "{}", outcome.words());
}
