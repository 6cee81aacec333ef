//! Elastic Load Balancing: load balancers, listeners, rules, target groups and their targets.
//!
//! One state for two readers: the operations of this service, and the balancer that really serves it.
//! Everything is found by its ARN: a listener's begins with its load balancer's, a rule's with its
//! listener's.

mod action;
mod condition;
mod input;
mod listener;
mod load_balancer;
mod rule;
mod target_group;
mod target_health;

use serde::{Deserialize, Deserializer};

pub use self::listener::{DESCRIBE_LISTENER_CERTIFICATES, DESCRIBE_LISTENERS};
pub use self::load_balancer::DESCRIBE_LOAD_BALANCERS;
pub use self::rule::DESCRIBE_RULES;
pub use self::target_group::{DESCRIBE_TARGET_GROUP_ATTRIBUTES, DESCRIBE_TARGET_GROUPS};
pub use self::target_health::DESCRIBE_TARGET_HEALTH;

use super::operation::Service;
use super::protocol::Protocol;

pub(super) static SERVICE: Service = Service {
    name: "elasticloadbalancing",
    protocol: Protocol::Query {
        version: "2015-12-01",
        namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    },
    operations: &[
        &DESCRIBE_LOAD_BALANCERS,
        &DESCRIBE_LISTENERS,
        &DESCRIBE_LISTENER_CERTIFICATES,
        &DESCRIBE_RULES,
        &DESCRIBE_TARGET_GROUPS,
        &DESCRIBE_TARGET_GROUP_ATTRIBUTES,
        &DESCRIBE_TARGET_HEALTH,
    ],
};

/// What Elastic Load Balancing knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct State {
    /// Load balancers.
    pub load_balancers: Vec<LoadBalancer>,
    /// Listeners of all load balancers.
    pub listeners: Vec<Listener>,
    /// Rules of all listeners, but for the default ones, which stand in their listeners.
    pub rules: Vec<Rule>,
    /// Target groups, with their targets.
    pub target_groups: Vec<TargetGroup>,
}

impl State {
    /// The listeners of a load balancer.
    pub(super) fn listeners_of(&self, load_balancer_arn: &str) -> impl Iterator<Item = &Listener> {
        self.listeners.iter().filter(move |listener| listener.load_balancer_arn() == load_balancer_arn)
    }

    /// The rules of a listener, but for the default one, as it tries them.
    fn rules_of(&self, listener: &Listener) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> =
            self.rules.iter().filter(|rule| rule.listener_arn() == listener.arn).collect();
        rules.sort_by_key(|rule| rule.priority);
        rules
    }

    /// The load balancers that send something to a target group.
    pub(in crate::rehearsal) fn load_balancers_of(&self, target_group_arn: &str) -> Vec<&str> {
        let forwards = |actions: &[Action]| actions.iter().any(|action| action.forwards_to(target_group_arn));
        let sends = |balancer: &&LoadBalancer| {
            self.listeners_of(&balancer.arn).any(|listener| {
                forwards(&listener.default_actions)
                    || self.rules_of(listener).into_iter().any(|rule| forwards(&rule.actions))
            })
        };
        self.load_balancers.iter().filter(sends).map(|balancer| &*balancer.arn).collect()
    }
}

/// A load balancer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LoadBalancer {
    /// `arn:…:loadbalancer/app/NAME/ID` or `…/net/NAME/ID`.
    #[serde(rename = "loadBalancerArn")]
    pub arn: String,
    /// The name that it is reached by.
    #[serde(default)]
    pub dns_name: String,
    /// Whether only its VPC reaches it.
    #[serde(default, rename = "scheme", deserialize_with = "is_internal")]
    pub internal: bool,
    /// `application` or `network`.
    #[serde(rename = "type")]
    pub kind: LoadBalancerKind,
}

/// The two kinds of load balancers that ECS shifts traffic with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadBalancerKind {
    /// HTTP, with rules.
    Application,
    /// TCP, TLS and UDP, with a default action only.
    Network,
}

/// A listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Listener {
    /// `arn:…:listener/app/NAME/ID/LISTENER` or `…/net/…`.
    #[serde(rename = "listenerArn")]
    pub arn: String,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS` or `UDP`.
    pub protocol: String,
    /// The port that it is reached on.
    pub port: u16,
    /// ARNs of its certificates in ACM, the default one first.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// What happens to a request that no rule takes.
    pub default_actions: Vec<Action>,
}

impl Listener {
    /// The load balancer, which stands in the listener's ARN.
    pub fn load_balancer_arn(&self) -> String {
        without_last(&self.arn.replacen(":listener/", ":loadbalancer/", 1))
    }

    /// The ARN of the default rule: the listener's, then the listener's id backwards.
    ///
    /// Services name default rules, too, so the ARN must be known before anybody asks for it.
    pub fn default_rule_arn(&self) -> String {
        let id = self.arn.rsplit_once('/').map_or("", |(_, id)| id);
        let backwards: String = id.chars().rev().collect();
        format!("{}/{backwards}", self.arn.replacen(":listener/", ":listener-rule/", 1))
    }
}

/// A rule of a listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rule {
    /// `arn:…:listener-rule/app/NAME/ID/LISTENER/RULE`.
    #[serde(rename = "ruleArn")]
    pub arn: String,
    /// The lowest goes first.
    pub priority: u32,
    /// All of them must hold.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// In their order; the last one answers.
    pub actions: Vec<Action>,
    /// Whether the rule rewrites the host or the path before it forwards (`host-header-rewrite`, `url-rewrite`).
    #[serde(default)]
    pub transforms: Vec<String>,
}

impl Rule {
    /// The listener, which stands in the rule's ARN.
    pub fn listener_arn(&self) -> String {
        without_last(&self.arn.replacen(":listener-rule/", ":listener/", 1))
    }
}

/// A condition of a rule; of its values one must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "condition::Shape")]
pub enum Condition {
    /// `host-header`, wildcards.
    HostHeader(Vec<String>),
    /// `host-header`, regular expressions.
    HostHeaderRegex(Vec<String>),
    /// `path-pattern`, wildcards.
    PathPattern(Vec<String>),
    /// `path-pattern`, regular expressions.
    PathPatternRegex(Vec<String>),
    /// `http-header`: a name and wildcards.
    HttpHeader(String, Vec<String>),
    /// `http-header`: a name and regular expressions.
    HttpHeaderRegex(String, Vec<String>),
    /// `http-request-method`.
    HttpRequestMethod(Vec<String>),
    /// `query-string`: keys, which may be missing, and values, with wildcards.
    QueryString(Vec<(Option<String>, String)>),
    /// `source-ip`: CIDR blocks.
    SourceIp(Vec<String>),
}

/// What a rule or a listener does with a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "action::Shape")]
pub enum Action {
    /// To target groups by their ARNs, with weights; a single one without a weight has 1.
    Forward(Vec<(String, u32)>),
    /// An answer of the load balancer's own.
    FixedResponse {
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// A redirect to this URL, in which `#{host}` and the like may stand.
    Redirect {
        /// `HTTP_301` or `HTTP_302`.
        status: u16,
        /// The `Location`.
        location: String,
    },
    /// `authenticate-oidc`, `authenticate-cognito` or `jwt-validation`.
    Authenticate(String),
}

impl Action {
    fn forwards_to(&self, target_group_arn: &str) -> bool {
        matches!(self, Self::Forward(groups) if groups.iter().any(|(arn, _)| arn == target_group_arn))
    }
}

/// A target group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TargetGroup {
    /// `arn:…:targetgroup/NAME/ID`.
    #[serde(rename = "targetGroupArn")]
    pub arn: String,
    /// Its name, which CodeDeploy uses.
    #[serde(default, rename = "targetGroupName")]
    pub name: String,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, …
    pub protocol: String,
    /// How requests are sent to targets: `HTTP1` where nothing is said, `HTTP2` or `GRPC`.
    #[serde(default)]
    pub protocol_version: Option<String>,
    /// The port that targets are registered with where they name none.
    pub port: u16,
    /// `ip`, `instance`, `lambda` or `alb`.
    #[serde(default = "ip")]
    pub target_type: String,
    /// How targets are checked.
    #[serde(default)]
    pub health_check: HealthCheck,
    /// The registered targets.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// A target group's health check.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct HealthCheck {
    /// Whether there is one; only groups of functions can do without.
    pub enabled: bool,
    /// `HTTP`, `HTTPS`, `TCP`.
    pub protocol: String,
    /// `traffic-port`, or a number.
    pub port: String,
    /// The path, for HTTP.
    pub path: Option<String>,
    /// The statuses that count as healthy, for example `200-399`.
    pub matcher: Option<String>,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            enabled: true,
            protocol: "HTTP".to_owned(),
            port: "traffic-port".to_owned(),
            path: Some("/".to_owned()),
            matcher: Some("200".to_owned()),
        }
    }
}

/// A target and its health.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Target {
    /// An IP address, or an instance's id.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// `initial`, `healthy`, `unhealthy`, `unused`, `draining`, `unavailable`.
    #[serde(default = "healthy")]
    pub state: String,
    /// For example `Elb.RegistrationInProgress`.
    pub reason: Option<String>,
}

fn without_last(arn: &str) -> String {
    arn.rsplit_once('/').map_or(arn, |(front, _)| front).to_owned()
}

fn is_internal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let scheme = String::deserialize(deserializer)?;
    match &*scheme {
        "internal" => Ok(true),
        "internet-facing" => Ok(false),
        _ => Err(serde::de::Error::unknown_variant(&scheme, &["internal", "internet-facing"])),
    }
}

fn ip() -> String {
    "ip".to_owned()
}

fn healthy() -> String {
    "healthy".to_owned()
}
