use super::*;
use crate::connect::Peer;
use crate::{Endpoint, Overrides, Request};

struct Case {
    from: &'static str,
    location: &'static str,
    expected: Result<&'static str, &'static str>,
}

fn hop(url: &str, method: Method) -> Hop {
    let url = Url::parse(url).unwrap();
    let request = Request::new(method, url.path()).unwrap().with_header("content-type", "a/b").unwrap();
    let mut bare = url.clone();
    bare.set_path("/");
    let endpoint = Endpoint::new(&bare, &Overrides::default()).unwrap();
    Hop::first(Arc::new(Peer::new(endpoint)), &request.with_body("body"))
}

fn next(trail: &mut Trail, hop: &Hop, status: u16, location: &str) -> Next {
    let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
    trail.next(hop, StatusCode::from_u16(status).unwrap(), &headers)
}

#[test]
fn where_a_redirect_leads() {
    let elsewhere = Err("another origin");
    let cases = [
        Case { from: "http://h:81/a/b", location: "c?d=1#e", expected: Ok("http://h:81/a/c?d=1") },
        Case { from: "https://h/a", location: "https://h:443/b", expected: Ok("https://h/b") },
        Case { from: "http://h/a", location: "http://H/b", expected: Ok("http://h/b") },
        Case { from: "http://[0:0::1]/a", location: "/b", expected: Ok("http://[::1]/b") },
        Case {
            from: "https://h/a",
            location: "//other/b?token=1",
            expected: Err("`https://other/b`, which is another origin"),
        },
        Case { from: "http://h/a", location: "https://h/a", expected: elsewhere },
        Case { from: "https://h/a", location: "http://h/a", expected: elsewhere },
        Case { from: "http://h/a", location: "http://h:81/a", expected: elsewhere },
        Case { from: "http://h/a", location: "http://h.example.com/b", expected: elsewhere },
        Case { from: "http://h/a", location: "blob:http://h/b", expected: Err("no usable URL") },
        Case { from: "http://h/a", location: "http://169.254.170.2/b?token=1", expected: elsewhere },
        Case { from: "http://h/a", location: "http://ada:hunter2@other/", expected: elsewhere },
        Case { from: "http://h/a", location: "ftp://h/a", expected: elsewhere },
        Case { from: "http://h/a", location: "data:text/plain,a", expected: elsewhere },
        Case { from: "http://h/a", location: "http://ada:hunter2@h/b", expected: Err("no usable URL") },
        Case { from: "http://h/a", location: "http://:0:0/", expected: Err("no usable URL") },
        Case { from: "http://h/a", location: "/a", expected: Err("in a loop, back to `http://h/a`") },
    ];
    for Case { from, location, expected } in cases {
        let found = next(&mut Trail::new(5), &hop(from, Method::GET), 302, location);
        match (found, expected) {
            (Next::Follow(hop), Ok(url)) => assert_eq!(hop.url().unwrap().as_str(), url),
            (Next::Refused(refused), Err(words)) => {
                let refused = refused.to_string();
                assert!(refused.contains(words), "{from} to {location}: {refused}");
                assert!(!refused.contains("hunter2") && !refused.contains("token"), "{refused}");
            }
            (Next::Stay, _) => panic!("{from} to {location}: stayed"),
            (Next::Follow(hop), _) => panic!("{from} to {location}: went to {:?}", hop.url()),
            (Next::Refused(refused), _) => panic!("{from} to {location}: {refused}"),
        }
    }
}

/// The `Host` header has one port, the connection another: green may have been told either.
#[test]
fn a_redirect_may_name_the_port_of_the_connection() {
    let overrides = Overrides { connect_to: Some(("10.0.0.1".to_owned(), 8443)), ..Overrides::default() };
    let endpoint = Endpoint::new(&Url::parse("https://h").unwrap(), &overrides).unwrap();
    let hop = Hop::first(Arc::new(Peer::new(endpoint)), &Request::new(Method::GET, "/a").unwrap());
    for location in ["https://h:8443/b", "https://h/b"] {
        let Next::Follow(next) = next(&mut Trail::new(1), &hop, 302, location) else {
            panic!("{location}: not followed")
        };
        assert_eq!(next.url().unwrap().as_str(), "https://h/b");
    }
    for location in ["https://h:8443/a", "https://h:9443/b", "http://h:8443/b", "https://10.0.0.1:8443/b"] {
        let Next::Refused(refused) = next(&mut Trail::new(1), &hop, 302, location) else {
            panic!("{location}: followed")
        };
        // A loop is told of as the URL that was asked.
        let told = if location.ends_with("/a") { "https://h/a" } else { location };
        assert!(refused.to_string().contains(&format!("`{told}`")), "{location}: {refused}");
    }
}

#[test]
fn the_method_and_body_after_a_redirect() {
    for (status, before, after) in [
        (303, Method::POST, Method::GET),
        (303, Method::HEAD, Method::HEAD),
        (302, Method::POST, Method::GET),
        (301, Method::PUT, Method::PUT),
        (307, Method::POST, Method::POST),
        (308, Method::POST, Method::POST),
    ] {
        let Next::Follow(hop) = next(&mut Trail::new(1), &hop("http://h/a", before.clone()), status, "/b")
        else {
            panic!("{status} {before}: not followed");
        };
        assert_eq!(*hop.method(), after, "{status} {before}");
        let kept = before == after;
        assert_eq!((!hop.body().is_empty(), hop.headers().contains_key(CONTENT_TYPE)), (kept, kept));
    }
}

#[test]
fn only_redirects_with_a_location_are_followed_and_only_if_asked_for() {
    let hop = hop("http://h/a", Method::GET);
    assert!(matches!(next(&mut Trail::new(0), &hop, 302, "/b"), Next::Stay));
    for status in [200, 300, 304, 404, 503] {
        assert!(matches!(next(&mut Trail::new(1), &hop, status, "/b"), Next::Stay), "{status}");
    }
    assert!(matches!(Trail::new(1).next(&hop, StatusCode::FOUND, &HeaderMap::new()), Next::Stay));
}

#[test]
fn the_number_of_redirects_is_limited() {
    let mut trail = Trail::new(2);
    let mut hop = hop("http://h/0", Method::GET);
    for step in 1..=2 {
        let Next::Follow(next) = next(&mut trail, &hop, 302, &format!("/{step}")) else {
            panic!("redirect {step} was not followed");
        };
        hop = *next;
    }
    let Next::Refused(refused) = next(&mut trail, &hop, 302, "/3") else {
        panic!("followed a third redirect")
    };
    assert_eq!(refused, RedirectRefused::TooMany { followed: 2, to: "http://h/3".to_owned() });
    assert_eq!(trail.followed, ["http://h/1", "http://h/2"]);
}
