//! What stands before the tasks: a load balancer, its listeners and rules, and two target groups.

use std::net::SocketAddr;

use super::Side;
use super::arns::{self, Arns, KnownRoute};
use crate::rehearsal::aws::acm::Certificate;
use crate::rehearsal::aws::elb::{
    self, Action, Condition, HealthCheck, Listener, LoadBalancer, LoadBalancerKind, Rule, Target, TargetGroup,
};
use crate::rehearsal::aws::world::{Identity, World};

/// A load balancer with a production route, perhaps a test route, and the pair of target groups.
#[derive(Clone, Debug)]
pub struct Front {
    /// The kind of load balancer.
    pub kind: LoadBalancerKind,
    /// The name that it is reached by.
    pub dns_name: String,
    /// Whether only its VPC reaches it.
    pub internal: bool,
    /// The way of production traffic.
    pub production: Route,
    /// The way of test traffic. One on the production route's port shares its listener.
    pub test: Option<Route>,
    /// Whether green is in the second target group of the pair; roles change with every deployment.
    pub green_is_alternate: bool,
    /// What its owner calls its parts.
    pub arns: Arns,
    /// The protocol of the target groups.
    pub target_protocol: String,
    /// How both target groups check their targets.
    pub health_check: HealthCheck,
}

/// A way through a listener.
#[derive(Clone, Debug)]
pub struct Route {
    /// The listener's protocol.
    pub protocol: String,
    /// The listener's port.
    pub port: u16,
    /// The names of the listener's certificate; none for protocols without.
    pub certificate: Vec<String>,
    /// What the rule asks for. Nothing: the route is the listener's default, or, if its ARN names another
    /// rule, that takes every path.
    pub conditions: Vec<Condition>,
    /// The rule's priority, where it has one.
    pub priority: u32,
    /// The weights of blue's and of green's target group.
    pub weights: (u32, u32),
}

impl Default for Front {
    /// An Application Load Balancer: production on port 80, tests on port 8080.
    fn default() -> Self {
        let production = Route {
            protocol: "HTTP".to_owned(),
            port: 80,
            certificate: Vec::new(),
            conditions: Vec::new(),
            priority: 10,
            weights: (100, 0),
        };
        let test = Route { port: 8080, weights: (0, 100), ..production.clone() };
        Self {
            kind: LoadBalancerKind::Application,
            dns_name: "orders-1234567890.us-east-1.elb.amazonaws.com".to_owned(),
            internal: false,
            production,
            test: Some(test),
            green_is_alternate: true,
            arns: Arns::default(),
            target_protocol: "HTTP".to_owned(),
            health_check: HealthCheck::default(),
        }
    }
}

impl Front {
    /// A Network Load Balancer: production on port 80, tests on port 8080.
    pub fn network() -> Self {
        let tcp = |route: Route| Route { protocol: "TCP".to_owned(), ..route };
        let front = Self::default();
        Self {
            kind: LoadBalancerKind::Network,
            dns_name: "orders-1234567890abcdef.elb.us-east-1.amazonaws.com".to_owned(),
            production: tcp(front.production.clone()),
            test: front.test.clone().map(tcp),
            target_protocol: "TCP".to_owned(),
            health_check: HealthCheck {
                protocol: "TCP".to_owned(),
                path: None,
                matcher: None,
                ..HealthCheck::default()
            },
            ..front
        }
    }
}

/// A route with the ARN that its owner knows it by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'front> {
    pub(super) route: &'front Route,
    arn: Option<&'front str>,
}

/// A front in its place: what everything is called there.
#[derive(Debug)]
pub(super) struct Placed<'parameters> {
    pub(super) front: &'parameters Front,
    pub(super) identity: &'parameters Identity,
    /// What the load balancer and the target groups are called by.
    pub(super) name: String,
}

impl Placed<'_> {
    fn kind(&self) -> &'static str {
        match self.front.kind {
            LoadBalancerKind::Application => "app",
            LoadBalancerKind::Network => "net",
        }
    }

    fn arn(&self, resource: &str) -> String {
        self.identity.arn("elasticloadbalancing", resource)
    }

    pub(super) fn production(&self) -> Way<'_> {
        Way { route: &self.front.production, arn: self.front.arns.production.as_deref() }
    }

    pub(super) fn test(&self) -> Option<Way<'_>> {
        Some(Way { route: self.front.test.as_ref()?, arn: self.front.arns.test.as_deref() })
    }

    fn ways(&self) -> impl Iterator<Item = Way<'_>> {
        [Some(self.production()), self.test()].into_iter().flatten()
    }

    fn known(&self, way: Way<'_>) -> Option<KnownRoute> {
        KnownRoute::parse(way.arn?, self.front.kind)
    }

    /// Routes whose names are not known belong to the load balancer of one whose name is.
    fn load_balancer_arn(&self, way: Way<'_>) -> String {
        let known = self.known(way).or_else(|| self.ways().find_map(|other| self.known(other)));
        known.map_or_else(
            || self.arn(&format!("loadbalancer/{}/{}/50dc6c495c0c9188", self.kind(), self.name)),
            |known| known.load_balancer,
        )
    }

    /// Listeners whose names are not known differ by their ports.
    pub(super) fn listener_arn(&self, way: Way<'_>) -> String {
        let port = way.route.port;
        let shared =
            || self.ways().filter(|other| other.route.port == port).find_map(|other| self.known(other));
        if let Some(known) = self.known(way).or_else(shared) {
            return known.listener;
        }
        let listener = self.load_balancer_arn(way).replacen(":loadbalancer/", ":listener/", 1);
        format!("{listener}/f2f7dc8efc5{port:05x}")
    }

    /// What a service names as its listener rule: a Network Load Balancer's listener has none.
    pub(super) fn rule_arn(&self, way: Way<'_>) -> String {
        let listener = self.listener(way);
        let known = self.known(way).and_then(|known| known.rule);
        match (self.front.kind, known, way.route.conditions.is_empty()) {
            (LoadBalancerKind::Network, _, _) => listener.arn,
            (LoadBalancerKind::Application, Some(rule), _) => rule,
            (LoadBalancerKind::Application, None, true) => listener.default_rule_arn(),
            (LoadBalancerKind::Application, None, false) => {
                let listener = listener.arn.replacen(":listener/", ":listener-rule/", 1);
                format!("{listener}/9683b2d02a6{:05x}", way.route.priority)
            }
        }
    }

    /// The names of the pair, in its order.
    pub(super) fn target_group_names(&self) -> [String; 2] {
        self.target_groups().map(|(name, _)| name)
    }

    pub(super) fn target_group_arns(&self) -> [String; 2] {
        self.target_groups().map(|(_, arn)| arn)
    }

    /// The names and the ARNs of the pair, in its order.
    fn target_groups(&self) -> [(String, String); 2] {
        let group = |place: usize| {
            let given = self.front.arns.target_groups[place].as_deref().unwrap_or_default();
            if let Some(name) = arns::target_group(given) {
                return (name.to_owned(), given.to_owned());
            }
            let number = place + 1;
            let name = if arns::is_target_group_name(given) {
                given.to_owned()
            } else {
                format!("{}-{number}", self.name)
            };
            let arn = self.arn(&format!("targetgroup/{name}/73e2d6bc24d8a06{number}"));
            (name, arn)
        };
        [group(0), group(1)]
    }

    pub(super) fn blue_target_group_arn(&self) -> String {
        let [first, second] = self.target_group_arns();
        if self.front.green_is_alternate { first } else { second }
    }

    pub(super) fn green_target_group_arn(&self) -> String {
        let [first, second] = self.target_group_arns();
        if self.front.green_is_alternate { second } else { first }
    }

    /// Certificates belong to listeners, and differ as those do.
    fn certificate_arn(&self, route: &Route) -> String {
        let name = self.name.bytes().fold(0_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let id = format!("12345678-1234-4234-8234-{name:04x}{:08x}", route.port);
        self.identity.arn("acm", &format!("certificate/{id}"))
    }

    /// A listener that does nothing yet but refuse.
    fn listener(&self, way: Way<'_>) -> Listener {
        let route = way.route;
        let refuse = Action::FixedResponse { status: 404, body: String::new() };
        let certificates =
            if route.certificate.is_empty() { vec![] } else { vec![self.certificate_arn(route)] };
        Listener {
            arn: self.listener_arn(way),
            protocol: route.protocol.clone(),
            port: route.port,
            certificates,
            default_actions: vec![refuse],
        }
    }

    /// The pair in its own order, whosever it is.
    fn forward(&self, (blue, green): (u32, u32)) -> Action {
        let [first, second] = self.target_group_arns();
        let (of_first, of_second) = if self.front.green_is_alternate { (blue, green) } else { (green, blue) };
        Action::Forward(vec![(first, of_first), (second, of_second)])
    }

    fn target_group(&self, arn: String, name: String, tasks: &[SocketAddr], port: u16) -> TargetGroup {
        let target = |task: &SocketAddr| Target {
            id: task.ip().to_string(),
            port: task.port(),
            state: "healthy".to_owned(),
            reason: None,
        };
        TargetGroup {
            arn,
            name,
            protocol: self.front.target_protocol.clone(),
            protocol_version: None,
            port,
            target_type: "ip".to_owned(),
            health_check: self.front.health_check.clone(),
            targets: tasks.iter().map(target).collect(),
        }
    }

    /// Adds everything, with the tasks registered in the target groups of their sides.
    pub(super) fn build(&self, world: &mut World, blue: Option<&Side>, green: &Side, port: u16) {
        let World { elb, acm, .. } = world;
        for way in self.ways() {
            let (route, arn) = (way.route, self.load_balancer_arn(way));
            if !elb.load_balancers.iter().any(|known| known.arn == arn) {
                elb.load_balancers.push(LoadBalancer {
                    arn,
                    dns_name: self.front.dns_name.clone(),
                    internal: self.front.internal,
                    kind: self.front.kind,
                });
            }
            self.add_route(elb, way);
            if !route.certificate.is_empty() {
                acm.certificates.push(Certificate {
                    certificate_arn: self.certificate_arn(route),
                    domain_name: route.certificate[0].clone(),
                    subject_alternative_names: route.certificate.clone(),
                    ..Certificate::default()
                });
            }
        }
        acm.certificates.dedup_by(|one, other| one.certificate_arn == other.certificate_arn);
        let (blue, green) = (blue.map_or(&[][..], |blue| &blue.tasks), &green.tasks[..]);
        let members = if self.front.green_is_alternate { [blue, green] } else { [green, blue] };
        let groups = self.target_group_arns().into_iter().zip(self.target_group_names()).zip(members);
        elb.target_groups
            .extend(groups.map(|((arn, name), tasks)| self.target_group(arn, name, tasks, port)));
    }

    fn add_route(&self, elb: &mut elb::State, way: Way<'_>) {
        let route = way.route;
        let mut listener = self.listener(way);
        let forward = vec![self.forward(route.weights)];
        let rule = self.rule_arn(way);
        let is_default = rule == listener.arn || rule == listener.default_rule_arn();
        if is_default {
            listener.default_actions = forward;
        } else {
            let every_path = || vec![Condition::PathPattern(vec!["*".to_owned()])];
            let conditions = Some(route.conditions.clone()).filter(|conditions| !conditions.is_empty());
            elb.rules.push(Rule {
                arn: rule,
                priority: route.priority,
                conditions: conditions.unwrap_or_else(every_path),
                actions: forward,
                transforms: Vec::new(),
            });
        }
        match elb.listeners.iter_mut().find(|known| known.arn == listener.arn) {
            None => elb.listeners.push(listener),
            Some(shared) if is_default => shared.default_actions = listener.default_actions,
            Some(_) => {}
        }
    }
}
