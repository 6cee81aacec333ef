//! How a balancer is set up.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::certificates::Certificate;

/// How a [`Balancer`](super::Balancer) is set up.
#[derive(Debug)]
pub struct Options {
    /// What the listeners show, by the ARNs of the certificates in ACM.
    pub certificates: HashMap<String, Certificate>,
    /// Where targets really are, by their ids and ports. One that is not in it is dialled only if its id
    /// is a loopback address.
    pub addresses: HashMap<(String, u16), SocketAddr>,
    /// How long a target may take until the head of its answer, 60 s as on AWS.
    pub idle_timeout: Duration,
    /// Whether targets are checked; if not, their states are what the world says.
    pub health_checks: Option<HealthChecks>,
}

/// How often targets are checked, and how many checks make a state.
///
/// What is asked and what must come back is in each target group's
/// [health check](crate::rehearsal::aws::elb::HealthCheck).
#[derive(Debug, Clone, Copy)]
pub struct HealthChecks {
    /// From one round of checks to the next.
    pub interval: Duration,
    /// How long a check may take.
    pub timeout: Duration,
    /// How many checks in a row must pass until an unhealthy target is healthy. A new target needs one.
    pub healthy_threshold: u32,
    /// How many checks in a row must fail until a target is unhealthy.
    pub unhealthy_threshold: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            certificates: HashMap::new(),
            addresses: HashMap::new(),
            idle_timeout: Duration::from_mins(1),
            health_checks: None,
        }
    }
}

/// The settings that target groups have on AWS when nobody sets them.
impl Default for HealthChecks {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
            healthy_threshold: 5,
            unhealthy_threshold: 2,
        }
    }
}
