//! The request that green's own health check makes: what green says of itself that it can answer.

use super::{load_balancing::TargetGroup, route::Scheme};
use crate::plan::units::StatusSet;

/// What green's health check asks for, where that is an HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthRequest {
    /// The path, with a query where it has one.
    pub path: String,
    /// The statuses that count as healthy, where they can be read.
    pub statuses: Option<StatusSet>,
    /// How it is spoken to.
    pub scheme: Scheme,
    /// The port, where it is not the one that traffic uses.
    pub port: Option<u16>,
}

impl HealthRequest {
    /// Reads it from a target group; none for TCP and gRPC.
    pub fn of(group: &TargetGroup) -> Option<Self> {
        let check = &group.health_check;
        Some(Self {
            path: check.http_path()?.to_owned(),
            statuses: check.statuses.as_deref().and_then(|text| text.parse().ok()),
            scheme: if check.protocol == "HTTPS" { Scheme::Https } else { Scheme::Http },
            port: check.port,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::load_balancing::HealthCheck;

    fn group(
        protocol: &str,
        path: Option<&str>,
        port: Option<u16>,
        statuses: &str,
        grpc: bool,
    ) -> TargetGroup {
        TargetGroup {
            arn: String::new(),
            name: String::new(),
            protocol: "HTTP".to_owned(),
            protocol_version: None,
            target_type: "ip".to_owned(),
            health_check: HealthCheck {
                protocol: protocol.to_owned(),
                port,
                path: path.map(ToOwned::to_owned),
                statuses: Some(statuses.to_owned()),
                grpc,
            },
        }
    }

    #[test]
    fn what_a_health_check_asks_for() {
        let found =
            HealthRequest::of(&group("HTTPS", Some("/ping"), Some(9000), "200-299,301", false)).unwrap();
        assert_eq!((found.path.as_str(), found.scheme, found.port), ("/ping", Scheme::Https, Some(9000)));
        assert!(found.statuses.unwrap().contains(301));
        assert_eq!(HealthRequest::of(&group("TCP", None, None, "200", false)), None);
        assert_eq!(HealthRequest::of(&group("HTTP", Some("/AWS.ALB/healthcheck"), None, "12", true)), None);
        assert_eq!(HealthRequest::of(&group("HTTP", Some(""), None, "200", false)), None);
        assert_eq!(HealthRequest::of(&group("HTTP", Some("/"), None, "odd", false)).unwrap().statuses, None);
    }
}
