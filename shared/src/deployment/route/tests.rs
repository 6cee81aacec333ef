//! Listeners with few rules, built in a line or two.

use super::{
    super::load_balancing::{Action, HealthCheck},
    *,
};

mod found;
mod notes;
mod obstacles;

const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/shop/1/2";
const CERTIFICATE: &str = "arn:aws:acm:eu-west-1:1:certificate/3";
const ADDRESS: &str = "shop-1.eu-west-1.elb.amazonaws.com";
const GREEN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/green/4";
const BLUE: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/blue/5";

fn patterns(wildcards: &[&str], regexes: &[&str]) -> Patterns {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Patterns { wildcards: owned(wildcards), regexes: owned(regexes) }
}

fn host(values: &[&str]) -> Condition {
    Condition::Host(patterns(values, &[]))
}

fn path(values: &[&str]) -> Condition {
    Condition::Path(patterns(values, &[]))
}

fn header(name: &str, values: &[&str]) -> Condition {
    Condition::Header { name: name.to_owned(), values: patterns(values, &[]) }
}

fn query(pairs: &[(Option<&str>, &str)]) -> Condition {
    Condition::Query(pairs.iter().map(|(key, value)| (key.map(str::to_owned), (*value).to_owned())).collect())
}

fn forward(groups: &[(&str, u32)]) -> Action {
    let weighted =
        |(group, weight): &(&str, u32)| Weighted { target_group: (*group).to_owned(), weight: *weight };
    Action::Forward(groups.iter().map(weighted).collect())
}

/// A rule that forwards to green; its ARN is its name.
fn rule(name: &str, priority: u32, conditions: Vec<Condition>) -> Rule {
    let arn = name.to_owned();
    let actions = vec![forward(&[(GREEN, 100)])];
    Rule { arn, priority: Some(priority), conditions, actions, transforms: Vec::new() }
}

fn default_rule() -> Rule {
    Rule { priority: None, ..rule("default", 0, Vec::new()) }
}

/// What a case is about; the rule that is meant is called `test` unless it says otherwise.
#[expect(clippy::struct_excessive_bools, reason = "a case is a list of what differs, not a state")]
struct Case {
    protocol: &'static str,
    port: u16,
    is_network: bool,
    internal: bool,
    mutual_tls: bool,
    certificate: bool,
    rules: Vec<Rule>,
    through: Through<'static>,
    production: Option<Vec<Condition>>,
    certificate_names: Option<Vec<&'static str>>,
    health_check: Option<(&'static str, &'static str)>,
    wish: Wish<'static>,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            protocol: "HTTP",
            port: 80,
            is_network: false,
            internal: false,
            mutual_tls: false,
            certificate: true,
            rules: Vec::new(),
            through: Through::Rule("test"),
            production: None,
            certificate_names: None,
            health_check: None,
            wish: Wish::default(),
        }
    }
}

fn http(conditions: Vec<Condition>) -> Case {
    Case { rules: vec![rule("test", 10, conditions), default_rule()], ..Case::default() }
}

fn https(conditions: Vec<Condition>) -> Case {
    Case { protocol: "HTTPS", port: 443, ..http(conditions) }
}

fn network(protocol: &'static str) -> Case {
    Case {
        protocol,
        port: 9000,
        is_network: true,
        through: Through::Listener,
        certificate: false,
        ..Case::default()
    }
}

impl Case {
    fn wish(self, wish: Wish<'static>) -> Self {
        Self { wish, ..self }
    }

    fn production(self, conditions: Vec<Condition>) -> Self {
        Self { production: Some(conditions), ..self }
    }

    fn certified(self, names: &[&'static str]) -> Self {
        Self { certificate_names: Some(names.to_vec()), ..self }
    }

    fn beside(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    fn without(mut self, arn: &str) -> Self {
        self.rules.retain(|rule| rule.arn != arn);
        self
    }

    fn find(&self) -> Result<Route, Obstacle> {
        let load_balancer = LoadBalancer {
            arn: "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/shop/1".to_owned(),
            dns_name: ADDRESS.to_owned(),
            internal: self.internal,
            is_network: self.is_network,
            zones: Vec::new(),
        };
        let listener = Listener {
            arn: LISTENER.to_owned(),
            protocol: self.protocol.to_owned(),
            port: self.port,
            mutual_tls: self.mutual_tls,
            certificate: self.certificate.then(|| CERTIFICATE.to_owned()),
            default_actions: vec![forward(&[(GREEN, 100)])],
        };
        let group = self.health_check.map(|(protocol, path)| TargetGroup {
            arn: GREEN.to_owned(),
            name: "green".to_owned(),
            protocol: "HTTP".to_owned(),
            protocol_version: None,
            target_type: "ip".to_owned(),
            health_check: HealthCheck {
                protocol: protocol.to_owned(),
                port: None,
                path: Some(path.to_owned()),
                statuses: None,
                grpc: false,
            },
        });
        let production_rules =
            self.production.clone().map(|conditions| vec![rule("production", 1, conditions)]);
        let production = production_rules.as_ref().map(|rules| Listening {
            load_balancer: &load_balancer,
            listener: &listener,
            rules,
            through: Through::Rule("production"),
        });
        let names: Option<Vec<String>> = self
            .certificate_names
            .as_ref()
            .map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let listening = Listening {
            load_balancer: &load_balancer,
            listener: &listener,
            rules: &self.rules,
            through: self.through,
        };
        find(&self.wish, &listening, production.as_ref(), names.as_deref(), group.as_ref())
    }
}

/// The request in one line: what is sent, then the rule that takes it.
fn line(route: &Route) -> String {
    let headers: Vec<_> =
        route.headers.iter().map(|(name, chosen)| format!(" {name}={}", chosen.value)).collect();
    format!(
        "{} {}://{}:{}{}{} -> {}",
        route.method.value,
        route.scheme.as_str(),
        route.host.value,
        route.port,
        route.path.value,
        headers.concat(),
        route.rule
    )
}

fn wished_path(path: &'static str) -> Wish<'static> {
    Wish { path: Some(path), ..Wish::default() }
}

fn wished_host(host: &'static str) -> Wish<'static> {
    Wish { host: Some(host), ..Wish::default() }
}

fn wished_headers(headers: &[(&str, &str)]) -> Wish<'static> {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Wish { headers: headers.leak(), ..Wish::default() }
}
