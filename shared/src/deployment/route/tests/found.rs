//! Rules and wishes with the request that they lead to.

use super::*;

/// Cases that find a route, with the request in one line.
#[test]
fn requests_that_reach_their_rule() {
    let shop = || host(&["shop.example.com"]);
    let cases = [
        ("no conditions", http(vec![]), "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ -> test"),
        ("a host", http(vec![shop()]), "GET http://shop.example.com:80/ -> test"),
        (
            "an odd port is left out of the Host",
            Case { port: 9001, ..http(vec![shop()]) },
            "GET http://shop.example.com:9001/ -> test",
        ),
        (
            "everything at once",
            https(vec![
                shop(),
                path(&["/api/*"]),
                header("X-Test", &["on"]),
                query(&[(Some("version"), "v?")]),
                Condition::Method(vec!["GET".to_owned()]),
            ]),
            "GET https://shop.example.com:443/api/?version=v1 x-test=on -> test",
        ),
        (
            "the plan's host comes first",
            https(vec![host(&["*.example.com"])]).wish(wished_host("mine.example.com")),
            "GET https://mine.example.com:443/ -> test",
        ),
        (
            "the production rule's name for a wildcard",
            https(vec![host(&["*.example.com"])])
                .production(vec![host(&["www.other.org", "shop.example.com"])]),
            "GET https://shop.example.com:443/ -> test",
        ),
        (
            "the production rule's name for none",
            https(vec![header("x-test", &["on"])]).production(vec![shop()]),
            "GET https://shop.example.com:443/ x-test=on -> test",
        ),
        (
            "a production name that does not fit is not used",
            http(vec![host(&["*.test.example.com"])]).production(vec![shop()]),
            "GET http://greenlight.test.example.com:80/ -> test",
        ),
        (
            "the certificate's first name",
            https(vec![]).certified(&["shop.example.com", "www.example.com"]),
            "GET https://shop.example.com:443/ -> test",
        ),
        (
            "a certificate's wildcard, filled in",
            https(vec![]).certified(&["*.example.com"]),
            "GET https://greenlight.example.com:443/ -> test",
        ),
        (
            "a certificate's plain name before its wildcards",
            https(vec![]).certified(&["*.example.com", "example.com"]),
            "GET https://example.com:443/ -> test",
        ),
        (
            "a certificate's name for a wildcard",
            https(vec![host(&["*.example.com"])]).certified(&["example.com", "shop.example.com"]),
            "GET https://shop.example.com:443/ -> test",
        ),
        (
            "a certificate's wildcard and a rule's meet",
            https(vec![host(&["shop.*"])]).certified(&["*.example.com"]),
            "GET https://shop.example.com:443/ -> test",
        ),
        (
            "a wildcard when the certificate's names cannot be had",
            https(vec![host(&["*.example.com"])]).certified(&[]),
            "GET https://greenlight.example.com:443/ -> test",
        ),
        (
            "a plain regex for a host",
            https(vec![Condition::Host(patterns(&[], &[r"^shop\.example\.com$"]))]),
            "GET https://shop.example.com:443/ -> test",
        ),
        (
            "a production name for a regex",
            https(vec![Condition::Host(patterns(&[], &["^(shop|www)[.]example[.]com$"]))])
                .production(vec![shop()]),
            "GET https://shop.example.com:443/ -> test",
        ),
        (
            "a regex that needs the port gets it",
            http(vec![Condition::Host(patterns(&[], &["^shop[.]example[.]com:9001$"]))]),
            "GET http://shop.example.com:9001:80/ -> test",
        ),
        (
            "the plan's server name is a host, too",
            https(vec![]).wish(Wish { server_name: Some("tls.example.com"), ..Wish::default() }),
            "GET https://tls.example.com:443/ -> test",
        ),
        (
            "a wished path with a query",
            http(vec![path(&["/api/*"])]).wish(wished_path("/api/ping?full=1")),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/api/ping?full=1 -> test",
        ),
        (
            "a query condition that the wish already meets",
            http(vec![query(&[(Some("version"), "v*")])]).wish(wished_path("/?version=v7")),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/?version=v7 -> test",
        ),
        (
            "a query condition beside a wished query",
            http(vec![query(&[(None, "v1")])]).wish(wished_path("/x?a=b")),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/x?a=b&greenlight=v1 -> test",
        ),
        (
            "one parameter for two conditions",
            http(vec![query(&[(Some("v"), "1")]), query(&[(None, "1")])]),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/?v=1 -> test",
        ),
        (
            "an escaped star",
            http(vec![query(&[(Some("glob"), r"\*")])]),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/?glob=* -> test",
        ),
        (
            "a wished header that fits",
            http(vec![header("x-test", &["on*"])]).wish(wished_headers(&[("x-test", "ONE")])),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ x-test=ONE -> test",
        ),
        (
            "one value for two conditions on a header",
            http(vec![header("x-test", &["b", "abc"]), header("X-Test", &["*c"])]),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ x-test=abc -> test",
        ),
        (
            "two values where one does not do",
            http(vec![header("x-test", &["a"]), header("x-test", &["b"])]),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ x-test=a x-test=b -> test",
        ),
        (
            "a header value that cannot be sent is passed over",
            http(vec![header("x-test", &["caf\u{e9}", "a\nb", "tea"])]),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ x-test=tea -> test",
        ),
        (
            "a header condition on the host",
            http(vec![header("Host", &["shop.example.com"])]),
            "GET http://shop.example.com:80/ -> test",
        ),
        (
            "the health check's path for a pattern",
            Case { health_check: Some(("HTTP", "/api/health?deep=0")), ..http(vec![path(&["/api/*"])]) },
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/api/health?deep=0 -> test",
        ),
        (
            "a plain pattern before one to fill in",
            http(vec![path(&["/api/*", "/ping"])]),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ping -> test",
        ),
        (
            "another filling where a rule takes the first",
            http(vec![path(&["/api/*"])]).beside(rule("other", 5, vec![path(&["/api/"])])),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/api/greenlight -> test",
        ),
        (
            "another value where a rule takes the first",
            http(vec![header("x-test", &["a", "b"])]).beside(rule(
                "other",
                5,
                vec![header("x-test", &["A"])],
            )),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ x-test=b -> test",
        ),
        (
            "another name where a rule takes the first",
            http(vec![host(&["a.example.com", "b.example.com"])]).beside(rule(
                "other",
                5,
                vec![host(&["a.*"]), path(&["*"])],
            )),
            "GET http://b.example.com:80/ -> test",
        ),
        (
            "a rule after it does not matter",
            http(vec![path(&["/api/*"])]).beside(rule("other", 11, vec![path(&["/api/*"])])),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/api/ -> test",
        ),
        (
            "the default rule, past a rule for the root",
            Case {
                through: Through::Rule("default"),
                ..http(vec![]).beside(rule("other", 1, vec![path(&["/"])]))
            }
            .without("test"),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/greenlight -> default",
        ),
        (
            "the default of a listener whose default rule is not listed",
            Case {
                rules: vec![rule("other", 1, vec![path(&["/x"])])],
                through: Through::Listener,
                ..Case::default()
            },
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ -> arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/shop/1/2",
        ),
        (
            "a tcp listener",
            network("TCP"),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:9000/ -> arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/shop/1/2",
        ),
        (
            "a tcp_udp listener with TLS behind it",
            Case { health_check: Some(("HTTPS", "/up")), ..network("TCP_UDP") }
                .wish(wished_host("shop.example.com")),
            "GET https://shop.example.com:9000/ -> arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/shop/1/2",
        ),
        (
            "a tls listener",
            network("TLS").certified(&["shop.example.com"]),
            "GET https://shop.example.com:9000/ -> arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/shop/1/2",
        ),
        (
            "CodeDeploy: the rule that an ordinary request reaches",
            Case {
                through: Through::ForwardingTo(GREEN),
                ..http(vec![path(&["/admin/*"])]).beside(rule("second", 20, vec![path(&["*"])]))
            },
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ -> second",
        ),
        (
            "CodeDeploy: another rule where the ordinary one leads nowhere",
            Case { through: Through::ForwardingTo(GREEN), ..http(vec![path(&["/admin/*"])]) }.beside(Rule {
                actions: vec![forward(&[(BLUE, 1)])],
                ..rule("blue", 20, vec![path(&["*"])])
            }),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/admin/ -> test",
        ),
        (
            "CodeDeploy: a weight of 0 does not count",
            Case {
                through: Through::ForwardingTo(GREEN),
                rules: vec![
                    Rule {
                        actions: vec![forward(&[(GREEN, 0), (BLUE, 1)])],
                        ..rule("first", 1, vec![path(&["/"])])
                    },
                    default_rule(),
                ],
                ..Case::default()
            },
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/greenlight -> default",
        ),
        (
            "a token check with a token",
            Case {
                rules: vec![Rule {
                    actions: vec![Action::Authenticate("jwt-validation".to_owned()), forward(&[(GREEN, 1)])],
                    ..rule("test", 1, vec![])
                }],
                ..Case::default()
            }
            .wish(Wish { secret_headers: vec!["Authorization".to_owned()].leak(), ..Wish::default() }),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ -> test",
        ),
        (
            "a secret header is left to the plan",
            http(vec![header("x-token", &["*"])])
                .wish(Wish { secret_headers: vec!["x-token".to_owned()].leak(), ..Wish::default() }),
            "GET http://shop-1.eu-west-1.elb.amazonaws.com:80/ -> test",
        ),
    ];
    for (name, case, expected) in cases {
        match case.find() {
            Ok(route) => assert_eq!(line(&route), expected, "{name}"),
            Err(obstacle) => panic!("{name}: {obstacle}"),
        }
    }
}
