//! Tries drafts of the request until one reaches the rule past all rules before it.

use super::{
    super::load_balancing::{Action, Patterns, TargetGroup, Weighted},
    Chosen, Listening, Obstacle, Route, Scheme, Through, Wish,
    choices::Choices,
    draft::{Draft, Parts},
    hosts::Sources,
    matching::{Match, Request},
    obstacle::is_token_check,
    rules::{Ruled, Rules},
    split,
    text::{quoted, without_port},
    words,
};
use crate::wildcard::Wildcard;

/// Drafts that are tried at most: each is tested against every rule before the one that is meant.
const MOST_DRAFTS: usize = 400;

/// Drafts after which one that may reach the rule is good enough: what depends on the client's address
/// stays uncertain in all of them.
const ENOUGH_DRAFTS: usize = 40;

/// What a route is searched with.
pub(super) struct Search<'a> {
    pub(super) wish: &'a Wish<'a>,
    pub(super) listening: &'a Listening<'a>,
    pub(super) scheme: Scheme,
    pub(super) rules: &'a Rules<'a>,
    /// Whether there is a production side beside it.
    pub(super) is_test: bool,
    pub(super) other_hosts: &'a [&'a Patterns],
    pub(super) certificate_names: Option<&'a [String]>,
    pub(super) group: Option<&'a TargetGroup>,
}

/// Where a draft goes.
enum Reaches<'a> {
    /// The rule that is meant; what is not certain about it.
    Meant(Vec<String>),
    /// Another.
    Other(&'a Ruled<'a>),
    /// It does not meet the rule that is meant, after all.
    Nothing,
}

impl<'a> Search<'a> {
    /// The rules to try, in their order.
    pub(super) fn wanted(&self) -> Result<Vec<usize>, Obstacle> {
        let mut wanted = self.rules.wanted(self.listening.through);
        if wanted.is_empty() {
            return Err(self.nothing_there());
        }
        if let (Through::ForwardingTo(_), Some(usual)) = (self.listening.through, self.usual())
            && let Some(at) = wanted.iter().position(|at| *at == usual)
        {
            wanted[..=at].rotate_right(1);
        }
        Ok(wanted)
    }

    /// The rule that an ordinary request reaches, as far as that can be told.
    fn usual(&self) -> Option<usize> {
        let written_down = |patterns: &&Patterns| {
            patterns.wildcards.iter().find_map(|pattern| Wildcard::questions(pattern).literal())
        };
        let certified = || self.certificate_names?.iter().find(|name| !name.contains('*')).cloned();
        let host = (self.wish.host.map(str::to_owned))
            .or_else(|| self.other_hosts.iter().find_map(written_down))
            .or_else(certified)
            .unwrap_or_else(|| self.listening.load_balancer.dns_name.clone());
        let (path, query) = split(self.wish.path.unwrap_or("/"));
        let request = Request {
            method: self.wish.method,
            host: &host,
            path: &path,
            query: &query,
            headers: self.wish.headers,
            secrets: self.wish.secret_headers,
        };
        self.rules.iter().position(|ruled| ruled.conditions.matches(&request) == Match::Yes)
    }

    /// No rule is the one that is meant.
    pub(super) fn nothing_there(&self) -> Obstacle {
        let listener = self.listening.listener.arn.clone();
        match self.listening.through {
            Through::Rule(rule) => {
                Obstacle::NoSuchRule { rule: rule.to_owned(), listener, count: self.rules.iter().count() }
            }
            Through::ForwardingTo(group) => {
                Obstacle::NotForwarded { listener, group: group.to_owned(), instead: self.rules.summary() }
            }
            Through::Listener => {
                Obstacle::DoesNotForward { side: "listener", rule: listener, instead: self.rules.summary() }
            }
        }
    }

    /// The route through the rule at `at`.
    pub(super) fn through(&self, at: usize) -> Result<Route, Obstacle> {
        let ruled = self.rules.at(at);
        let side = match (self.is_test, ruled.is_listener) {
            (true, false) => "test rule",
            (true, true) => "test listener",
            (false, false) => "rule",
            (false, true) => "listener",
        };
        let mut notes = Vec::new();
        let live = self.forwards(ruled, side, &mut notes)?;
        let choices = Choices { wish: self.wish, ruled, side, group: self.group };
        let method = choices.method()?;
        let (paths, headers, query) = (choices.paths()?, choices.headers()?, choices.query()?);
        // The name comes last: looking for it may cost a call.
        let hosts = self.sources(ruled, side).names()?;
        let parts = Parts { hosts, paths, query, headers };
        let (draft, uncertain) = self.best(at, side, &parts)?;
        if self.listening.load_balancer.internal {
            notes.push("internal: reached from inside its VPC only".to_owned());
        }
        let server_name = (self.scheme == Scheme::Https).then(|| self.server_name(draft.host));
        notes.extend(server_name.as_ref().and_then(|name| self.not_certified(&name.value)));
        let wished = self.wish.headers.iter().map(|(name, value)| {
            (name.to_ascii_lowercase(), Chosen::new(value.clone(), "the plan's headers"))
        });
        Ok(Route {
            scheme: self.scheme,
            address: self.listening.load_balancer.dns_name.clone(),
            port: self.listening.listener.port,
            host: draft.host.clone(),
            server_name,
            path: draft.path_and_query(),
            method,
            headers: wished.chain(draft.headers).collect(),
            secret_headers: self.wish.secret_headers.to_vec(),
            rule: ruled.rule.arn.clone(),
            live,
            uncertain,
            notes,
        })
    }

    fn sources<'s>(&'s self, ruled: &'s Ruled<'s>, side: &'static str) -> Sources<'s> {
        Sources {
            wish: self.wish,
            listening: self.listening,
            scheme: self.scheme,
            ruled,
            side,
            other_hosts: self.other_hosts,
            certificate_names: self.certificate_names,
        }
    }

    /// The target groups that the rule forwards to.
    fn forwards(
        &self,
        ruled: &Ruled<'_>,
        side: &'static str,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Weighted>, Obstacle> {
        let arn = || ruled.rule.arn.clone();
        for action in &ruled.rule.actions {
            match action {
                Action::Authenticate(kind) if is_token_check(kind) && self.has_authorization() => {
                    notes.push(format!(
                        "the {side} checks the token in the plan's `authorization` header first"
                    ));
                }
                Action::Authenticate(kind) => {
                    return Err(Obstacle::Authenticates { side, rule: arn(), kind: kind.clone() });
                }
                Action::Forward(groups) if !groups.is_empty() => {
                    notes.extend(ruled.rule.transforms.iter().map(|kind| rewriting(kind, side)));
                    return Ok(groups.clone());
                }
                other => {
                    let instead = words::action(other);
                    return Err(Obstacle::DoesNotForward { side, rule: arn(), instead });
                }
            }
        }
        Err(Obstacle::DoesNotForward { side, rule: arn(), instead: "does nothing".to_owned() })
    }

    fn has_authorization(&self) -> bool {
        let names = self.wish.headers.iter().map(|(name, _)| name).chain(self.wish.secret_headers);
        names.into_iter().any(|name| name.eq_ignore_ascii_case("authorization"))
    }

    fn server_name(&self, host: &Chosen) -> Chosen {
        match self.wish.server_name {
            Some(name) => Chosen::new(without_port(name), "the plan's `target.tls.server_name`"),
            None => Chosen::new(without_port(&host.value), host.from.clone()),
        }
    }

    /// A warning where the certificate's names are known and none is `name`.
    fn not_certified(&self, name: &str) -> Option<String> {
        let names = self.certificate_names.filter(|names| !names.is_empty())?;
        let below = name.split_once('.').map(|(_, below)| below);
        let covers = |certified: &String| match certified.strip_prefix("*.") {
            Some(zone) => below.is_some_and(|below| below.eq_ignore_ascii_case(zone)),
            None => certified.eq_ignore_ascii_case(name),
        };
        let known: Vec<_> = names.iter().map(|name| quoted(name)).collect();
        (!names.iter().any(covers)).then(|| {
            format!(
                "the listener's default certificate is for {}, not for {}: unless another of its certificates is, TLS fails",
                known.join(", "),
                quoted(name)
            )
        })
    }

    /// The first draft that certainly reaches the rule, else the first that may; what is not certain.
    fn best<'p>(
        &'p self,
        at: usize,
        side: &'static str,
        parts: &'p Parts<'_>,
    ) -> Result<(Draft<'p>, Vec<String>), Obstacle> {
        let (mut possible, mut shadowed) = (None, None);
        for (tried, draft) in parts.drafts(self.wish).take(MOST_DRAFTS).enumerate() {
            if possible.is_some() && tried >= ENOUGH_DRAFTS {
                break;
            }
            match self.reaches(at, side, &draft) {
                Reaches::Meant(uncertain) if uncertain.is_empty() => return Ok((draft, uncertain)),
                Reaches::Meant(uncertain) => {
                    possible.get_or_insert((draft, uncertain));
                }
                Reaches::Other(by) => {
                    shadowed.get_or_insert((draft, by));
                }
                Reaches::Nothing => {}
            }
        }
        if let Some(found) = possible {
            return Ok(found);
        }
        let rule = &self.rules.at(at).rule;
        Err(match shadowed {
            Some((draft, by)) => Obstacle::Shadowed {
                request: draft.words(self.wish),
                side,
                wanted: rule.arn.clone(),
                by: by.rule.arn.clone(),
                priority: by.rule.priority,
                takes: format!("({}) and {}", words::place(&by.rule), words::actions(&by.rule.actions)),
            },
            // Conditions that exclude each other.
            None => Obstacle::DoesNotForward {
                side,
                rule: rule.arn.clone(),
                instead: format!("takes no request ({})", words::conditions(&rule.conditions)),
            },
        })
    }

    /// Asks the rules in their order, as the load balancer does.
    fn reaches(&self, at: usize, side: &'static str, draft: &Draft<'_>) -> Reaches<'a> {
        let request = draft.request(self.wish);
        let mut uncertain = Vec::new();
        for ruled in self.rules.iter().take(at) {
            match ruled.conditions.matches(&request) {
                Match::Yes => return Reaches::Other(ruled),
                Match::No => {}
                Match::CannotTell(why) => uncertain.push(format!(
                    "rule `{}` may take the request first ({}): {why}",
                    ruled.rule.arn,
                    words::place(&ruled.rule)
                )),
            }
        }
        match self.rules.at(at).conditions.matches(&request) {
            Match::Yes => Reaches::Meant(uncertain),
            Match::No => Reaches::Nothing,
            Match::CannotTell(why) => {
                uncertain.push(format!("the {side} may not take the request: {why}"));
                Reaches::Meant(uncertain)
            }
        }
    }
}

fn rewriting(kind: &str, side: &str) -> String {
    let what = match kind {
        "url-rewrite" => "the path (url-rewrite): green sees another one than is sent",
        "host-header-rewrite" => "the Host (host-header-rewrite): green sees another one than is sent",
        other => {
            return format!("the {side} rewrites the request ({}): green sees another one", quoted(other));
        }
    };
    format!("the {side} rewrites {what}")
}
