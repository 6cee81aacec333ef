//! From a listener rule to a request that the load balancer lets through.
//!
//! Pure: what discovery found goes in, a request with the origin of each of its parts comes out, or the
//! obstacle in the words of an operator. Nothing is returned that was not tested against the rules of
//! the listener in their order; a filled-in part that another rule would take is exchanged for another
//! before giving up.
//!
//! The `Host` is a bare name, whatever the listener's port. Values of host conditions cannot hold a port,
//! whether the load balancer leaves the request's port out of the comparison is not documented, and green
//! will be asked for by its bare name in production. A plan's `target.host` is sent as it is given.
//!
//! | step | module |
//! |---|---|
//! | patterns of one condition | `pattern`, over the crate's `wildcard` |
//! | request and conditions → match | `matching` |
//! | pattern → concrete texts | `fill` |
//! | names for the `Host` | `hosts` |
//! | path, query, headers | `choices` |
//! | choices → drafts of the request, in their order | `draft` |
//! | the drafts one by one, tested against all rules | `search` |

use super::load_balancing::{
    Action, Condition, Listener, LoadBalancer, Patterns, Rule, TargetGroup, Weighted,
};

mod choices;
mod curl;
mod draft;
mod fill;
mod hosts;
mod matching;
mod obstacle;
mod pattern;
mod rules;
mod search;
mod text;
mod words;

pub use obstacle::{Obstacle, Part};

use self::{
    matching::is_host_header,
    rules::{Ruled, Rules},
    text::{encode_path, encode_query, is_token, quoted},
};

/// What a rule or a listener does, in the words of operators.
pub(super) fn actions_in_words(actions: &[Action]) -> String {
    words::actions(actions)
}

/// What the plan asks for, and what the route has to fit.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The plan's `target.host`, with or without a port.
    pub host: Option<&'a str>,
    /// The plan's `target.tls.server_name`.
    pub server_name: Option<&'a str>,
    /// Path and query.
    pub path: Option<&'a str>,
    /// The method.
    pub method: &'a str,
    /// The plan's headers, as far as their values stand in it.
    pub headers: &'a [(String, String)],
    /// The names of its headers whose values are not known here: secrets, and what green's answers give. Rules that
    /// ask for them cannot be judged, and nothing is put in their place. A name that stands among `headers`, too,
    /// begins with the value there and may go on: cookies do, after those of the plan.
    pub secret_headers: &'a [String],
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self { host: None, server_name: None, path: None, method: "GET", headers: &[], secret_headers: &[] }
    }
}

/// A listener as discovery found it, and what is looked for in it.
#[derive(Debug, Clone, Copy)]
pub struct Listening<'a> {
    /// Its load balancer.
    pub load_balancer: &'a LoadBalancer,
    /// The listener.
    pub listener: &'a Listener,
    /// All its rules, the default one included. A Network Load Balancer's has none.
    pub rules: &'a [Rule],
    /// Which of them leads to green.
    pub through: Through<'a>,
}

/// Which rule of a listener is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through<'a> {
    /// The rule of this ARN.
    Rule(&'a str),
    /// What the listener does by default.
    Listener,
    /// Any that forwards with a weight to the target group of this ARN: CodeDeploy knows listeners only.
    ForwardingTo(&'a str),
}

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The word in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that URLs leave out.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A part of the request, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// As it is sent.
    pub value: String,
    /// Where it came from, for people: ``the test rule's host-header `*.example.com`, filled in``.
    pub from: String,
}

impl Chosen {
    fn new(value: impl Into<String>, from: impl Into<String>) -> Self {
        Self { value: value.into(), from: from.into() }
    }
}

/// A request that reaches the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// How it is spoken to.
    pub scheme: Scheme,
    /// The name to connect to: the load balancer's own.
    pub address: String,
    /// The port to connect to.
    pub port: u16,
    /// The `Host` header.
    pub host: Chosen,
    /// The name that the certificate must carry, where there is TLS.
    pub server_name: Option<Chosen>,
    /// Path and query.
    pub path: Chosen,
    /// The method.
    pub method: Chosen,
    /// The plan's headers, then those that the rule asks for; names in lower case. A name may stand more
    /// than once, where two conditions ask for different values of it.
    pub headers: Vec<(String, Chosen)>,
    /// The names of headers whose values are not known here, as they were wished for.
    pub secret_headers: Vec<String>,
    /// The ARN of the rule, or of the listener that has none.
    pub rule: String,
    /// The target groups that the rule forwards to.
    pub live: Vec<Weighted>,
    /// Why it cannot be told whether the request reaches the rule: conditions that nobody can judge from here.
    pub uncertain: Vec<String>,
    /// What a reader has to know beside it.
    pub notes: Vec<String>,
}

/// Finds a request that reaches green through `listening`.
///
/// `other` is the production side when a test route is sought: its host names are used where the test
/// rule names none. `certificate_names` are the DNS names of the listener's certificate, once they were
/// asked for ([`Obstacle::NeedsCertificate`]). `group` is green's target group.
pub fn find(
    wish: &Wish<'_>,
    listening: &Listening<'_>,
    other: Option<&Listening<'_>>,
    certificate_names: Option<&[String]>,
    group: Option<&TargetGroup>,
) -> Result<Route, Obstacle> {
    check_sendable(wish)?;
    let scheme = scheme(listening, group)?;
    let rules = Rules::new(listening);
    let other_rules = other.map(Rules::new);
    let other_hosts: Vec<&Patterns> = match (&other_rules, other) {
        (Some(rules), Some(other)) => {
            rules.wanted(other.through).iter().flat_map(|at| host_patterns(rules.at(*at))).collect()
        }
        _ => Vec::new(),
    };
    let search = search::Search {
        wish,
        listening,
        scheme,
        rules: &rules,
        is_test: other.is_some(),
        other_hosts: &other_hosts,
        certificate_names,
        group,
    };
    let wanted = search.wanted()?;
    let mut obstacle = None;
    for at in wanted {
        match search.through(at) {
            Ok(route) => return Ok(route),
            // Better than those after it, as soon as the name is known.
            Err(needs @ Obstacle::NeedsCertificate { .. }) => return Err(needs),
            Err(other) => {
                obstacle.get_or_insert(other);
            }
        }
    }
    Err(obstacle.unwrap_or_else(|| search.nothing_there()))
}

/// Plans are checked where they are read; this keeps whatever comes from elsewhere out of requests.
fn check_sendable(wish: &Wish<'_>) -> Result<(), Obstacle> {
    let refuse = |part, value| Err(Obstacle::Unsendable { part, value });
    for host in [wish.host, wish.server_name].into_iter().flatten() {
        if !text::is_host(host) {
            return refuse(Part::Host, quoted(host));
        }
    }
    if !is_token(wish.method) {
        return refuse(Part::Method, quoted(wish.method));
    }
    for (name, value) in wish.headers {
        if !is_token(name) || value.chars().any(|character| character.is_control() && character != '\t') {
            return refuse(Part::Header(name.clone()), "of the plan".to_owned());
        }
    }
    Ok(())
}

/// How the listener is spoken to, where a probe can speak to it at all.
fn scheme(listening: &Listening<'_>, group: Option<&TargetGroup>) -> Result<Scheme, Obstacle> {
    let listener = listening.listener;
    if listener.mutual_tls {
        return Err(Obstacle::MutualTls { listener: listener.arn.clone() });
    }
    let protocol = |expected| Obstacle::Protocol {
        listener: listener.arn.clone(),
        protocol: quoted(&listener.protocol),
        expected,
    };
    match (listening.load_balancer.is_network, listener.protocol.as_str()) {
        (false, "HTTP") => Ok(Scheme::Http),
        (false, "HTTPS") | (true, "TLS") => Ok(Scheme::Https),
        // What passes through unread is whatever green speaks; its health check speaks the same.
        (true, "TCP" | "TCP_UDP") => {
            let tls = group.is_some_and(|group| group.health_check.protocol == "HTTPS");
            Ok(if tls { Scheme::Https } else { Scheme::Http })
        }
        (false, _) => Err(protocol("`HTTP` or `HTTPS`")),
        (true, _) => Err(protocol("`TCP`, `TLS` or `TCP_UDP`")),
    }
}

/// The host conditions of a rule.
fn host_patterns<'r>(ruled: &'r Ruled<'_>) -> impl Iterator<Item = &'r Patterns> {
    ruled.rule.conditions.iter().filter_map(|condition| match condition {
        Condition::Host(patterns) => Some(patterns),
        Condition::Header { name, values } if is_host_header(name) => Some(values),
        _ => None,
    })
}

/// A path and query as they are sent.
fn split(path: &str) -> (String, String) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = if path.starts_with('/') { encode_path(path) } else { encode_path(&format!("/{path}")) };
    (path, encode_query(query))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
