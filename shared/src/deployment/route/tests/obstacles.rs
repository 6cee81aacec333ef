//! Rules and wishes that lead to no request.

use super::*;

fn acting(actions: Vec<Action>) -> Case {
    Case { rules: vec![Rule { actions, ..rule("test", 10, vec![]) }, default_rule()], ..Case::default() }
}

/// Cases that find none: the words, whether it is for good, and the hint.
#[test]
fn obstacles_say_what_where_and_how_to_fix_it() {
    let cases = [
        (
            "a path that cannot match",
            http(vec![path(&["/y/*", "/z"])]).production(vec![]).wish(wished_path("/x")),
            "path `/x` cannot match the test rule's path-pattern `/y/*` or `/z` (`test`)",
            true,
            "set the check's `path`",
        ),
        (
            "a path in another case",
            http(vec![path(&["/API/*"])]).wish(wished_path("/api/x")),
            "path `/api/x` cannot match the rule's path-pattern `/API/*`",
            true,
            "path",
        ),
        (
            "a host that cannot match",
            https(vec![host(&["*.example.com"])]).wish(wished_host("shop.example.org")),
            "host `shop.example.org` cannot match the rule's host-header `*.example.com` (`test`)",
            true,
            "target.host",
        ),
        (
            "a header that contradicts",
            http(vec![header("x-test", &["on"])]).wish(wished_headers(&[("x-test", "hunter2")])),
            "header `x-test` of the plan cannot match the rule's http-header `x-test` = `on`",
            true,
            "target.headers",
        ),
        (
            "a method that is not let through",
            http(vec![Condition::Method(vec!["POST".to_owned()])]),
            "method `GET` cannot match the rule's http-request-method `POST`",
            true,
            "method",
        ),
        (
            "a regex for a path",
            http(vec![Condition::Path(patterns(&[], &["^/[a-z]{2}/shop$"]))]),
            "no path is known that matches the rule's path-pattern regex `^/[a-z]{2}/shop$` (`test`): a regular expression cannot be turned around",
            true,
            "`path`",
        ),
        (
            "a regex that is not understood",
            http(vec![Condition::Path(patterns(&[], &["^(?<!a)/$"]))]),
            "its regular expression is not understood here",
            true,
            "`path`",
        ),
        (
            "a regex for a host",
            https(vec![Condition::Host(patterns(&[], &["^(a|b)[.]example[.]com$"]))]).certified(&[]),
            "no host is known that matches the rule's host-header regex",
            true,
            "target.host",
        ),
        (
            "a header that a probe cannot choose",
            http(vec![header("Transfer-Encoding", &["chunked"])]),
            "a probe cannot choose a header of this name",
            true,
            "target.headers",
        ),
        (
            "a header value that cannot be sent",
            http(vec![header("x-test", &["caf\u{e9}"])]),
            "no header `x-test` is known that matches the rule's http-header `x-test` = `caf\u{e9}` (`test`): no text that can be sent matches it",
            true,
            "x-test",
        ),
        (
            "a path that no request has",
            http(vec![path(&["api/"])]),
            "no text that can be sent matches it",
            true,
            "path",
        ),
        (
            "no name on a TLS listener",
            https(vec![]),
            "no host name is known yet for the TLS listener",
            false,
            "acm:DescribeCertificate",
        ),
        (
            "only a wildcard on a TLS listener: the certificate may know better",
            https(vec![host(&["*.example.com"])]),
            "its certificate `arn:aws:acm:eu-west-1:1:certificate/3` may name one",
            false,
            "target.host",
        ),
        (
            "no name, and the certificate's are not to be had",
            https(vec![]).certified(&[]),
            "no rule names one, and the names of its certificate are not known",
            false,
            "set `target.host`",
        ),
        (
            "no name through an NLB that passes TLS on",
            Case { health_check: Some(("HTTPS", "/")), ..network("TCP") },
            "no rule and no certificate of its own names one",
            false,
            "set `target.host`",
        ),
        (
            "an authentication",
            acting(vec![Action::Authenticate("authenticate-oidc".to_owned()), forward(&[(GREEN, 1)])]),
            "the rule `test` asks for authentication (authenticate-oidc) before it forwards, and a probe has no session",
            true,
            "target.url",
        ),
        (
            "a token check without a token",
            acting(vec![Action::Authenticate("jwt-validation".to_owned()), forward(&[(GREEN, 1)])]),
            "jwt-validation",
            true,
            "authorization",
        ),
        (
            "a redirect",
            acting(vec![Action::Redirect("HTTP_301".to_owned(), "https://#{host}:443".to_owned())]),
            "the rule `test` does not forward to a target group: it redirects to `https://#{host}:443` (`HTTP_301`)",
            true,
            "forward",
        ),
        (
            "a fixed response",
            acting(vec![Action::FixedResponse("503".to_owned())]),
            "it answers `503` by itself",
            true,
            "forward",
        ),
        (
            "an unknown action",
            acting(vec![Action::Unknown("teleport".to_owned())]),
            "`teleport` that this version does not know",
            true,
            "forward",
        ),
        ("no action", acting(vec![]), "it does nothing", true, "forward"),
        (
            "a rule in the way",
            http(vec![path(&["/api/*"])]).beside(rule("greedy", 5, vec![path(&["/*"])])),
            "GET `/api/` for host `shop-1.eu-west-1.elb.amazonaws.com` does not reach the rule `test`: rule `greedy` takes it first (priority 5: path-pattern `/*`) and forwards to `green` (100)",
            true,
            "lower number",
        ),
        (
            "a rule in the way of what the plan asks for",
            http(vec![path(&["/api/*"])]).wish(wished_path("/api/ping")).beside(rule(
                "ping",
                2,
                vec![path(&["*/ping"]), Condition::Method(vec!["GET".to_owned()])],
            )),
            "rule `ping` takes it first (priority 2: path-pattern `*/ping` and http-request-method `GET`)",
            true,
            "ping",
        ),
        (
            "mutual TLS",
            Case { mutual_tls: true, ..https(vec![host(&["shop.example.com"])]) },
            "must show a certificate",
            true,
            "mutual TLS",
        ),
        ("udp", network("UDP"), "speaks `UDP`; expected `TCP`, `TLS` or `TCP_UDP`", true, "tcp"),
        (
            "an ALB's listener of an unknown kind",
            Case { protocol: "GENEVE", ..http(vec![]) },
            "speaks `GENEVE`; expected `HTTP` or `HTTPS`",
            true,
            "target.url",
        ),
        (
            "a rule that is gone",
            Case { through: Through::Rule("gone"), ..http(vec![]) },
            "the rule `gone` is not among the 2 rules of the listener",
            false,
            "replaced",
        ),
        (
            "CodeDeploy: nothing forwards to green",
            Case {
                through: Through::ForwardingTo(GREEN),
                rules: vec![
                    Rule { actions: vec![forward(&[(GREEN, 0), (BLUE, 100)])], ..rule("a", 7, vec![]) },
                    Rule { actions: vec![Action::FixedResponse("404".to_owned())], ..default_rule() },
                ],
                ..Case::default()
            },
            "forwards nothing to the target group `arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/green/4`; priority 7 forwards to `green` (0), `blue` (100); by default it answers `404` by itself",
            false,
            "infrastructure code",
        ),
        (
            "a header that cannot be sent",
            http(vec![]).wish(wished_headers(&[("x-test", "a\r\nx-evil: b")])),
            "header `x-test` of the plan cannot be sent",
            true,
            "correct",
        ),
        (
            "conditions that exclude each other",
            http(vec![path(&["/a"]), path(&["/b"])]),
            "no path is known that matches",
            true,
            "path",
        ),
    ];
    for (name, case, words, for_good, hint) in cases {
        match case.find() {
            Ok(route) => panic!("{name}: found {}", line(&route)),
            Err(obstacle) => {
                assert!(obstacle.to_string().contains(words), "{name}: {obstacle}");
                assert_eq!(obstacle.is_for_good(), for_good, "{name}");
                assert!(obstacle.hint().contains(hint), "{name}: {}", obstacle.hint());
                assert!(!obstacle.to_string().contains("hunter2"), "{name}: {obstacle}");
            }
        }
    }
}
