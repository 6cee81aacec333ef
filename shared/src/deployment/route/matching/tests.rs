use super::*;

fn patterns(wildcards: &[&str]) -> Patterns {
    Patterns { wildcards: wildcards.iter().map(|text| (*text).to_owned()).collect(), regexes: Vec::new() }
}

fn host_is(values: &[&str]) -> Condition {
    Condition::Host(patterns(values))
}

fn path_is(values: &[&str]) -> Condition {
    Condition::Path(patterns(values))
}

fn header_is(name: &str, values: &[&str]) -> Condition {
    Condition::Header { name: name.to_owned(), values: patterns(values) }
}

fn query_is(pairs: &[(Option<&str>, &str)]) -> Condition {
    Condition::Query(pairs.iter().map(|(key, value)| (key.map(str::to_owned), (*value).to_owned())).collect())
}

fn method_is(methods: &[&str]) -> Condition {
    Condition::Method(methods.iter().map(|method| (*method).to_owned()).collect())
}

fn from_block(block: &str) -> Condition {
    Condition::SourceIp(vec![block.to_owned()])
}

fn regex_host(regex: &str) -> Condition {
    Condition::Host(Patterns { wildcards: Vec::new(), regexes: vec![regex.to_owned()] })
}

/// `GET http://shop.example.com/api/v1?version=v1&flag` with `x-test: On`, and a secret `authorization`.
fn judged(conditions: &[Condition], host: &str) -> &'static str {
    let headers = [("X-Test".to_owned(), "On".to_owned()), ("x-test".to_owned(), "second".to_owned())];
    let request = Request {
        method: "GET",
        host,
        path: "/api/v1",
        query: "version=v1&flag&star=*&both=a%26b",
        headers: &headers,
        secrets: &["authorization".to_owned()],
    };
    match Conditions::new(conditions).matches(&request) {
        Match::Yes => "yes",
        Match::No => "no",
        Match::CannotTell(why) => {
            assert!(!why.is_empty());
            "unknown"
        }
    }
}

#[test]
fn a_value_that_goes_on_is_judged_by_how_it_begins() {
    let headers = [("cookie".to_owned(), "stage=green".to_owned())];
    let secrets = ["Cookie".to_owned()];
    let request = Request {
        method: "GET",
        host: "shop.example.com",
        path: "/",
        query: "",
        headers: &headers,
        secrets: &secrets,
    };
    for (value, certain) in [
        ("*stage=green*", true),
        ("*STAGE=*", true),
        ("stage=green", false),
        ("*stage=blue*", false),
        ("*n", false),
    ] {
        let tested = Conditions::new(&[header_is("Cookie", &[value])]).matches(&request);
        assert_eq!(tested == Match::Yes, certain, "{value}: {tested:?}");
        assert_ne!(tested, Match::No, "{value}");
    }
}

#[test]
fn conditions_hold_or_not() {
    for (name, conditions, expected) in [
        ("no conditions", vec![], "yes"),
        ("a host in another case", vec![host_is(&["SHOP.Example.com"])], "yes"),
        ("a host by wildcard", vec![host_is(&["*.example.com"])], "yes"),
        ("the zone itself is not below it", vec![host_is(&["*.shop.example.com"])], "no"),
        ("another host", vec![host_is(&["other.example.com"])], "no"),
        ("the second host", vec![host_is(&["other.example.com", "shop.*"])], "yes"),
        ("a path", vec![path_is(&["/api/*"])], "yes"),
        ("a path in another case", vec![path_is(&["/API/*"])], "no"),
        ("a path with one character", vec![path_is(&["/api/v?"])], "yes"),
        ("the path does not include the query", vec![path_is(&["/api/v1?version*"])], "no"),
        ("a header, name and value in another case", vec![header_is("x-TEST", &["oN"])], "yes"),
        ("the second line of a header", vec![header_is("x-test", &["second"])], "yes"),
        ("another value of a header", vec![header_is("x-test", &["off"])], "no"),
        ("an absent header", vec![header_is("x-other", &["*"])], "no"),
        ("a secret header", vec![header_is("Authorization", &["Bearer *"])], "unknown"),
        ("the probe's own user agent", vec![header_is("User-Agent", &["greenlight/*"])], "yes"),
        ("a browser's user agent", vec![header_is("User-Agent", &["*Chrome*"])], "no"),
        ("the probe's own deployment", vec![header_is("x-greenlight-deployment", &["x"])], "unknown"),
        ("a header condition on the host", vec![header_is("Host", &["shop.example.com"])], "yes"),
        ("a parameter", vec![query_is(&[(Some("version"), "v1")])], "yes"),
        ("a parameter in another case", vec![query_is(&[(Some("VERSION"), "V1")])], "yes"),
        ("a parameter with a wildcard", vec![query_is(&[(Some("ver*"), "v?")])], "yes"),
        ("any key", vec![query_is(&[(None, "v1")])], "yes"),
        ("any key, another value", vec![query_is(&[(None, "v2")])], "no"),
        ("the second pair", vec![query_is(&[(Some("version"), "v2"), (None, "v1")])], "yes"),
        ("an escaped star matches a star", vec![query_is(&[(Some("star"), r"\*")])], "yes"),
        ("an escaped star matches nothing else", vec![query_is(&[(Some("version"), r"\*")])], "no"),
        ("a key without a value", vec![query_is(&[(Some("flag"), "*")])], "yes"),
        ("a value without a key", vec![query_is(&[(None, "flag")])], "unknown"),
        ("an encoded value", vec![query_is(&[(Some("both"), "a&b")])], "unknown"),
        ("a method", vec![method_is(&["POST", "GET"])], "yes"),
        ("a method in another case", vec![method_is(&["get"])], "no"),
        ("every address", vec![from_block("0.0.0.0/0")], "yes"),
        ("every IPv6 address", vec![from_block("::/0")], "unknown"),
        ("some addresses", vec![from_block("10.0.0.0/8")], "unknown"),
        ("an unknown kind", vec![Condition::Unknown("moon-phase".to_owned())], "unknown"),
        ("all must hold", vec![path_is(&["/api/*"]), method_is(&["POST"])], "no"),
        ("one that fails outweighs what is unknown", vec![from_block("10.0.0.0/8"), path_is(&["/x"])], "no"),
        ("what is unknown outweighs what holds", vec![path_is(&["*"]), from_block("10.0.0.0/8")], "unknown"),
    ] {
        assert_eq!(judged(&conditions, "shop.example.com"), expected, "{name}");
    }
}

#[test]
fn a_port_in_the_host_counts_or_not() {
    for (name, condition, host, expected) in [
        ("a bare name", host_is(&["a.b"]), "a.b", "yes"),
        ("a port that the value lacks", host_is(&["a.b"]), "a.b:8443", "unknown"),
        ("a port that a star may swallow", host_is(&["a.*"]), "a.b:8443", "yes"),
        ("a port and another name", host_is(&["c.d"]), "a.b:8443", "no"),
        ("a regex with the port", regex_host("^a[.]b:8443$"), "a.b:8443", "unknown"),
        ("a regex with an optional port", regex_host("^a[.]b(:8443)?$"), "a.b:8443", "yes"),
    ] {
        assert_eq!(judged(&[condition], host), expected, "{name}");
    }
}
