//! `greenlight validate`: every problem of a plan at once.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::run::Run;

const BROKEN: &str = "
checks:
  - http: { pth: /ping, requests: 5000, timeout: 5, expect: { status: 2xx, latency: { p59: 1s } } }
  - htpp: {}
  - http: { method: POST, headers: { authorization: Bearer abc } }
target: { url: green, host: '*.example.com' }
patience: -1s
on_inconclusive: ignore
colour: green
";

fn validate(plan: &str) -> Run {
    Run::new(&["validate", "-"]).input(plan)
}

#[tokio::test]
async fn a_plan_that_is_valid() {
    let plan = "checks: [{ http: { path: /ping } }]\npatience: 5m\n";
    assert_snapshot!(validate(plan).shown().await, @r"
    exit code 0
    --- stdout
    - is a valid plan for test-traffic
    ");
    assert_snapshot!(validate(plan).argument("--effective").shown().await, @r#"
    exit code 0
    --- stdout
    {
      "layers": {
        "checks": "the plan",
        "isolation": "the hook's defaults",
        "mode": "the hook's defaults",
        "on_create": "the hook's defaults",
        "target": "the hook's defaults"
      },
      "plan": {
        "checks": [
          {
            "http": {
              "advisory": false,
              "allow_load": false,
              "allow_plaintext": false,
              "concurrency": 1,
              "connect_timeout": "2s",
              "cookies": {},
              "expect": {
                "failures": "0%",
                "latency": {}
              },
              "headers": {},
              "max_body": "1MiB",
              "method": "GET",
              "name": "http",
              "on_inconclusive": "fail",
              "path": "/ping",
              "patience": "5m",
              "redirects": 0,
              "requests": 1,
              "timeout": "5s",
              "via": "auto"
            }
          }
        ],
        "isolation": "auto",
        "mode": "enforce",
        "on_create": "run",
        "target": {
          "headers": {},
          "tls": {}
        }
      }
    }
    "#);
    let ran = validate(plan).argument("--json").ran().await;
    assert_eq!((ran.code, &ran.json()["valid"]), (Some(0), &true.into()));
}

#[tokio::test]
async fn a_plan_with_several_problems() {
    assert_snapshot!(validate(BROKEN).shown().await, @r#"
    exit code 2
    --- stdout
    colour: unknown key `colour`
      hint: known here: `checks`, `target`, `isolation`, `patience`, `on_inconclusive`, `on_create`, `mode`
    on_inconclusive: unknown variant `ignore`, expected `fail` or `pass`
    patience: duration `-1s` is negative; expected a duration such as `300ms`, `5s`, `10m` or `1h30m`
    target.host: `*.example.com` is no host name; expected a name such as `orders.example.com`
    target.url: `green` is no URL: relative URL without a base; expected a URL such as `https://green.example.com:8443`
    checks[0].http.expect.latency.p59: unknown key `p59`
      hint: did you mean `p50`?
    checks[0].http.expect.status: `2xx` is no HTTP status code; expected status codes such as `200`, `200-299` or `200,301-302`
    checks[0].http.pth: unknown key `pth`
      hint: did you mean `path`?
    checks[0].http.timeout: invalid type: integer `5`, expected a duration such as "300ms", "5s" or "10m"
    checks[0].http.requests: is 5000; expected at most 1000
      hint: add `"allow_load": true` if green and what is behind it can take that
    checks[1]: unknown check `htpp`
      hint: did you mean `http`?
    checks[2].http.headers.authorization: header `authorization` must not be written in a plan
      hint: name a secret: {"secret": "secretsmanager:ID#json.key"} or {"secret": "ssm:NAME"}
    checks[2].http.method: is POST; expected GET or HEAD
      hint: add `"allow_load": true` if green and what is behind it can take that
    --- stderr
    error: the plan `-` has 13 problems
    "#);
    let ran = validate(BROKEN).argument("--json").ran().await;
    let result = ran.json();
    assert_eq!((ran.code, &result["valid"]), (Some(2), &false.into()));
    assert!(result["problems"].as_array().unwrap().len() >= 10, "{result:#}");
}

#[tokio::test]
async fn what_is_no_plan() {
    assert_snapshot!(validate("").shown().await, @r#"
    exit code 2
    --- stderr
    error: the plan `-` is no object
    hint: a plan looks like {"checks": [{"http": {"path": "/ping"}}]}
    "#);
    assert_snapshot!(validate("[1]").shown().await, @r#"
    exit code 2
    --- stderr
    error: the plan `-` is no object
    hint: a plan looks like {"checks": [{"http": {"path": "/ping"}}]}
    "#);
    assert_snapshot!(validate(r#"{"checks": ["#).shown().await, @r"
    exit code 2
    --- stderr
    error: the plan `-` is not JSON: EOF while parsing a list at line 1 column 12
    ");
    assert_snapshot!(validate("checks: [").shown().await, @r"
    exit code 2
    --- stderr
    error: the plan `-` is neither JSON nor YAML: unclosed bracket '[' at line 1, column 9
    ");
    assert_snapshot!(validate("checks: []").shown().await, @r"
    exit code 2
    --- stdout
    checks: is empty; expected at least one check
      hint: a plan without checks would validate nothing; remove the key to use the hook's defaults
    --- stderr
    error: the plan `-` has 1 problem
    ");
    assert_snapshot!(validate("{}").shown().await, @r"
    exit code 0
    --- stdout
    - is a valid plan for test-traffic
    ");
    assert_snapshot!(Run::new(&["validate", "-"]).input(b"\xff\xfe".to_vec()).shown().await, @r"
    exit code 2
    --- stderr
    error: the plan `-` is not UTF-8: invalid utf-8 sequence of 1 bytes from index 0
    ");
    assert_snapshot!(Run::new(&["validate", "no-such-plan.yaml"]).shown().await, @r"
    exit code 2
    --- stderr
    error: cannot read the plan `no-such-plan.yaml`: No such file or directory (os error 2)
    ");
    assert_snapshot!(validate("{}").argument("--hook").argument("heath").shown().await, @r"
    exit code 2
    --- stderr
    error: unknown hook `heath`
    hint: did you mean `health`?
    ");
}

/// A document that unfolds to far more than it is must not take the machine with it.
#[tokio::test]
async fn a_yaml_bomb_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let of = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(bomb, "a{level}: &a{level} [{of}]");
    }
    let ran = validate(&bomb).ran().await;
    assert_eq!(ran.code, Some(2), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.len() + ran.stderr.len() < 10_000, "{}", ran.stderr);
}
