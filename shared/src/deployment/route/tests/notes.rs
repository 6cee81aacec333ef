//! What a reader is told beside the request.

use super::*;

/// Cases that find a route about which a reader has to know something.
#[test]
fn notes_say_what_is_not_certain() {
    let from = |block: &str| Condition::SourceIp(vec![block.to_owned()]);
    let rewriting = Case {
        rules: vec![Rule { transforms: vec!["url-rewrite".to_owned()], ..rule("test", 1, vec![]) }],
        ..Case::default()
    };
    let cases: [(&str, Case, &[&str]); 12] = [
        ("nothing to say", http(vec![path(&["/api/*"])]), &[]),
        (
            "an internal load balancer",
            Case { internal: true, ..http(vec![]) },
            &["internal: reached from inside its VPC only"],
        ),
        (
            "a rewrite",
            rewriting,
            &["the rule rewrites the path (url-rewrite): green sees another one than is sent"],
        ),
        (
            "a source address",
            http(vec![from("10.0.0.0/8")]).production(vec![]),
            &["the test rule may not take the request: it takes only clients from `10.0.0.0/8`"],
        ),
        ("every source address", http(vec![from("0.0.0.0/0")]), &[]),
        (
            "every source address of IPv6",
            http(vec![from("::/0")]),
            &["the rule may not take the request: it takes only clients from `::/0`"],
        ),
        (
            "a source address of a rule before it",
            http(vec![]).beside(rule("office", 1, vec![from("192.0.2.0/24")])),
            &["rule `office` may take the request first (priority 1: source-ip `192.0.2.0/24`)"],
        ),
        (
            "an unknown condition of a rule before it",
            http(vec![]).beside(rule("odd", 1, vec![Condition::Unknown("moon-phase".to_owned())])),
            &["`moon-phase` are not known to this version"],
        ),
        (
            "a plan's host with a port",
            http(vec![host(&["shop.example.com"])]).wish(wished_host("shop.example.com:9001")),
            &["whether the port of `shop.example.com:9001` counts"],
        ),
        (
            "a regex that is not understood, and a wish",
            http(vec![Condition::Path(patterns(&[], &["^(?<!a)/$"]))]).wish(wished_path("/")),
            &["the regular expression `^(?<!a)/$` is not understood here"],
        ),
        (
            "a secret that the rule asks for",
            http(vec![header("x-token", &["1"])])
                .wish(Wish { secret_headers: vec!["X-Token".to_owned()].leak(), ..Wish::default() }),
            &["the header `x-token` holds a secret, or what green's answers give"],
        ),
        (
            "a certificate for other names",
            https(vec![host(&["shop.example.org"])]).certified(&["*.example.com"]),
            &["the listener's default certificate is for `*.example.com`, not for `shop.example.org`"],
        ),
    ];
    for (name, case, expected) in cases {
        let route = case.find().unwrap_or_else(|obstacle| panic!("{name}: {obstacle}"));
        let notes: Vec<_> = route.uncertain.iter().chain(&route.notes).cloned().collect();
        assert_eq!(notes.len(), expected.len(), "{name}: {notes:?}");
        for (note, expected) in notes.iter().zip(expected) {
            assert!(note.contains(expected), "{name}: {note}");
        }
    }
}

#[test]
fn every_part_says_where_it_came_from() {
    let case = https(vec![
        host(&["*.example.com"]),
        path(&["/api/*"]),
        header("x-test", &["on"]),
        query(&[(Some("version"), "v1")]),
    ])
    .certified(&[])
    .production(vec![])
    .wish(wished_headers(&[("X-Mine", "1")]));
    let route = case.find().unwrap();
    assert_eq!(route.host.from, "the test rule's host-header `*.example.com`, filled in");
    assert_eq!(route.server_name, Some(route.host.clone()));
    assert_eq!(
        route.path.from,
        "the test rule's path-pattern `/api/*`, filled in, with the test rule's query-string `version=v1`"
    );
    assert_eq!(route.headers[0], ("x-mine".to_owned(), Chosen::new("1", "the plan's headers")));
    assert_eq!(
        route.headers[1],
        ("x-test".to_owned(), Chosen::new("on", "the test rule's http-header condition"))
    );
    assert_eq!(route.live, [Weighted { target_group: GREEN.to_owned(), weight: 100 }]);
    assert_eq!((route.address.as_str(), route.port), (ADDRESS, 443));

    let plan = https(vec![]).wish(Wish {
        host: Some("shop.example.com:8443"),
        server_name: Some("tls.example.com"),
        ..Wish::default()
    });
    let route = plan.find().unwrap();
    assert_eq!(route.host, Chosen::new("shop.example.com:8443", "the plan's `target.host`"));
    assert_eq!(
        route.server_name.unwrap(),
        Chosen::new("tls.example.com", "the plan's `target.tls.server_name`")
    );
}
