//! Why no request can be built: what, where, observed, expected, and the way out.

use std::fmt;

use super::text::quoted;

/// A part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The `Host` header.
    Host,
    /// The path.
    Path,
    /// A parameter of the query.
    Query,
    /// The method.
    Method,
    /// The header of this name.
    Header(String),
}

impl Part {
    /// How a plan sets it.
    fn setting(&self) -> String {
        match self {
            Self::Host => "set `target.host` to a name that it matches".to_owned(),
            Self::Path => "set the check's `path` to one that it matches".to_owned(),
            Self::Query => "add a parameter that it matches to the check's `path`".to_owned(),
            Self::Method => "set the check's `method` to one that it names".to_owned(),
            Self::Header(name) => {
                format!("set {} in `target.headers` to a value that it matches", quoted(name))
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => formatter.write_str("host"),
            Self::Path => formatter.write_str("path"),
            Self::Query => formatter.write_str("query"),
            Self::Method => formatter.write_str("method"),
            Self::Header(name) => write!(formatter, "header {}", quoted(name)),
        }
    }
}

/// Why no request can be built. Its text is one clause that names the resource and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// The listener speaks TLS and no name is known yet: ask ACM for the certificate's names, and call
    /// again with them (with none where they cannot be had).
    #[error(
        "no host name is known yet for the TLS listener `{listener}`; its certificate `{certificate}` may name one"
    )]
    NeedsCertificate {
        /// The listener's ARN.
        listener: String,
        /// Its default certificate's ARN.
        certificate: String,
    },
    /// No name is known for the request.
    #[error("no host name is known for the listener `{listener}`: {searched}")]
    NoHost {
        /// The listener's ARN.
        listener: String,
        /// Where a name was looked for.
        searched: String,
    },
    /// What the plan asks for cannot match the rule.
    #[error("{part} {wished} cannot match the {side}'s {condition} (`{rule}`)")]
    Contradiction {
        /// Which part of the request.
        part: Part,
        /// What the plan asks for, in words; a header's value is left out.
        wished: String,
        /// `test rule`, or `rule`.
        side: &'static str,
        /// The condition in words.
        condition: String,
        /// The rule's ARN.
        rule: String,
    },
    /// A condition asks for something that cannot be worked out from it.
    #[error("no {part} is known that matches the {side}'s {condition} (`{rule}`): {why}")]
    Unknown {
        /// Which part of the request.
        part: Part,
        /// `test rule`, or `rule`.
        side: &'static str,
        /// The condition in words.
        condition: String,
        /// The rule's ARN.
        rule: String,
        /// Why none could be worked out.
        why: String,
    },
    /// What the plan asks for cannot be sent at all.
    #[error("{part} {value} cannot be sent in a request")]
    Unsendable {
        /// Which part of the request.
        part: Part,
        /// What the plan asks for, in words; a header's value is left out.
        value: String,
    },
    /// The rule asks who the client is before it forwards.
    #[error(
        "the {side} `{rule}` asks for authentication ({kind}) before it forwards, and a probe has no session"
    )]
    Authenticates {
        /// `test rule`, or `rule`.
        side: &'static str,
        /// The rule's ARN.
        rule: String,
        /// `authenticate-oidc`, `authenticate-cognito` or `jwt-validation`.
        kind: String,
    },
    /// The rule does not forward.
    #[error("the {side} `{rule}` does not forward to a target group: it {instead}")]
    DoesNotForward {
        /// `test rule`, or `rule`.
        side: &'static str,
        /// The rule's ARN.
        rule: String,
        /// What it does instead.
        instead: String,
    },
    /// Another rule of the listener takes the request first.
    #[error("{request} does not reach the {side} `{wanted}`: rule `{by}` takes it first {takes}")]
    Shadowed {
        /// The request in words.
        request: String,
        /// `test rule`, or `rule`.
        side: &'static str,
        /// The ARN of the rule that was meant.
        wanted: String,
        /// The ARN of the rule that takes the request.
        by: String,
        /// Its priority.
        priority: Option<u32>,
        /// Its priority, its conditions and what it does, in words.
        takes: String,
    },
    /// The listener asks clients for certificates.
    #[error(
        "the listener `{listener}` verifies clients (mutual TLS), who must show a certificate, and a probe has none"
    )]
    MutualTls {
        /// The listener's ARN.
        listener: String,
    },
    /// The listener speaks nothing that HTTP is carried over.
    #[error("the listener `{listener}` speaks {protocol}; expected {expected}")]
    Protocol {
        /// The listener's ARN.
        listener: String,
        /// What it speaks.
        protocol: String,
        /// What would do.
        expected: &'static str,
    },
    /// Nothing of the listener forwards to the target group.
    #[error("the listener `{listener}` forwards nothing to the target group `{group}`; {instead}")]
    NotForwarded {
        /// The listener's ARN.
        listener: String,
        /// The ARN of the target group that was looked for.
        group: String,
        /// What its rules do instead.
        instead: String,
    },
    /// The rule is not among the listener's.
    #[error("the rule `{rule}` is not among the {count} rules of the listener `{listener}`")]
    NoSuchRule {
        /// The ARN that was looked for.
        rule: String,
        /// The listener's ARN.
        listener: String,
        /// How many rules it has.
        count: usize,
    },
}

impl Obstacle {
    /// Whether waiting cannot change it: the plan or the listener has to be changed.
    pub fn is_for_good(&self) -> bool {
        match self {
            // Deployments move weights and replace rules, and a call that names a host may succeed later.
            Self::NeedsCertificate { .. }
            | Self::NoHost { .. }
            | Self::NotForwarded { .. }
            | Self::NoSuchRule { .. } => false,
            Self::Contradiction { .. }
            | Self::Unknown { .. }
            | Self::Unsendable { .. }
            | Self::Authenticates { .. }
            | Self::DoesNotForward { .. }
            | Self::Shadowed { .. }
            | Self::MutualTls { .. }
            | Self::Protocol { .. } => true,
        }
    }

    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::NeedsCertificate { .. } => {
                "set `target.host`, or allow acm:DescribeCertificate on the certificate".to_owned()
            }
            Self::NoHost { .. } => "set `target.host`".to_owned(),
            Self::Contradiction { part, .. } | Self::Unknown { part, .. } => {
                format!("{}, or change the rule", part.setting())
            }
            Self::Unsendable { part, .. } => format!("correct the plan's {part}"),
            Self::Authenticates { kind, .. } if is_token_check(kind) => {
                "give `authorization` in `target.headers` a secret that holds a token, or let test traffic through a rule without this action".to_owned()
            }
            Self::Authenticates { .. } => {
                "let test traffic through a rule without this action, or set `target.url`".to_owned()
            }
            Self::DoesNotForward { .. } => {
                "let the rule forward to the service's target groups, or name another rule in the service's load balancer configuration".to_owned()
            }
            Self::Shadowed { wanted, by, .. } => format!(
                "give `{wanted}` a lower number than `{by}`, narrow the conditions of `{by}`, or ask for a path, host or header that only the meant rule takes"
            ),
            Self::MutualTls { .. } => {
                "test through a listener without mutual TLS, or set `target.url`".to_owned()
            }
            Self::Protocol { .. } => {
                "use the `tcp` check or the `health` hook for it, or set `target.url`".to_owned()
            }
            Self::NotForwarded { .. } => {
                "compare the listener's actions with the deployment group's target groups; infrastructure code may have reset them".to_owned()
            }
            Self::NoSuchRule { .. } => {
                "the rule may have been replaced: compare the listener's rules with the service's load balancer configuration".to_owned()
            }
        }
    }
}

/// Whether an authentication only looks at a header that a plan can set.
pub(super) fn is_token_check(kind: &str) -> bool {
    kind == "jwt-validation"
}
