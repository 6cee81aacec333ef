//! The check against real sockets that give the answers of a real Envoy 1.40.0; its settings against their
//! mistakes.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use greenlight::{Kind, plan::Target};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use super::*;

const SERVER_INFO: &str = include_str!("../../fixtures/envoy/server_info-1.40.0.json");
const LIVE: &str = include_str!("../../fixtures/envoy/stats-live-1.40.0.json");
const REJECTED: &str = include_str!("../../fixtures/envoy/stats-rejected-1.40.0.json");

type Script = fn(path: &str, query: &str, asked: usize) -> Response;

/// A server that answers by a script, which is told how often a path was asked for.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    running: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn server(script: Script) -> Server {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    let answer = async move |request: Request| {
        let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default());
        let line = format!("{} {path}", request.method());
        let mut seen = seen.lock().unwrap();
        let before = seen.iter().filter(|one| **one == line).count();
        seen.push(line);
        script(&path, query, before)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer);
    let running = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Server { url, asked, running }
}

fn live(path: &str, query: &str, _: usize) -> Response {
    match path {
        "/server_info" => SERVER_INFO.into_response(),
        "/ready" => "LIVE\n".into_response(),
        "/stats" if query.contains("membership") => {
            r#"{"stats":[{"name":"cluster.orders.membership_healthy","value":1},{"name":"cluster.orders.membership_total","value":2}]}"#
                .into_response()
        }
        "/stats" => LIVE.into_response(),
        _ => (StatusCode::NOT_FOUND, "invalid path. admin commands are:").into_response(),
    }
}

fn in_state(path: &str, state: &str) -> Response {
    match path {
        "/server_info" => SERVER_INFO.replace("\"LIVE\"", &format!("\"{state}\"")).into_response(),
        "/ready" => (StatusCode::SERVICE_UNAVAILABLE, format!("{state}\n")).into_response(),
        _ => LIVE.into_response(),
    }
}

fn scope(target: &Value) -> Scope {
    let target: Target = serde_json::from_value(target.clone()).unwrap();
    Scope::for_target(target, Instant::now() + Duration::from_secs(30))
}

async fn run(mut settings: Value, url: &str) -> Outcome {
    settings["url"] = url.into();
    settings["interval"] = settings.get("interval").cloned().unwrap_or_else(|| "10ms".into());
    let envoy: Envoy = serde_json::from_value(settings).unwrap();
    envoy.run(&scope(&json!({}))).await
}

#[tokio::test]
async fn what_an_envoy_says_is_judged() {
    let rejects: Script = |path, query, asked| match path {
        "/stats" if asked > 0 => REJECTED.into_response(),
        _ => live(path, query, asked),
    };
    let rejected: Script = |path, query, asked| match path {
        "/stats" => REJECTED.into_response(),
        _ => live(path, query, asked),
    };
    let rows: [(&str, Script, Value, Kind, &str); 8] = [
        (
            "live",
            live,
            json!({}),
            Kind::Pass,
            "Envoy 1.40.0 is LIVE with 1 listener, and rejected no update within 0s",
        ),
        ("enough members", live, json!({"clusters": {"orders": 1}}), Kind::Pass, "LIVE"),
        (
            "too few members",
            live,
            json!({"clusters": {"orders": 2}}),
            Kind::Pending,
            "sees 1 healthy of 2 members in cluster `orders`",
        ),
        (
            "no such cluster",
            live,
            json!({"clusters": {"payments": 1}}),
            Kind::Pending,
            "no cluster `payments`",
        ),
        (
            "draining",
            |path, _, _| in_state(path, "DRAINING"),
            json!({}),
            Kind::Fail,
            "Envoy 1.40.0 is DRAINING",
        ),
        (
            "starting",
            |path, _, _| in_state(path, "PRE_INITIALIZING"),
            json!({}),
            Kind::Pending,
            "waits for its clusters",
        ),
        (
            "a rejection between the readings",
            rejects,
            json!({}),
            Kind::Fail,
            "listener_manager.lds.update_rejected from 0 to 1",
        ),
        (
            "a rejection before them",
            rejected,
            json!({}),
            Kind::Inconclusive,
            "rejected 1 update of listener_manager.lds before the first reading",
        ),
    ];
    for (name, script, settings, kind, words) in rows {
        let server = server(script).await;
        let outcome = run(settings, &server.url).await;
        assert_eq!(outcome.kind, kind, "{name}: {}", outcome.words());
        assert!(outcome.words().contains(words), "{name}: {}", outcome.words());
        assert_eq!(outcome.caveat.as_deref(), Some("not proven to be green"), "{name}");
        assert!(outcome.reading.is_some(), "{name}: the first reading is kept");
        let asked = server.asked.lock().unwrap();
        assert!(asked.iter().all(|line| line.starts_with("GET ")), "{name}: {asked:?}");
    }
}

#[tokio::test]
async fn what_is_no_envoy_says_nothing_about_green() {
    let forbidden: Script = |_, _, _| {
        (StatusCode::FORBIDDEN, [("server", "envoy")], "request to path /server_info not allowed")
            .into_response()
    };
    let hint = "set `port` to the one of `admin.address` in Envoy's bootstrap, or `url` to a listener that passes /ready, /server_info and /stats on to it";
    let rows: [(&str, Script, &str, &str); 5] = [
        (
            "an application",
            |_, _, _| (StatusCode::NOT_FOUND, [("content-type", "text/html")], "<html>").into_response(),
            "GET /server_info came to status 404 with text/html",
            hint,
        ),
        (
            "one that answers everything",
            |_, _, _| "hello".into_response(),
            "GET /server_info came to a body that is no JSON",
            hint,
        ),
        (
            "JSON of somebody else's",
            |_, _, _| r#"{"version": "1"}"#.into_response(),
            "GET /server_info came to JSON without `version` and `uptime_current_epoch`",
            hint,
        ),
        (
            "a closed path",
            forbidden,
            "GET /server_info came to status 403",
            "an Envoy refuses it: add /ready, /server_info and /stats to `admin.allow_paths`",
        ),
        (
            "half of one",
            |path, query, asked| {
                if path == "/ready" {
                    StatusCode::NOT_FOUND.into_response()
                } else {
                    live(path, query, asked)
                }
            },
            "GET /ready came to status 404",
            hint,
        ),
    ];
    for (name, script, words, hint) in rows {
        let server = server(script).await;
        let outcome = run(json!({}), &server.url).await;
        assert_eq!(outcome.kind, Kind::Inconclusive, "{name}: {}", outcome.words());
        let expected = format!(
            "{url}/: what answers at {url}/ is no admin interface of Envoy: {words}",
            url = server.url
        );
        assert!(outcome.observed.starts_with(&expected), "{name}: {}", outcome.observed);
        assert_eq!(outcome.hint.as_deref(), Some(hint), "{name}");
    }
}

#[tokio::test]
async fn whose_fault_silence_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let outcome = run(json!({}), &refusing).await;
    assert_eq!(outcome.kind, Kind::Inconclusive, "{}", outcome.words());
    assert!(outcome.observed.contains("the connection was refused"), "{}", outcome.observed);

    let (silent, speaks_something) = (raw("").await, raw("SSH-2.0-OpenSSH_9.6\r\n").await);
    let outcome = run(json!({"timeout": "100ms"}), &silent.url).await;
    assert_eq!(outcome.kind, Kind::Fail, "{}", outcome.words());
    assert!(outcome.observed.contains("GET /server_info: 127.0.0.1:"), "{}", outcome.observed);
    assert!(outcome.observed.contains("sent nothing within"), "{}", outcome.observed);

    let outcome = run(json!({}), &speaks_something.url).await;
    assert_eq!(outcome.kind, Kind::Inconclusive, "{}", outcome.words());
    assert!(outcome.observed.contains("is no admin interface of Envoy"), "{}", outcome.observed);
}

/// A server that reads, says this and no more.
async fn raw(text: &'static str) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let running = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(text.as_bytes()).await;
            open.push(stream);
        }
    });
    Server { url, asked: Arc::default(), running }
}

#[tokio::test]
async fn a_second_reading_that_does_not_fit_is_left_to_the_next_invocation() {
    let server = server(live).await;
    let outcome = run(json!({"interval": "1m"}), &server.url).await;
    assert_eq!(
        outcome.words(),
        "the function had no time for a second reading 1m after the first (raise the function's timeout; the first reading is kept for the next invocation)"
    );
    assert_eq!(outcome.kind, Kind::Inconclusive);
    let kept = &outcome.reading.unwrap()[format!("{}/", server.url)];
    assert_eq!(kept["u"], 5);
    let started = clock::wall().as_second() - 5;
    assert!(kept["s"].as_i64().unwrap().abs_diff(started) <= 5, "{kept}, expected {started}");
}

#[tokio::test]
async fn without_a_deployment_there_is_nobody_to_ask() {
    let outcome = Envoy::default().run(&scope(&json!({"url": "http://127.0.0.1:1"}))).await;
    assert_eq!(outcome.kind, Kind::Inconclusive);
    assert!(outcome.words().contains("this is no invocation: there is no deployment"), "{}", outcome.words());
}
