//! How users come in: the host and the path that a production rule lets through.

use http::HeaderValue;
use http::uri::PathAndQuery;

use crate::rehearsal::aws::elb::Condition;
use crate::rehearsal::aws::worlds::Route;

/// What users ask for at a route.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entrance {
    pub(super) host: String,
    pub(super) paths: Vec<PathAndQuery>,
    /// Conditions that users do not meet, in words.
    pub(super) unmet: Vec<&'static str>,
}

impl Entrance {
    /// The entrance of a route: these paths where its rule lets them through, else one that it does.
    pub(super) fn of(route: &Route, service: &str, paths: &[PathAndQuery]) -> Self {
        let mut entrance =
            Self { host: format!("{service}.example.com"), paths: paths.to_vec(), unmet: Vec::new() };
        if let Some(name) = route.certificate.first() {
            entrance.host = plain(name, "www");
        }
        for condition in &route.conditions {
            match condition {
                Condition::HostHeader(patterns) => {
                    if let Some(pattern) = patterns.first() {
                        entrance.host = plain(pattern, "www");
                    }
                }
                Condition::PathPattern(patterns) => {
                    if let Some(pattern) = patterns.first()
                        && let Ok(path) = plain(pattern, "").parse()
                    {
                        entrance.paths = vec![path];
                    }
                }
                Condition::HostHeaderRegex(_) => entrance.unmet.push("a host by regular expression"),
                Condition::PathPatternRegex(_) => entrance.unmet.push("a path by regular expression"),
                Condition::HttpHeader(..) | Condition::HttpHeaderRegex(..) => entrance.unmet.push("a header"),
                Condition::QueryString(_) => entrance.unmet.push("a query string"),
                Condition::HttpRequestMethod(methods) => {
                    if !methods.iter().any(|method| method == "GET") {
                        entrance.unmet.push("a method other than GET");
                    }
                }
                Condition::SourceIp(_) => entrance.unmet.push("a source address"),
            }
        }
        entrance
    }

    pub(super) fn host_header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.host).unwrap_or_else(|_| HeaderValue::from_static("localhost"))
    }
}

/// A text that a pattern matches: wildcards are filled in.
fn plain(pattern: &str, many: &str) -> String {
    pattern.replace('*', many).replace('?', "a")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::aws::worlds::Front;

    fn entrance(conditions: Vec<Condition>) -> (String, Vec<String>, usize) {
        let route = Route { conditions, ..Front::default().production };
        let entrance = Entrance::of(&route, "hello", &[PathAndQuery::from_static("/hello/ada")]);
        (
            entrance.host.clone(),
            entrance.paths.iter().map(ToString::to_string).collect(),
            entrance.unmet.len(),
        )
    }

    #[test]
    fn users_ask_for_what_the_rule_lets_through() {
        let one = |text: &str| vec![text.to_owned()];
        let cases = [
            (vec![], ("hello.example.com", "/hello/ada", 0)),
            (vec![Condition::HostHeader(one("*.shop.example"))], ("www.shop.example", "/hello/ada", 0)),
            (vec![Condition::PathPattern(one("/api/*"))], ("hello.example.com", "/api/", 0)),
            (vec![Condition::HttpHeader("x".to_owned(), one("y"))], ("hello.example.com", "/hello/ada", 1)),
            (vec![Condition::HttpRequestMethod(one("GET"))], ("hello.example.com", "/hello/ada", 0)),
        ];
        for (conditions, (host, path, unmet)) in cases {
            assert_eq!(entrance(conditions.clone()), (host.to_owned(), one(path), unmet), "{conditions:?}");
        }
    }
}
