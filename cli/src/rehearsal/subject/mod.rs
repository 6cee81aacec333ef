//! What is deployed, read from the files that its owner has.

use super::aws::worlds::Front;
use super::balancer::HealthChecks;
use super::controller::configuration::Configuration;

/// A service and how it is deployed, as its owner's files say.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where these facts come from, for people: `the built-in service`, `service.json`.
    pub source: String,
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// How many tasks each side has.
    pub desired_count: usize,
    /// The container that serves.
    pub container: String,
    /// The port that it listens on.
    pub container_port: u16,
    /// The load balancer before it; none for a service without.
    pub front: Option<Front>,
    /// How often targets are checked, and how many checks make a state, in simulated time.
    pub health_checks: HealthChecks,
    /// How it is deployed.
    pub configuration: Configuration,
    /// What was assumed where the files do not say, for people.
    pub notes: Vec<String>,
}
