//! A listener and a request, drawn from the bytes of a fuzzer.
//!
//! Texts are put together of pieces, so that rules and requests have to do with each other: of texts by chance, no two
//! would ever match.

use std::net::{IpAddr, Ipv6Addr};

use arbitrary::{Result, Unstructured};
use greenlight::deployment::{load_balancing as hook, route::Route};

use super::naive::Asked;
use super::{LISTENER, PEER};
use crate::rehearsal::aws::elb;

/// The pieces of texts: those that conditions take apart, and some of which real rules are made.
const PIECES: [&str; 24] = [
    "a", "A", "b", "green", "Green", "example", ".", ".com", "/", "/api", "*", "?", "*", "-", "_", "=", "&",
    "\\", "+", "%20", "~", "1", "\"", ":",
];
/// Pieces of what a request may hold in its URL.
const IN_URL: [&str; 12] = ["a", "A", "b", "green", "Green", ".", "/", "/api", "-", "1", "%20", "*"];
const NAMES: [&str; 4] = ["x-test", "X-Test", "x-stage", "user-agent"];
const METHODS: [&str; 3] = ["GET", "HEAD", "POST"];
const BLOCKS: [&str; 7] =
    ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.7/32", "192.0.2.0/24", "::/0", "2001:db8::/32", "10.0.0.0/0"];
const EXPRESSIONS: [&str; 10] = [
    "^/api",
    "^/api/?$",
    "green",
    "^green\\.example\\.com$",
    "^[a-b]+$",
    "(?=a)",
    "a|b",
    "^A",
    "(",
    "^/[^/]+$",
];

/// A condition, of no reading in particular.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Host(Vec<String>),
    HostRegex(Vec<String>),
    Path(Vec<String>),
    PathRegex(Vec<String>),
    Header(String, Vec<String>),
    HeaderRegex(String, Vec<String>),
    Method(Vec<String>),
    Query(Vec<(Option<String>, String)>),
    SourceIp(Vec<String>),
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) arn: String,
    pub(super) priority: u32,
    pub(super) conditions: Vec<Condition>,
}

/// All that is drawn.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) rules: Vec<Rule>,
    pub(super) asked: Asked,
    pub(super) wished_host: Option<String>,
    pub(super) wished_path: Option<String>,
    pub(super) wished_headers: Vec<(String, String)>,
}

impl Drawn {
    pub(super) fn draw(from: &mut Unstructured<'_>) -> Result<Self> {
        let mut rules = Vec::new();
        for index in 0..from.int_in_range(1..=3)? {
            let conditions =
                (0..from.int_in_range(0..=3)?).map(|_| condition(from)).collect::<Result<_>>()?;
            // No two rules of a listener have one priority.
            let priority = from.int_in_range(0..=9)? * 10 + index;
            let arn = format!("{}/{index}", LISTENER.replace(":listener/", ":listener-rule/"));
            rules.push(Rule { arn, priority, conditions });
        }
        let header = |from: &mut Unstructured<'_>| {
            let value = text(from, &PIECES)?.replace(['*', '?', '\\'], "");
            Ok((from.choose(&NAMES[..3])?.to_lowercase(), value))
        };
        let asked = Asked {
            method: (*from.choose(&METHODS)?).to_owned(),
            host: text(from, &["a", "A", "green", "Green", "example", ".", ".com", "-"])?,
            path: format!("/{}", text(from, &IN_URL)?),
            query: query(from)?,
            headers: (0..from.int_in_range(0..=2)?).map(|_| header(from)).collect::<Result<_>>()?,
            peer: if from.arbitrary()? { PEER } else { IpAddr::V6(Ipv6Addr::LOCALHOST) },
        };
        let wished_host = if from.ratio(1, 4)? { Some(asked.host.clone()) } else { None };
        let wished_path =
            if from.ratio(1, 4)? { Some(format!("{}?{}", asked.path, asked.query)) } else { None };
        let wished_headers = if from.ratio(1, 4)? { asked.headers.clone() } else { Vec::new() };
        Ok(Self { rules, asked, wished_host, wished_path, wished_headers })
    }

    /// The rule of the lowest priority that is wanted.
    pub(super) fn first(&self, wanted: impl Fn(&Rule) -> bool) -> Option<&Rule> {
        self.rules.iter().filter(|rule| wanted(rule)).min_by_key(|rule| rule.priority)
    }

    /// The balancer's world.
    pub(super) fn state(&self) -> elb::State {
        let rule = |rule: &Rule| elb::Rule {
            arn: rule.arn.clone(),
            priority: rule.priority,
            conditions: rule.conditions.iter().map(Condition::of_balancer).collect(),
            actions: vec![elb::Action::FixedResponse { status: 200, body: String::new() }],
            transforms: Vec::new(),
        };
        let listener = elb::Listener {
            arn: LISTENER.to_owned(),
            protocol: "HTTP".to_owned(),
            port: 80,
            certificates: Vec::new(),
            default_actions: vec![elb::Action::FixedResponse { status: 404, body: String::new() }],
        };
        elb::State {
            listeners: vec![listener],
            rules: self.rules.iter().map(rule).collect(),
            ..elb::State::default()
        }
    }
}

/// The headers of a derived request, with what every probe sends.
pub(super) fn sent(route: &Route) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> =
        route.headers.iter().map(|(name, chosen)| (name.clone(), chosen.value.clone())).collect();
    if headers.iter().all(|(name, _)| name != "user-agent") {
        headers.push(("user-agent".to_owned(), format!("greenlight/{}", greenlight::VERSION)));
    }
    headers
}

impl Rule {
    /// Whether it cannot be known who the load balancer takes the client for.
    pub(super) fn depends_on_client(&self) -> bool {
        self.conditions.iter().any(|condition| matches!(condition, Condition::SourceIp(_)))
    }

    /// As the hook reads it.
    pub(super) fn of_hook(&self) -> hook::Rule {
        hook::Rule {
            arn: self.arn.clone(),
            priority: Some(self.priority),
            conditions: self.conditions.iter().map(Condition::of_hook).collect(),
            actions: vec![hook::Action::Forward(vec![hook::Weighted {
                target_group: "green".to_owned(),
                weight: 1,
            }])],
            transforms: Vec::new(),
        }
    }
}

impl Condition {
    pub(super) fn of_balancer(&self) -> elb::Condition {
        match self.clone() {
            Self::Host(values) => elb::Condition::HostHeader(values),
            Self::HostRegex(values) => elb::Condition::HostHeaderRegex(values),
            Self::Path(values) => elb::Condition::PathPattern(values),
            Self::PathRegex(values) => elb::Condition::PathPatternRegex(values),
            Self::Header(name, values) => elb::Condition::HttpHeader(name, values),
            Self::HeaderRegex(name, values) => elb::Condition::HttpHeaderRegex(name, values),
            Self::Method(methods) => elb::Condition::HttpRequestMethod(methods),
            Self::Query(pairs) => elb::Condition::QueryString(pairs),
            Self::SourceIp(blocks) => elb::Condition::SourceIp(blocks),
        }
    }

    fn of_hook(&self) -> hook::Condition {
        let wildcards = |wildcards| hook::Patterns { wildcards, regexes: Vec::new() };
        let regexes = |regexes| hook::Patterns { wildcards: Vec::new(), regexes };
        match self.clone() {
            Self::Host(values) => hook::Condition::Host(wildcards(values)),
            Self::HostRegex(values) => hook::Condition::Host(regexes(values)),
            Self::Path(values) => hook::Condition::Path(wildcards(values)),
            Self::PathRegex(values) => hook::Condition::Path(regexes(values)),
            Self::Header(name, values) => hook::Condition::Header { name, values: wildcards(values) },
            Self::HeaderRegex(name, values) => hook::Condition::Header { name, values: regexes(values) },
            Self::Method(methods) => hook::Condition::Method(methods),
            Self::Query(pairs) => hook::Condition::Query(pairs),
            Self::SourceIp(blocks) => hook::Condition::SourceIp(blocks),
        }
    }
}

/// A text of a few pieces. No more than three `*`: the naive reading tries everything.
fn text(from: &mut Unstructured<'_>, pieces: &[&str]) -> Result<String> {
    let mut text = String::new();
    for _ in 0..from.int_in_range(1..=6)? {
        let piece = *from.choose(pieces)?;
        if piece != "*" || text.matches('*').count() < 3 {
            text.push_str(piece);
        }
    }
    Ok(text)
}

fn query(from: &mut Unstructured<'_>) -> Result<String> {
    let mut parameters = Vec::new();
    for _ in 0..from.int_in_range(0..=2)? {
        let (key, value) = (text(from, &IN_URL)?, text(from, &IN_URL)?);
        parameters.push(if from.ratio(1, 8)? { key } else { format!("{key}={value}") });
    }
    Ok(parameters.join("&"))
}

fn condition(from: &mut Unstructured<'_>) -> Result<Condition> {
    let kind = from.int_in_range(0..=8)?;
    let count = from.int_in_range(1..=3)?;
    let mut some = |pieces: &[&str]| (0..count).map(|_| text(from, pieces)).collect::<Result<Vec<_>>>();
    Ok(match kind {
        0 => Condition::Host(some(&["a", "A", "green", "Green", "example", ".", ".com", "*", "?", "-"])?),
        1 => Condition::Path(some(&PIECES)?),
        2 => Condition::Header((*from.choose(&NAMES)?).to_owned(), {
            (0..count).map(|_| text(from, &PIECES)).collect::<Result<_>>()?
        }),
        3 => {
            let pair = |from: &mut Unstructured<'_>| {
                let key = if from.ratio(1, 3)? { None } else { Some(text(from, &PIECES)?) };
                Ok((key, text(from, &PIECES)?))
            };
            Condition::Query((0..count).map(|_| pair(from)).collect::<Result<_>>()?)
        }
        4 => Condition::Method(chosen(from, &METHODS, count)?),
        5 => Condition::SourceIp(chosen(from, &BLOCKS, count)?),
        6 => Condition::HostRegex(chosen(from, &EXPRESSIONS, count)?),
        7 => Condition::PathRegex(chosen(from, &EXPRESSIONS, count)?),
        _ => Condition::HeaderRegex((*from.choose(&NAMES)?).to_owned(), chosen(from, &EXPRESSIONS, count)?),
    })
}

fn chosen(from: &mut Unstructured<'_>, of: &[&str], count: usize) -> Result<Vec<String>> {
    (0..count).map(|_| Ok((*from.choose(of)?).to_owned())).collect()
}
