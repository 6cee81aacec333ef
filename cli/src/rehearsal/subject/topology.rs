//! The load balancers that a template or a plan makes, in the words of the Elastic Load Balancing API.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::report::Field;
use crate::rehearsal::aws::elb::{Condition, HealthCheck, LoadBalancerKind};
use crate::rehearsal::balancer::HealthChecks;
use greenlight_preflight::Unknown;

/// What is known of rules, listeners and target groups, by what a service names them with.
#[derive(Clone, Debug, Default)]
pub(super) struct Topology {
    pub(super) rules: BTreeMap<String, Rule>,
    pub(super) listeners: BTreeMap<String, Listener>,
    pub(super) target_groups: BTreeMap<String, TargetGroup>,
}

/// A rule of a listener.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) listener: Option<String>,
    pub(super) priority: Option<u32>,
    pub(super) conditions: Result<Vec<Condition>, Unknown>,
}

/// A listener.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) protocol: Option<String>,
    pub(super) port: Option<u16>,
    /// The names of its certificates, as far as they are known.
    pub(super) certificate: Vec<String>,
    pub(super) internal: bool,
}

/// A target group.
#[derive(Clone, Debug)]
pub(super) struct TargetGroup {
    pub(super) protocol: String,
    pub(super) health_check: HealthCheck,
    pub(super) checks: HealthChecks,
}

impl Listener {
    pub(super) fn kind(&self) -> Option<LoadBalancerKind> {
        kind_of(self.protocol.as_deref()?)
    }
}

/// The kind of load balancer that has listeners of a protocol.
pub(super) fn kind_of(protocol: &str) -> Option<LoadBalancerKind> {
    match protocol {
        "HTTP" | "HTTPS" => Some(LoadBalancerKind::Application),
        "TCP" | "TLS" | "UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC" => Some(LoadBalancerKind::Network),
        _ => None,
    }
}

/// A rule, its listener already looked up.
pub(super) fn rule(rule: &Field<'_>, listener: Option<String>) -> Rule {
    let conditions = rule.get("conditions");
    let unknown = Unknown::within(conditions.value());
    let read = || {
        let one = |item: Field<'_>| match serde_json::from_value::<Condition>(item.value().clone()) {
            Ok(condition) => Some(condition),
            Err(error) => {
                item.report().add(super::Problem {
                    observed: format!("is no condition ({error})"),
                    ..item.problem("a condition of a listener rule")
                });
                None
            }
        };
        conditions.items().into_iter().filter_map(one).collect()
    };
    let priority = rule.get("priority");
    Rule {
        listener,
        // AWS gives a rule without one the next.
        priority: if priority.unknown().is_some() { None } else { priority.whole(1, 50_000) },
        conditions: unknown.map_or_else(|| Ok(read()), Err),
    }
}

/// A listener, the names of its certificates already looked up.
pub(super) fn listener(listener: &Field<'_>, certificate: Vec<String>, internal: bool) -> Listener {
    let (protocol, port) = (listener.get("protocol"), listener.get("port"));
    Listener {
        protocol: protocol.value().as_str().map(str::to_owned),
        port: if port.unknown().is_some() { None } else { port.port() },
        certificate,
        internal,
    }
}

/// A target group as the API describes it, with the defaults of its kind.
pub(super) fn target_group(group: &Field<'_>) -> TargetGroup {
    let text = |key: &str| group.get(key).value().as_str().map(str::to_owned);
    let whole = |key: &str, least, most| {
        let field = group.get(key);
        if field.unknown().is_some() { None } else { field.whole(least, most) }
    };
    let protocol = text("protocol").unwrap_or_else(|| "HTTP".to_owned());
    let network = kind_of(&protocol) == Some(LoadBalancerKind::Network);
    let checked_by = text("healthCheckProtocol")
        .unwrap_or_else(|| if network { "TCP".to_owned() } else { protocol.clone() });
    let over_http = checked_by.starts_with("HTTP");
    let matcher = group.section("matcher");
    let statuses =
        ["httpCode", "grpcCode"].iter().find_map(|key| matcher.get(key).value().as_str().map(str::to_owned));
    let default = HealthChecks::default();
    let seconds = |given: Option<u32>, default: Duration| {
        given.map_or(default, |given| Duration::from_secs(u64::from(given)))
    };
    TargetGroup {
        health_check: HealthCheck {
            enabled: group.get("healthCheckEnabled").value() != &Value::Bool(false),
            path: over_http.then(|| text("healthCheckPath").unwrap_or_else(|| "/".to_owned())),
            matcher: over_http
                .then(|| statuses.unwrap_or_else(|| if network { "200-399" } else { "200" }.to_owned())),
            port: text("healthCheckPort").unwrap_or_else(|| "traffic-port".to_owned()),
            protocol: checked_by,
        },
        checks: HealthChecks {
            interval: seconds(whole("healthCheckIntervalSeconds", 5, 300), default.interval),
            timeout: seconds(
                whole("healthCheckTimeoutSeconds", 2, 120),
                match (network, over_http) {
                    (false, _) => default.timeout,
                    (true, true) => Duration::from_secs(6),
                    (true, false) => Duration::from_secs(10),
                },
            ),
            healthy_threshold: whole("healthyThresholdCount", 2, 10).unwrap_or(default.healthy_threshold),
            unhealthy_threshold: whole("unhealthyThresholdCount", 2, 10)
                .unwrap_or(default.unhealthy_threshold),
        },
        protocol,
    }
}
