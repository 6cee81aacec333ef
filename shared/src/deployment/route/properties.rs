//! What holds for any listener, however odd its rules.

use proptest::prelude::*;

use super::{
    super::load_balancing::{Action, HealthCheck},
    matching::{Conditions, Match, Request},
    *,
};

/// Texts that conditions hold in the field, mixed with texts that none should.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,6}",
        2 => "[a-z*?]{1,8}",
        2 => "/[a-z*?/.]{0,10}",
        2 => r"[a-z*]{1,4}\.[a-z]{1,4}\.com",
        1 => r#"[ -~\\*?&=%"']{0,12}"#,
        1 => any::<String>(),
        1 => Just(String::new()),
        1 => (1..3_000_usize).prop_map(|times| "a*".repeat(times)),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    prop_oneof![r"\^[a-z/]{1,6}\$", r"[a-z/.^$()*+?\[\]{}|\\]{0,10}", any::<String>()]
}

fn patterns() -> impl Strategy<Value = Patterns> {
    (proptest::collection::vec(value(), 0..4), proptest::collection::vec(expression(), 0..2))
        .prop_map(|(wildcards, regexes)| Patterns { wildcards, regexes })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("x-test".to_owned()),
        Just("X-Other".to_owned()),
        Just("host".to_owned()),
        Just("user-agent".to_owned()),
        any::<String>(),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        patterns().prop_map(Condition::Host),
        patterns().prop_map(Condition::Path),
        (name(), patterns()).prop_map(|(name, values)| Condition::Header { name, values }),
        proptest::collection::vec((proptest::option::of(value()), value()), 0..3).prop_map(Condition::Query),
        prop_oneof![Just("GET".to_owned()), any::<String>()]
            .prop_map(|method| Condition::Method(vec![method])),
        prop_oneof![Just("0.0.0.0/0".to_owned()), any::<String>()]
            .prop_map(|block| Condition::SourceIp(vec![block])),
        any::<String>().prop_map(Condition::Unknown),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => Just(Action::Forward(vec![Weighted { target_group: "green".to_owned(), weight: 1 }])),
        1 => Just(Action::Forward(Vec::new())),
        1 => any::<String>().prop_map(Action::Authenticate),
        1 => any::<String>().prop_map(Action::FixedResponse),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let conditions = proptest::collection::vec(condition(), 0..4);
    let actions = proptest::collection::vec(action(), 0..3);
    (proptest::option::of(0..9_u32), conditions, actions, 0..9_usize).prop_map(
        |(priority, conditions, actions, arn)| Rule {
            arn: format!("rule-{arn}"),
            priority,
            conditions,
            actions,
            transforms: Vec::new(),
        },
    )
}

/// A rule that forwards, with conditions that can be met. `%` is left out: the API refuses it there, and
/// with digits after it, it may be meant as it stands or as what it encodes.
fn sound_rule() -> impl Strategy<Value = Rule> {
    let texts = |wildcards: &'static str| {
        proptest::collection::vec(wildcards, 1..3)
            .prop_map(|wildcards| Patterns { wildcards, regexes: Vec::new() })
    };
    let conditions = (
        proptest::option::of(texts(r"[a-z]{1,3}\*?\.[a-z?]{1,5}\.com").prop_map(Condition::Host)),
        proptest::option::of(texts(r#"/[a-z*?/. "+&\\]{0,10}"#).prop_map(Condition::Path)),
        proptest::collection::vec(
            ("[a-zA-Z-]{1,8}", texts(r"[a-z][ -~]{0,8}[a-z]"))
                .prop_map(|(name, values)| Condition::Header { name: format!("x-{name}"), values }),
            0..3,
        ),
        proptest::collection::vec(
            proptest::collection::vec((proptest::option::of("[a-z*]{1,5}"), r"[ -$&-~]{1,8}"), 1..3)
                .prop_map(Condition::Query),
            0..3,
        ),
    );
    conditions.prop_map(|(host, path, headers, query)| Rule {
        arn: "test".to_owned(),
        priority: Some(5),
        conditions: host.into_iter().chain(path).chain(headers).chain(query).collect(),
        actions: vec![Action::Forward(vec![Weighted { target_group: "green".to_owned(), weight: 1 }])],
        transforms: Vec::new(),
    })
}

fn load_balancer(is_network: bool) -> LoadBalancer {
    let dns_name = "shop-1.eu-west-1.elb.amazonaws.com".to_owned();
    LoadBalancer { arn: "lb".to_owned(), dns_name, internal: false, is_network, zones: Vec::new() }
}

fn listener(protocol: &str) -> Listener {
    Listener {
        arn: "listener".to_owned(),
        protocol: protocol.to_owned(),
        port: 80,
        mutual_tls: false,
        certificate: None,
        default_actions: vec![Action::FixedResponse("404".to_owned())],
    }
}

/// Whether the parts of the request may stand where they stand.
fn is_sound(route: &Route) -> bool {
    let url = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{}|#".contains(&byte);
    let header = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    route.path.value.starts_with('/')
        && route.path.value.bytes().all(url)
        && text::is_host(&route.host.value)
        && route.server_name.as_ref().is_none_or(|name| text::is_host(&name.value))
        && route.headers.iter().all(|(name, chosen)| is_token(name) && header(&chosen.value))
}

/// What the matcher says of a route and the conditions of a rule.
fn judge(route: &Route, conditions: &[Condition]) -> Match {
    let headers: Vec<_> =
        route.headers.iter().map(|(name, chosen)| (name.clone(), chosen.value.clone())).collect();
    let (path, query) = route.path.value.split_once('?').unwrap_or((&route.path.value, ""));
    let request = Request {
        method: &route.method.value,
        host: &route.host.value,
        path,
        query,
        headers: &headers,
        secrets: &[],
    };
    Conditions::new(conditions).matches(&request)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_found_reaches_its_rule(
        rules in proptest::collection::vec(rule(), 0..4),
        meant in rule(),
        protocol in prop_oneof![Just("HTTP"), Just("HTTPS")],
        names in proptest::option::of(proptest::collection::vec(value(), 0..3)),
        production in proptest::collection::vec(condition(), 0..2),
    ) {
        let meant = Rule { arn: "meant".to_owned(), ..meant };
        let mut rules = rules;
        rules.push(meant.clone());
        let (load_balancer, listener) = (load_balancer(false), listener(protocol));
        let production = [Rule { arn: "production".to_owned(), conditions: production, ..meant.clone() }];
        let listening = Listening { load_balancer: &load_balancer, listener: &listener, rules: &rules, through: Through::Rule("meant") };
        let other = Listening { rules: &production, through: Through::Rule("production"), ..listening };
        match find(&Wish::default(), &listening, Some(&other), names.as_deref(), None) {
            Ok(route) => {
                prop_assert!(is_sound(&route), "{route:?}");
                prop_assert!(judge(&route, &meant.conditions) != Match::No, "{route:?} {meant:?}");
                for before in rules.iter().filter(|rule| rule.priority.is_some() && (meant.priority.is_none() || rule.priority < meant.priority)) {
                    prop_assert!(judge(&route, &before.conditions) != Match::Yes, "{route:?} {before:?}");
                }
                prop_assert!(!route.uncertain.is_empty() || judge(&route, &meant.conditions) == Match::Yes);
                prop_assert!(!route.curl().is_empty());
            }
            Err(obstacle) => {
                prop_assert!(!obstacle.hint().is_empty());
                prop_assert!(!obstacle.to_string().contains('\n'), "{obstacle}");
            }
        }
    }

    #[test]
    fn conditions_that_can_be_met_are_met(rule in sound_rule()) {
        let (load_balancer, listener) = (load_balancer(false), listener("HTTP"));
        let rules = [rule.clone()];
        let listening = Listening { load_balancer: &load_balancer, listener: &listener, rules: &rules, through: Through::Rule("test") };
        let found = find(&Wish::default(), &listening, None, None, None);
        let route = found.map_err(|obstacle| TestCaseError::fail(format!("{obstacle} {rule:?}")))?;
        prop_assert!(is_sound(&route), "{route:?}");
        prop_assert!(judge(&route, &rule.conditions) != Match::No);
    }

    #[test]
    fn nothing_that_is_asked_for_makes_it_panic(
        host in proptest::option::of(any::<String>()),
        server_name in proptest::option::of(any::<String>()),
        path in proptest::option::of(any::<String>()),
        method in prop_oneof![Just("GET".to_owned()), any::<String>()],
        headers in proptest::collection::vec((name(), any::<String>()), 0..3),
        rules in proptest::collection::vec(rule(), 0..4),
        protocol in prop_oneof![Just("HTTP".to_owned()), Just("TLS".to_owned()), Just("TCP".to_owned()), any::<String>()],
        is_network in any::<bool>(),
        through in prop_oneof![Just(Through::Listener), Just(Through::ForwardingTo("green")), Just(Through::Rule("rule-1"))],
        check_path in any::<String>(),
    ) {
        let wish = Wish { host: host.as_deref(), server_name: server_name.as_deref(), path: path.as_deref(), method: &method, headers: &headers, secret_headers: &[] };
        let (load_balancer, listener) = (load_balancer(is_network), listener(&protocol));
        let group = TargetGroup {
            arn: "green".to_owned(),
            name: "green".to_owned(),
            protocol: "TCP".to_owned(),
            protocol_version: None,
            target_type: "ip".to_owned(),
            health_check: HealthCheck { protocol: "HTTP".to_owned(), port: None, path: Some(check_path), statuses: None, grpc: false },
        };
        let listening = Listening { load_balancer: &load_balancer, listener: &listener, rules: &rules, through };
        let found = find(&wish, &listening, None, Some(&["*.example.com".to_owned()]), Some(&group));
        if let Ok(route) = found {
            prop_assert!(route.path.value.starts_with('/') && route.path.value.is_ascii());
            prop_assert!(text::is_host(&route.host.value));
        }
    }
}
