//! Names for the `Host` header and the certificate, the best first.
//!
//! The plan's; the rule's own; the production rule's; the certificate's. A name that somebody wrote down
//! comes before one that is filled into a wildcard, because certificates and applications know only the
//! former.

use super::{
    super::load_balancing::{Condition, Patterns},
    Chosen, Listening, Obstacle, Part, Scheme, Wish, fill, host_patterns,
    matching::{Match, Request, Test, is_host_header},
    rules::Ruled,
    text::{is_host, quoted, without_port},
    words,
};
use crate::wildcard::Wildcard;

/// What names can be taken from.
pub(super) struct Sources<'a> {
    pub(super) wish: &'a Wish<'a>,
    pub(super) listening: &'a Listening<'a>,
    pub(super) scheme: Scheme,
    pub(super) ruled: &'a Ruled<'a>,
    /// `test rule` or `rule`.
    pub(super) side: &'static str,
    pub(super) other_hosts: &'a [&'a Patterns],
    pub(super) certificate_names: Option<&'a [String]>,
}

/// Names that fit the rule, each once.
struct Names<'a> {
    ruled: &'a Ruled<'a>,
    found: Vec<Chosen>,
}

impl Names<'_> {
    fn add(&mut self, name: &str, from: impl FnOnce() -> String) {
        let known = |chosen: &Chosen| chosen.value.eq_ignore_ascii_case(name);
        let fits = match fits(self.ruled, name) {
            Match::Yes => true,
            Match::No => false,
            // A guess at what is not understood would be no more than that.
            Match::CannotTell(_) => !is_beyond_us(self.ruled),
        };
        if fits && is_host(name) && !self.found.iter().any(known) {
            self.found.push(Chosen::new(name, from()));
        }
    }
}

fn fits(ruled: &Ruled<'_>, host: &str) -> Match {
    let request = Request { method: "", host, path: "", query: "", headers: &[], secrets: &[] };
    ruled.conditions.matches_only(|test| matches!(test, Test::Host(_)), &request)
}

fn is_beyond_us(ruled: &Ruled<'_>) -> bool {
    ruled.conditions.tests().iter().any(|test| match test {
        Test::Host(texts) => texts.is_beyond_us(),
        _ => false,
    })
}

impl Sources<'_> {
    /// All names that fit, the best first; at least one.
    pub(super) fn names(&self) -> Result<Vec<Chosen>, Obstacle> {
        if let Some(host) = self.wish.host {
            if fits(self.ruled, host) == Match::No {
                return Err(Obstacle::Contradiction {
                    part: Part::Host,
                    wished: quoted(host),
                    side: self.side,
                    condition: self.condition(),
                    rule: self.ruled.rule.arn.clone(),
                });
            }
            return Ok(vec![Chosen::new(host, "the plan's `target.host`")]);
        }
        let mut names = Names { ruled: self.ruled, found: Vec::new() };
        let own: Vec<_> = host_patterns(self.ruled).collect();
        written_down(&mut names, &own, self.side);
        written_down(&mut names, self.other_hosts, "production rule");
        if let Some(name) = self.wish.server_name {
            names.add(without_port(name), || "the plan's `target.tls.server_name`".to_owned());
        }
        let asks_for_certificate = self.scheme == Scheme::Https && self.certificate_names.is_none();
        if let (true, true, Some(certificate)) =
            (names.found.is_empty(), asks_for_certificate, &self.listening.listener.certificate)
        {
            let listener = self.listening.listener.arn.clone();
            return Err(Obstacle::NeedsCertificate { listener, certificate: certificate.clone() });
        }
        // A certificate's name that fits a wildcard is better than what can be made up for it.
        let wildcards = if own.is_empty() { self.other_hosts } else { &own };
        if !wildcards.is_empty() {
            self.certificate(&mut names, &own, |name| {
                let matches = |pattern: &String| Wildcard::questions(pattern).ignoring_case().matches(name);
                wildcards.iter().any(|patterns| patterns.wildcards.iter().any(matches))
            });
        }
        let address = self.listening.load_balancer.dns_name.as_str();
        let own_name = || "the load balancer's own name".to_owned();
        if self.scheme == Scheme::Http && !own.is_empty() {
            names.add(address, own_name);
        }
        filled_in(&mut names, &own, self.side);
        filled_in(&mut names, self.other_hosts, "production rule");
        self.certificate(&mut names, &own, |_| true);
        if self.scheme == Scheme::Http {
            names.add(address, own_name);
        }
        if names.found.is_empty() { Err(self.nothing(&own)) } else { Ok(names.found) }
    }

    /// The certificate's names that `wanted` picks, those without a wildcard first.
    fn certificate(&self, names: &mut Names<'_>, own: &[&Patterns], wanted: impl Fn(&str) -> bool) {
        let certified = self.certificate_names.unwrap_or_default();
        for (at, name) in certified.iter().enumerate().filter(|(_, name)| !name.contains('*') && wanted(name))
        {
            let which = if at == 0 { "the first" } else { "a" };
            names.add(name, || format!("{which} DNS name of the listener's certificate"));
        }
        // `*.example.com` becomes what the rules call themselves before the first dot, if anything.
        let labels: Vec<_> = own
            .iter()
            .chain(self.other_hosts)
            .flat_map(|patterns| &patterns.wildcards)
            .filter_map(|pattern| pattern.split('.').next().filter(|label| !label.contains(['*', '?'])))
            .collect();
        for name in certified.iter().filter(|name| name.starts_with("*.")) {
            let labelled = labels.iter().map(|label| name.replacen('*', label, 1));
            for filled in labelled.chain(fill::host(&Wildcard::stars(name))).filter(|name| wanted(name)) {
                names.add(&filled, || {
                    format!("the DNS name {} of the listener's certificate, filled in", quoted(name))
                });
            }
        }
    }

    fn nothing(&self, own: &[&Patterns]) -> Obstacle {
        if !own.is_empty() {
            let regexes = own.iter().any(|patterns| !patterns.regexes.is_empty());
            return Obstacle::Unknown {
                part: Part::Host,
                side: self.side,
                condition: self.condition(),
                rule: self.ruled.rule.arn.clone(),
                why: why_unknown(regexes, is_beyond_us(self.ruled)),
            };
        }
        let searched = match (self.certificate_names, &self.listening.listener.certificate) {
            (None, None) => "no rule and no certificate of its own names one".to_owned(),
            (Some([]) | None, _) => {
                "no rule names one, and the names of its certificate are not known".to_owned()
            }
            (Some(names), _) => {
                let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
                format!("no rule names one, and its certificate names no host: {}", names.join(", "))
            }
        };
        Obstacle::NoHost { listener: self.listening.listener.arn.clone(), searched }
    }

    fn condition(&self) -> String {
        let is_host = |condition: &&Condition| match condition {
            Condition::Host(_) => true,
            Condition::Header { name, .. } => is_host_header(name),
            _ => false,
        };
        let conditions: Vec<_> = self.ruled.rule.conditions.iter().filter(is_host).cloned().collect();
        words::conditions(&conditions)
    }
}

/// Why no text could be worked out for patterns.
pub(super) fn why_unknown(regexes: bool, not_understood: bool) -> String {
    match (regexes, not_understood) {
        (_, true) => "its regular expression is not understood here".to_owned(),
        (true, false) => {
            "a regular expression cannot be turned around, and none of the known values matches it".to_owned()
        }
        (false, false) => "no text that can be sent matches it".to_owned(),
    }
}

fn written_down(names: &mut Names<'_>, patterns: &[&Patterns], whose: &str) {
    for patterns in patterns {
        for pattern in &patterns.wildcards {
            if let Some(name) = Wildcard::questions(pattern).literal() {
                names.add(&name, || format!("the {whose}'s host-header"));
            }
        }
        for regex in &patterns.regexes {
            if let Some(name) = fill::literal(regex) {
                names.add(&name, || format!("the {whose}'s host-header regex {}", quoted(regex)));
            }
        }
    }
}

fn filled_in(names: &mut Names<'_>, patterns: &[&Patterns], whose: &str) {
    for pattern in patterns.iter().flat_map(|patterns| &patterns.wildcards) {
        for name in fill::host(&Wildcard::questions(pattern)) {
            names.add(&name, || format!("the {whose}'s host-header {}, filled in", quoted(pattern)));
        }
    }
}
