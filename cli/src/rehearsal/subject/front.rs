//! The front of a service: what its load balancer is known to be, and what is assumed where it is not.

use super::Options;
use super::load_balancer::{LoadBalancer, Reference};
use super::names;
use super::problem::Problem;
use super::report::Report;
use super::topology::{Listener, Rule, TargetGroup, Topology};
use crate::rehearsal::aws::elb::{Condition, HealthCheck, LoadBalancerKind};
use crate::rehearsal::aws::worlds::{Arns, Front, Route};
use crate::rehearsal::balancer::HealthChecks;
use greenlight_preflight::Arn;

/// What a front is made of.
pub(super) struct Site<'a> {
    pub(super) balancer: &'a LoadBalancer,
    pub(super) topology: &'a Topology,
    pub(super) options: &'a Options,
    pub(super) report: &'a Report,
    pub(super) service: &'a str,
    pub(super) region: &'a str,
}

/// The front, and how its targets are checked.
pub(super) fn of(site: &Site<'_>) -> (Front, HealthChecks) {
    let Site { balancer, topology, options, report, service, region } = site;
    let known = balancer.production.as_ref().and_then(Reference::known);
    let kind = kind(known, topology);
    let network = kind == LoadBalancerKind::Network;
    let standard = if network { Front::network() } else { Front::default() };
    let label = label(service);
    let dns_name = if network {
        format!("{label}-1234567890abcdef.elb.{region}.amazonaws.com")
    } else {
        format!("{label}-1234567890.{region}.elb.amazonaws.com")
    };
    let production = Way::find(known, topology);
    if let Err(unknown) = &production.conditions {
        report.note(format!(
            "the conditions of the production rule are not known ({}): it is taken to have none",
            unknown.why
        ));
    }
    let internal = production.listener.is_some_and(|listener| listener.internal);
    let mut front = Front {
        dns_name,
        internal,
        production: production.route(&standard.production, Vec::new()),
        test: balancer.test.as_ref().and_then(|test| test_route(site, &standard, &production, test)),
        arns: arns(balancer),
        ..standard
    };
    if balancer.test.is_none() && options.test_rule.is_some() {
        report.add(
            Problem::of_file("--test-rule", "is given", "a service with a testListenerRule")
                .fix("add testListenerRule to the service's advancedConfiguration, or leave the flag out"),
        );
    }
    if production.listener.is_none() && known.is_some() {
        let protocol = &front.production.protocol;
        report.note(format!("the listeners are taken to speak {protocol}, production on port 80"));
    }
    certify(&mut front, report);
    let group = balancer.target_group.as_ref().and_then(Reference::known);
    let group = group.and_then(|arn| topology.target_groups.get(arn));
    let checks = health_checks(site, group, &mut front);
    (front, checks)
}

/// What the parts are called already: a rehearsal makes up the names of those that are yet to be made.
fn arns(balancer: &LoadBalancer) -> Arns {
    let made = |reference: &Option<Reference>| names::made(reference.as_ref()?.known()?);
    Arns {
        target_groups: [made(&balancer.target_group), made(&balancer.alternate)],
        production: made(&balancer.production),
        test: made(&balancer.test),
        role: balancer.role.as_ref().and_then(Reference::known).and_then(names::role),
    }
}

fn kind(production: Option<&str>, topology: &Topology) -> LoadBalancerKind {
    let listener = Way::find(production, topology).listener.and_then(Listener::kind);
    let named = || {
        let arn = production.and_then(Arn::parse)?;
        arn.resource.starts_with("listener/net/").then_some(LoadBalancerKind::Network)
    };
    listener.or_else(named).unwrap_or(LoadBalancerKind::Application)
}

/// What is known of the way through a rule, or through a listener of a Network Load Balancer.
struct Way<'a> {
    /// What tells listeners apart.
    place: Option<String>,
    listener: Option<&'a Listener>,
    conditions: Result<Option<Vec<Condition>>, greenlight_preflight::Unknown>,
    priority: Option<u32>,
}

impl<'a> Way<'a> {
    fn find(arn: Option<&str>, topology: &'a Topology) -> Self {
        let rule: Option<&Rule> = arn.and_then(|arn| topology.rules.get(arn));
        let place = match (rule, arn) {
            (Some(rule), _) => rule.listener.clone(),
            (None, Some(arn)) => Some(listener_arn(arn)),
            (None, None) => None,
        };
        Self {
            listener: place.as_ref().and_then(|place| topology.listeners.get(place)),
            place,
            conditions: rule.map_or(Ok(None), |rule| rule.conditions.clone().map(Some)),
            priority: rule.and_then(|rule| rule.priority),
        }
    }

    fn route(&self, standard: &Route, unknown: Vec<Condition>) -> Route {
        let listener = self.listener;
        Route {
            protocol: listener
                .and_then(|listener| listener.protocol.clone())
                .unwrap_or_else(|| standard.protocol.clone()),
            port: listener.and_then(|listener| listener.port).unwrap_or(standard.port),
            certificate: listener.map(|listener| listener.certificate.clone()).unwrap_or_default(),
            conditions: self.conditions.clone().ok().flatten().unwrap_or(unknown),
            priority: self.priority.unwrap_or(standard.priority),
            weights: standard.weights,
        }
    }
}

/// The listener in a rule's ARN, which is that of a listener and one part more.
fn listener_arn(arn: &str) -> String {
    match arn.split_once(":listener-rule/") {
        Some((front, rule)) => {
            format!("{front}:listener/{}", rule.rsplit_once('/').map_or(rule, |(listener, _)| listener))
        }
        None => arn.to_owned(),
    }
}

fn test_route(site: &Site<'_>, standard: &Front, production: &Way<'_>, test: &Reference) -> Option<Route> {
    let Site { balancer, topology, options, report, .. } = site;
    let mut way = Way::find(test.known(), topology);
    let network = standard.kind == LoadBalancerKind::Network;
    let shared = way.place.is_some() && way.place == production.place;
    let mut like = standard.test.clone()?;
    if shared {
        // Rules of one listener differ by their priorities, and the test's goes first.
        let first = production.priority.unwrap_or(standard.production.priority);
        like.port = standard.production.port;
        like.priority = if first > 1 { first - 1 } else { 2 };
    } else if production.listener.and_then(|listener| listener.port) == Some(like.port) {
        // Another listener, so another port, where its own is not known.
        like.port += 1;
    }
    if let Some(conditions) = &options.test_rule {
        if network {
            report.add(Problem::of_file(
                "--test-rule",
                "is given",
                "an Application Load Balancer: listeners of a Network Load Balancer have no rules",
            ));
        }
        way.conditions = Ok(Some(conditions.clone()));
    }
    let why = match &way.conditions {
        Err(unknown) => Some(unknown.why.clone()),
        Ok(None) if !network => Some("the service names the rule by its ARN only".to_owned()),
        Ok(_) => None,
    };
    let empty = !way.conditions.as_ref().is_ok_and(|it| it.as_ref().is_some_and(|it| !it.is_empty()));
    let fix = "give them: --test-rule 'host=green.example.com,header:x-stage=green'";
    match why {
        Some(why) if shared || way.conditions.is_err() => {
            report.add(
                Problem {
                    path: balancer.test_path.clone(),
                    ..Problem::of_file(
                        report.file(),
                        format!("names a rule whose conditions are not known ({why})"),
                        if shared { "conditions: it shares production's listener" } else { "conditions" },
                    )
                }
                .fix(fix),
            );
        }
        Some(why) => report.note(format!(
            "the conditions of the test rule are not known ({why}): it is taken to have a listener of its own, \
             on port {}, and no conditions; {fix}",
            like.port
        )),
        None if shared && empty && network => report.add(Problem {
            path: balancer.test_path.clone(),
            ..Problem::of_file(report.file(), "is production's listener", "a listener of its own")
        }),
        None => {}
    }
    Some(way.route(&like, Vec::new()))
}

/// A name as it may stand in a host name.
fn label(name: &str) -> String {
    let letter =
        |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let label: String = name.chars().take(32).map(letter).collect();
    let label = label.trim_matches('-');
    if label.is_empty() { "service".to_owned() } else { label.to_owned() }
}

/// Listeners with TLS need a certificate that names something.
fn certify(front: &mut Front, report: &Report) {
    let fallback = vec![front.dns_name.clone()];
    for route in [Some(&mut front.production), front.test.as_mut()].into_iter().flatten() {
        if matches!(&*route.protocol, "HTTPS" | "TLS") && route.certificate.is_empty() {
            let hosts = route.conditions.iter().find_map(|condition| match condition {
                Condition::HostHeader(hosts) => Some(hosts.clone()),
                _ => None,
            });
            route.certificate = hosts.unwrap_or_else(|| fallback.clone());
            let names = route.certificate.join(", ");
            report.note(format!(
                "the certificate of the listener on port {} is not known: it is taken to name {names}",
                route.port
            ));
        }
    }
}

fn health_checks(site: &Site<'_>, group: Option<&TargetGroup>, front: &mut Front) -> HealthChecks {
    if let Some(group) = group {
        front.target_protocol.clone_from(&group.protocol);
        front.health_check = group.health_check.clone();
    }
    match &site.options.health_check {
        Some(path) => {
            let check = &mut front.health_check;
            if !check.protocol.starts_with("HTTP") {
                "HTTP".clone_into(&mut check.protocol);
            }
            check.matcher.get_or_insert_with(|| HealthCheck::default().matcher.unwrap_or_default());
            check.path = Some(path.clone());
        }
        None if group.is_none() => {
            let checked = front.health_check.path.as_deref().map_or_else(
                || "by connecting".to_owned(),
                |path| format!("at {path}; give another path with --health-check"),
            );
            site.report
                .note(format!("the health check is not known: targets are taken to be checked {checked}"));
        }
        None => {}
    }
    group.map_or_else(HealthChecks::default, |group| group.checks)
}
