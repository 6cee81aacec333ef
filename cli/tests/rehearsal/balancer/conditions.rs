//! Every kind of condition, held against real requests.

use greenlight_cli::rehearsal::aws::elb::Condition;

use super::support::client::{Client, request};
use super::support::world::{Served, fixed, listener, rule, rule_arn};

/// A method, a host, a path with a query, and headers.
type Sent<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a str)]);

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn host(values: &[&str]) -> Condition {
    Condition::HostHeader(strings(values))
}

fn host_regex(value: &str) -> Condition {
    Condition::HostHeaderRegex(strings(&[value]))
}

fn path(values: &[&str]) -> Condition {
    Condition::PathPattern(strings(values))
}

fn path_regex(value: &str) -> Condition {
    Condition::PathPatternRegex(strings(&[value]))
}

fn header(name: &str, values: &[&str]) -> Condition {
    Condition::HttpHeader(name.to_owned(), strings(values))
}

fn header_regex(name: &str, value: &str) -> Condition {
    Condition::HttpHeaderRegex(name.to_owned(), strings(&[value]))
}

fn method(values: &[&str]) -> Condition {
    Condition::HttpRequestMethod(strings(values))
}

fn query(values: &[(Option<&str>, &str)]) -> Condition {
    let owned = |(key, value): &(Option<&str>, &str)| (key.map(ToOwned::to_owned), (*value).to_owned());
    Condition::QueryString(values.iter().map(owned).collect())
}

fn source(values: &[&str]) -> Condition {
    Condition::SourceIp(strings(values))
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn conditions_hold_as_they_are_documented() {
    let get = |host, path| -> Sent<'_> { ("GET", host, path, &[]) };
    let cases: Vec<(&str, Vec<Condition>, Sent<'_>, bool)> = vec![
        ("a host", vec![host(&["a.example.com"])], get("a.example.com", "/"), true),
        ("a host in other letters", vec![host(&["a.Example.com"])], get("A.EXAMPLE.COM", "/"), true),
        ("a host with a port", vec![host(&["a.example.com"])], get("a.example.com:8443", "/"), true),
        ("another host", vec![host(&["a.example.com"])], get("b.example.com", "/"), false),
        (
            "the second of two hosts",
            vec![host(&["a.example.com", "b.example.com"])],
            get("b.example.com", "/"),
            true,
        ),
        ("a star in a host", vec![host(&["*.example.com"])], get("a.b.example.com", "/"), true),
        ("a star needs its dot", vec![host(&["*.example.com"])], get("example.com", "/"), false),
        ("a question mark is one character", vec![host(&["?.example.com"])], get("a.example.com", "/"), true),
        ("a question mark is not two", vec![host(&["?.example.com"])], get("ab.example.com", "/"), false),
        ("a question mark is not none", vec![host(&["a?.example.com"])], get("a.example.com", "/"), false),
        ("a host that only begins so", vec![host(&["a.example.com"])], get("a.example.com.evil", "/"), false),
        (
            "a host by expression",
            vec![host_regex("^orders-[0-9]+\\.example\\.com$")],
            get("orders-17.example.com", "/"),
            true,
        ),
        (
            "a host by expression in other letters",
            vec![host_regex("^orders\\.")],
            get("ORDERS.example.com", "/"),
            true,
        ),
        (
            "a host by expression that is not it",
            vec![host_regex("^orders-[0-9]+\\.")],
            get("orders-x.example.com", "/"),
            false,
        ),
        ("a path", vec![path(&["/img"])], get("a", "/img"), true),
        ("a path in other letters", vec![path(&["/img"])], get("a", "/IMG"), false),
        ("a path with a query", vec![path(&["/img"])], get("a", "/img?size=2"), true),
        ("a query is no path", vec![path(&["*size=2"])], get("a", "/img?size=2"), false),
        ("a star in a path", vec![path(&["/img/*"])], get("a", "/img/a/b.png"), true),
        ("a star may be nothing", vec![path(&["/img/*"])], get("a", "/img/"), true),
        ("a star needs its slash", vec![path(&["/img/*"])], get("a", "/img"), false),
        ("a star in the middle", vec![path(&["/img/*/pics"])], get("a", "/img/a/b/pics"), true),
        ("a question mark in a path", vec![path(&["/v?/orders"])], get("a", "/v2/orders"), true),
        ("a path is not decoded", vec![path(&["/a b"])], get("a", "/a%20b"), false),
        ("a backslash in a path is one", vec![path(&["/a\\*"])], get("a", "/a*"), false),
        ("the second of two paths", vec![path(&["/a", "/b"])], get("a", "/b"), true),
        ("a path by expression", vec![path_regex("^/v[12]/")], get("a", "/v2/orders"), true),
        ("an expression is searched for", vec![path_regex("orders")], get("a", "/v2/orders/7"), true),
        ("a path by expression in other letters", vec![path_regex("orders")], get("a", "/ORDERS"), false),
        ("an expression that is none", vec![path_regex("(")], get("a", "/("), false),
        (
            "a header",
            vec![header("x-version", &["green"])],
            ("GET", "a", "/", &[("x-version", "green")]),
            true,
        ),
        (
            "a header in other letters",
            vec![header("X-Version", &["Green"])],
            ("GET", "a", "/", &[("x-version", "gREEN")]),
            true,
        ),
        (
            "a header with a star",
            vec![header("user-agent", &["*Chrome*"])],
            ("GET", "a", "/", &[("user-agent", "a chrome b")]),
            true,
        ),
        (
            "a header of another value",
            vec![header("x-version", &["green"])],
            ("GET", "a", "/", &[("x-version", "blue")]),
            false,
        ),
        ("a header that is missing", vec![header("x-version", &["*"])], get("a", "/"), false),
        (
            "a header that comes twice",
            vec![header("x-version", &["green"])],
            ("GET", "a", "/", &[("x-version", "blue"), ("x-version", "green")]),
            true,
        ),
        (
            "a star in a header's name is none",
            vec![header("x-*", &["green"])],
            ("GET", "a", "/", &[("x-version", "green")]),
            false,
        ),
        (
            "a header by expression",
            vec![header_regex("x-version", "^v[0-9]+$")],
            ("GET", "a", "/", &[("x-version", "v12")]),
            true,
        ),
        (
            "a header by expression that is not it",
            vec![header_regex("x-version", "^v[0-9]+$")],
            ("GET", "a", "/", &[("x-version", "vx")]),
            false,
        ),
        ("a method", vec![method(&["POST"])], ("POST", "a", "/", &[]), true),
        ("another method", vec![method(&["POST"])], ("GET", "a", "/", &[]), false),
        ("a method in other letters", vec![method(&["POST"])], ("post", "a", "/", &[]), false),
        ("a method of one's own", vec![method(&["CUSTOM-METHOD"])], ("CUSTOM-METHOD", "a", "/", &[]), true),
        ("a key and its value", vec![query(&[(Some("version"), "v1")])], get("a", "/?a=b&version=v1"), true),
        (
            "a key and its value in other letters",
            vec![query(&[(Some("Version"), "V1")])],
            get("a", "/?vERSION=v1"),
            true,
        ),
        (
            "a key with another value",
            vec![query(&[(Some("version"), "v1")])],
            get("a", "/?version=v2&other=v1"),
            false,
        ),
        ("a value of any key", vec![query(&[(None, "example")])], get("a", "/?anything=example"), true),
        ("a value of no key", vec![query(&[(None, "example")])], get("a", "/?example=anything"), false),
        ("a star in a value", vec![query(&[(Some("version"), "v*")])], get("a", "/?version=v1"), true),
        (
            "a star that is escaped",
            vec![query(&[(Some("version"), "v\\*")])],
            get("a", "/?version=v1"),
            false,
        ),
        ("a star that is meant", vec![query(&[(Some("version"), "v\\*")])], get("a", "/?version=v*"), true),
        ("a key without a value", vec![query(&[(Some("debug"), "")])], get("a", "/?debug"), true),
        ("no query", vec![query(&[(None, "*")])], get("a", "/"), false),
        ("the client's address", vec![source(&["127.0.0.1/32"])], get("a", "/"), true),
        ("the client's network", vec![source(&["10.0.0.0/8", "127.0.0.0/8"])], get("a", "/"), true),
        ("another network", vec![source(&["192.0.2.0/24"])], get("a", "/"), false),
        (
            "an address that a header claims",
            vec![source(&["192.0.2.0/24"])],
            ("GET", "a", "/", &[("x-forwarded-for", "192.0.2.1")]),
            false,
        ),
        (
            "two conditions",
            vec![host(&["a.example.com"]), path(&["/img/*"])],
            get("a.example.com", "/img/1"),
            true,
        ),
        (
            "one of two conditions",
            vec![host(&["a.example.com"]), path(&["/img/*"])],
            get("a.example.com", "/css"),
            false,
        ),
    ];
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", fixed(404, "default")));
        elb.rules.push(rule(1, Vec::new(), fixed(200, "rule")));
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    for (case, conditions, (method, host, path, headers), expected) in cases {
        served.change(|elb| elb.rules[0].conditions.clone_from(&conditions));
        let answer = client.send(request(method, host, path, headers)).await;
        assert_eq!(answer.body, if expected { "rule" } else { "default" }, "{case}: {conditions:?}");
    }
}

#[tokio::test]
async fn the_lowest_priority_that_holds_decides() {
    let served = Served::start(|elb| {
        elb.listeners.push(listener("HTTP", fixed(404, "default")));
        elb.rules.push(rule(30, vec![path(&["/*"])], fixed(200, "thirty")));
        elb.rules.push(rule(5, vec![path(&["/a*"])], fixed(200, "five")));
        elb.rules.push(rule(10, vec![path(&["/a/b"])], fixed(200, "ten")));
        // Of another listener whose ARN only begins alike.
        let mut other = rule(1, vec![path(&["/*"])], fixed(200, "other"));
        other.arn = other.arn.replace("f2f7dc8efc522ab2", "f2f7dc8efc522ab20");
        elb.rules.push(other);
    })
    .await;
    let mut client = Client::connect(served.address()).await;
    assert_eq!(client.get("/a/b").await.body, "five");
    assert_eq!(served.last().rule, Some(rule_arn(5)));
    assert_eq!(client.get("/b").await.body, "thirty");

    served.change(|elb| elb.rules[1].priority = 20);
    assert_eq!(client.get("/a/b").await.body, "ten");
    served.change(|elb| elb.rules.clear());
    assert_eq!(client.get("/a/b").await.body, "default");
    assert_eq!(served.last().rule, None);
}
