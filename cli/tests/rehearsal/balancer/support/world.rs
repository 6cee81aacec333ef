//! A world with load balancers in it, and the balancer that serves them.

use std::net::SocketAddr;

use greenlight_cli::rehearsal::aws::Aws;
use greenlight_cli::rehearsal::aws::elb::{
    Action, Condition, HealthCheck, Listener, LoadBalancer, LoadBalancerKind, Rule, State, Target,
    TargetGroup,
};
use greenlight_cli::rehearsal::balancer::{Balancer, Entry, Options};

const ELB: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012";
pub(crate) const LISTENER: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";
pub(crate) const NETWORK_LISTENER: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/net/shop/8b1c1e1b1c3d2f5a/0467ef3c8400ae65";

/// A world and its load balancers.
pub(crate) struct Served {
    pub(crate) aws: Aws,
    pub(crate) balancer: Balancer,
}

impl Served {
    pub(crate) async fn start(world: impl FnOnce(&mut State)) -> Self {
        Self::with(Options::default(), world).await
    }

    pub(crate) async fn with(options: Options, world: impl FnOnce(&mut State)) -> Self {
        let aws = Aws::start().await.unwrap();
        aws.change(|all| {
            for (kind, name) in [
                (LoadBalancerKind::Application, "app/shop/50dc6c495c0c9188"),
                (LoadBalancerKind::Network, "net/shop/8b1c1e1b1c3d2f5a"),
            ] {
                all.elb.load_balancers.push(LoadBalancer {
                    arn: format!("{ELB}:loadbalancer/{name}"),
                    dns_name: "localhost".to_owned(),
                    internal: false,
                    kind,
                });
            }
            world(&mut all.elb);
        });
        let balancer = Balancer::start(&aws, options).await.unwrap();
        Self { aws, balancer }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        self.aws.change(|world| change(&mut world.elb));
    }

    /// Where the application listener is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.balancer.address(LISTENER).unwrap()
    }

    pub(crate) fn last(&self) -> Entry {
        self.balancer.log().pop().expect("an entry")
    }

    pub(crate) fn state_of(&self, group: &str, target: usize) -> (String, Option<String>) {
        self.aws.look(|world| {
            let group = world.elb.target_groups.iter().find(|known| known.name == group).unwrap();
            let target = &group.targets[target];
            (target.state.clone(), target.reason.clone())
        })
    }
}

pub(crate) fn listener(protocol: &str, default_actions: Vec<Action>) -> Listener {
    let arn = if matches!(protocol, "HTTP" | "HTTPS") { LISTENER } else { NETWORK_LISTENER };
    Listener {
        arn: arn.to_owned(),
        protocol: protocol.to_owned(),
        port: 80,
        certificates: Vec::new(),
        default_actions,
    }
}

pub(crate) fn rule_arn(priority: u32) -> String {
    format!("{}/{priority:016x}", LISTENER.replace(":listener/", ":listener-rule/"))
}

pub(crate) fn rule(priority: u32, conditions: Vec<Condition>, actions: Vec<Action>) -> Rule {
    Rule { arn: rule_arn(priority), priority, conditions, actions, transforms: Vec::new() }
}

pub(crate) fn group_arn(name: &str) -> String {
    format!("{ELB}:targetgroup/{name}/73e2d6bc24d8a067")
}

pub(crate) fn group(name: &str, targets: Vec<Target>) -> TargetGroup {
    TargetGroup {
        arn: group_arn(name),
        name: name.to_owned(),
        protocol: "HTTP".to_owned(),
        protocol_version: None,
        port: 8080,
        target_type: "ip".to_owned(),
        health_check: HealthCheck {
            enabled: true,
            protocol: "HTTP".to_owned(),
            port: "traffic-port".to_owned(),
            path: Some("/health".to_owned()),
            matcher: Some("200".to_owned()),
        },
        targets,
    }
}

pub(crate) fn target(address: SocketAddr, state: &str) -> Target {
    Target { id: address.ip().to_string(), port: address.port(), state: state.to_owned(), reason: None }
}

pub(crate) fn forward(weights: &[(&str, u32)]) -> Vec<Action> {
    vec![Action::Forward(weights.iter().map(|(name, weight)| (group_arn(name), *weight)).collect())]
}

pub(crate) fn fixed(status: u16, body: &str) -> Vec<Action> {
    vec![Action::FixedResponse { status, body: body.to_owned() }]
}
