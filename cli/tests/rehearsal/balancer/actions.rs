//! What rules do besides forwarding.

use greenlight_cli::rehearsal::aws::elb::{Action, Condition};
use greenlight_cli::rehearsal::balancer::{AnsweredBy, Asked};

use super::support::client::{Client, request};
use super::support::target::application;
use super::support::world::{Served, fixed, forward, group, listener, rule, rule_arn, target};

#[tokio::test]
async fn a_fixed_response_is_the_load_balancers_own() {
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", fixed(404, "no such host")));
        elb.rules.push(rule(7, vec![Condition::PathPattern(vec!["/empty".to_owned()])], fixed(204, "")));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    let answer = client.get("/a?b=c").await;
    assert_eq!((answer.status, answer.body.as_str()), (404, "no such host"));
    assert_eq!(answer.header("server"), Some("awselb/2.0"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));

    let entry = served.last();
    assert_eq!((entry.status, entry.answered_by), (Some(404), AnsweredBy::LoadBalancer));
    assert_eq!((entry.rule, entry.target_group, entry.target), (None, None, None));
    let asked =
        Asked { method: "GET".to_owned(), host: "orders.example.com".to_owned(), path: "/a?b=c".to_owned() };
    assert_eq!(entry.asked, Some(asked));

    assert_eq!(client.get("/empty").await.status, 204);
    assert_eq!(served.last().rule, Some(rule_arn(7)));
    let head = client.send(request("HEAD", "orders.example.com", "/", &[])).await;
    assert_eq!((head.status, head.body.as_str()), (404, ""));
}

#[tokio::test]
async fn a_redirect_fills_in_what_was_asked() {
    let redirect = |status, location: &str| vec![Action::Redirect { status, location: location.to_owned() }];
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", redirect(301, "HTTPS://#{host}:443/#{path}?#{query}")));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    let answer = client.send(request("GET", "orders.example.com:8080", "/a/b?c=d", &[])).await;
    assert_eq!(answer.status, 301);
    assert_eq!(answer.header("location"), Some("https://orders.example.com:443/a/b?c=d"));
    assert_eq!(answer.header("server"), Some("awselb/2.0"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert!(answer.body.contains("<title>301 Moved Permanently</title>"), "{}", answer.body);
    assert_eq!(served.last().answered_by, AnsweredBy::LoadBalancer);

    served.change(|elb| {
        elb.listeners[0].default_actions =
            redirect(302, "#{protocol}://#{host}:#{port}/new/#{path}?#{query}");
    });
    let answer = client.get("/a").await;
    let expected = format!("http://orders.example.com:{}/new/a", served.address().port());
    assert_eq!((answer.status, answer.header("location")), (302, Some(expected.as_str())));
    assert!(answer.body.contains("<title>302 Found</title>"), "{}", answer.body);
}

#[tokio::test]
async fn nobody_is_signed_in() {
    let green = application("green").await;
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", Vec::new()));
        elb.target_groups.push(group("green", vec![target(green.address, "healthy")]));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    for kind in ["authenticate-oidc", "authenticate-cognito", "jwt-validation"] {
        served.change(|elb| {
            let mut actions = vec![Action::Authenticate(kind.to_owned())];
            actions.extend(forward(&[("green", 1)]));
            elb.listeners[0].default_actions = actions;
        });
        let answer = client.get("/").await;
        assert_eq!(answer.header("server"), Some("awselb/2.0"), "{kind}");
        if kind == "jwt-validation" {
            assert_eq!((answer.status, answer.header("location")), (401, None));
        } else {
            let location = answer.header("location").unwrap();
            assert_eq!(answer.status, 302);
            assert!(location.starts_with("https://sign-in.invalid/oauth2/authorize?"), "{location}");
        }
    }
}
