//! The parts of the request that the rule leaves open: paths, parameters of the query, headers, each
//! with the values to try in their order.

use super::{
    super::load_balancing::{Condition, Patterns, TargetGroup},
    Chosen, Obstacle, Part, Wish, fill,
    hosts::why_unknown,
    matching::{Match, Request, Test, is_host_header},
    rules::Ruled,
    split,
    text::{encode_key, encode_path, encode_value, is_header_value, is_token, quoted},
    words,
};
use crate::wildcard::Wildcard;

/// A path to try, with the query that it brings.
#[derive(Debug, Clone)]
pub(super) struct Location {
    pub(super) path: String,
    pub(super) query: String,
    pub(super) from: String,
}

/// A condition that is met by adding one of these, unless what stands there already meets it.
#[derive(Debug)]
pub(super) struct Need<'a, T> {
    pub(super) test: &'a Test,
    pub(super) options: Vec<T>,
}

/// Headers that belong to the connection or to its framing: a probe cannot choose them.
const NOT_OURS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Works out the choices for one rule.
pub(super) struct Choices<'a> {
    pub(super) wish: &'a Wish<'a>,
    pub(super) ruled: &'a Ruled<'a>,
    /// `test rule` or `rule`.
    pub(super) side: &'static str,
    pub(super) group: Option<&'a TargetGroup>,
}

impl<'a> Choices<'a> {
    fn request(&self) -> Request<'a> {
        Request {
            method: self.wish.method,
            host: "",
            path: "",
            query: "",
            headers: self.wish.headers,
            secrets: self.wish.secret_headers,
        }
    }

    /// The conditions with their tests, which stand in the same order.
    fn conditions(&self) -> impl Iterator<Item = (&'a Condition, &'a Test)> + use<'a> {
        self.ruled.rule.conditions.iter().zip(self.ruled.conditions.tests())
    }

    fn contradiction(&self, part: Part, wished: String, condition: &Condition) -> Obstacle {
        Obstacle::Contradiction {
            part,
            wished,
            side: self.side,
            condition: words::condition(condition),
            rule: self.ruled.rule.arn.clone(),
        }
    }

    fn unknown(&self, part: Part, condition: &Condition, why: String) -> Obstacle {
        let (side, rule) = (self.side, self.ruled.rule.arn.clone());
        Obstacle::Unknown { part, side, condition: words::condition(condition), rule, why }
    }

    /// Nothing is chosen here: a method does what it does.
    pub(super) fn method(&self) -> Result<Chosen, Obstacle> {
        for (condition, test) in self.conditions() {
            if matches!(test, Test::Method(_)) && test.matches(&self.request()) == Match::No {
                return Err(self.contradiction(Part::Method, quoted(self.wish.method), condition));
            }
        }
        Ok(Chosen::new(self.wish.method, "the check's method"))
    }

    /// The paths to try; at least one.
    pub(super) fn paths(&self) -> Result<Vec<Location>, Obstacle> {
        // A guess at what is not understood would be no more than that; what the plan says is.
        let guessing = self.wish.path.is_none();
        let refusing = |path: &str| {
            let request = Request { path, ..self.request() };
            self.conditions().find(|(_, test)| match test {
                Test::Path(texts) => match test.matches(&request) {
                    Match::Yes => false,
                    Match::No => true,
                    Match::CannotTell(_) => guessing && texts.is_beyond_us(),
                },
                _ => false,
            })
        };
        if let Some(wished) = self.wish.path {
            let (path, query) = split(wished);
            return match refusing(&path) {
                Some((condition, _)) => Err(self.contradiction(Part::Path, quoted(&path), condition)),
                None => Ok(vec![Location { path, query, from: "the plan's `path`".to_owned() }]),
            };
        }
        let mut paths: Vec<Location> = Vec::new();
        let mut add = |path: String, query: String, from: String| {
            if !paths.iter().any(|known| known.path == path) && refusing(&path).is_none() {
                paths.push(Location { path, query, from });
            }
        };
        add("/".to_owned(), String::new(), format!("the root, which the {} takes", self.side));
        // A path that green itself is known to answer.
        if let Some(path) = self.group.and_then(|group| group.health_check.http_path()) {
            let (path, query) = split(path);
            add(path, query, "the health check of green's target group".to_owned());
        }
        let mut last = None;
        for (condition, test) in self.conditions() {
            let (Condition::Path(patterns), Test::Path(texts)) = (condition, test) else { continue };
            for (path, from) in path_candidates(patterns) {
                if path.starts_with('/') {
                    add(
                        encode_path(&path),
                        String::new(),
                        format!("the {}'s path-pattern {from}", self.side),
                    );
                }
            }
            last = Some((condition, why_unknown(!patterns.regexes.is_empty(), texts.is_beyond_us())));
        }
        // Where the rule takes any path, another rule may still take these.
        for path in ["/greenlight", "/greenlight/green"] {
            add(
                path.to_owned(),
                String::new(),
                "made up, for want of a better one that reaches the rule".to_owned(),
            );
        }
        match last {
            Some((condition, why)) if paths.is_empty() => Err(self.unknown(Part::Path, condition, why)),
            _ => Ok(paths),
        }
    }

    /// What has to be added to the query.
    pub(super) fn query(&self) -> Result<Vec<Need<'a, Chosen>>, Obstacle> {
        let mut needs = Vec::new();
        for (condition, test) in self.conditions() {
            let Condition::Query(pairs) = condition else { continue };
            let from = format!("the {}'s {}", self.side, words::condition(condition));
            let options: Vec<_> = pairs
                .iter()
                .flat_map(|(key, value)| parameters(key.as_deref(), value))
                .filter(|parameter| {
                    test.matches(&Request { query: parameter, ..self.request() }) != Match::No
                })
                .map(|parameter| Chosen::new(parameter, from.clone()))
                .collect();
            if options.is_empty() {
                return Err(self.unknown(Part::Query, condition, why_unknown(false, false)));
            }
            needs.push(Need { test, options });
        }
        Ok(needs)
    }

    /// What has to be added to the headers.
    pub(super) fn headers(&self) -> Result<Vec<Need<'a, (String, Chosen)>>, Obstacle> {
        let mut needs = Vec::new();
        for (condition, test) in self.conditions() {
            let (Condition::Header { name, values }, Test::Header(_, texts)) = (condition, test) else {
                continue;
            };
            if is_host_header(name) {
                continue;
            }
            let part = || Part::Header(name.to_ascii_lowercase());
            let named = |other: &&(String, String)| other.0.eq_ignore_ascii_case(name);
            if self.wish.headers.iter().any(|header| named(&header)) {
                if test.matches(&self.request()) == Match::No {
                    // Its value is left out: a literal header may still be nobody's business.
                    return Err(self.contradiction(part(), "of the plan".to_owned(), condition));
                }
                continue;
            }
            if self.wish.secret_headers.iter().any(|secret| secret.eq_ignore_ascii_case(name))
                || test.matches(&self.request()) == Match::Yes
            {
                continue;
            }
            let lower = name.to_ascii_lowercase();
            if !is_token(name) || NOT_OURS.contains(&lower.as_str()) {
                let why = "a probe cannot choose a header of this name".to_owned();
                return Err(self.unknown(part(), condition, why));
            }
            let from = format!("the {}'s http-header condition", self.side);
            let mut options: Vec<_> = value_candidates(values)
                .filter(|(value, _)| is_header_value(value) && texts.takes_guess(value))
                .map(|(value, filled)| {
                    let from = if filled {
                        format!("{from} {}, filled in", words::condition(condition))
                    } else {
                        from.clone()
                    };
                    (lower.clone(), Chosen::new(value, from))
                })
                .collect();
            if options.is_empty() {
                let why = why_unknown(!values.regexes.is_empty(), texts.is_beyond_us());
                return Err(self.unknown(part(), condition, why));
            }
            // One value that meets every condition on this header comes first.
            options.sort_by_key(|(_, chosen)| !self.meets_all(name, &chosen.value));
            needs.push(Need { test, options });
        }
        Ok(needs)
    }

    fn meets_all(&self, name: &str, value: &str) -> bool {
        self.ruled.conditions.tests().iter().all(|test| match test {
            Test::Header(other, texts) if other.eq_ignore_ascii_case(name) => texts.test(value) == Match::Yes,
            _ => true,
        })
    }
}

/// Paths for a condition, and which of its values each was made from, in words.
fn path_candidates(patterns: &Patterns) -> impl Iterator<Item = (String, String)> {
    let wildcards = patterns.wildcards.iter().map(|pattern| (pattern, Wildcard::questions(pattern)));
    let (plain, open): (Vec<_>, Vec<_>) = wildcards.partition(|(_, wildcard)| wildcard.literal().is_some());
    let plain =
        plain.into_iter().filter_map(|(pattern, wildcard)| Some((wildcard.literal()?, quoted(pattern))));
    let regexes = patterns
        .regexes
        .iter()
        .filter_map(|regex| Some((fill::literal(regex)?, format!("regex {}", quoted(regex)))));
    let open = open.into_iter().flat_map(|(pattern, wildcard)| {
        let filled = move |path| (path, format!("{}, filled in", quoted(pattern)));
        fill::path(&wildcard).into_iter().map(filled)
    });
    plain.chain(regexes).chain(open)
}

/// Values for a header condition, and whether each was filled in.
fn value_candidates(patterns: &Patterns) -> impl Iterator<Item = (String, bool)> {
    let wildcards = || patterns.wildcards.iter().map(|pattern| Wildcard::questions(pattern));
    let plain = wildcards().filter_map(|wildcard| wildcard.literal()).map(|value| (value, false));
    let regexes = patterns.regexes.iter().filter_map(|regex| fill::literal(regex)).map(|value| (value, true));
    let open = wildcards().filter(|wildcard| wildcard.literal().is_none());
    plain.chain(regexes).chain(open.flat_map(|wildcard| fill::value(&wildcard)).map(|value| (value, true)))
}

/// Parameters for one pair of a query condition.
fn parameters(key: Option<&str>, value: &str) -> Vec<String> {
    let keys = match key {
        Some(key) => fill::value(&Wildcard::escaped(key)),
        None => vec!["greenlight".to_owned()],
    };
    let Some(key) = keys.first() else { return Vec::new() };
    let values = fill::value(&Wildcard::escaped(value));
    values.iter().map(|value| format!("{}={}", encode_key(key), encode_value(value))).collect()
}
