//! Elastic Load Balancing: load balancers, listeners, rules, target groups and their targets.
//!
//! One state for two readers: the operations of this service, and the balancer that really serves it.

/// What Elastic Load Balancing knows.
#[derive(Debug, Default)]
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
}

/// A load balancer.
#[derive(Debug, Clone)]
pub struct LoadBalancer {
    /// `arn:…:loadbalancer/app/NAME/ID` or `…/net/NAME/ID`.
    pub arn: String,
    /// The name that it is reached by.
    pub dns_name: String,
    /// Whether only its VPC reaches it.
    pub internal: bool,
    /// `application` or `network`.
    pub kind: LoadBalancerKind,
}

/// The two kinds of load balancers that ECS shifts traffic with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadBalancerKind {
    /// HTTP, with rules.
    Application,
    /// TCP, TLS and UDP, with a default action only.
    Network,
}

/// A listener.
#[derive(Debug, Clone)]
pub struct Listener {
    /// `arn:…:listener/app/NAME/ID/LISTENER` or `…/net/…`.
    pub arn: String,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS` or `UDP`.
    pub protocol: String,
    /// The port that it is reached on.
    pub port: u16,
    /// ARNs of its certificates in ACM, the default one first.
    pub certificates: Vec<String>,
    /// What happens to a request that no rule takes.
    pub default_actions: Vec<Action>,
}

impl Listener {
    /// The load balancer, which stands in the listener's ARN.
    pub fn load_balancer_arn(&self) -> String {
        let arn = self.arn.replacen(":listener/", ":loadbalancer/", 1);
        arn.rsplit_once('/').map_or(arn.clone(), |(load_balancer, _)| load_balancer.to_owned())
    }
}

/// A rule of a listener.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `arn:…:listener-rule/app/NAME/ID/LISTENER/RULE`.
    pub arn: String,
    /// The lowest goes first.
    pub priority: u32,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// In their order; the last one answers.
    pub actions: Vec<Action>,
    /// Whether the rule rewrites the host or the path before it forwards (`host-header-rewrite`, `url-rewrite`).
    pub transforms: Vec<String>,
}

/// A condition of a rule; of its values one must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// A target group.
#[derive(Debug, Clone)]
pub struct TargetGroup {
    /// `arn:…:targetgroup/NAME/ID`.
    pub arn: String,
    /// Its name, which CodeDeploy uses.
    pub name: String,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, …
    pub protocol: String,
    /// The port that targets are registered with where they name none.
    pub port: u16,
    /// `ip`, `instance`, `lambda` or `alb`.
    pub target_type: String,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// The registered targets.
    pub targets: Vec<Target>,
}

/// A target group's health check.
#[derive(Debug, Clone)]
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

/// A target and its health.
#[derive(Debug, Clone)]
pub struct Target {
    /// An IP address, or an instance's id.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// `initial`, `healthy`, `unhealthy`, `unused`, `draining`, `unavailable`.
    pub state: String,
    /// For example `Elb.RegistrationInProgress`.
    pub reason: Option<String>,
}
