//! Elastic Load Balancing as the decisions read it: plain data, read from the API in one place.
//!
//! Source: API reference of Elastic Load Balancing v2; user guide, *Listener rules for your Application
//! Load Balancer*. What this version does not know is kept by its name, so that a decision can say that
//! it met it.

use std::{collections::BTreeSet, net::IpAddr};

use serde::Serialize;

/// A load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: String,
    /// The name that it is reached by.
    pub dns_name: String,
    /// Whether only its VPC reaches it.
    pub internal: bool,
    /// Whether it is a Network Load Balancer: it forwards connections, and knows nothing of HTTP.
    pub is_network: bool,
    /// The Availability Zones that it is enabled for, e.g. `eu-west-1a`.
    pub zones: Vec<String>,
}

impl LoadBalancer {
    /// Its zones by name, each once.
    pub(super) fn zones_in_order(&self) -> Vec<String> {
        let zones: BTreeSet<_> = self.zones.iter().cloned().collect();
        zones.into_iter().collect()
    }
}

/// A listener of a load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, …
    pub protocol: String,
    /// The port that it is reached on.
    pub port: u16,
    /// Whether clients must show a certificate of their own.
    pub mutual_tls: bool,
    /// The ARN of its default certificate, where it has one.
    pub certificate: Option<String>,
    /// What it does with what no rule takes.
    pub default_actions: Vec<Action>,
}

/// A rule of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its ARN.
    pub arn: String,
    /// The lowest is asked first; the default rule has none and comes last.
    pub priority: Option<u32>,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// In their order: authentications first, then the one that answers.
    pub actions: Vec<Action>,
    /// The kinds of rewrites (`host-header-rewrite`, `url-rewrite`) that green sees the request after.
    pub transforms: Vec<String>,
}

/// A condition; of its values one must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The `Host` header, in any case.
    Host(Patterns),
    /// The path, in exactly this case, without the query.
    Path(Patterns),
    /// A header.
    Header {
        /// Its name, in any case.
        name: String,
        /// Its value, in any case.
        values: Patterns,
    },
    /// One parameter of the query, in any case: key (any, where there is none) and value, with wildcards.
    Query(Vec<(Option<String>, String)>),
    /// The method, exactly.
    Method(Vec<String>),
    /// The client's address: CIDR blocks.
    SourceIp(Vec<String>),
    /// A kind that this version does not know.
    Unknown(String),
}

/// What a text may look like: any of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patterns {
    /// `*` for anything, `?` for one character.
    pub wildcards: Vec<String>,
    /// Regular expressions.
    pub regexes: Vec<String>,
}

/// What a rule or listener does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Hands it to one of these target groups, by their weights.
    Forward(Vec<Weighted>),
    /// Answers by itself, with this status.
    FixedResponse(String),
    /// Sends the client elsewhere: status and where to.
    Redirect(String, String),
    /// Asks who the client is before the next action: `authenticate-oidc`, `authenticate-cognito`,
    /// `jwt-validation`.
    Authenticate(String),
    /// A kind that this version does not know.
    Unknown(String),
}

/// A target group's share of the traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Weighted {
    /// The target group's ARN.
    pub target_group: String,
    /// Its weight among those beside it; with 0 nothing goes there.
    pub weight: u32,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// How targets are spoken to: `HTTP`, `HTTPS`, `TCP`, `TLS`, …
    pub protocol: String,
    /// How requests are sent to targets: `HTTP1`, `HTTP2` or `GRPC`; none for what is not HTTP.
    pub protocol_version: Option<String>,
    /// `ip`, `instance`, `lambda` or `alb`.
    pub target_type: String,
    /// How targets are checked.
    pub health_check: HealthCheck,
}

/// A target group's health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// `HTTP`, `HTTPS`, `TCP`.
    pub protocol: String,
    /// The port; none for the port that traffic goes to.
    pub port: Option<u16>,
    /// The path, for HTTP.
    pub path: Option<String>,
    /// The statuses that count as healthy, e.g. `200` or `200-299,301`; none for gRPC and TCP.
    pub statuses: Option<String>,
    /// Whether it speaks gRPC: the target group's protocol version is `GRPC`.
    pub grpc: bool,
}

impl TargetGroup {
    /// Whether its targets are spoken to over HTTP/2, without having agreed on it in a handshake.
    pub fn speaks_http2(&self) -> bool {
        matches!(self.protocol_version.as_deref(), Some("HTTP2" | "GRPC"))
    }
}

impl HealthCheck {
    /// The path that it asks for, where it is an HTTP request: none for TCP and gRPC.
    pub fn http_path(&self) -> Option<&str> {
        let is_http = matches!(self.protocol.as_str(), "HTTP" | "HTTPS") && !self.grpc;
        self.path.as_deref().filter(|path| is_http && path.starts_with('/'))
    }
}

/// A target of a target group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// An IP address, or an instance's id.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// `initial`, `healthy`, `unhealthy`, `unhealthy.draining`, `unused`, `draining`, `unavailable`.
    pub state: String,
    /// Why, e.g. `Elb.RegistrationInProgress`.
    pub reason: Option<String>,
    /// Why, in AWS's words, e.g. `Health checks failed with these codes: [503]`.
    pub description: Option<String>,
    /// What else keeps traffic from it, e.g. `zonal_shift_active`; none where nothing does.
    pub overridden: Option<String>,
}

impl Target {
    /// Its address, where it is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.id.parse().ok()
    }
}
