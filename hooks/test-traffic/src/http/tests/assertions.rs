//! Assertions about single answers: regular expressions, JSONPath, headers that are there.

use super::*;

#[tokio::test]
async fn answers_are_held_against_assertions() {
    let application = application().await;
    let target = json!({ "url": application.url });
    for (settings, kind, words) in [
        (
            json!({"path": "/ping", "expect": {"body_matches": "^po.g$", "headers": {"content-type": true, "x-version": false}}}),
            Kind::Pass,
            "",
        ),
        (
            json!({"path": "/ping", "expect": {"body_matches": "^po{3}"}}),
            Kind::Fail,
            "the body \"pong\" from",
        ),
        (
            json!({"path": "/ping", "expect": {"headers": {"x-version": true}}}),
            Kind::Fail,
            "no header `x-version`",
        ),
        (
            json!({"path": "/ping", "expect": {"headers": {"content-type": false}}}),
            Kind::Fail,
            "header `content-type` with \"text/plain; charset=utf-8\" from",
        ),
        (
            json!({"path": "/json", "expect": {"jsonpath": {
                "$.version": "2.0", "$.n": {"equals": 1.0}, "$.items[*].id": 7, "$.items": {"count": 1},
                "$.items[?@.id > 9]": {"exists": false}, "$..id": {"exists": true, "count": 1},
                "$['version']": {"matches": "^\\d+\\.\\d+$"}}}}),
            Kind::Pass,
            "",
        ),
        (
            json!({"path": "/json", "expect": {"jsonpath": {"$.items[*].id": 8}}}),
            Kind::Fail,
            "`$.items[*].id` is 7",
        ),
        (
            json!({"path": "/json", "expect": {"jsonpath": {"$.nope": null}}}),
            Kind::Fail,
            "no value at `$.nope`",
        ),
        (
            json!({"path": "/json", "expect": {"jsonpath": {"$.n": {"exists": false}}}}),
            Kind::Fail,
            "`$.n` is 1",
        ),
        (
            json!({"path": "/json", "expect": {"jsonpath": {"$.n": {"matches": "1"}}}}),
            Kind::Fail,
            "`$.n` is 1 from",
        ),
        (
            json!({"path": "/json", "expect": {"jsonpath": {"$.items[*]": {"count": 2}}}}),
            Kind::Fail,
            "1 values at `$.items[*]` from",
        ),
        (
            json!({"path": "/ping", "expect": {"jsonpath": {"$.a": 1}}}),
            Kind::Fail,
            "a body that is no JSON: \"pong\"",
        ),
    ] {
        let outcome = run(settings.clone(), &target).await;
        assert_eq!(outcome.kind, kind, "{settings}: {}", outcome.words());
        assert!(outcome.words().contains(words), "{settings}: {}", outcome.words());
    }
}
