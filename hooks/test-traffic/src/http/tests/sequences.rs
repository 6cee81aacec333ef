//! Sequences, warm-up and rows against real servers.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::response::Response;

use super::*;

/// What the login gives, and what must be seen nowhere.
const TOKEN: &str = "tok/kT9vQ2\"mZx7";
const COOKIE: &str = "ck-Pq5Wd8Ju3Xe1";

/// A shop with a login: it gives a token and a cookie, and wants both.
struct Shop {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn shop() -> Shop {
    let requests: Arc<Mutex<Vec<String>>> = Arc::default();
    let (seen, count) = (Arc::clone(&requests), Arc::new(AtomicU64::new(0)));
    let handler = move |request: Request| {
        let (seen, count) = (Arc::clone(&seen), Arc::clone(&count));
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            let header = |name: &str| {
                head.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
            };
            let body = String::from_utf8(body.to_vec()).unwrap();
            let line = format!("{} {} {} {body}", head.method, head.uri, header("cookie"));
            seen.lock().await.push(line.trim_end().to_owned());
            answer(&head, &header, &body, count.fetch_add(1, Ordering::SeqCst))
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let _ = axum::serve(listener, Router::new().fallback(any(handler))).await;
    });
    Shop { url, requests, server }
}

fn answer(
    head: &axum::http::request::Parts,
    header: &dyn Fn(&str) -> String,
    body: &str,
    count: u64,
) -> Response {
    match head.uri.path() {
        "/login" => (
            [("set-cookie", format!("session={COOKIE}; HttpOnly")), ("x-csrf", "c5Rf".to_owned())],
            axum::Json(
                json!({"token": TOKEN, "user": {"id": 7, "admin": false, "none": null}, "ids": [1, 2]}),
            ),
        )
            .into_response(),
        "/account" if header("authorization") == format!("Bearer {TOKEN}") => "hello".into_response(),
        "/secure" => ([("set-cookie", format!("session={COOKIE}; Secure"))], "in").into_response(),
        "/breaks" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "/large" => "x".repeat(9000).into_response(),
        "/echo" => format!("{body} {} {}", header("cookie"), header("x-token")).into_response(),
        "/cold" if count < 3 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "/third" if count % 3 == 2 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "/cold" | "/good" | "/third" => "ok".into_response(),
        "/form" => "<input name=csrf value=c-1_2><input name=csrf value=other>".into_response(),
        path if path.starts_with("/orders/") => path.to_owned().into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn login(capture: &Value) -> Value {
    json!({"path": "/login", "method": "POST", "capture": capture})
}

async fn asked(settings: &Value) -> (Outcome, Vec<String>) {
    let shop = shop().await;
    let outcome = run(settings.clone(), &json!({ "url": shop.url })).await;
    let requests = shop.requests.lock().await.clone();
    (outcome, requests)
}

/// Nothing of an answer's secrets is in anything that the outcome says.
fn hidden(outcome: &Outcome) {
    let all = format!("{outcome:?} {}", serde_json::to_string(&outcome.measured).unwrap());
    for secret in [TOKEN, COOKIE] {
        for part in secret.as_bytes().windows(6) {
            let part = str::from_utf8(part).unwrap();
            assert!(!all.contains(part), "{part:?} is in {all}");
        }
    }
}

#[tokio::test]
async fn what_a_step_captures_is_written_as_the_next_place_wants_it() {
    let form = json!({"content-type": "application/x-www-form-urlencoded"});
    let application = json!({"Content-Type": "Application/JSON"});
    for (capture, next, sent) in [
        (
            json!({"t": {"jsonpath": "$.token"}}),
            json!({"path": "/orders/${t}?t=${t}"}),
            format!("GET /orders/tok%2FkT9vQ2%22mZx7?t=tok%2FkT9vQ2%22mZx7 session={COOKIE}"),
        ),
        (
            json!({"t": {"jsonpath": "$.token"}, "id": {"jsonpath": "$.user.id"}, "a": {"jsonpath": "$.user.admin"}}),
            json!({"path": "/orders/${id}", "method": "PUT", "headers": application,
                   "body": "{\"t\": \"${t}\", \"a\": ${a}, \"s\": \"$${t}\"}"}),
            format!(
                "PUT /orders/7 session={COOKIE} {{\"t\": \"tok/kT9vQ2\\\"mZx7\", \"a\": false, \"s\": \"${{t}}\"}}"
            ),
        ),
        (
            json!({"t": {"jsonpath": "$.token"}}),
            json!({"path": "/orders/1", "method": "POST", "headers": form, "body": "t=${t}"}),
            format!("POST /orders/1 session={COOKIE} t=tok%2FkT9vQ2%22mZx7"),
        ),
        (
            json!({"c": {"cookie": "session"}, "h": {"header": "X-Csrf"}}),
            json!({"path": "/orders/2", "cookies": {"session": "mine", "copy": "${c}"}, "method": "POST", "body": "${h}"}),
            format!("POST /orders/2 copy={COOKIE}; session=mine c5Rf"),
        ),
    ] {
        let (outcome, requests) = asked(&json!({"allow_load": true, "steps": [login(&capture), next]})).await;
        assert_eq!(outcome.kind, Kind::Pass, "{next}: {}", outcome.words());
        assert_eq!(requests[1], sent, "{next}");
        hidden(&outcome);
    }
    let steps = json!([{"path": "/form", "capture": {"csrf": {"regex": "name=csrf value=([\\w-]+)"}}},
                       {"path": "/orders/${csrf}"}]);
    let (outcome, requests) = asked(&json!({ "steps": steps })).await;
    assert_eq!(
        (outcome.kind, requests[1].as_str()),
        (Kind::Pass, "GET /orders/c-1_2"),
        "{}",
        outcome.words()
    );
}

#[tokio::test]
async fn a_sequence_is_judged_run_by_run_and_names_the_step() {
    let good = json!([login(&json!({"token": {"jsonpath": "$.token"}})),
                      {"path": "/account", "headers": {"authorization": "Bearer ${token}"}}]);
    let (outcome, requests) = asked(&json!({"allow_load": true, "requests": 3, "steps": good})).await;
    assert_eq!(outcome.kind, Kind::Pass, "{}", outcome.words());
    assert!(outcome.observed.starts_with("3 sequences of 2 steps from http://127"), "{}", outcome.observed);
    // Every run begins without the cookies of the one before.
    let page = format!("GET /account session={COOKIE}");
    assert_eq!(requests, ["POST /login", &page, "POST /login", &page, "POST /login", &page]);
    assert_eq!(outcome.measured["steps"][1]["step"], "GET /account");
    assert_eq!((&outcome.measured["steps"][1]["good"], &outcome.measured["good"]), (&json!(3), &json!(3)));
    hidden(&outcome);

    let capture = json!({"token": {"jsonpath": "$.token"}});
    let use_it = |rest: Value| {
        let mut step = json!({"path": "/echo", "headers": {"x-token": "${token}"}});
        step.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        step
    };
    for (first, second, kind, words) in [
        (
            login(&capture),
            json!({"path": "/nowhere/${token}"}),
            Kind::Fail,
            "step 2 (GET /nowhere/${token}): status 401 from",
        ),
        (
            login(&json!({"token": {"jsonpath": "$.tokn"}})),
            use_it(json!({})),
            Kind::Fail,
            "step 1 (POST /login): nothing at `$.tokn` from",
        ),
        (
            login(&json!({"token": {"jsonpath": "$.user"}})),
            use_it(json!({})),
            Kind::Fail,
            "no text, number or boolean at `$.user`",
        ),
        (
            login(&json!({"token": {"jsonpath": "$.ids[*]"}})),
            use_it(json!({})),
            Kind::Fail,
            "2 values at `$.ids[*]` where one is wanted",
        ),
        (login(&json!({"token": {"header": "x-none"}})), use_it(json!({})), Kind::Fail, "no header `x-none`"),
        (login(&json!({"token": {"cookie": "none"}})), use_it(json!({})), Kind::Fail, "no cookie `none`"),
        (
            login(&json!({"token": {"regex": "none=(.)"}})),
            use_it(json!({})),
            Kind::Fail,
            "a body without `none=(.)`",
        ),
        (
            login(&capture),
            use_it(json!({"expect": {"body_contains": "fine"}})),
            Kind::Fail,
            "step 2 (GET /echo): the body \" session=*** ***\" from",
        ),
        (
            login(&capture),
            use_it(json!({"expect": {"jsonpath": {"$.a": 1}}})),
            Kind::Fail,
            "a body that is no JSON: \" session=*** ***\"",
        ),
        (
            login(&capture),
            use_it(json!({"expect": {"latency": {"max": "0s"}}})),
            Kind::Fail,
            "step 2 (GET /echo): max of latency was",
        ),
        // The value is there, and it is not known where: nothing is quoted.
        (
            json!({"path": "/login", "expect": {"body_contains": "fine"}, "capture": capture}),
            use_it(json!({})),
            Kind::Fail,
            "step 1 (GET /login): the body *** from",
        ),
        (
            json!({"path": "/login", "expect": {"headers": {"set-cookie": "other"}}, "capture": capture}),
            use_it(json!({})),
            Kind::Fail,
            "header `set-cookie` with *** from",
        ),
    ] {
        let (outcome, _) = asked(&json!({"allow_load": true, "steps": [first, second]})).await;
        assert_eq!(outcome.kind, kind, "{first} {second}: {}", outcome.words());
        assert!(outcome.words().contains(words), "{words}: {}", outcome.words());
        hidden(&outcome);
    }
}

#[tokio::test]
async fn a_value_that_makes_no_request_says_nothing_about_green() {
    // A line break, out of a JSON string.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let page = Router::new().fallback(any(|| async { axum::Json(json!({"v": "a\r\nx: y; b"})) }));
    let server = tokio::spawn(async move { axum::serve(listener, page).await });
    for (next, words) in [
        (json!({"headers": {"x-v": "${v}"}}), "the value of the header `x-v` holds a line break"),
        (json!({"cookies": {"v": "${v}"}}), "the value of the cookie `v` is no cookie's value"),
    ] {
        let mut step = json!({"path": "/"});
        step.as_object_mut().unwrap().extend(next.as_object().unwrap().clone());
        let steps = json!([{"path": "/", "capture": {"v": {"jsonpath": "$.v"}}}, step]);
        let outcome = run(json!({ "steps": steps }), &json!({ "url": url })).await;
        assert_eq!(outcome.kind, Kind::Inconclusive, "{}", outcome.words());
        assert!(outcome.words().contains("step 2 (GET /): the request cannot be made of what was captured"));
        assert!(outcome.words().contains(words), "{}", outcome.words());
    }
    server.abort();
}

#[tokio::test]
async fn a_session_that_green_was_not_sent_says_nothing_about_it() {
    let shop = shop().await;
    // A loopback address would be trusted with it, as in browsers.
    let target = json!({ "url": shop.url, "host": "orders.example.com" });
    for (next, kind, words) in [
        (
            "/account",
            Kind::Inconclusive,
            "step 2 (GET /account): status 401, and it was asked without the cookie `session`, which is `Secure`, over plain HTTP",
        ),
        ("/breaks", Kind::Fail, "step 2 (GET /breaks): status 500 from"),
        ("/good", Kind::Pass, "1 sequence of 2 steps"),
    ] {
        let steps = json!([{"path": "/secure"}, {"path": next}]);
        let outcome = run(json!({ "steps": steps }), &target).await;
        assert_eq!(outcome.kind, kind, "{next}: {}", outcome.words());
        assert!(outcome.words().contains(words), "{next}: {}", outcome.words());
        hidden(&outcome);
    }
    // Given by name it is sent, as the plan says; then the answer is green's.
    let steps = json!([{"path": "/secure", "capture": {"s": {"cookie": "session"}}},
                       {"path": "/account", "cookies": {"session": "${s}"}}]);
    let outcome = run(json!({ "steps": steps }), &target).await;
    assert_eq!(outcome.kind, Kind::Fail, "{}", outcome.words());
    // What an answer sets was not there to be sent before it.
    let steps = json!([{"path": "/good"}, {"path": "/secure", "expect": {"status": 201}}]);
    let outcome = run(json!({ "steps": steps }), &target).await;
    assert_eq!(outcome.kind, Kind::Fail, "{}", outcome.words());
}

#[tokio::test]
async fn a_value_that_is_too_large_is_told_without_it() {
    let capture = json!({"all": {"regex": "^(x*)$"}});
    let steps = json!([{"path": "/large", "capture": capture}, {"path": "/orders/${all}"}]);
    let (outcome, _) = asked(&json!({ "steps": steps })).await;
    assert_eq!(outcome.kind, Kind::Fail, "{}", outcome.words());
    assert!(
        outcome.words().contains("a value of 9000 bytes for `all` from")
            && outcome.words().contains("a value to capture as `all`, of at most 8 KiB"),
        "{}",
        outcome.words()
    );
    // Many references make a path that is longer than any: its words would hold what was captured.
    let long = format!("/orders/{}", "${t}".repeat(5000));
    let (outcome, _) = asked(&json!({"allow_load": true, "steps":
        [login(&json!({"t": {"jsonpath": "$.token"}})), {"path": long}]}))
    .await;
    assert_eq!(outcome.kind, Kind::Inconclusive, "{:.300}", outcome.words());
    assert!(outcome.words().contains("bytes cannot be sent"), "{:.300}", outcome.words());
    hidden(&outcome);
}

#[tokio::test]
async fn warm_up_does_not_count_and_is_recorded() {
    let (outcome, requests) = asked(&json!({"path": "/cold", "warm_up": 4, "requests": 2})).await;
    assert_eq!(outcome.kind, Kind::Pass, "{}", outcome.words());
    assert!(outcome.observed.starts_with("2 answers from"), "{}", outcome.observed);
    assert_eq!(requests.len(), 6);
    let warm_up = &outcome.measured["warm_up"];
    assert_eq!(
        (&warm_up["requests"], &warm_up["good"], &warm_up["statuses"]),
        (&json!(4), &json!(1), &json!({"200": 1, "500": 3}))
    );
    assert_eq!(outcome.measured["statuses"], json!({"200": 2}));
    // It takes all the time that there is: green never answers.
    let application = application().await;
    let target: Target = serde_json::from_value(json!({ "url": application.url })).unwrap();
    let scope = Scope::for_target(target, Instant::now() + Duration::from_millis(500));
    let http: Http = serde_json::from_value(json!({"path": "/never", "warm_up": 1})).unwrap();
    let outcome = http.run(&scope).await;
    let words = "only 0 of 1 request to";
    assert!(
        outcome.words().contains(words) && outcome.words().contains("went to `warm_up`"),
        "{}",
        outcome.words()
    );
    // Nobody there: not counted while warming up, and told after it.
    let nobody = json!({"url": "http://127.0.0.1:1"});
    let outcome = run(json!({"warm_up": 50, "connect_timeout": "50ms"}), &nobody).await;
    assert_eq!(outcome.kind, Kind::Inconclusive, "{}", outcome.words());
    assert_eq!(outcome.measured["warm_up"]["unreachable"], 3);
}

#[tokio::test]
async fn enough_in_a_row_pass_and_end_it() {
    for (settings, kind, requests, words) in [
        (
            json!({"path": "/good", "requests": 10, "consecutive": 3}),
            Kind::Pass,
            3,
            "3 answers in a row from",
        ),
        (
            json!({"path": "/cold", "requests": 10, "consecutive": 3}),
            Kind::Pass,
            6,
            "3 answers in a row from",
        ),
        (
            json!({"path": "/cold", "requests": 10, "consecutive": 1, "expect": {"latency": {"max": "30s"}}}),
            Kind::Pass,
            4,
            "1 answer in a row from",
        ),
        (
            json!({"path": "/third", "requests": 7, "consecutive": 3}),
            Kind::Fail,
            7,
            "no 3 in a row of 7 requests to",
        ),
        (
            json!({"path": "/third", "requests": 7, "consecutive": 3}),
            Kind::Fail,
            7,
            "were as expected, at most 2: status 500; expected status 200-299, 3 times in a row",
        ),
        (
            json!({"steps": [{"path": "/good"}, {"path": "/third"}], "requests": 9, "consecutive": 2}),
            Kind::Pass,
            4,
            "2 sequences of 2 steps in a row from",
        ),
    ] {
        let (outcome, sent) = asked(&settings).await;
        assert_eq!((outcome.kind, sent.len()), (kind, requests), "{settings}: {}", outcome.words());
        assert!(outcome.words().contains(words), "{settings}: {}", outcome.words());
    }
    let nobody = json!({"url": "http://127.0.0.1:1"});
    let settings = json!({"requests": 5, "consecutive": 2, "connect_timeout": "50ms"});
    let outcome = run(settings, &nobody).await;
    assert_eq!(outcome.kind, Kind::Inconclusive, "{}", outcome.words());
}
