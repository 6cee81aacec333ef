//! Mistakes in the settings of assertions, warm-up, rows and steps, one at a time.

use super::*;

/// Each has exactly one problem, with these words.
fn each_is_one_problem(rows: &[(Value, &str)]) {
    for (settings, words) in rows {
        let found = problems(settings);
        assert_eq!(found.len(), 1, "{settings}: {found:#?}");
        assert!(found[0].contains(words), "{settings}: {found:#?}");
    }
}

#[test]
fn mistakes_about_answers_and_counts() {
    each_is_one_problem(&[
        (
            json!({"max_body": "2MiB", "expect": {"body_matches": "a"}}),
            "is 2MiB; expected at most 1MiB where a body",
        ),
        (json!({"expect": {"body_matches": "(a"}}), "`(a` is no regular expression that can be used"),
        (json!({"expect": {"body_matches": "a{1000}{1000}"}}), "is no regular expression that can be used"),
        (json!({"expect": {"jsonpath": {"$.items[": 1}}}), "`$.items[` is no JSONPath"),
        (json!({"expect": {"jsonpath": {"$.a": {}}}}), "says nothing; expected a value"),
        (json!({"expect": {"jsonpath": {"$.a": {"cont": 1}}}}), "unknown key `cont` (did you mean `count`?)"),
        (json!({"expect": {"jsonpath": {"$.a": {"exists": false, "equals": 1}}}}), "it can never hold"),
        (
            json!({"expect": {"json": {"$.a": 1}}}),
            "is no JSON pointer; expected one such as `/version` or `/items/0/id` (a JSONPath belongs into `jsonpath`)",
        ),
        (
            json!({"expect": {"headers": {"a": 1}}}),
            "expected a text that the header contains, or true or false",
        ),
        (
            json!({"expect": {"expires_in": "14d"}}),
            "`14d` is no remaining time of a certificate; expected more than",
        ),
        (
            json!({"warm_up": 995, "requests": 10}),
            "is 10, after 995 to warm up: 1005 requests; expected at most 1000",
        ),
        (json!({"consecutive": 2}), "is 2; expected 1 to `requests`, 1"),
        (json!({"consecutive": 2, "requests": 5, "concurrency": 2}), "is 2; expected 1 with `consecutive`"),
        (json!({"consecutive": 2, "requests": 5, "expect": {"failures": "1%"}}), "is 1%; expected none with"),
    ]);
}

#[test]
fn mistakes_about_steps() {
    each_is_one_problem(&[
        (
            json!({"steps": [{"path": "/a"}], "path": "/b"}),
            "`checks[0].http.path` of GREENLIGHT_PLAN: stands beside `steps`; expected in one of them (move it to `steps[0].path`",
        ),
        (json!({"steps": [{"path": "/a"}], "expect": {"status": 200}}), "`checks[0].http.expect.status` of"),
        (
            json!({"steps": [{"path": "/a"}, {"path": "/b"}], "requests": 501}),
            "is 501, of 2 steps each: 1002 requests; expected at most 1000",
        ),
        (
            json!({"steps": [{"path": "/a", "method": "POST"}]}),
            "`checks[0].http.steps[0].method` of GREENLIGHT_PLAN: is POST",
        ),
        (json!({"steps": [{"path": "/a", "expect": {"failures": "1%"}}]}), "is no question of one step"),
        (json!({"steps": [{}]}), "missing field `path`"),
        (json!({"steps": [{"path": "/${t}"}]}), "uses `${t}`, which no step captures (add `\"capture\""),
        (json!({"steps": [{"path": "/${t"}]}), "holds a `${` that no `}` ends"),
        (
            json!({"steps": [{"path": "/${t}", "capture": {"t": {"header": "a"}}}]}),
            "uses `${t}`, which only `steps[0]` captures",
        ),
        (
            json!({"steps": [{"path": "/", "capture": {"t": {"header": "a"}}}, {"path": "/"}]}),
            "is captured and never used",
        ),
        (
            json!({"steps": [{"path": "/", "capture": {"t": {"header": "a"}}}, {"path": "/${t}", "capture": {"t": {"header": "a"}}}]}),
            "is captured by `steps[0]` already",
        ),
        (
            json!({"steps": [{"path": "/", "capture": {"t": {"regex": "a"}}}, {"path": "/${t}"}]}),
            "has 0 groups; expected one",
        ),
        (
            json!({"steps": [{"path": "/", "capture": {"t": {"header": "a"}}}, {"path": "/", "headers": {"authorization": "Bearer x1${t}"}}]}),
            "header `authorization` must not be written in a plan",
        ),
        (
            json!({"steps": [{"path": "/", "headers": {"Authorization": "Bearer x1"}}]}),
            "header `authorization` must not be written in a plan",
        ),
        (json!({"steps": [{"path": "/", "headers": {"Host": "a"}}]}), "header `host` cannot be set here"),
        (
            json!({"headers": {"x-a": "${t}"}, "steps": [{"path": "/"}]}),
            "refers to a captured value, but is sent with every step",
        ),
    ]);
}

#[test]
fn a_certificate_of_plain_http_is_a_problem_where_the_plan_says_so() {
    let lifetime = json!({"expires_in": ">14d"});
    let of_check = json!({ "expect": lifetime });
    let of_step = json!({"steps": [{"path": "/a"}, {"path": "/b", "expect": lifetime}]});
    for (check, url, key) in [
        (&of_check, json!("http://green.example.com"), Some("expect.expires_in")),
        (&of_step, json!("http://green.example.com"), Some("steps[1].expect.expires_in")),
        (&of_check, json!("https://green.example.com"), None),
        (&of_check, Value::Null, None),
        (&json!({}), json!("http://green.example.com"), None),
    ] {
        let target = if url.is_null() { json!({}) } else { json!({ "url": url }) };
        let Value::Object(plan) = json!({ "checks": [{ "http": check }], "target": target }) else {
            unreachable!()
        };
        let problems = crate::hook().plan(plan).err().unwrap_or_default();
        let found: Vec<_> = problems.iter().map(ToString::to_string).collect();
        let wanted = key.map(|key| {
            format!(
                "`checks[0].http.{key}` of GREENLIGHT_PLAN: is about a certificate, and `target.url` \
                 (http://green.example.com/) is plain HTTP, which has none (name a target URL with `https`, or take \
                 `expires_in` out)"
            )
        });
        assert_eq!(found, Vec::from_iter(wanted), "{check} at {target}");
    }
}

#[test]
fn the_examples_of_the_documentation_decode() {
    let lines = include_str!("../../http.rs").lines().map_while(|line| line.strip_prefix("//!"));
    let text: String = lines.flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"]).collect();
    let examples: Vec<_> =
        text.split("```json").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let mut check: Value = serde_json::from_str(example).unwrap();
        assert_eq!(problems(&check["http"].take()), [""; 0], "{example}");
    }
}
