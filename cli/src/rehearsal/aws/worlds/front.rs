//! What stands before the tasks: a load balancer, its listeners and rules, and two target groups.

use std::net::SocketAddr;

use super::Side;
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
    /// What the rule asks for. Nothing: the route is the listener's default.
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

    /// `loadbalancer`, `listener` or `listener-rule`, and what they have in common.
    fn front_arn(&self, resource: &str) -> String {
        self.arn(&format!("{resource}/{}/{}/50dc6c495c0c9188", self.kind(), self.name))
    }

    pub(super) fn load_balancer_arn(&self) -> String {
        self.front_arn("loadbalancer")
    }

    /// Listeners differ by their ports.
    pub(super) fn listener_arn(&self, route: &Route) -> String {
        format!("{}/f2f7dc8efc5{:05x}", self.front_arn("listener"), route.port)
    }

    /// What a service names as its listener rule: a Network Load Balancer's listener has none.
    pub(super) fn rule_arn(&self, route: &Route) -> String {
        let listener = self.listener(route);
        match (self.front.kind, route.conditions.is_empty()) {
            (LoadBalancerKind::Network, _) => listener.arn,
            (LoadBalancerKind::Application, true) => listener.default_rule_arn(),
            (LoadBalancerKind::Application, false) => {
                let listener = listener.arn.replacen(":listener/", ":listener-rule/", 1);
                format!("{listener}/9683b2d02a6{:05x}", route.priority)
            }
        }
    }

    /// The names of the pair, in its order.
    pub(super) fn target_group_names(&self) -> [String; 2] {
        [format!("{}-1", self.name), format!("{}-2", self.name)]
    }

    pub(super) fn target_group_arns(&self) -> [String; 2] {
        let [first, second] = self.target_group_names();
        [
            self.arn(&format!("targetgroup/{first}/73e2d6bc24d8a061")),
            self.arn(&format!("targetgroup/{second}/73e2d6bc24d8a062")),
        ]
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
    fn listener(&self, route: &Route) -> Listener {
        let refuse = Action::FixedResponse { status: 404, body: String::new() };
        let certificates =
            if route.certificate.is_empty() { vec![] } else { vec![self.certificate_arn(route)] };
        Listener {
            arn: self.listener_arn(route),
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
            port,
            target_type: "ip".to_owned(),
            health_check: self.front.health_check.clone(),
            targets: tasks.iter().map(target).collect(),
        }
    }

    /// Adds everything, with the tasks registered in the target groups of their sides.
    pub(super) fn build(&self, world: &mut World, blue: Option<&Side>, green: &Side, port: u16) {
        let World { elb, acm, .. } = world;
        elb.load_balancers.push(LoadBalancer {
            arn: self.load_balancer_arn(),
            dns_name: self.front.dns_name.clone(),
            internal: self.front.internal,
            kind: self.front.kind,
        });
        for route in [Some(&self.front.production), self.front.test.as_ref()].into_iter().flatten() {
            self.add_route(elb, route);
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

    fn add_route(&self, elb: &mut elb::State, route: &Route) {
        let mut listener = self.listener(route);
        let forward = vec![self.forward(route.weights)];
        if self.front.kind == LoadBalancerKind::Application && !route.conditions.is_empty() {
            elb.rules.push(Rule {
                arn: self.rule_arn(route),
                priority: route.priority,
                conditions: route.conditions.clone(),
                actions: forward,
                transforms: Vec::new(),
            });
        } else {
            listener.default_actions = forward;
        }
        match elb.listeners.iter_mut().find(|known| known.arn == listener.arn) {
            None => elb.listeners.push(listener),
            Some(shared) if route.conditions.is_empty() => shared.default_actions = listener.default_actions,
            Some(_) => {}
        }
    }
}
