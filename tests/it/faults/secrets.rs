//! Secrets end to end: fetched, sent where they may be sent, and shown nowhere.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use greenlight_cli::rehearsal::aws::Times::{self, Always};
use greenlight_cli::rehearsal::aws::{Aws, Fault, Operation, secrets_manager, ssm};
use greenlight_cli::rehearsal::lambda::{Function, Invocation, Lambda};
use greenlight_tests::binaries;
use greenlight_tests::target::{Answer, Kind, Target};
use serde_json::{Value, json};

use super::cell::{Protocol, served};
use super::expect::answer;
use crate::table::{Outcome, Table, ensure};
use crate::unseen::unseen;

/// What must be seen nowhere, in whole or in part.
const TOKEN: &str = "kT9vQ2mZx7LwR4bN8cHsY6";
/// One that stands otherwise in JSON and in quotes than it is.
const KEY: &str = "Pq5Wd8\"Ju3Xe1\\Gf0Ya";

/// Both secrets in headers.
fn headers() -> Value {
    json!({
        "authorization": {"secret": "secretsmanager:orders/probe#token", "prefix": "Bearer "},
        "x-api-key": {"secret": "ssm:/orders/key"},
    })
}

async fn world() -> Aws {
    let aws = Aws::start().await.unwrap();
    let document = json!({"token": TOKEN, "number": 5}).to_string();
    aws.set_secret("orders/probe", secrets_manager::Secret::String(document));
    aws.set_parameter("/orders/key", ssm::Parameter::SecureString(KEY.to_owned()));
    aws
}

/// Invokes `test-traffic` with one check `http`.
async fn probe(aws: &Aws, target: &Value, check: &Value, patience: &str) -> Invocation {
    invoke(aws, &json!({"checks": [{"http": check}], "target": target, "patience": patience})).await
}

/// Invokes `test-traffic` with a plan.
async fn invoke(aws: &Aws, plan: &Value) -> Invocation {
    let mut function = Function::new("hook", binaries::test_traffic().unwrap())
        .with_variable("AWS_ENDPOINT_URL", aws.endpoint_url())
        .with_variable("GREENLIGHT_PLAN", plan.to_string());
    function.timeout = Duration::from_mins(1);
    function.initialization_limit = function.timeout;
    Lambda::new(function).invoke(Protocol::Ecs.event().to_string()).await
}

/// The answer has this status and these words, and no part of a secret is in it or in the log.
fn told(invocation: &Invocation, status: &str, words: &[&str]) -> Outcome {
    let answer = answer(invocation)?;
    ensure!(answer["hookStatus"] == status, "expected {status}; the answer is {answer}");
    let reason = answer["reason"].as_str().unwrap_or_default();
    for word in words {
        ensure!(reason.contains(word), "the reason does not say {word:?}: {reason}");
    }
    for text in invocation.log.iter().chain([&answer.to_string()]) {
        has_none(text)?;
    }
    Ok(())
}

/// No part of either secret is in a text.
fn has_none(text: &str) -> Outcome {
    [TOKEN, KEY].iter().try_for_each(|secret| unseen(secret, text))
}

#[tokio::test]
async fn the_application_receives_secrets_over_tls() {
    let (aws, green) = (world().await, Target::start(Kind::Tls).await.unwrap());
    let target =
        json!({"url": green.url(), "tls": {"ca": green.authority_pem().unwrap()}, "headers": headers()});
    let check = json!({
        "requests": 3, "method": "POST", "allow_load": true,
        "cookies": {"session": {"secret": "secretsmanager:orders/probe#token"}},
        "body": {"secret": "ssm:/orders/key", "prefix": "key="},
    });
    told(&probe(&aws, &target, &check, "0s").await, "SUCCEEDED", &["passed: 3 answers"]).unwrap();
    let requests = green.received().requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(request.header("x-api-key"), Some(KEY));
        assert_eq!(request.header("cookie"), Some(format!("session={TOKEN}").as_str()));
        assert_eq!(request.body, format!("key={KEY}").as_bytes());
    }
    let calls = aws.calls();
    let asked = calls.iter().filter(|call| ["ssm", "secretsmanager"].contains(&call.service)).count();
    assert_eq!(asked, 2, "each secret is asked for once: {calls:?}");
}

/// Answers with what it was sent, in the way that the path says.
async fn echo(request: Request) -> Response {
    let text = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (token, key) = (text("authorization"), text("x-api-key"));
    let both = format!("{token} {key}");
    match request.uri().path() {
        "/500" => (StatusCode::INTERNAL_SERVER_ERROR, both).into_response(),
        "/plain" => both.into_response(),
        // What is quoted of a long text ends in the middle of the secret.
        "/cut" => format!("{}{both}", ".".repeat(100)).into_response(),
        "/cut-key" => format!("{}{key}", ".".repeat(110)).into_response(),
        "/json" => json!({"token": token, "key": key}).to_string().into_response(),
        "/header" => ([("x-echo", both)], "").into_response(),
        "/redirect" => (StatusCode::FOUND, [(header::LOCATION, format!("/?token={both}"))]).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_application_echoes_is_shown_without_secrets() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async { axum::serve(listener, axum::Router::new().fallback(echo)).await });

    let mut table = Table::default();
    for (path, expect, words) in [
        ("/500", json!({}), "status 500"),
        ("/plain", json!({"body_contains": "fine"}), "***"),
        ("/plain", json!({"json": {"/v": 1}}), "***"),
        ("/cut", json!({"body_contains": "fine"}), "a body that contains"),
        ("/cut", json!({"json": {"/v": 1}}), "no JSON"),
        ("/cut-key", json!({"body_contains": "fine"}), "a body that contains"),
        ("/json", json!({"json": {"/token": "x"}}), "***"),
        ("/json", json!({"json": {"/key": "x"}}), "***"),
        ("/json", json!({"body_contains": "fine"}), "***"),
        ("/header", json!({"headers": {"x-echo": "fine"}}), "***"),
        ("/redirect", json!({}), "status 302"),
    ] {
        let target = json!({"url": url});
        table.add(format!("{path} × {expect}"), async move {
            let check = json!({
                "path": path, "expect": expect, "headers": headers(), "allow_plaintext": true, "name": "echo",
            });
            told(
                &probe(&world().await, &target, &check, "0s").await,
                "FAILED",
                &["check `echo` failed", words],
            )
        });
    }
    table.play().await;
    server.abort();
}

/// Everything that leaves the functions of a validation that waits, hands over, decides, reports and tells: the answers and
/// what they carry back, each line of the log, each call to AWS and each event for the next invocation. Green has the secrets,
/// and writes them into every answer.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_leaves_a_function_has_a_secret() {
    let mut table = Table::default();
    for protocol in Protocol::ALL {
        table.add(protocol.name(), async move {
            let green = Target::answering(Answer::new(200).body(format!("{TOKEN} {KEY}"))).await.unwrap();
            let aws = world().await;
            // Not to be had at first, so that there is something to wait for.
            aws.set_parameter("/late", ssm::Parameter::SecureString(TOKEN.to_owned()));
            let late = async {
                aws.until(|world| !world.lambda.invokes.is_empty()).await;
                aws.clear_faults();
                std::future::pending::<()>().await;
            };
            let plan = json!({
                "checks": [
                    {"http": {
                        "name": "right", "headers": headers(), "allow_plaintext": true,
                        "steps": [{"path": "/a", "capture": {"all": {"regex": "^(.+)$"}}}, {"path": "/b?all=${all}"}],
                    }},
                    {"http": {"name": "late", "headers": {"x-late": {"secret": "ssm:/late"}}, "allow_plaintext": true,
                        "expect": {"body_contains": "fine"}}},
                ],
                "target": {"url": green.url()}, "patience": "1h",
            });
            let function = Function::new("hook", binaries::test_traffic().unwrap())
                .with_variable("GREENLIGHT_LIFECYCLE_EVENT", "AfterAllowTestTraffic")
                .with_variable("GREENLIGHT_EVENT_BUS", "releases")
                .with_variable("GREENLIGHT_PLAN", plan.to_string());
            let hook = Lambda::new(served(function, &aws, Duration::from_secs(6)));
            aws.fault(&ssm::GET_PARAMETER, Fault::Denied, Always);

            let mut event = protocol.event();
            let invocations = if protocol == Protocol::Ecs {
                let first = hook.invoke(event.to_string()).await;
                event["hookDetails"] = answer(&first)?["hookDetails"].clone();
                aws.clear_faults();
                vec![first, hook.invoke(event.to_string()).await]
            } else {
                tokio::select! {
                    links = hook.invoke_chain(event.to_string(), &aws) => links.into_iter().flatten().collect(),
                    () = late => return Err("the chain goes on".to_owned()),
                }
            };

            let statuses: Vec<_> = invocations.iter().map(answer).collect::<Result<_, _>>()?;
            let [first, .., last] = statuses.as_slice() else { return Err(format!("{statuses:?}")) };
            ensure!(first["hookStatus"] == "IN_PROGRESS" && last["hookStatus"] == "FAILED", "{statuses:?}");
            let got = format!("{:?}", green.received().requests());
            ensure!(got.contains(TOKEN), "green never got a secret: {got}");

            let mut written: Vec<String> =
                hook.posts().iter().map(|post| String::from_utf8_lossy(&post.body).into_owned()).collect();
            written.extend(invocations.into_iter().flat_map(|invocation| invocation.log));
            let calls = aws.calls();
            ensure!(calls.iter().any(|call| call.operation == "PutEvents"), "nobody was told");
            written.extend(calls.into_iter().map(|call| call.input.to_string()));
            written.extend(aws.invokes().into_iter().map(|invoke| invoke.payload));
            ensure!(written.iter().any(|text| text.contains("***")), "nothing was hidden: {written:#?}");
            written.iter().try_for_each(|text| has_none(text))
        });
    }
    table.play().await;
}

/// Green knows a secret that another check is about to fetch, and what is quoted of its answer ends in the middle of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_are_about_to_fetch_is_hidden_too() {
    let mut table = Table::default();
    for (fault, times) in
        [(Fault::Slow(Duration::from_millis(500)), Always), (Fault::ServerError, Times::Next(1))]
    {
        table.add(format!("{fault:?}"), async move {
            let aws = world().await;
            aws.fault(&ssm::GET_PARAMETER, fault, times);
            let body = format!("{}{KEY}", ".".repeat(110));
            let green = Target::answering(Answer::new(200).body(body.as_bytes())).await.unwrap();
            let plan = json!({
                "checks": [
                    {"http": {"name": "quotes", "expect": {"body_contains": "fine"}}},
                    {"http": {"name": "fetches", "headers": headers(), "allow_plaintext": true}},
                ],
                "target": {"url": green.url()}, "patience": "0s",
            });
            told(&invoke(&aws, &plan).await, "FAILED", &["quotes", "a body that contains"])
        });
    }
    table.play().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_where_a_secret_must_not_go() {
    let mut table = Table::default();
    table.add("plain HTTP", async {
        let (aws, green) = (world().await, Target::start(Kind::Good).await.unwrap());
        let check = json!({"headers": headers()});
        let invocation = probe(&aws, &json!({"url": green.url()}), &check, "0s").await;
        told(&invocation, "FAILED", &["a secret would be sent to", "in plain text", "allow_plaintext"])?;
        ensure!(green.received().connections() == 0, "connected");
        Ok(())
    });
    table.add("a certificate of nobody that is trusted", async {
        let (aws, green) = (world().await, Target::start(Kind::Tls).await.unwrap());
        let check = json!({"headers": headers()});
        let invocation = probe(&aws, &json!({"url": green.url()}), &check, "0s").await;
        told(&invocation, "FAILED", &["TLS phase"])?;
        ensure!(green.received().requests().is_empty(), "sent {:?}", green.received().requests());
        Ok(())
    });
    for status in [301, 302, 303, 307, 308] {
        table.add(format!("redirected with {status}"), async move {
            let aws = world().await;
            let elsewhere = Target::start(Kind::Good).await.unwrap();
            let away = Answer::new(status).header("location", &elsewhere.url());
            let green = Target::answering(away).await.unwrap();
            let check = json!({"headers": headers(), "allow_plaintext": true, "redirects": 5});
            let invocation = probe(&aws, &json!({"url": green.url()}), &check, "0s").await;
            told(&invocation, "FAILED", &["which is another origin than the one that is asked"])?;
            ensure!(elsewhere.received().connections() == 0, "it was followed");
            ensure!(green.received().requests().len() == 1, "{} requests", green.received().requests().len());
            Ok(())
        });
    }
    for header in ["authorization", "cookie", "X-Api-Key"] {
        table.add(format!("{header} in the plan"), async move {
            let (aws, green) = (world().await, Target::start(Kind::Good).await.unwrap());
            let check = json!({"headers": {header: TOKEN}, "allow_plaintext": true});
            let invocation = probe(&aws, &json!({"url": green.url()}), &check, "0s").await;
            told(&invocation, "FAILED", &["the plan cannot be used", "checks[0].http.headers", "secret"])?;
            ensure!(green.received().connections() == 0, "connected");
            Ok(())
        });
    }
    table.play().await;
}

/// What fetching meets.
type Met = Option<(&'static Operation, Fault)>;

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_to_be_had_says_why() {
    let secret: &Operation = &secrets_manager::GET_SECRET_VALUE;
    let parameter: &Operation = &ssm::GET_PARAMETER;
    #[rustfmt::skip]
    let cells: [(&str, &'static str, Met, &[&str]); 8] = [
        ("denied", "secretsmanager:orders/probe#token", Some((secret, Fault::Denied)), &["not allowed to call secretsmanager:GetSecretValue on orders/probe", "to the function's role"]),
        ("denied", "ssm:/orders/key", Some((parameter, Fault::Denied)), &["not allowed to call ssm:GetParameter on arn:aws:ssm:us-east-1:123456789012:parameter/orders/key"]),
        ("throttled", "ssm:/orders/key", Some((parameter, Fault::Throttled)), &["ssm:GetParameter on /orders/key failed", "Rate exceeded"]),
        ("missing", "secretsmanager:orders/prob", None, &["secretsmanager:GetSecretValue on orders/prob failed", "can't find the specified secret"]),
        ("missing", "ssm:/orders/keys", None, &["ssm:GetParameter on /orders/keys failed", "ParameterNotFound"]),
        ("no such key", "secretsmanager:orders/probe#tokens", None, &["has no key `tokens`"]),
        ("no text", "secretsmanager:orders/probe#token.inner", None, &["has no key `token.inner`"]),
        ("no header", "secretsmanager:orders/binary", None, &["is binary; expected a text secret"]),
    ];
    let mut table = Table::default();
    for (name, reference, fault, words) in cells {
        for (patience, status) in [("0s", "FAILED"), ("1h", "IN_PROGRESS")] {
            let fault = fault.clone();
            table.add(format!("{name} × {reference} × {patience}"), async move {
                let (aws, green) = (world().await, Target::start(Kind::Good).await.unwrap());
                aws.set_secret("orders/binary", secrets_manager::Secret::Binary(vec![1, 2, 3]));
                if let Some((operation, fault)) = fault {
                    aws.fault(operation, fault, Always);
                }
                let mut headers = headers();
                headers["x-other"] = json!({"secret": reference});
                let check = json!({"headers": headers, "allow_plaintext": true});
                let invocation = probe(&aws, &json!({"url": green.url()}), &check, patience).await;
                told(&invocation, status, words)?;
                ensure!(green.received().connections() == 0, "connected");
                Ok(())
            });
        }
    }
    table.play().await;
}
