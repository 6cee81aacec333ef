use super::*;

fn endpoint(url: &str, overrides: &Overrides) -> Result<Endpoint, EndpointError> {
    Endpoint::new(&Url::parse(url).unwrap(), overrides)
}

fn plain(url: &str) -> Endpoint {
    endpoint(url, &Overrides::default()).unwrap()
}

#[test]
fn a_url_says_where_to_connect_and_whom_to_speak_to() {
    for (url, shown, host) in [
        ("http://orders.example.com", "orders.example.com:80", "orders.example.com"),
        ("https://Orders.Example.com/", "orders.example.com:443", "orders.example.com"),
        ("https://orders.example.com:443/", "orders.example.com:443", "orders.example.com"),
        ("http://orders.example.com:8080", "orders.example.com:8080", "orders.example.com:8080"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://[2001:db8::1]/", "[2001:db8::1]:443", "[2001:db8::1]"),
        ("http://[::1]:8080", "[::1]:8080", "[::1]:8080"),
    ] {
        let endpoint = plain(url);
        assert_eq!(endpoint.to_string(), shown, "{url}");
        assert_eq!(endpoint.host(), host, "{url}");
    }
    assert_eq!(plain("http://[::1]:8080").connect_host(), "::1");
}

#[test]
fn the_path_of_the_url_is_a_prefix() {
    let path = |url: &str, path: &str| plain(url).request(Method::GET, path).map(|request| request.path);
    assert_eq!(path("http://h", "/ping?a=1").unwrap(), "/ping?a=1");
    assert_eq!(path("http://h/a/b/", "/ping").unwrap(), "/a/b/ping");
    assert_eq!(path("http://h/a", "ping"), Err(RequestError::Path("ping".to_owned())));
}

#[test]
fn the_certificate_carries_the_most_explicit_name() {
    let name = |overrides: &Overrides| {
        let endpoint = endpoint("https://lb.example.com", overrides).unwrap();
        endpoint.server_name().unwrap().to_str().into_owned()
    };
    let host = Some("orders.example.com:8443".to_owned());
    assert_eq!(name(&Overrides::default()), "lb.example.com");
    assert_eq!(name(&Overrides { host: host.clone(), ..Overrides::default() }), "orders.example.com");
    let server_name = Some("internal.example.com".to_owned());
    assert_eq!(name(&Overrides { host, server_name, ..Overrides::default() }), "internal.example.com");
    assert_eq!(plain("https://[::1]/").server_name().unwrap().to_str(), "::1");
    assert!(plain("http://orders.example.com").server_name().is_none());
}

#[test]
fn the_address_can_differ_from_the_name() {
    let overrides = Overrides { connect_to: Some(("[fd00::7]".to_owned(), 8443)), ..Overrides::default() };
    let endpoint = endpoint("https://orders.example.com", &overrides).unwrap();
    assert_eq!(endpoint.to_string(), "[fd00::7]:8443");
    assert_eq!(endpoint.host(), "orders.example.com");
    assert_eq!(endpoint.server_name().unwrap().to_str(), "orders.example.com");
}

#[test]
fn what_is_no_endpoint_is_refused_in_words() {
    let host = |host: &str| Overrides { host: Some(host.to_owned()), ..Overrides::default() };
    let server_name = |name: &str| Overrides { server_name: Some(name.to_owned()), ..Overrides::default() };
    let ca = |pem: &[u8]| Overrides { ca_pem: Some(pem.to_vec()), ..Overrides::default() };
    for (url, overrides, words) in [
        ("ftp://h/", Overrides::default(), "the scheme is `ftp`"),
        ("http://ada:hunter2@h/", Overrides::default(), "the URL of `h` carries a user name or password"),
        ("http://h/?q=1", Overrides::default(), "query or fragment"),
        ("http://h/", host("a b"), "`a b` is no host name"),
        ("http://h/", host("ada@h"), "is no host name"),
        ("http://h/", host("h:99999"), "is no host name"),
        ("http://h/", host("h:"), "is no host name"),
        ("http://h/", host("h\r\nx: y"), "is no host name"),
        ("https://h/", server_name("-nope-.example.com"), "cannot be the name in a certificate"),
        ("https://h/", server_name(""), "cannot be the name in a certificate"),
        ("https://h/", ca(b"no pem"), "the private CA cannot be used"),
        ("https://h/", ca(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "private CA"),
    ] {
        let error = endpoint(url, &overrides).expect_err(url).to_string();
        assert!(error.contains(words), "{url}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
